#include "resize.h"

#include <stdlib.h>
#include <string.h>
#include <zimg.h>

enum { ALIGNMENT = 64 /* of rows, for zimg */ };

static int64_t resize_stride(int64_t side)
{
    return (side + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static zimg_image_format resize_format(int64_t side)
{
    zimg_image_format format;
    zimg_image_format_default(&format, ZIMG_API_VERSION);
    format.width = format.height = (unsigned)side;
    format.pixel_type = ZIMG_PIXEL_BYTE;
    format.pixel_range = ZIMG_RANGE_FULL;
    return format;
}

static zimg_filter_graph *resize_make_graph(int64_t from, int64_t side)
{
    const zimg_image_format in = resize_format(from), out = resize_format(side);
    zimg_graph_builder_params params;
    zimg_graph_builder_params_default(&params, ZIMG_API_VERSION);
    params.resample_filter = ZIMG_RESIZE_BICUBIC;
    params.filter_param_a = 0; /* Keys' cubic with a = -1/2, as Pillow has it */
    params.filter_param_b = .5;
    params.cpu_type = ZIMG_CPU_NONE;
    return zimg_filter_graph_build(&in, &out, &params);
}

static void copy_rows(const uint8_t *from, int64_t from_stride, uint8_t *to, int64_t to_stride, int64_t side)
{
    for (int64_t y = 0; y < side; y++) memcpy(to + y * to_stride, from + y * from_stride, (size_t)side);
}

/* Room for an image, aligned. */
static uint8_t *resize_room(int64_t bytes)
{
    return aligned_alloc(ALIGNMENT, (size_t)(bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
}

int resize_planes(const uint8_t *in, int64_t from, int64_t n, int64_t side, uint8_t *out, failure *why)
{
    if (from == side) {
        memcpy(out, in, (size_t)(n * side * side));
        return 0;
    }
    size_t room = 0;
    zimg_filter_graph *graph = resize_make_graph(from, side);
    int status = graph == NULL ? -1 : zimg_filter_graph_get_tmp_size(graph, &room);
    uint8_t *scratch = resize_room((int64_t)room + 1), *source = resize_room(from * resize_stride(from)),
            *result = resize_room(side * resize_stride(side));
    if (scratch == NULL || source == NULL || result == NULL) status = -1;
    for (int64_t i = 0; i < n && status == 0; i++) {
        const zimg_image_buffer_const read = {.version = ZIMG_API_VERSION,
                                              .plane[0] = {source, resize_stride(from), ZIMG_BUFFER_MAX}};
        const zimg_image_buffer written = {.version = ZIMG_API_VERSION,
                                           .plane[0] = {result, resize_stride(side), ZIMG_BUFFER_MAX}};
        copy_rows(in + i * from * from, from, source, resize_stride(from), from);
        status = zimg_filter_graph_process(graph, &read, &written, scratch, NULL, NULL, NULL, NULL);
        copy_rows(result, resize_stride(side), out + i * side * side, side, side);
    }
    char text[256] = "";
    if (status != 0) zimg_get_last_error(text, sizeof text);
    zimg_filter_graph_free(graph);
    free(result);
    free(source);
    free(scratch);
    return status == 0 ? 0 : fail(why, "cannot resize: %s", *text != '\0' ? text : "out of memory");
}
