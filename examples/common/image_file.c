#include "image_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bitmap.h"
#include "resize.h"

static int decode(FILE *file, bitmap *b, failure *why)
{
    uint8_t start[8] = {0};
    const size_t size = fread(start, 1, sizeof start, file);
    if (ferror(file)) return fail(why, "%s", strerror(errno));
    if (size == 0) return fail(why, "empty file");
    rewind(file);
    if (memcmp(start, "\x89PNG\r\n\x1a\n", 8) == 0) return png_read(file, b, why);
    if (memcmp(start, "\xff\xd8\xff", 3) == 0) return jpeg_read(file, b, why);
    return fail(why, "neither PNG nor JPEG");
}

int image_file_read(const char *path, int64_t side, bool grey, uint8_t *out, failure *why)
{
    bitmap b = {0};
    FILE *file = fopen(path, "rb");
    if (file == NULL) return fail(why, "%s", strerror(errno));
    int result = decode(file, &b, why);
    fclose(file);
    if (result != 0) return result;
    const int64_t from = bitmap_side(&b), planes = grey ? 1 : 3;
    uint8_t *square = malloc((size_t)(planes * from * from));
    if (square == NULL) {
        result = fail(why, "out of memory");
    } else {
        bitmap_square(&b, grey, square);
        result = resize_planes(square, from, planes, side, out, why);
    }
    free(square);
    bitmap_free(&b);
    return result;
}
