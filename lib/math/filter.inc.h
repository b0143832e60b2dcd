/* The transforms of minimal filtering, for math/kernels_isa.c; nn/conv_filtered.c derives them.
 *
 * A tile of m inputs along an axis is a polynomial of m coefficients, x(t). It is evaluated at m + 1 points, multiplied
 * there by the weights' polynomial of two coefficients, and the m + 1 coefficients c of the product are interpolated:
 *
 *     m = 4: points 0, 1, -1, -2, infinity     m = 2: points 0, 1, infinity
 *
 * The denominators of the interpolation are in the weights. Images are transformed along both axes; the transposes
 * serve the gradient. Everything is done for a vector of channels at a time. */
#ifndef LEBM_MATH_FILTER_INC_H
#define LEBM_MATH_FILTER_INC_H

#include "math/kernels.h"
#include "math/vector.inc.h"

#define INLINE static inline __attribute__((always_inline))

enum { MAX_INPUTS = 4, MAX_POINTS = 5 };

/* v = values of x(t) at the points; entries are `step` vectors apart. */
INLINE void evaluate(int m, int step, const vf *x, vf *v)
{
    if (m == 2) {
        v[0] = x[0];
        v[step] = x[0] + x[step];
        v[2 * step] = x[step];
        return;
    }
    const vf even = x[0] + x[2 * step], odd = x[step] + x[3 * step];
    v[0] = x[0];
    v[step] = even + odd;
    v[2 * step] = even - odd;
    v[3 * step] = (x[0] + 4.0f * x[2 * step]) - 2.0f * (x[step] + 4.0f * x[3 * step]);
    v[4 * step] = x[3 * step];
}

INLINE void evaluate_transposed(int m, int step, const vf *v, vf *x)
{
    if (m == 2) {
        x[0] = v[0] + v[step];
        x[step] = v[step] + v[2 * step];
        return;
    }
    const vf sum = v[step] + v[2 * step], difference = v[step] - v[2 * step];
    x[0] = v[0] + sum + v[3 * step];
    x[step] = difference - 2.0f * v[3 * step];
    x[2 * step] = sum + 4.0f * v[3 * step];
    x[3 * step] = difference - 8.0f * v[3 * step] + v[4 * step];
}

/* c = coefficients of the polynomial with the values v, but for the denominators. */
INLINE void interpolate(int m, int step, const vf *v, vf *c)
{
    if (m == 2) {
        c[0] = v[0];
        c[step] = v[step] - v[0] - v[2 * step];
        c[2 * step] = v[2 * step];
        return;
    }
    const vf twice = 2.0f * (v[step] - v[2 * step] - v[4 * step]);
    c[0] = -2.0f * v[0];
    c[step] = twice - v[0] - v[3 * step];
    c[2 * step] = 2.0f * v[0] + 3.0f * v[step] + v[2 * step] - v[4 * step];
    c[3 * step] = v[0] + v[step] + v[2 * step] + v[3 * step] + 2.0f * v[4 * step];
    c[4 * step] = v[4 * step];
}

INLINE void interpolate_transposed(int m, int step, const vf *c, vf *v)
{
    if (m == 2) {
        v[0] = c[0] - c[step];
        v[step] = c[step];
        v[2 * step] = c[2 * step] - c[step];
        return;
    }
    v[0] = c[3 * step] - c[step] + 2.0f * (c[2 * step] - c[0]);
    v[step] = 2.0f * c[step] + 3.0f * c[2 * step] + c[3 * step];
    v[2 * step] = c[2 * step] + c[3 * step] - 2.0f * c[step];
    v[3 * step] = c[3 * step] - c[step];
    v[4 * step] = c[4 * step] - c[2 * step] + 2.0f * (c[3 * step] - c[step]);
}

