/* A transposed convolution whose kernel is twice its stride s, by minimal filtering.
 *
 * Along one axis, input pixel i adds x[i] w[t] to output i s - padding + t, 0 <= t < 2 s. Split t = q + s b: the
 * outputs j s + q - padding of phase q, 0 <= q < s, are
 *
 *     c_q[j] = x[j] w[q] + x[j - 1] w[q + s],
 *
 * the coefficients of the product of two polynomials: x(t) with the coefficients x, and w_q(t) = w[q] + w[q + s] t. The
 * input is cut into tiles of m pixels. The product of a tile has m + 1 coefficients, of which the last falls on the
 * first of the next tile, and they are added. It is determined by its values at m + 1 points (Toom and Cook; infinity,
 * where a polynomial's value is its leading coefficient, is one of them): evaluate x and w_q there, multiply point by
 * point, interpolate. That takes m + 1 multiplications in place of 2 m, and along both axes (m + 1)^2 in place of
 * 4 m^2: for m = 4, 25 in place of 64.
 *
 * Channels make each multiplication a product of matrices: at a point, the rows are the tiles of all images with their
 * input channels, and the columns are the output channels of all phases, which share the values of x. The weights'
 * values are packed once for each change of the parameters.
 *
 * The gradient by the input is the transpose of all this in reverse order: transposed interpolation, a product with the
 * transposed matrix at each point, transposed evaluation. Rounding errors are about 4e-6 of the largest value for
 * m = 4 (7.4e-6 in the worst of tests/ref), 2e-6 for m = 2 and 1.5e-6 in the direct algorithm. */
#include "nn/conv_filtered.h"

#include "core/memory.h"
#include "core/status.h"

/* Floats from row to row at a point. Rows whose distance is a power of two would meet in the same lines of the
 * cache. */
static int64_t conv_filtered_row_size(int64_t numel)
{
    enum { ALIGN = LEBM__ALIGNMENT / (int)sizeof(float) };
    return (numel + ALIGN - 1) / ALIGN * ALIGN + ALIGN;
}

static int64_t conv_filtered_tiles_of(int64_t size, int64_t tile)
{
    return (size + tile - 1) / tile;
}

static int64_t conv_filtered_points_of(int64_t tile)
{
    return (tile + 1) * (tile + 1);
}

/* Columns of the matrices: the output channels of all phases. */
static int64_t conv_filtered_columns_of(const lebm__layer *layer)
{
    return layer->geometry.stride * layer->geometry.stride * layer->out.channels;
}

/* How the tiles of `rows` images lie. */
static lebm__filter conv_filtered_filter_of(const lebm__layer *layer, int64_t rows)
{
    lebm__filter f = {.geometry = layer->geometry,
                      .in_channels = layer->in.channels,
                      .tile = layer->tile,
                      .tiles_y = conv_filtered_tiles_of(layer->in.height, layer->tile),
                      .tiles_x = conv_filtered_tiles_of(layer->in.width, layer->tile),
                      .in_row = conv_filtered_row_size(layer->in.channels),
                      .out_row = conv_filtered_row_size(conv_filtered_columns_of(layer))};
    /* Points, too, are kept off powers of two. */
    f.in_point = conv_filtered_row_size(rows * f.tiles_y * f.tiles_x * f.in_row);
    f.out_point = conv_filtered_row_size(rows * f.tiles_y * f.tiles_x * f.out_row);
    return f;
}

/* Multiplications of a tile size, for one input and one output channel, all phases. */
static int64_t conv_filtered_cost(const lebm__layer *layer, int64_t tile)
{
    return conv_filtered_points_of(tile) * conv_filtered_tiles_of(layer->in.height, tile) *
           conv_filtered_tiles_of(layer->in.width, tile);
}

int64_t lebm__conv_filtered_tile(const lebm__layer *layer, int forced)
{
    /* With fewer output channels, less than a vector of them, the transforms cost more than the products save; with
     * fewer input channels packed weights would be mostly padding; and less than a fifth is not worth it. */
    enum { MIN_CHANNELS = 16 };
    const int64_t direct = 4 * lebm__pixels(layer->in);
    const int64_t tile = conv_filtered_cost(layer, 2) < conv_filtered_cost(layer, 4) ? 2 : 4;
    if (layer->geometry.kernel != 2 * layer->geometry.stride) return 0;
    if (forced) return tile;
    const int pays = layer->in.channels >= MIN_CHANNELS && layer->out.channels >= MIN_CHANNELS &&
                     5 * conv_filtered_cost(layer, tile) <= 4 * direct;
    return pays ? tile : 0;
}

