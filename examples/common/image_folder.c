#include "image_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "image_file.h"
#include "output.h"
#include "progress.h"
#include "split.h"

/* A cache is a header, which ends with what the images were made from, then the images, then which files these are, then a
 * line for each file that could not be read. */
typedef struct cache_header {
    char magic[16];
    int64_t count;              /* of images */
    int64_t made_from, reasons; /* bytes of these texts */
    int64_t at;                 /* where the images begin */
} cache_header;

static const char magic[16] = "lebm pictures 1";
enum { PAGE = 4096 /* the images begin at a multiple of it */ };

static int64_t row_size(const folder_reading *r)
{
    return (r->grey ? 1 : 3) * r->side * r->side;
}

static bool is_of_part(const folder_reading *r, int64_t index, data_part part)
{
    return split_holds_out(index, r->held_out) == (part == EVAL_PART);
}

/* What the images of a part are made from: the options, and names, sizes and times of the files. The caller frees it. */
static char *describe(const folder_reading *r, data_part part)
{
    char *text;
    size_t size;
    FILE *out = open_text(&text, &size);
    fprintf(out, "side %" PRId64 "%s, held out %.17g, part %d\n", r->side, r->grey ? ", grey" : "", r->held_out, part);
    for (int64_t i = 0; i < r->list.count; i++) {
        const image_entry *e = &r->list.entries[i];
        fprintf(out, "%" PRId64 " %" PRId64 ".%09" PRId64 " %s\n", e->size, e->seconds, e->nanoseconds, e->name);
    }
    fclose(out);
    return text;
}

static int64_t cache_size(const folder_reading *r, const cache_header *h)
{
    return h->at + h->count * (row_size(r) + (int64_t)sizeof(int64_t)) + h->reasons;
}

/* Names and labels of the images, by the files that they are. */
static void name_images(const folder_reading *r, const int64_t *files, dataset *data)
{
    size_t room = (size_t)data->count * sizeof *data->names;
    for (int64_t i = 0; i < data->count; i++) room += strlen(r->list.entries[files[i]].name) + 1;
    data->names = allocate(room, 1);
    data->labels = allocate((size_t)data->count, 1);
    char *at = (char *)(data->names + data->count);
    for (int64_t i = 0; i < data->count; i++) {
        const image_entry *e = &r->list.entries[files[i]];
        const size_t length = strlen(e->name) + 1;
        data->labels[i] = e->label;
        data->names[i] = memcpy(at, e->name, length);
        at += length;
    }
}

/* The files must be some of the list, in its order: a cache is not trusted. */
static bool are_files(const folder_reading *r, const int64_t *files, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        if (files[i] < 0 || files[i] >= r->list.count || (i > 0 && files[i] <= files[i - 1])) return false;
    return true;
}

/* Takes over the reasons, which are lines. */
static bool take_reasons(folder_reading *r, const char *text, size_t size)
{
    if (size > 0 && (text[size - 1] != '\n' || memchr(text, '\0', size) != NULL)) return false;
    fwrite(text, 1, size, r->reasons);
    for (size_t i = 0; i < size; i++) r->broken += text[i] == '\n';
    return true;
}

/* Maps the images of a file whose header is as written, or checked. */
static int map_images(folder_reading *r, int file, const cache_header *h, const char *path, dataset *data, failure *why)
{
    *data = (dataset){0};
    const size_t size = (size_t)cache_size(r, h);
    uint8_t *mapping = mmap(NULL, size, PROT_READ, MAP_PRIVATE, file, 0);
    if (mapping == MAP_FAILED) return fail(why, "cannot map %s: %s", path, strerror(errno));
    int64_t *files = allocate((size_t)h->count, sizeof *files);
    memcpy(files, mapping + h->at + h->count * row_size(r), (size_t)h->count * sizeof *files);
    const char *reasons = (const char *)mapping + h->at + h->count * (row_size(r) + (int64_t)sizeof *files);
    const bool good = are_files(r, files, h->count) && take_reasons(r, reasons, (size_t)h->reasons);
    if (good) {
        *data = (dataset){.name = "pictures",
                          .count = h->count,
                          .channels = r->grey ? 1 : 3,
                          .height = r->side,
                          .width = r->side,
                          .pixels = mapping + h->at,
                          .mapping = mapping,
                          .mapping_size = size};
        name_images(r, files, data);
    } else {
        munmap(mapping, size);
    }
    free(files);
    return good ? 0 : fail(why, "%s is damaged", path);
}

