/* A picture as its file holds it, and what makes an image for a data set of it. */
#ifndef BITMAP_H
#define BITMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "errors.h"

enum { BITMAP_MOST = 100000000 /* pixels of a picture */ };

typedef struct bitmap {
    int64_t width, height;
    int64_t
        channels; /* kept together: 1 grey, 3 red, green and blue, 4 cyan, magenta, yellow and black as Adobe keeps them:
                       * 255 is no ink */
    uint8_t *pixels; /* [height, width, channels] */
    int orientation; /* 1 to 8, as EXIF counts; 1: as it lies */
} bitmap;

/* Takes memory for the pixels of a picture whose shape is set. Returns 0, or -1 with the reason in *why. */
int bitmap_make_room(bitmap *b, failure *why);

void bitmap_free(bitmap *b);

/* The side of the largest square in the middle. */
int64_t bitmap_side(const bitmap *b);

/* Writes that square, turned as the orientation says, channel by channel: [1 or 3, side, side]. Grey of colours is what
 * ITU-R 601 says. */
void bitmap_square(const bitmap *b, bool grey, uint8_t *out);

/* The orientation that EXIF data, a TIFF file of their own, tell; 1 if they tell none. */
int bitmap_orientation(const uint8_t *exif, size_t size);

/* Decode a PNG or JPEG file. Return 0, or -1 with the reason, without the file's name, in *why and *b empty. */
int png_read(FILE *file, bitmap *b, failure *why);
int jpeg_read(FILE *file, bitmap *b, failure *why);

#endif
