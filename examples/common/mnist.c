#include "mnist.h"

#include <stdio.h>
#include <stdlib.h>

#include "digits.h"
#include "files.h"
#include "idx.h"

enum { DRAWN_TRAIN = 20000, DRAWN_HELD_OUT = 2000, TRAIN_SEED = 1, HELD_OUT_SEED = 2 };

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

static int read_part(const char *folder, const char *images_name, const char *labels_name, dataset *data, failure *why)
{
    char *images = find(folder, images_name), *labels = find(folder, labels_name);
    int result;
    if (images == NULL)
        result = fail(why, "there is no %s or %s.gz in %s", images_name, images_name, folder);
    else
        result = idx_read_images(images, data, why);
    if (result == 0 && labels != NULL) {
        result = idx_read_labels(labels, data, why);
        if (result != 0) dataset_free(data);
    }
    free(labels);
    free(images);
    return result;
}

int mnist_read(const char *folder, dataset *train, dataset *held_out, failure *why)
{
    int result = 0;
    if (train != NULL)
        result = folder == NULL ? digits_make(DRAWN_TRAIN, TRAIN_SEED, train, why)
                                : read_part(folder, "train-images-idx3-ubyte", "train-labels-idx1-ubyte", train, why);
    if (result != 0) return result;
    if (held_out != NULL)
        result = folder == NULL ? digits_make(DRAWN_HELD_OUT, HELD_OUT_SEED, held_out, why)
                                : read_part(folder, "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte", held_out, why);
    if (result != 0 && train != NULL) dataset_free(train);
    return result;
}