/* w = the weights' polynomial at the points, over the denominators. */
INLINE void evaluate_weights(int m, int step, vf tap0, vf tap1, vf *w)
{
    if (m == 2) {
        w[0] = tap0;
        w[step] = tap0 + tap1;
        w[2 * step] = tap1;
        return;
    }
    w[0] = tap0 * (-1.0f / 2);
    w[step] = (tap0 + tap1) * (1.0f / 6);
    w[2 * step] = (tap0 - tap1) * (1.0f / 2);
    w[3 * step] = (tap0 - 2.0f * tap1) * (-1.0f / 6);
    w[4 * step] = tap1;
}

INLINE vf load_lanes(const float *p, int64_t lanes)
{
    return lanes == LANES ? load(p) : load_part(p, lanes);
}

INLINE void store_lanes(float *p, vf v, int64_t lanes)
{
    if (lanes == LANES) {
        store(p, v);
    } else {
        store_part(p, v, lanes);
    }
}

/* The points of a tile lie in many pages, more than the processor foresees by itself: it is told. */
INLINE void fetch_points(int m, const float *points, int64_t distance, int to_write)
{
    enum { VECTORS_AHEAD = 4 };
    for (int i = 0; i < (m + 1) * (m + 1); i++) {
        if (to_write) {
            __builtin_prefetch(points + i * distance + VECTORS_AHEAD * LANES, 1, 3);
        } else {
            __builtin_prefetch(points + i * distance + VECTORS_AHEAD * LANES, 0, 3);
        }
    }
}

