/* The scattering half of a transposed convolution and its transpose, for math/kernels_isa.c.
 *
 * Input pixel (i, j) reaches output pixels (i stride - padding + y, j stride - padding + x) for 0 <= y, x < kernel. For
 * a given y the reached pixels are neighbours, in the image and in the patch, so a whole line of them moves at once. */
#ifndef LEBM_MATH_PATCHES_INC_H
#define LEBM_MATH_PATCHES_INC_H

#include <string.h>

#include "math/kernels.h"

/* The part of a patch's line that lies inside the image: columns [first, last) of the kernel. */
static inline void patches_line_inside(const lebm__geometry *g, int64_t left, int64_t *first, int64_t *last)
{
    *first = left < 0 ? -left : 0;
    *last = g->out_width - left < g->kernel ? g->out_width - left : g->kernel;
    if (*first > *last) *first = *last = 0;
}

static void patches_add(const lebm__geometry *g, const float *restrict patches, float *restrict image)
{
    const int64_t line = g->kernel * g->channels;
    for (int64_t i = 0; i < g->height; i++) {
        for (int64_t j = 0; j < g->width; j++) {
            const int64_t left = j * g->stride - g->padding;
            int64_t first, last;
            patches_line_inside(g, left, &first, &last);
            for (int64_t y = 0; y < g->kernel; y++, patches += line) {
                const int64_t row = i * g->stride - g->padding + y;
                if (row < 0 || row >= g->out_height) continue;
                const float *from = patches + first * g->channels;
                float *to = image + (row * g->out_width + left + first) * g->channels;
                for (int64_t c = 0; c < (last - first) * g->channels; c++) to[c] += from[c];
            }
        }
    }
}

static inline int64_t patches_within(int64_t x, int64_t low, int64_t high)
{
    return x < low ? low : x > high ? high : x;
}

static inline __attribute__((always_inline)) void patches_cut_columns(int is_whole, const lebm__geometry *g,
                                                                      const float *restrict image, int64_t column,
                                                                      int64_t columns, float *restrict patches)
{
    const int64_t line = g->kernel * g->channels;
    for (int64_t i = 0; i < g->height; i++) {
        for (int64_t j = 0; j < g->width; j++) {
            const int64_t left = j * g->stride - g->padding;
            int64_t first, last;
            patches_line_inside(g, left, &first, &last);
            for (int64_t y = 0; y < g->kernel; y++) {
                const int64_t row = i * g->stride - g->padding + y, start = (row * g->out_width + left) * g->channels;
                const int inside = row >= 0 && row < g->out_height;
                int64_t begin = inside ? first * g->channels : 0, end = inside ? last * g->channels : 0;
                int64_t from = 0, to = line; /* of the line's numbers */
                if (!is_whole) {
                    from = patches_within(column - y * line, 0, line);
                    to = patches_within(column + columns - y * line, 0, line);
                    begin = patches_within(begin, from, to);
                    end = patches_within(end, from, to);
                }
                for (int64_t c = from; c < begin; c++) patches[c - from] = 0.0f;
                for (int64_t c = begin; c < end; c++) patches[c - from] = image[start + c];
                for (int64_t c = end; c < to; c++) patches[c - from] = 0.0f;
                patches += to - from;
            }
        }
    }
}

/* Chains cut whole patches, for which the numbers of a line need no bounds. */
static void patches_cut(const lebm__geometry *g, const float *restrict image, int64_t column, int64_t columns,
                        float *restrict patches)
{
    if (columns == g->kernel * g->kernel * g->channels) {
        patches_cut_columns(1, g, image, column, columns, patches);
    } else {
        patches_cut_columns(0, g, image, column, columns, patches);
    }
}

#endif
