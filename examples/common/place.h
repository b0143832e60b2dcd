/* Images of one's own: what a PLACE may be, and how it is read. */
#ifndef PLACE_H
#define PLACE_H

#include <stdbool.h>

#include "data_source.h"
#include "dataset.h"

#define PLACE_HELP                                                                                                     \
    "a folder of PNG and JPEG files, an .npy, IDX or .mat file, a .bin of CIFAR-10,\n"                                 \
    "or the folder of MNIST, CIFAR-10 or SVHN"

typedef struct place_settings {
    const char *axes; /* how an .npy array lies; NULL: its shape tells */
    int64_t side;     /* of the images that pictures of a folder become */
    bool grey;        /* these are of one channel */
    double held_out;  /* the share of images that is held out, 0 to 1, where the place has no such images of its own */
    double most_broken;             /* the share of pictures that may be broken */
    const char *caches[DATA_PARTS]; /* where images of pictures are kept; NULL: not at all */
    const char *skipped;            /* the file that names all broken pictures; NULL: none */
} place_settings;

/* Whether it is a folder of pictures, whose images are made of them as the settings say. */
bool place_is_of_pictures(const char *place);

/* Makes sure that a file or folder, which is there or not, does not lie in a place that is a folder of pictures, where results
 * would be read as data the next time. Returns 0, or -1 with the reason in *why. */
int place_must_lie_apart(const char *place, const char *out, failure *why);

/* Reads the images to train on and those that are held out, or only some of them: a pointer may be NULL. A part may be
 * empty. The place is one of these, told apart by what is in it; files may be compressed by gzip, but for .mat:
 *
 *     a folder of MNIST, CIFAR-10 or SVHN, by the official names, which has held-out images of its own
 *     a folder of PNG and JPEG files, in subfolders as well (image_list.h): broken ones are named and left out
 *     .npy, IDX, .mat, .bin of CIFAR-10: a file of such images
 *
 * Returns 0, or -1 with the reason in *why and both empty. */
int place_read(const char *place, const place_settings *s, dataset *train, dataset *held_out, failure *why);

#endif
