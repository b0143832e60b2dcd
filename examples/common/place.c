#include "place.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cifar.h"
#include "files.h"
#include "idx.h"
#include "image_folder.h"
#include "mat.h"
#include "mnist.h"
#include "npy.h"
#include "output.h"
#include "packed_file.h"
#include "split.h"
#include "svhn.h"

enum { SHOWN = 3 /* broken pictures that are named on the terminal */ };

/* ---- files ---- */

/* The file, or its compressed form PATH.gz where only that is there. The caller frees it. */
static char *find_file(const char *path)
{
    char *compressed = path_append(path, ".gz");
    const bool is_packed = !file_exists(path) && file_exists(compressed);
    char *found = path_append(is_packed ? compressed : path, "");
    free(compressed);
    return found;
}

static bool ends_in(const char *path, const char *end)
{
    const size_t length = strlen(path), tail = strlen(end);
    return length >= tail && strcmp(path + length - tail, end) == 0;
}

/* The first bytes that a file holds, unpacked; what is not there is 0. */
static int read_start(const char *path, uint8_t start[static 8], failure *why)
{
    gzFile file = packed_open(path, why);
    if (file == NULL) return -1;
    memset(start, 0, 8);
    const int got = gzread(file, start, 8);
    gzclose_r(file);
    return got > 0 ? 0 : got == 0 ? fail(why, "%s: empty file", path) : fail(why, "%s: damaged gzip data", path);
}

/* Who has pixels in [0, 1] is told what they are taken for. */
static void warn_of_floats(const char *path, const dataset *data)
{
    float least = 1, most = -1;
    for (int64_t i = 0; i < data->count * dataset_row_size(data); i++) {
        if (data->numbers[i] < least) least = data->numbers[i];
        if (data->numbers[i] > most) most = data->numbers[i];
    }
    if (least >= 0 && least <= most)
        complain("%s: floats from %g to %g are taken as they are, in [-1, 1]", path, (double)least, (double)most);
}

static int read_array(const char *path, const char *axes, dataset *data, failure *why)
{
    if (npy_read_images(path, axes, data, why) != 0) return -1;
    if (data->numbers != NULL) warn_of_floats(path, data);
    return 0;
}

static bool is_pipe(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && !S_ISREG(info.st_mode);
}

static int read_file(char *path, const place_settings *s, dataset *data, failure *why)
{
    uint8_t start[8];
    output_protect(path);
    if (is_pipe(path)) return fail(why, "%s: no file, and what is in it is looked at twice", path);
    if (read_start(path, start, why) != 0) return -1;
    if (memcmp(start, "\x93NUMPY", 6) == 0) return read_array(path, s->axes, data, why);
    if (memcmp(start, "\0\0\x08", 3) == 0) return idx_read_images(path, data, why);
    if (memcmp(start, "MATLAB", 6) == 0 || memcmp(start + 1, "HDF", 3) == 0) return mat_read_images(path, data, why);
    if (ends_in(path, ".bin") || ends_in(path, ".bin.gz")) return cifar_read_images(&path, 1, data, why);
    return fail(why, "%s: neither .npy, IDX, .mat nor a .bin of CIFAR-10, nor a folder of pictures", path);
}

static int read_files(const char *place, const place_settings *s, dataset *train, dataset *held_out, failure *why)
{
    dataset all = {0};
    char *path = find_file(place);
    const int result = read_file(path, s, &all, why);
    free(path);
    if (result == 0) split_dataset(&all, s->held_out, train, held_out);
    return result;
}

/* ---- folders of data sets ---- */

/* The reader of the data set that is in a folder; NULL if none is. */
static data_reader *find_set(const char *folder)
{
    if (mnist_is_in(folder)) return mnist_read;
    if (cifar_is_in(folder)) return cifar_read;
    if (svhn_is_in(folder)) return svhn_read;
    return NULL;
}

static int read_set(data_reader *read, const char *folder, dataset *train, dataset *held_out, failure *why)
{
    const data_source source = {.folder = folder};
    if (train != NULL && read(&source, TRAIN_PART, train, why) != 0) return -1;
    return held_out == NULL ? 0 : read(&source, EVAL_PART, held_out, why);
}

/* ---- folders of pictures ---- */

static void write_skipped(const char *path, const char *reasons)
{
    output o;
    failure why;
    if (output_open(&o, path, &why) != 0) die("%s", why.text);
    fputs(reasons, o.file);
    if (output_close(&o, &why) != 0) die("%s", why.text);
}

