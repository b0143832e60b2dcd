#include "bitmap.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

int bitmap_make_room(bitmap *b, failure *why)
{
    if (b->width < 1 || b->height < 1 || b->width > BITMAP_MOST / b->height)
        return fail(why, "%" PRId64 " x %" PRId64 " pixels; allowed are 1 to %d in all", b->width, b->height,
                    BITMAP_MOST);
    b->pixels = malloc((size_t)(b->width * b->height * b->channels));
    return b->pixels == NULL ? fail(why, "out of memory (%" PRId64 " x %" PRId64 " pixels)", b->width, b->height) : 0;
}

void bitmap_free(bitmap *b)
{
    free(b->pixels);
    *b = (bitmap){0};
}

int64_t bitmap_side(const bitmap *b)
{
    return b->width < b->height ? b->width : b->height;
}

/* Where pixel (x, y) of the picture that is turned upright lies in the file's. */
static const uint8_t *find_pixel(const bitmap *b, int64_t x, int64_t y)
{
    const int o = b->orientation;
    if (o >= 5) { /* rows and columns are exchanged */
        const int64_t row = y;
        y = x;
        x = row;
    }
    if (o == 2 || o == 3 || o == 7 || o == 8) x = b->width - 1 - x;
    if (o == 3 || o == 4 || o == 6 || o == 7) y = b->height - 1 - y;
    return b->pixels + (y * b->width + x) * b->channels;
}

/* a b / 255, rounded. */
static uint8_t times(int a, int b)
{
    const int product = a * b + 128;
    return (uint8_t)((product + (product >> 8)) >> 8);
}

/* Ink takes its share of the light that black leaves. */
static void to_rgb(const bitmap *b, const uint8_t *pixel, uint8_t rgb[static 3])
{
    for (int c = 0; c < 3; c++)
        rgb[c] = b->channels == 1   ? pixel[0]
                 : b->channels == 3 ? pixel[c]
                                    : (uint8_t)(pixel[3] - times(255 - pixel[c], pixel[3]));
}

/* 0.299 R + 0.587 G + 0.114 B */
static uint8_t to_grey(const uint8_t rgb[static 3])
{
    return (uint8_t)((19595u * rgb[0] + 38470u * rgb[1] + 7471u * rgb[2] + 0x8000) >> 16);
}

void bitmap_square(const bitmap *b, bool grey, uint8_t *out)
{
    const bool turned = b->orientation >= 5;
    const int64_t width = turned ? b->height : b->width, height = turned ? b->width : b->height;
    const int64_t side = bitmap_side(b), left = (width - side) / 2, top = (height - side) / 2;
    for (int64_t y = 0; y < side; y++)
        for (int64_t x = 0; x < side; x++) {
            uint8_t rgb[3];
            to_rgb(b, find_pixel(b, left + x, top + y), rgb);
            if (grey)
                out[y * side + x] = b->channels == 1 ? rgb[0] : to_grey(rgb);
            else
                for (int64_t c = 0; c < 3; c++) out[(c * side + y) * side + x] = rgb[c];
        }
}

/* A number of EXIF data, whose byte order is told at their start. */
static uint32_t number(const uint8_t *exif, size_t at, size_t bytes)
{
    uint32_t result = 0;
    for (size_t i = 0; i < bytes; i++) result = result << 8 | exif[*exif == 'M' ? at + i : at + bytes - 1 - i];
    return result;
}

/* "MM" or "II", 42, where the first directory begins; a directory is the number of its entries, and these: tag, type,
 * count, value. */
int bitmap_orientation(const uint8_t *exif, size_t size)
{
    enum { HEADER = 8, ENTRY = 12, ORIENTATION = 0x0112, SHORT = 3 };
    if (size < HEADER || (memcmp(exif, "MM\0*", 4) != 0 && memcmp(exif, "II*\0", 4) != 0)) return 1;
    const size_t directory = number(exif, 4, 4);
    if (directory > size - 2) return 1;
    const size_t entries = number(exif, directory, 2);
    for (size_t i = 0, at = directory + 2; i < entries && at + ENTRY <= size; i++, at += ENTRY) {
        if (number(exif, at, 2) != ORIENTATION || number(exif, at + 2, 2) != SHORT) continue;
        const uint32_t value = number(exif, at + 8, 2);
        return value >= 1 && value <= 8 ? (int)value : 1;
    }
    return 1;
}