static inline int64_t lesser(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Both axes of a tile: its inputs inside the image, `rows` by `columns` of them, to its points. */
INLINE void evaluate_tile(int m, const lebm__filter *f, int64_t rows, int64_t columns, const float *image,
                          float *points, int64_t lanes)
{
    const int p = m + 1;
    const int64_t pixel = f->in_channels, line = f->geometry.width * pixel;
    vf x[MAX_INPUTS], v[MAX_INPUTS * MAX_POINTS], w[MAX_POINTS * MAX_POINTS];
    fetch_points(m, points, f->in_point, 1);
    for (int i = 0; i < m; i++) {
        for (int j = 0; j < m; j++) {
            x[j] = i < rows && j < columns ? load_lanes(image + i * line + j * pixel, lanes) : (vf){0};
        }
        evaluate(m, 1, x, v + i * p);
    }
    for (int j = 0; j < p; j++) evaluate(m, p, v + j, w + j);
    for (int i = 0; i < p * p; i++) store_lanes(points + i * f->in_point, w[i], lanes);
}

INLINE void evaluate_tile_transposed(int m, const lebm__filter *f, int64_t rows, int64_t columns, const float *points,
                                     float *image, int64_t lanes)
{
    const int p = m + 1;
    const int64_t pixel = f->in_channels, line = f->geometry.width * pixel;
    vf w[MAX_POINTS * MAX_POINTS], v[MAX_INPUTS * MAX_POINTS], x[MAX_INPUTS];
    fetch_points(m, points, f->in_point, 0);
    for (int i = 0; i < p * p; i++) w[i] = load_lanes(points + i * f->in_point, lanes);
    for (int j = 0; j < p; j++) evaluate_transposed(m, p, w + j, v + j);
    for (int i = 0; i < m && i < rows; i++) {
        evaluate_transposed(m, 1, v + i * p, x);
        for (int j = 0; j < m && j < columns; j++) store_lanes(image + i * line + j * pixel, x[j], lanes);
    }
}

/* Along an axis, entry i of a tile of a phase is the output at `begin` + i stride; those with first <= i < end are
 * inside the image. Entry 0 of all tiles but the first is that of the tile before, too: they are added. */
typedef struct {
    int64_t begin, first, end;
    int shared;
} span;

static inline span span_of(const lebm__filter *f, int64_t tile, int64_t phase, int64_t size)
{
    const int64_t stride = f->geometry.stride, begin = tile * f->tile * stride + phase - f->geometry.padding;
    return (span){.begin = begin,
                  .first = begin < 0 ? (stride - 1 - begin) / stride : 0,
                  .end = begin < size ? lesser(f->tile + 1, (size - 1 - begin) / stride + 1) : 0,
                  .shared = tile > 0};
}

INLINE void interpolate_tile(int m, const lebm__filter *f, const span *y, const span *x, const float *points,
                             const float *bias, float *image, int64_t lanes)
{
    const int p = m + 1;
    const int64_t pixel = f->geometry.channels, stride = f->geometry.stride;
    const vf start = bias == NULL ? (vf){0} : load_lanes(bias, lanes);
    vf v[MAX_POINTS * MAX_POINTS], w[MAX_POINTS * MAX_POINTS], c[MAX_POINTS];
    fetch_points(m, points, f->out_point, 0);
    for (int i = 0; i < p * p; i++) v[i] = load_lanes(points + i * f->out_point, lanes);
    for (int j = 0; j < p; j++) interpolate(m, p, v + j, w + j);
    for (int i = 0; i < p; i++) {
        if (i < y->first || i >= y->end) continue;
        const int64_t line = ((y->begin + i * stride) * f->geometry.out_width + x->begin) * pixel;
        interpolate(m, 1, w + i * p, c);
        for (int j = 0; j < p; j++) {
            if (j < x->first || j >= x->end) continue;
            float *out = image + (line + j * stride * pixel);
            const int seen = (i == 0 && y->shared) || (j == 0 && x->shared);
            store_lanes(out, c[j] + (seen ? load_lanes(out, lanes) : start), lanes);
        }
    }
}

INLINE void interpolate_tile_transposed(int m, const lebm__filter *f, const span *y, const span *x, const float *image,
                                        float *points, int64_t lanes)
{
    const int p = m + 1;
    const int64_t pixel = f->geometry.channels, stride = f->geometry.stride;
    vf c[MAX_POINTS], w[MAX_POINTS * MAX_POINTS], v[MAX_POINTS * MAX_POINTS];
    fetch_points(m, points, f->out_point, 1);
    for (int i = 0; i < p; i++) {
        const int64_t line = ((y->begin + i * stride) * f->geometry.out_width + x->begin) * pixel;
        for (int j = 0; j < p; j++) {
            const int inside = i >= y->first && i < y->end && j >= x->first && j < x->end;
            c[j] = inside ? load_lanes(image + (line + j * stride * pixel), lanes) : (vf){0};
        }
        interpolate_transposed(m, 1, c, w + i * p);
    }
    for (int j = 0; j < p; j++) interpolate_transposed(m, p, w + j, v + j);
    for (int i = 0; i < p * p; i++) store_lanes(points + i * f->out_point, v[i], lanes);
}

/* The four transforms of an image, for a given m. */

INLINE void evaluate_image(int m, const lebm__filter *f, const float *image, float *points)
{
    const int64_t channels = f->in_channels;
    for (int64_t ty = 0; ty < f->tiles_y; ty++) {
        for (int64_t tx = 0; tx < f->tiles_x; tx++, points += f->in_row) {
            const int64_t rows = f->geometry.height - ty * m, columns = f->geometry.width - tx * m;
            const float *corner = image + (ty * m * f->geometry.width + tx * m) * channels;
            int64_t c = 0;
            for (; c + LANES <= channels; c += LANES) evaluate_tile(m, f, rows, columns, corner + c, points + c, LANES);
            if (c < channels) evaluate_tile(m, f, rows, columns, corner + c, points + c, channels - c);
        }
    }
}

INLINE void evaluate_image_transposed(int m, const lebm__filter *f, const float *points, float *image)
{
    const int64_t channels = f->in_channels;
    for (int64_t ty = 0; ty < f->tiles_y; ty++) {
        for (int64_t tx = 0; tx < f->tiles_x; tx++, points += f->in_row) {
            const int64_t rows = f->geometry.height - ty * m, columns = f->geometry.width - tx * m;
            float *corner = image + (ty * m * f->geometry.width + tx * m) * channels;
            int64_t c = 0;
            for (; c + LANES <= channels; c += LANES) {
                evaluate_tile_transposed(m, f, rows, columns, points + c, corner + c, LANES);
            }
            if (c < channels) evaluate_tile_transposed(m, f, rows, columns, points + c, corner + c, channels - c);
        }
    }
}

INLINE void interpolate_image(int m, const lebm__filter *f, const float *points, const float *bias, float *image)
{
    const int64_t channels = f->geometry.channels, stride = f->geometry.stride;
    for (int64_t ty = 0; ty < f->tiles_y; ty++) {
        for (int64_t tx = 0; tx < f->tiles_x; tx++, points += f->out_row) {
            for (int64_t phase = 0; phase < stride * stride; phase++) {
                const span y = span_of(f, ty, phase / stride, f->geometry.out_height);
                const span x = span_of(f, tx, phase % stride, f->geometry.out_width);
                const float *from = points + phase * channels;
                int64_t c = 0;
                for (; c + LANES <= channels; c += LANES) {
                    interpolate_tile(m, f, &y, &x, from + c, bias == NULL ? NULL : bias + c, image + c, LANES);
                }
                if (c < channels) {
                    interpolate_tile(m, f, &y, &x, from + c, bias == NULL ? NULL : bias + c, image + c, channels - c);
                }
            }
        }
    }
}

INLINE void interpolate_image_transposed(int m, const lebm__filter *f, const float *image, float *points)
{
    const int64_t channels = f->geometry.channels, stride = f->geometry.stride;
    for (int64_t ty = 0; ty < f->tiles_y; ty++) {
        for (int64_t tx = 0; tx < f->tiles_x; tx++, points += f->out_row) {
            for (int64_t phase = 0; phase < stride * stride; phase++) {
                const span y = span_of(f, ty, phase / stride, f->geometry.out_height);
                const span x = span_of(f, tx, phase % stride, f->geometry.out_width);
                float *to = points + phase * channels;
                int64_t c = 0;
                for (; c + LANES <= channels; c += LANES) {
                    interpolate_tile_transposed(m, f, &y, &x, image + c, to + c, LANES);
                }
                if (c < channels) interpolate_tile_transposed(m, f, &y, &x, image + c, to + c, channels - c);
            }
        }
    }
}

/* A row of n weights, a multiple of LANES, at all points: taps[2 y + x] has those of tap (y, x). */
INLINE void weights_of_row(int m, int64_t n, const float *const taps[4], int64_t stride, float *points)
{
    const int p = m + 1;
    for (int64_t i = 0; i < n; i += LANES) {
        vf v[2 * MAX_POINTS], w[MAX_POINTS * MAX_POINTS];
        evaluate_weights(m, 1, load(taps[0] + i), load(taps[1] + i), v);
        evaluate_weights(m, 1, load(taps[2] + i), load(taps[3] + i), v + p);
        for (int j = 0; j < p; j++) evaluate_weights(m, p, v[j], v[p + j], w + j);
        for (int j = 0; j < p * p; j++) store(points + j * stride + i, w[j]);
    }
}

#undef INLINE

static void filter_evaluate(const lebm__filter *f, const float *restrict image, float *restrict points)
{
    if (f->tile == 2) {
        evaluate_image(2, f, image, points);
    } else {
        evaluate_image(4, f, image, points);
    }
}

static void filter_evaluate_transposed(const lebm__filter *f, const float *restrict points, float *restrict image)
{
    if (f->tile == 2) {
        evaluate_image_transposed(2, f, points, image);
    } else {
        evaluate_image_transposed(4, f, points, image);
    }
}

static void filter_interpolate(const lebm__filter *f, const float *restrict points, const float *restrict bias,
                               float *restrict image)
{
    if (f->tile == 2) {
        interpolate_image(2, f, points, bias, image);
    } else {
        interpolate_image(4, f, points, bias, image);
    }
}

static void filter_interpolate_transposed(const lebm__filter *f, const float *restrict image, float *restrict points)
{
    if (f->tile == 2) {
        interpolate_image_transposed(2, f, image, points);
    } else {
        interpolate_image_transposed(4, f, image, points);
    }
}

static void filter_weights(int64_t tile, int64_t n, const float *const taps[4], int64_t stride, float *restrict points)
{
    if (tile == 2) {
        weights_of_row(2, n, taps, stride, points);
    } else {
        weights_of_row(4, n, taps, stride, points);
    }
}

#endif
