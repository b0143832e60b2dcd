/* PNG and JPEG files of every form, by libpng and libjpeg. */
#ifndef WRITE_PICTURES_H
#define WRITE_PICTURES_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* libjpeg wants these before its own header */
#include <jpeglib.h>
#include <png.h>

/* A picture to be written. */
typedef struct picture {
    int width, height;
    int type;            /* PNG_COLOR_TYPE_...; of JPEG the number of components: 1, 3, or 4 for CMYK as Adobe has it */
    int depth;           /* of PNG: bits of a sample */
    int special;         /* of PNG: interlaced; of JPEG: progressive */
    int orientation;     /* of EXIF; 0: none */
    const uint8_t *rows; /* as the file has them, packed to bytes */
} picture;

/* EXIF data: TIFF of one entry, big-endian if the orientation is odd. */
static inline size_t write_exif(int orientation, uint8_t exif[static 26])
{
    static const uint8_t big[] = {'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0};
    static const uint8_t little[] = {'I', 'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3,
                                     0,   1,   0,  0, 0, 0, 0, 0, 0, 0, 0,    0, 0};
    memcpy(exif, orientation % 2 ? big : little, 26);
    exif[orientation % 2 ? 19 : 18] = (uint8_t)orientation;
    return 26;
}

static inline void write_png(const char *path, const picture *p)
{
    FILE *file = fopen(path, "wb");
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_color palette[256];
    uint8_t exif[26];
    if (file == NULL || setjmp(png_jmpbuf(png)) != 0) abort();
    png_init_io(png, file);
    png_set_IHDR(png, info, (png_uint_32)p->width, (png_uint_32)p->height, p->depth, p->type,
                 p->special ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    for (int i = 0; i < 256; i++)
        palette[i] = (png_color){(png_byte)(255 - i), (png_byte)(i / 2), (png_byte)(i * 7 % 256)};
    if (p->type == PNG_COLOR_TYPE_PALETTE) png_set_PLTE(png, info, palette, 1 << p->depth);
    if (p->orientation > 0) png_set_eXIf_1(png, info, (png_uint_32)write_exif(p->orientation, exif), exif);
    png_write_info(png, info);
    const size_t row = png_get_rowbytes(png, info);
    png_bytepp rows = malloc((size_t)p->height * sizeof *rows);
    for (int y = 0; y < p->height; y++) rows[y] = (png_bytep)(uintptr_t)p->rows + (size_t)y * row;
    png_write_image(png, rows);
    png_write_end(png, info);
    free(rows);
    png_destroy_write_struct(&png, &info);
    fclose(file);
}

static inline void write_jpeg(const char *path, const picture *p)
{
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    uint8_t exif[6 + 26] = "Exif\0";
    FILE *file = fopen(path, "wb");
    if (file == NULL) abort();
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_stdio_dest(&jpeg, file);
    jpeg.image_width = (JDIMENSION)p->width;
    jpeg.image_height = (JDIMENSION)p->height;
    jpeg.input_components = p->type;
    jpeg.in_color_space = p->type == 1 ? JCS_GRAYSCALE : p->type == 3 ? JCS_RGB : JCS_CMYK;
    jpeg_set_defaults(&jpeg);
    jpeg_set_quality(&jpeg, 100, TRUE);
    if (p->special) jpeg_simple_progression(&jpeg);
    jpeg_start_compress(&jpeg, TRUE);
    if (p->orientation > 0)
        jpeg_write_marker(&jpeg, JPEG_APP0 + 1, exif, 6 + (unsigned)write_exif(p->orientation, exif + 6));
    for (int y = 0; y < p->height; y++) {
        JSAMPROW row = (JSAMPROW)(uintptr_t)p->rows + (size_t)(y * p->width * p->type);
        jpeg_write_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    fclose(file);
}

#endif