/* Takes the images from a cache, if it is one, is whole, and was made from the same. */
static bool take_cache(folder_reading *r, const char *path, const char *made_from, dataset *data)
{
    cache_header h;
    struct stat info;
    failure why;
    FILE *file = fopen(path, "rb");
    if (file == NULL) return false;
    const int64_t length = (int64_t)strlen(made_from);
    bool good = fread(&h, sizeof h, 1, file) == 1 && memcmp(h.magic, magic, sizeof magic) == 0 && h.count >= 0 &&
                h.count <= r->list.count && h.made_from == length && h.at % PAGE == 0 &&
                h.at >= (int64_t)sizeof h + length && fstat(fileno(file), &info) == 0 &&
                h.at <= (int64_t)info.st_size && h.reasons >= 0 && h.reasons <= (int64_t)info.st_size &&
                (int64_t)info.st_size == cache_size(r, &h);
    char *text = good ? allocate((size_t)length, 1) : NULL;
    good = good && fread(text, 1, (size_t)length, file) == (size_t)length &&
           memcmp(text, made_from, (size_t)length) == 0 && map_images(r, fileno(file), &h, path, data, &why) == 0;
    free(text);
    fclose(file);
    return good;
}

/* Decodes the files of a part, one behind the other, into `out`, and tells which of them could be read, and why others could
 * not. */
static int decode_files(const folder_reading *r, data_part part, FILE *out, cache_header *h, int64_t *files,
                        FILE *reasons)
{
    uint8_t *image = allocate((size_t)row_size(r), 1);
    char text[96];
    progress p;
    int result = 0;
    progress_start(&p);
    for (int64_t i = 0; i < r->list.count && result == 0; i++) {
        failure reason;
        const char *name = r->list.entries[i].name;
        if (!is_of_part(r, i, part)) continue;
        char *path = path_join(r->folder, name);
        if (image_file_read(path, r->side, r->grey, image, &reason) != 0) {
            print_name(reasons, name);
            fprintf(reasons, ": %s\n", reason.text);
        } else {
            result = fwrite(image, (size_t)row_size(r), 1, out) == 1 ? 0 : -1;
            files[h->count++] = i;
        }
        free(path);
        snprintf(text, sizeof text, "reading pictures: %" PRId64 " of %" PRId64, i + 1, r->list.count);
        progress_show_text(&p, (double)(i + 1) / (double)r->list.count, text);
    }
    progress_clear(&p);
    free(image);
    return result;
}

/* Writes a whole cache. Returns 0, or -1 with the reason in errno. */
static int write_cache(const folder_reading *r, data_part part, const char *made_from, FILE *out, cache_header *h)
{
    int64_t *files = allocate((size_t)r->list.count, sizeof *files);
    char *reasons;
    size_t size;
    FILE *text = open_text(&reasons, &size);
    *h = (cache_header){.made_from = (int64_t)strlen(made_from)};
    memcpy(h->magic, magic, sizeof magic);
    h->at = ((int64_t)sizeof *h + h->made_from + PAGE - 1) / PAGE * PAGE;
    int result = fseeko(out, (off_t)sizeof *h, SEEK_SET) == 0 && fputs(made_from, out) >= 0 &&
                         fseeko(out, (off_t)h->at, SEEK_SET) == 0
                     ? decode_files(r, part, out, h, files, text)
                     : -1;
    fclose(text);
    h->reasons = (int64_t)size;
    if (result == 0 && (fwrite(files, sizeof *files, (size_t)h->count, out) != (size_t)h->count ||
                        fwrite(reasons, 1, size, out) != size || fseeko(out, 0, SEEK_SET) != 0 ||
                        fwrite(h, sizeof *h, 1, out) != 1 || fflush(out) != 0 || fsync(fileno(out)) != 0))
        result = -1;
    free(reasons);
    free(files);
    return result;
}

/* Without a place for a cache the images go to a file that has no name. */
static int read_unkept(folder_reading *r, data_part part, const char *made_from, dataset *data, failure *why)
{
    cache_header h;
    FILE *file = tmpfile();
    if (file == NULL) return fail(why, "cannot make a file for a while: %s", strerror(errno));
    const int result = write_cache(r, part, made_from, file, &h) == 0
                           ? map_images(r, fileno(file), &h, "a file for a while", data, why)
                           : fail(why, "cannot write a file for a while: %s", strerror(errno));
    fclose(file);
    return result;
}

static int read_kept(folder_reading *r, data_part part, const char *made_from, const char *cache, dataset *data,
                     failure *why)
{
    cache_header h;
    output o;
    if (output_check_file(cache, why) != 0) return -1;
    if (take_cache(r, cache, made_from, data)) return 0;
    if (output_open(&o, cache, why) != 0) return -1;
    if (write_cache(r, part, made_from, o.file, &h) != 0) {
        fail(why, "cannot write %s: %s", cache, strerror(errno));
        output_discard(&o);
        return -1;
    }
    if (output_close(&o, why) != 0) return -1;
    const int file = open(cache, O_RDONLY | O_CLOEXEC);
    if (file < 0) return fail(why, "cannot open %s: %s", cache, strerror(errno));
    const int result = map_images(r, file, &h, cache, data, why);
    close(file);
    return result;
}

int image_folder_read(folder_reading *r, data_part part, const char *cache, dataset *data, failure *why)
{
    *data = (dataset){0};
    const int64_t broken_before = r->broken;
    char *made_from = describe(r, part);
    const int result =
        cache == NULL ? read_unkept(r, part, made_from, data, why) : read_kept(r, part, made_from, cache, data, why);
    free(made_from);
    r->files += data->count + r->broken - broken_before;
    return result;
}
