#include "mnist.h"

#include <stdio.h>
#include <stdlib.h>

#include "digits.h"
#include "files.h"
#include "idx.h"
#include "output.h"

/* How the names of the files start: those of MNIST, Fashion-MNIST and KMNIST, and those of EMNIST's sets. */
static const char *const stems[][DATA_PARTS] = {
    {"train", "t10k"},
    {"emnist-balanced-train", "emnist-balanced-test"},
    {"emnist-byclass-train", "emnist-byclass-test"},
    {"emnist-bymerge-train", "emnist-bymerge-test"},
    {"emnist-digits-train", "emnist-digits-test"},
    {"emnist-letters-train", "emnist-letters-test"},
    {"emnist-mnist-train", "emnist-mnist-test"},
};
enum { STEMS = sizeof stems / sizeof *stems };

/* The path of a file in the folder, plain or compressed, with a dot in its name where unpackers put one; NULL if it is
 * not there. The caller frees it. */
static char *find(const char *folder, const char *stem, const char *what, const char *kind)
{
    static const struct {
        char separator;
        const char *end;
    } spellings[] = {{'-', ""}, {'.', ""}, {'-', ".gz"}, {'.', ".gz"}};
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
        char name[64];
        snprintf(name, sizeof name, "%s-%s%c%s-ubyte%s", stem, what, spellings[i].separator, kind, spellings[i].end);
        char *path = path_join(folder, name);
        if (is_file_or_pipe(path)) return path;
        free(path);
    }
    return NULL;
}

/* The images of the one set in the folder, and the stem of their name; MNIST's go before EMNIST's. NULL with the reason
 * in *why. The caller frees the path. */
static char *find_images(const char *folder, data_part part, const char **stem, failure *why)
{
    char *images = NULL;
    for (int i = 0; i < STEMS; i++) {
        char *found = find(folder, stems[i][part], "images", "idx3");
        if (found == NULL) continue;
        if (images != NULL) {
            fail(why, "there are several sets in %s, %s and %s among them: name the file instead of the folder", folder,
                 *stem, stems[i][part]);
            free(found);
            free(images);
            return NULL;
        }
        images = found;
        *stem = stems[i][part];
        if (i == 0) break;
    }
    if (images == NULL) {
        char names[96];
        snprintf(names, sizeof names, "%s-images-idx3-ubyte, plain or .gz,", stems[0][part]);
        fail_for_lack_of(names, folder, why);
    }
    return images;
}

bool mnist_is_in(const char *folder)
{
    for (int i = 0; i < STEMS * DATA_PARTS; i++) {
        char *found = find(folder, stems[i / DATA_PARTS][i % DATA_PARTS], "images", "idx3");
        const bool is_there = found != NULL;
        free(found);
        if (is_there) return true;
    }
    return false;
}

static int read_folder(const char *folder, data_part part, dataset *data, failure *why)
{
    const char *stem;
    char *images = find_images(folder, part, &stem, why);
    if (images == NULL) return -1;
    output_protect(images);
    int result = idx_read_images(images, data, why);
    free(images);
    char *labels = result == 0 ? find(folder, stem, "labels", "idx1") : NULL;
    if (labels != NULL) output_protect(labels);
    if (labels != NULL && idx_read_labels(labels, data, why) != 0) {
        dataset_free(data);
        result = -1;
    }
    free(labels);
    return result;
}

int mnist_read(const data_source *source, data_part part, dataset *data, failure *why)
{
    static const struct {
        int64_t count;
        uint64_t seed;
    } drawn[DATA_PARTS] = {[TRAIN_PART] = {20000, 1}, [EVAL_PART] = {2000, 2}};
    if (source->files[part] != NULL) output_protect(source->files[part]);
    if (source->files[part] != NULL) return idx_read_images(source->files[part], data, why);
    if (source->folder != NULL) return read_folder(source->folder, part, data, why);
    return digits_make(drawn[part].count, drawn[part].seed, data, why);
}