static int64_t conv_filtered_group(const lebm__layer *layer)
{
    enum {
        ROWS = 64
    }; /* five of the product's blocks of 12 or so are enough; the points of more would fill the cache */
    const int64_t tiles =
        conv_filtered_tiles_of(layer->in.height, layer->tile) * conv_filtered_tiles_of(layer->in.width, layer->tile);
    return tiles < ROWS ? ROWS / tiles : 1;
}

static lebm__workspace_size conv_filtered_workspace_size(const lebm__layer *layer, int64_t rows)
{
    const lebm__filter f = conv_filtered_filter_of(layer, rows);
    const int64_t points = conv_filtered_points_of(layer->tile);
    return (lebm__workspace_size){.transform_in = points * f.in_point, .transform_out = points * f.out_point};
}

/* A matrix for each point. */
static lebm__matrix_shape conv_filtered_matrix_shape(const lebm__layer *layer, int backward)
{
    const int64_t in = layer->in.channels, columns = conv_filtered_columns_of(layer),
                  points = conv_filtered_points_of(layer->tile);
    return backward ? (lebm__matrix_shape){points, columns, in, 0} : (lebm__matrix_shape){points, in, columns, 0};
}

/* A kernel's weights, row after row, to [2 by + bx][phase]: tap (by, bx) of each phase. */
static void conv_filtered_sort_taps(const float *weight, int64_t stride, int64_t tap_step, int64_t phase_step,
                                    float *sorted)
{
    for (int64_t by = 0; by < 2; by++) {
        for (int64_t qy = 0; qy < stride; qy++) {
            for (int64_t bx = 0; bx < 2; bx++) {
                float *tap = sorted + (2 * by + bx) * tap_step;
                for (int64_t qx = 0; qx < stride; qx++) tap[(qy * stride + qx) * phase_step] = *weight++;
            }
        }
    }
}

/* The weights' values at the points are matrices [in, (phase, out)], and transposed ones for the backward pass. Both
 * are made of W one index at a time: an input channel forward, an output channel backward, which is `outer`. */
static int conv_filtered_pack(const lebm__layer *layer, const float *params, int backward, int64_t part, int64_t parts)
{
    enum { WIDTH = LEBM__MATRIX_COLUMNS, MAX_POINTS = 25 };
    const lebm__geometry *g = &layer->geometry;
    const lebm__matrix *matrix = &layer->weight_matrix[backward];
    const int64_t in = layer->in.channels, out = g->channels, taps = g->kernel * g->kernel;
    const int64_t phases = g->stride * g->stride, lanes = lebm__kernels()->lanes, n = matrix->shape.n;
    const int64_t outers = backward ? out : in, inners = backward ? in : out;
    const int64_t outer_step = backward ? taps : out * taps, inner_step = backward ? out * taps : taps;
    const int64_t row = phases * inners + WIDTH; /* what fills up the last vector is never used, but must be there */
    float *rows = lebm__alloc(4 * row, sizeof *rows); /* [2 y + x][phase, inner]: tap (y, x) of each phase */
    if (rows == NULL) return LEBM_ERR_NOMEM;
    for (int64_t outer = part * outers / parts; outer < (part + 1) * outers / parts; outer++) {
        const float *weight = params + layer->weight + outer * outer_step;
        for (int64_t inner = 0; inner < inners; inner++, weight += inner_step) {
            conv_filtered_sort_taps(weight, g->stride, row, inners, rows + inner);
        }
        /* Forward these are one row of the matrices, backward one row for each phase. */
        for (int64_t i = 0; i < (backward ? phases : 1); i++) {
            for (int64_t first = 0; first < n; first += WIDTH) {
                const int64_t columns = n - first < WIDTH ? n - first : WIDTH;
                const float *from = rows + i * inners + first;
                const float *const of_taps[4] = {from, from + row, from + 2 * row, from + 3 * row};
                float points[MAX_POINTS * WIDTH];
                lebm__kernels()->filter_weights(layer->tile, (columns + lanes - 1) / lanes * lanes, of_taps, WIDTH,
                                                points);
                lebm__matrix_pack(matrix, (lebm__matrix_part){.row = i * outers + outer,
                                                              .rows = 1,
                                                              .column = first,
                                                              .columns = columns,
                                                              .values = points,
                                                              .matrix_stride = WIDTH,
                                                              .column_stride = 1});
            }
        }
    }
    lebm__free(rows);
    return LEBM_OK;
}

