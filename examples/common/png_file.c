#include <png.h>
#include <stdlib.h>

#include "bitmap.h"

typedef struct png_reader {
    png_structp png;
    png_infop info;
    png_bytepp rows;
    bitmap *b;
    failure *why;
} png_reader;

_Noreturn static void png_on_error(png_structp png, png_const_charp text)
{
    const png_reader *r = png_get_error_ptr(png);
    fail(r->why, "damaged PNG: %s", text);
    png_longjmp(png, 1);
}

static void png_on_warning(png_structp png, png_const_charp text)
{
    (void)png;
    (void)text;
}

/* Samples of 8 bits, grey or red, green and blue: of 16 bits the upper ones; what is transparent keeps its colour. */
static void png_choose_form(png_reader *r)
{
    const int type = png_get_color_type(r->png, r->info);
    png_set_strip_16(r->png);
    if (type == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(r->png);
    if (type == PNG_COLOR_TYPE_GRAY) png_set_expand_gray_1_2_4_to_8(r->png);
    png_set_strip_alpha(r->png);
    png_set_interlace_handling(r->png);
    png_read_update_info(r->png, r->info);
    r->b->channels = (type & PNG_COLOR_MASK_COLOR) != 0 ? 3 : 1;
}

static void png_find_orientation(png_reader *r)
{
    r->b->orientation = 1;
#ifdef PNG_eXIf_SUPPORTED
    png_uint_32 size;
    png_bytep exif;
    if (png_get_eXIf_1(r->png, r->info, &size, &exif) != 0) r->b->orientation = bitmap_orientation(exif, size);
#endif
}

/* Whatever libpng meets, it comes back here. */
static int png_decode(png_reader *r, FILE *file)
{
    if (setjmp(png_jmpbuf(r->png)) != 0) return -1;
    png_init_io(r->png, file);
    png_read_info(r->png, r->info);
    r->b->width = png_get_image_width(r->png, r->info);
    r->b->height = png_get_image_height(r->png, r->info);
    png_choose_form(r);
    if (bitmap_make_room(r->b, r->why) != 0) return -1;
    const int64_t row = r->b->width * r->b->channels;
    if ((int64_t)png_get_rowbytes(r->png, r->info) != row) return fail(r->why, "not a form that is known");
    r->rows = malloc((size_t)r->b->height * sizeof *r->rows);
    if (r->rows == NULL) return fail(r->why, "out of memory");
    for (int64_t y = 0; y < r->b->height; y++) r->rows[y] = r->b->pixels + y * row;
    png_read_image(r->png, r->rows);
    png_read_end(r->png, r->info);
    png_find_orientation(r);
    return 0;
}

int png_read(FILE *file, bitmap *b, failure *why)
{
    png_reader r = {.b = b, .why = why};
    *b = (bitmap){0};
    fail(why, "out of memory");
    r.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &r, png_on_error, png_on_warning);
    if (r.png != NULL) r.info = png_create_info_struct(r.png);
    const int result = r.info == NULL ? -1 : png_decode(&r, file);
    png_destroy_read_struct(&r.png, &r.info, NULL);
    free(r.rows);
    if (result != 0) bitmap_free(b);
    return result;
}
