#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "bitmap.h"
/* libjpeg wants these before its own headers */
#include <jerror.h>
#include <jpeglib.h>

enum { MOST_SCANS = 200 /* of a progressive picture: each goes over all of it, and hostile ones have thousands */ };

typedef struct jpeg_reader {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf back;
    bitmap *b;
    failure *why;
} jpeg_reader;

_Noreturn static void jpeg_give_up(jpeg_reader *r, const char *text)
{
    fail(r->why, "%s", text);
    longjmp(r->back, 1);
}

_Noreturn static void jpeg_on_error(j_common_ptr jpeg)
{
    char text[JMSG_LENGTH_MAX];
    jpeg->err->format_message(jpeg, text);
    jpeg_give_up(jpeg->client_data, text);
}

/* libjpeg goes on with grey where data are missing or damaged; other warnings mean no harm. */
static void jpeg_on_message(j_common_ptr jpeg, int level)
{
    const int code = jpeg->err->msg_code;
    if (level < 0 && (code == JWRN_JPEG_EOF || code == JWRN_HIT_MARKER || code == JWRN_HUFF_BAD_CODE))
        jpeg_on_error(jpeg);
}

static void jpeg_on_progress(j_common_ptr jpeg)
{
    jpeg_reader *r = jpeg->client_data;
    if (r->jpeg.input_scan_number > MOST_SCANS) jpeg_give_up(r, "too many scans");
}

static void jpeg_find_orientation(jpeg_reader *r)
{
    static const char head[6] = "Exif\0";
    r->b->orientation = 1;
    for (jpeg_saved_marker_ptr m = r->jpeg.marker_list; m != NULL; m = m->next) {
        if (m->data_length <= sizeof head || memcmp(m->data, head, sizeof head) != 0) continue;
        r->b->orientation = bitmap_orientation(m->data + sizeof head, m->data_length - sizeof head);
        return;
    }
}

/* Whatever libjpeg meets, it comes back here. */
static int jpeg_decode(jpeg_reader *r, FILE *file)
{
    struct jpeg_decompress_struct *jpeg = &r->jpeg;
    if (setjmp(r->back) != 0) return -1;
    jpeg_create_decompress(jpeg);
    jpeg->progress = &r->progress;
    jpeg_stdio_src(jpeg, file);
    jpeg_save_markers(jpeg, JPEG_APP0 + 1, 0xffff);
    jpeg_read_header(jpeg, TRUE);
    jpeg_find_orientation(r);
    jpeg->out_color_space = jpeg->num_components == 1 ? JCS_GRAYSCALE : jpeg->num_components == 4 ? JCS_CMYK : JCS_RGB;
    r->b->width = jpeg->image_width;
    r->b->height = jpeg->image_height;
    r->b->channels = jpeg->num_components == 1 ? 1 : jpeg->num_components == 4 ? 4 : 3;
    if (bitmap_make_room(r->b, r->why) != 0) return -1;
    jpeg_start_decompress(jpeg);
    while (jpeg->output_scanline < jpeg->output_height) {
        JSAMPROW row = r->b->pixels + jpeg->output_scanline * r->b->width * r->b->channels;
        jpeg_read_scanlines(jpeg, &row, 1);
    }
    jpeg_finish_decompress(jpeg);
    return 0;
}

int jpeg_read(FILE *file, bitmap *b, failure *why)
{
    jpeg_reader r = {.b = b, .why = why};
    *b = (bitmap){0};
    r.jpeg.err = jpeg_std_error(&r.errors);
    r.jpeg.client_data = &r;
    r.errors.error_exit = jpeg_on_error;
    r.errors.emit_message = jpeg_on_message;
    r.progress.progress_monitor = jpeg_on_progress;
    const int result = jpeg_decode(&r, file);
    jpeg_destroy_decompress(&r.jpeg);
    if (result != 0) bitmap_free(b);
    return result;
}