/* Where the points of row i begin. */

static float *conv_filtered_in_points(const lebm__filter *f, const lebm__buffers *at, int64_t i)
{
    return at->transform.in + (i - at->transform.base) * f->tiles_y * f->tiles_x * f->in_row;
}

static float *conv_filtered_out_points(const lebm__filter *f, const lebm__buffers *at, int64_t i)
{
    return at->transform.out + (i - at->transform.base) * f->tiles_y * f->tiles_x * f->out_row;
}

static void conv_filtered_forward_pre(const lebm__layer *layer, const lebm__buffers *at, int64_t first, int64_t n)
{
    const lebm__filter f = conv_filtered_filter_of(layer, at->transform.group);
    for (int64_t i = first; i < first + n; i++) {
        lebm__kernels()->filter_evaluate(&f, at->in + i * lebm__numel(layer->in), conv_filtered_in_points(&f, at, i));
    }
}

/* The products of all points. */
static void conv_filtered_forward_gemm(const lebm__layer *layer, const lebm__buffers *at, int64_t first, int64_t n)
{
    (void)first;
    const lebm__filter f = conv_filtered_filter_of(layer, at->transform.group);
    for (int64_t i = 0; i < conv_filtered_points_of(layer->tile); i++) {
        lebm__matrix_multiply(&layer->weight_matrix[0], i, n * f.tiles_y * f.tiles_x, at->transform.in + i * f.in_point,
                              f.in_row, at->transform.out + i * f.out_point, f.out_row);
    }
}

static void conv_filtered_forward_post(const lebm__layer *layer, const lebm__buffers *at, int64_t first, int64_t n)
{
    const lebm__filter f = conv_filtered_filter_of(layer, at->transform.group);
    const float *bias = layer->bias < 0 ? NULL : at->params + layer->bias;
    for (int64_t i = first; i < first + n; i++) {
        lebm__kernels()->filter_interpolate(&f, conv_filtered_out_points(&f, at, i), bias,
                                            at->out + i * lebm__numel(layer->out));
    }
}

static void conv_filtered_backward_pre(const lebm__layer *layer, const lebm__buffers *at, int64_t first, int64_t n)
{
    const lebm__filter f = conv_filtered_filter_of(layer, at->transform.group);
    for (int64_t i = first; i < first + n; i++) {
        lebm__kernels()->filter_interpolate_transposed(&f, at->out + i * lebm__numel(layer->out),
                                                       conv_filtered_out_points(&f, at, i));
    }
}

static void conv_filtered_backward_gemm(const lebm__layer *layer, const lebm__buffers *at, int64_t first, int64_t n)
{
    (void)first;
    const lebm__filter f = conv_filtered_filter_of(layer, at->transform.group);
    for (int64_t i = 0; i < conv_filtered_points_of(layer->tile); i++) {
        lebm__matrix_multiply(&layer->weight_matrix[1], i, n * f.tiles_y * f.tiles_x,
                              at->transform.out + i * f.out_point, f.out_row, at->transform.in + i * f.in_point,
                              f.in_row);
    }
}

static void conv_filtered_backward_post(const lebm__layer *layer, const lebm__buffers *at, int64_t first, int64_t n)
{
    const lebm__filter f = conv_filtered_filter_of(layer, at->transform.group);
    for (int64_t i = first; i < first + n; i++) {
        lebm__kernels()->filter_evaluate_transposed(&f, conv_filtered_in_points(&f, at, i),
                                                    at->in + i * lebm__numel(layer->in));
    }
}

const lebm__layer_kind lebm__conv_filtered = {
    .algorithm = "filtered",
    .group = conv_filtered_group,
    .workspace_size = conv_filtered_workspace_size,
    .matrix_shape = conv_filtered_matrix_shape,
    .pack = conv_filtered_pack,
    .forward = {conv_filtered_forward_pre, conv_filtered_forward_gemm, conv_filtered_forward_post},
    .backward = {conv_filtered_backward_pre, conv_filtered_backward_gemm, conv_filtered_backward_post},
    .weight_grad = &lebm__conv_weight_grad};