/* "3 of 200 pictures cannot be read: a.png: empty file; b.jpg: ..." */
static char *tell_broken(const folder_reading *r, const char *reasons, const place_settings *s)
{
    char *text;
    size_t size;
    int64_t shown = 0;
    FILE *out = open_text(&text, &size);
    fprintf(out, "%s: %" PRId64 " of %" PRId64 " pictures cannot be read", r->folder, r->broken, r->files);
    for (const char *line = reasons; *line != '\0' && shown < SHOWN; line = strchr(line, '\n') + 1, shown++)
        fprintf(out, "%s %.*s", shown == 0 ? ":" : ";", (int)strcspn(line, "\n"), line);
    if (shown < r->broken) fprintf(out, "; and %" PRId64 " more", r->broken - shown);
    if (shown < r->broken && s->skipped != NULL) fprintf(out, " (%s has them all)", s->skipped);
    fclose(out);
    return text;
}

/* Names the broken ones, and fails if they are too many. */
static int judge_broken(const folder_reading *r, const char *reasons, const place_settings *s, failure *why)
{
    if (r->broken == 0 && s->skipped != NULL) remove(s->skipped); /* of an earlier start */
    if (r->broken == 0) return 0;
    if (s->skipped != NULL) write_skipped(s->skipped, reasons);
    char *text = tell_broken(r, reasons, s);
    const bool too_many = (double)r->broken > s->most_broken * (double)r->files;
    if (too_many)
        fail(why, "%s; allowed is a share of %g", text, s->most_broken);
    else
        complain("%s; they are left out", text);
    free(text);
    return too_many ? -1 : 0;
}

static int read_parts(folder_reading *r, const place_settings *s, dataset *train, dataset *held_out, failure *why)
{
    if (train != NULL && image_folder_read(r, TRAIN_PART, s->caches[TRAIN_PART], train, why) != 0) return -1;
    return held_out == NULL ? 0 : image_folder_read(r, EVAL_PART, s->caches[EVAL_PART], held_out, why);
}

static int read_pictures(const char *folder, const place_settings *s, dataset *train, dataset *held_out, failure *why)
{
    folder_reading r = {.folder = folder, .side = s->side, .grey = s->grey, .held_out = s->held_out};
    char *reasons;
    size_t size;
    if (image_list_make(folder, &r.list, why) != 0) return -1;
    r.reasons = open_text(&reasons, &size);
    int result = read_parts(&r, s, train, held_out, why);
    fclose(r.reasons);
    if (result == 0) result = judge_broken(&r, reasons, s, why);
    free(reasons);
    image_list_free(&r.list);
    return result;
}

/* ---- all of them ---- */

static bool is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

bool place_is_of_pictures(const char *place)
{
    return is_folder(place) && find_set(place) == NULL;
}

/* The folder that a path lies in. The caller frees it. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = path_append(slash == NULL ? "." : slash == path ? "/" : path, "");
    if (slash != NULL && slash != path) folder[slash - path] = '\0';
    return folder;
}

static bool lies_in(const char *path, const char *folder)
{
    char *above = is_folder(path) ? path_append(path, "") : folder_of(path);
    char *outer = realpath(folder, NULL), *inner = realpath(above, NULL);
    const size_t length = outer == NULL || strcmp(outer, "/") == 0 ? 0 : strlen(outer);
    const bool lies = outer != NULL && inner != NULL && strncmp(inner, outer, length) == 0 &&
                      (inner[length] == '/' || inner[length] == '\0');
    free(inner);
    free(outer);
    free(above);
    return lies;
}

int place_must_lie_apart(const char *place, const char *out, failure *why)
{
    if (!place_is_of_pictures(place) || !lies_in(out, place)) return 0;
    return fail(why, "%s lies in %s, so that pictures of results would be read as data: give another --out", out,
                place);
}

static int read_any(const char *place, const place_settings *s, dataset *train, dataset *held_out, failure *why)
{
    if (!is_folder(place)) return read_files(place, s, train, held_out, why);
    data_reader *read = find_set(place);
    return read != NULL ? read_set(read, place, train, held_out, why) : read_pictures(place, s, train, held_out, why);
}

/* What was asked for must not be empty. */
static int expect_images(const char *place, const place_settings *s, const dataset *train, const dataset *held_out,
                         failure *why)
{
    if (train != NULL && train->count == 0) return fail(why, "%s: there are no images to train on", place);
    if (held_out == NULL || held_out->count > 0) return 0;
    return s->held_out >= 1 ? fail(why, "%s: there are no images", place)
                            : fail(why, "%s: too few images to hold out a share of %g of them", place, s->held_out);
}

int place_read(const char *place, const place_settings *s, dataset *train, dataset *held_out, failure *why)
{
    if (train != NULL) *train = (dataset){0};
    if (held_out != NULL) *held_out = (dataset){0};
    int result = read_any(place, s, train, held_out, why);
    if (result == 0) result = expect_images(place, s, train, held_out, why);
    if (result != 0 && train != NULL) dataset_free(train);
    if (result != 0 && held_out != NULL) dataset_free(held_out);
    return result;
}
