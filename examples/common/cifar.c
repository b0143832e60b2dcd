#include "cifar.h"

#include <inttypes.h>
#include <stdlib.h>

#include "files.h"
#include "output.h"
#include "packed_file.h"

enum { CHANNELS = 3, SIDE = 32, PIXELS = CHANNELS * SIDE * SIDE, RECORD = 1 + PIXELS, CLASSES = 10, BATCHES = 5 };

/* A file does not say how many records it has: the room doubles. */
static int make_room(const char *path, dataset *data, int64_t *room, failure *why)
{
    if (data->count < *room) return 0;
    const int64_t more = *room == 0 ? 1 : 2 * *room;
    uint8_t *pixels = realloc(data->pixels, (size_t)(more * PIXELS));
    if (pixels != NULL) data->pixels = pixels;
    uint8_t *labels = realloc(data->labels, (size_t)more);
    if (labels != NULL) data->labels = labels;
    if (pixels == NULL || labels == NULL)
        return fail(why, "%s: out of memory (%" PRId64 " bytes)", path, more * RECORD);
    *room = more;
    return 0;
}

static int read_records(gzFile file, const char *path, dataset *data, int64_t *room, failure *why)
{
    for (int64_t record = 0;; record++) {
        uint8_t label;
        const int got = gzread(file, &label, 1);
        if (got != 1) {
            if (packed_expect_end(file, path, why) != 0) return -1;
            return record > 0 ? 0 : fail(why, "%s: empty file", path);
        }
        if (label >= CLASSES)
            return fail(why, "%s: no binary file of CIFAR-10: record %" PRId64 " is of class %d; allowed are 0 to %d",
                        path, record, label, CLASSES - 1);
        if (make_room(path, data, room, why) != 0 ||
            packed_read(file, path, data->pixels + data->count * PIXELS, PIXELS, why) != 0)
            return -1;
        data->labels[data->count++] = label;
    }
}

int cifar_read_images(char *const *paths, int64_t count, dataset *data, failure *why)
{
    int64_t room = 0;
    int result = 0;
    *data = (dataset){.name = "CIFAR-10 images", .channels = CHANNELS, .height = SIDE, .width = SIDE};
    for (int64_t i = 0; i < count && result == 0; i++) {
        gzFile file = packed_open(paths[i], why);
        result = file == NULL ? -1 : read_records(file, paths[i], data, &room, why);
        if (file != NULL) gzclose_r(file);
    }
    if (result != 0) dataset_free(data);
    return result;
}

static const char *const names[DATA_PARTS][BATCHES] = {
    [TRAIN_PART] = {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"},
    [EVAL_PART] = {"test_batch.bin"},
};

/* The path of a file in the folder, plain or compressed; NULL if it is not there. The caller frees it. */
static char *find(const char *folder, const char *name)
{
    char *plain = path_join(folder, name), *packed = path_append(plain, ".gz");
    char *found = is_file_or_pipe(plain) ? plain : is_file_or_pipe(packed) ? packed : NULL;
    if (found != plain) free(plain);
    if (found != packed) free(packed);
    return found;
}

bool cifar_is_in(const char *folder)
{
    for (int i = 0; i < BATCHES * DATA_PARTS; i++) {
        const char *name = names[i / BATCHES][i % BATCHES];
        char *found = name == NULL ? NULL : find(folder, name);
        const bool is_there = found != NULL;
        free(found);
        if (is_there) return true;
    }
    return false;
}

int cifar_read(const data_source *source, data_part part, dataset *data, failure *why)
{
    char *paths[BATCHES];
    int64_t count = 0;
    for (int i = 0; i < BATCHES && names[part][i] != NULL; i++) {
        char *path = find(source->folder, names[part][i]);
        if (path == NULL) continue;
        output_protect(path);
        paths[count++] = path;
    }
    const int result =
        count > 0 ? cifar_read_images(paths, count, data, why) : fail_for_lack_of(names[part][0], source->folder, why);
    for (int64_t i = 0; i < count; i++) free(paths[i]);
    return result;
}
