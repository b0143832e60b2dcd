/* A folder of PNG and JPEG files as a data set. */
#ifndef IMAGE_FOLDER_H
#define IMAGE_FOLDER_H

#include <stdio.h>

#include "data_source.h"
#include "dataset.h"
#include "image_list.h"

typedef struct folder_reading {
    const char *folder;
    image_list list; /* of the folder */
    int64_t side;
    bool grey;
    double held_out; /* the share of the files */
    int64_t files;   /* of the parts read so far, */
    int64_t broken;  /* those of them that could not be read */
    FILE *reasons;   /* to which a line "NAME: REASON" of each is written */
} folder_reading;

/* Decodes the files of one part, leaving out those that are broken. If `cache` is not NULL, the images are kept in a file of
 * that name, with what they were made from, and taken from there if that is still so. In either case the images lie in a
 * file that the data set maps: many need no memory.
 * Returns 0, or -1 with the reason in *why and *data empty. A part may be empty. */
int image_folder_read(folder_reading *r, data_part part, const char *cache, dataset *data, failure *why);

#endif
