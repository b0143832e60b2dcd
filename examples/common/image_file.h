/* PNG and JPEG files as images of a data set. */
#ifndef IMAGE_FILE_H
#define IMAGE_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "errors.h"

/* Reads a file, whatever its name, turns it upright as EXIF says, cuts it to the largest square in its middle, and resizes
 * that to [1 or 3, side, side]. Returns 0, or -1 with the reason, without the file's name, in *why. */
int image_file_read(const char *path, int64_t side, bool grey, uint8_t *out, failure *why);

#endif
