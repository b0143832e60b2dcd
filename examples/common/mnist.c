#include "mnist.h"

#include <stdio.h>
#include <stdlib.h>

#include "digits.h"
#include "files.h"
#include "idx.h"

/* The path of a file in the folder, plain or compressed; NULL if it is not there. The caller frees it. */
static char *find(const char *folder, const char *name)
{
    char *plain = path_join(folder, name);
    if (file_exists(plain)) return plain;
    char *compressed = path_append(plain, ".gz");
    free(plain);
    if (file_exists(compressed)) return compressed;
    free(compressed);
    return NULL;
}

static int read_folder(const char *folder, const char *images_name, const char *labels_name, dataset *data,
                       failure *why)
{
    char *images = find(folder, images_name), *labels = find(folder, labels_name);
    int result;
    if (images == NULL) {
        char names[96];
        snprintf(names, sizeof names, "%s or %s.gz", images_name, images_name);
        result = fail_for_lack_of(names, folder, why);
    } else
        result = idx_read_images(images, data, why);
    if (result == 0 && labels != NULL) {
        result = idx_read_labels(labels, data, why);
        if (result != 0) dataset_free(data);
    }
    free(labels);
    free(images);
    return result;
}

int mnist_read(const data_source *source, data_part part, dataset *data, failure *why)
{
    static const struct {
        const char *images, *labels;
        int64_t drawn;
        uint64_t seed;
    } parts[DATA_PARTS] = {
        [TRAIN_PART] = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte", 20000, 1},
        [EVAL_PART] = {"t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte", 2000, 2},
    };
    if (source->files[part] != NULL) return idx_read_images(source->files[part], data, why);
    if (source->folder != NULL) return read_folder(source->folder, parts[part].images, parts[part].labels, data, why);
    return digits_make(parts[part].drawn, parts[part].seed, data, why);
}
