/* Each layer against the double-precision reference, over random shapes: forward, gradient by the inputs and by the
 * parameters. Twice: to 1e-5 of the largest value of the tensor, and, stricter, each number by the sum of the
 * magnitudes of its terms, which is what rounding errors grow with. */
#include <float.h>

#include "lebm.h"
#include "ref/agreement.h"
#include "support/pair.h"

/* ---- comparing ---- */

/* What is compared of a layer. */
enum { OUT, GRAD_IN, GRAD_PARAMS, PARTS };

struct comparison {
    struct agreement by_largest[PARTS], each[PARTS];
    int by_row; /* `each` not by its own terms, but by the largest of its row */
};

/* Rounding errors of products are 6e-8 of each term, and mostly cancel. Minimal filtering mixes the numbers of a tile
 * of an image, so there errors are by the largest of the row, and some times larger. */
static struct comparison comparison_of(const char *const names[2 * PARTS], int by_row)
{
    struct comparison c = {.by_row = by_row};
    for (int part = 0; part < PARTS; part++) {
        c.by_largest[part] = (struct agreement){.what = names[part], .tolerance = 1e-5};
        c.each[part] =
            (struct agreement){.what = names[PARTS + part], .tolerance = by_row && part != GRAD_PARAMS ? 1e-5 : 1e-6};
    }
    return c;
}

#define COMPARISON_OF(layer, by_row)                                                                                   \
    comparison_of((const char *const[]){layer ", out", layer ", gradient by inputs", layer ", gradient by parameters", \
                                        layer ", out, each number", layer ", gradient by inputs, each number",         \
                                        layer ", gradient by parameters, each number"},                                \
                  by_row)

static void print(const struct comparison *c)
{
    for (int part = 0; part < PARTS; part++) {
        if (c->by_largest[part].numbers > 0) agreement_print(&c->by_largest[part]);
        if (c->each[part].numbers > 0) agreement_print(&c->each[part]);
    }
}

/* What a number counts for: below the least normal float there are fewer digits, so that much at least. */
static double size_of(double value)
{
    return fmax(fabs(value), FLT_MIN);
}

static float *sizes_of(const float *values, int64_t count)
{
    float *sizes = test_floats(count);
    for (int64_t i = 0; i < count; i++) sizes[i] = (float)size_of((double)values[i]);
    return sizes;
}

/* In place of each number its row's largest. */
static void spread_largest(double *values, int64_t n, int64_t size)
{
    for (int64_t row = 0; row < n; row++) {
        const double largest = approx_largest(values + row * size, size);
        for (int64_t i = 0; i < size; i++) values[row * size + i] = largest;
    }
}

/* Sums of the sizes of terms: the reference with the sizes of all numbers in their place. And what may be lost besides
 * where a product is below the least normal float. */
static void make_scales(const struct comparison *c, const struct pair *pair, const float *in, const float *grad_out,
                        int64_t n, double *scales[PARTS])
{
    static const double lost = 1e-42; /* 700 times the least float */
    const int64_t sizes[PARTS] = {n * pair->ref.out_features, n * pair->ref.in_features, pair->ref.param_total};
    struct pair sized = {NULL, pair->ref};
    sized.ref.params = test_doubles(pair->ref.param_total);
    for (int64_t i = 0; i < pair->ref.param_total; i++) sized.ref.params[i] = size_of(pair->ref.params[i]);
    float *in_sizes = sizes_of(in, n * pair->ref.in_features);
    float *grad_sizes = sizes_of(grad_out, n * pair->ref.out_features);
    scales[OUT] = pair_ref_forward(&sized, in_sizes, n);
    pair_ref_vjp(&sized, in_sizes, n, grad_sizes, &scales[GRAD_IN], &scales[GRAD_PARAMS]);
    if (c->by_row) {
        spread_largest(scales[OUT], n, pair->ref.out_features);
        spread_largest(scales[GRAD_IN], n, pair->ref.in_features);
    }
    for (int part = 0; part < PARTS; part++)
        for (int64_t i = 0; i < sizes[part]; i++) scales[part][i] += lost / c->each[part].tolerance;
    free(sized.ref.params);
    free(in_sizes);
    free(grad_sizes);
}

/* Of the last layer; NULL if it has none. */
static const char *form_of(const struct pair *pair)
{
    return lebm_net_layer_form(pair->net, lebm_net_layer_count(pair->net) - 1);
}

static void describe(char *text, size_t size, const struct pair *pair, int64_t n)
{
    const char *form = form_of(pair);
    snprintf(text, size, "\"%s\", %lld rows%s%s", lebm_net_spec(pair->net), (long long)n, form ? ", " : "",
             form ? form : "");
}

/* The rows in and grad_out, [n] each, through both. */
static void compare_rows(struct comparison *c, const struct pair *pair, const float *in, const float *grad_out,
                         int64_t n, int by_largest)
{
    const int64_t sizes[PARTS] = {n * pair->ref.out_features, n * pair->ref.in_features, pair->ref.param_total};
    float *actual[PARTS], *alone[PARTS];
    double *expected[PARTS], *scales[PARTS];
    char where[AGREEMENT_WHERE];
    describe(where, sizeof where, pair, n);
    for (int part = 0; part < PARTS; part++) { /* all of it is to be overwritten */
        actual[part] = test_random_floats(sizes[part], -9, 9, 1);
        alone[part] = test_random_floats(sizes[part], -9, 9, 2);
    }
    LEBM_ASSERT_OK(lebm_net_forward(pair->net, in, n, actual[OUT]));
    LEBM_ASSERT_OK(lebm_net_vjp(pair->net, in, n, grad_out, actual[GRAD_IN], actual[GRAD_PARAMS]));
    LEBM_ASSERT_OK(lebm_net_vjp(pair->net, in, n, grad_out, alone[GRAD_IN], NULL));
    LEBM_ASSERT_OK(lebm_net_vjp(pair->net, in, n, grad_out, NULL, alone[GRAD_PARAMS]));
    LEBM_ASSERT_SAME_BITS(alone[GRAD_IN], actual[GRAD_IN], sizes[GRAD_IN]);
    LEBM_ASSERT_SAME_BITS(alone[GRAD_PARAMS], actual[GRAD_PARAMS], sizes[GRAD_PARAMS]);

    expected[OUT] = pair_ref_forward(pair, in, n);
    pair_ref_vjp(pair, in, n, grad_out, &expected[GRAD_IN], &expected[GRAD_PARAMS]);
    make_scales(c, pair, in, grad_out, n, scales);
    for (int part = 0; part < PARTS; part++) {
        if (by_largest) agree(&c->by_largest[part], actual[part], expected[part], sizes[part], where);
        agree_each(&c->each[part], actual[part], expected[part], scales[part], sizes[part], where);
        free(actual[part]);
        free(alone[part]);
        free(expected[part]);
        free(scales[part]);
    }
}

static void compare(struct comparison *c, const struct pair *pair, int64_t n, uint64_t seed)
{
    float *in = test_random_floats(n * pair->ref.in_features, -1.5, 1.5, seed);
    float *grad_out = test_random_floats(n * pair->ref.out_features, -1, 1, seed + 1);
    compare_rows(c, pair, in, grad_out, n, 1);
    free(in);
    free(grad_out);
}

/* ---- shapes ---- */

/* Around the sizes of blocks of rows; half of all batches have a few. */
static int64_t random_rows(uint64_t *seed)
{
    static const int64_t sizes[] = {1, 1, 2, 3, 4, 7, 16, 33, 63, 64, 65, 100, 129, 300};
    return sizes[test_random(seed) % (sizeof sizes / sizeof *sizes)];
}

static void make_linear(struct pair *pair, int number, uint64_t *seed)
{
    static const int64_t most[] = {1, 8, 40, 300};
    pair_init(pair, test_integer(seed, 1, most[number % 4]));
    pair_add_linear(pair, test_integer(seed, 1, most[number / 4 % 4]), number / 16 % 2);
    pair_randomise(pair, 1, test_random(seed));
}

/* The kinds of shapes of a transposed convolution: all, those of one pixel, those that can be filtered, and those that
 * may be worth it. */
enum conv_shapes { ANY_SHAPE, OF_PIXEL, TWICE_THE_STRIDE, MANY_CHANNELS };

/* Every kernel from 1 to 7 meets every stride from 1 to 4, the least and the largest padding; the rest is drawn.
 * Returns the rows of the batch. */
static int64_t make_conv(struct pair *pair, enum conv_shapes shapes, int number, uint64_t *seed)
{
    static const int64_t most_channels[] = {1, 4, 20, 70};
    const int64_t most_products = number % 8 == 0 || shapes == MANY_CHANNELS ? 1000000 : 100000; /* it is slow */
    const int64_t stride = 1 + number / 7 % 4, kernel = shapes >= TWICE_THE_STRIDE ? 2 * stride : 1 + number % 7;
    const int64_t few = shapes == MANY_CHANNELS ? 15 : 0;
    const int64_t most_padding = shapes == OF_PIXEL ? (kernel - 1) / 2 : kernel - 1;
    const int64_t round = number / 28;
    const int64_t padding = round == 0 ? 0 : round == 1 ? most_padding : test_integer(seed, 0, most_padding);
    const int64_t least = ref_least_size(kernel, stride, padding);
    for (;;) {
        const int64_t in = few + test_integer(seed, 1, most_channels[test_random(seed) % 4]);
        const int64_t out = few + test_integer(seed, 1, most_channels[test_random(seed) % 4]);
        const int64_t height = shapes == OF_PIXEL ? 1 : test_integer(seed, least, least + 8);
        const int64_t width = shapes == OF_PIXEL ? 1 : test_integer(seed, least, least + 8);
        const int64_t n = random_rows(seed);
        if (n * in * height * width * out * kernel * kernel > most_products) continue;
        pair_init(pair, in * height * width);
        if (shapes != OF_PIXEL || number % 2) pair_add_reshape(pair, in, height, width); /* else a flat vector */
        pair_add_conv_transpose2d(pair, out, kernel, stride, padding, number / 4 % 2);
        pair_randomise(pair, 1, test_random(seed));
        return n;
    }
}

/* ---- the layers ---- */

enum { LINEAR = 256, CONVS = 252, RESHAPES = 240, ACTIVATIONS = 210 };

START_TEST(linear)
{
    struct comparison c = COMPARISON_OF("linear", 0);
    uint64_t seed = 1;
    for (int i = 0; i < LINEAR; i++) {
        struct pair pair;
        make_linear(&pair, i, &seed);
        compare(&c, &pair, random_rows(&seed), test_random(&seed));
        pair_free(&pair);
    }
    print(&c);
}
END_TEST

static void compare_convs(struct comparison *c, enum conv_shapes shapes, const char *choice, const char *form,
                          uint64_t seed)
{
    for (int i = 0; i < CONVS; i++) {
        struct pair pair;
        const int64_t n = make_conv(&pair, shapes, i, &seed);
        LEBM_ASSERT_OK(lebm_net_set_str(pair.net, LEBM_NET_CONVOLUTION, choice));
        ck_assert_str_eq(form_of(&pair), form);
        compare(c, &pair, n, test_random(&seed));
        pair_free(&pair);
    }
    print(c);
}

START_TEST(conv_transpose2d_direct)
{
    struct comparison c = COMPARISON_OF("conv_transpose2d, direct", 0);
    compare_convs(&c, ANY_SHAPE, "direct", "direct", 2);
}
END_TEST

START_TEST(conv_transpose2d_of_a_pixel)
{
    struct comparison c = COMPARISON_OF("conv_transpose2d of a pixel", 0);
    compare_convs(&c, OF_PIXEL, "direct", "direct", 3);
}
END_TEST

START_TEST(conv_transpose2d_filtered)
{
    struct comparison c = COMPARISON_OF("conv_transpose2d, filtered", 1);
    compare_convs(&c, TWICE_THE_STRIDE, "filtered", "filtered", 4);
}
END_TEST

/* Where the library has both forms to choose from; it must come to choose either. */
START_TEST(conv_transpose2d_auto)
{
    struct comparison c = COMPARISON_OF("conv_transpose2d, auto", 1);
    int filtered = 0;
    uint64_t seed = 5;
    for (int i = 0; i < CONVS; i++) {
        struct pair pair;
        const int64_t n = make_conv(&pair, i % 3 ? MANY_CHANNELS : ANY_SHAPE, i, &seed);
        filtered += strcmp(form_of(&pair), "filtered") == 0;
        compare(&c, &pair, n, test_random(&seed));
        pair_free(&pair);
    }
    ck_assert_msg(filtered >= 10 && CONVS - filtered >= 10, "%d of %d were filtered", filtered, CONVS);
    print(&c);
}
END_TEST

/* Alone a reshape changes nothing. Between transposed convolutions, whose values have another order inside, it must
 * keep that of PyTorch. */
/* Weights whose gradient comes in several blocks: rows of linear, taps and parts of the channels of a tap, and few columns
 * because the image is large; more rows than a chunk has. */
START_TEST(gradients_in_blocks)
{
    static const struct {
        int64_t in, height, width, out, kernel, rows; /* kernel 0: linear */
    } shapes[] = {{300, 1, 1, 500, 0, 70}, {70000, 1, 1, 3, 0, 33}, {20, 2, 3, 60, 9, 35},  {300, 2, 2, 250, 2, 40},
                  {90, 1, 1, 100, 5, 40},  {3, 70, 70, 2, 6, 3},    {1, 150, 150, 5, 3, 2}, {70000, 1, 1, 1, 3, 3}};
    struct comparison c = COMPARISON_OF("blocks", 0);
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        struct pair pair;
        pair_init(&pair, shapes[i].in * shapes[i].height * shapes[i].width);
        pair_add_reshape(&pair, shapes[i].in, shapes[i].height, shapes[i].width);
        if (shapes[i].kernel == 0) {
            pair_add_linear(&pair, shapes[i].out, 1);
        } else {
            pair_add_conv_transpose2d(&pair, shapes[i].out, shapes[i].kernel, 2, 1, 1);
        }
        LEBM_ASSERT_OK(lebm_net_set_str(pair.net, LEBM_NET_CONVOLUTION, "direct"));
        pair_randomise(&pair, 1, i);
        compare(&c, &pair, shapes[i].rows, 100 + i);
        pair_free(&pair);
    }
    print(&c);
}
END_TEST

START_TEST(reshape)
{
    struct comparison between = COMPARISON_OF("reshape between convolutions", 1);
    uint64_t seed = 6;
    for (int i = 0; i < RESHAPES; i++) {
        const int64_t a = test_integer(&seed, 1, 6), b = test_integer(&seed, 1, 6), c = test_integer(&seed, 1, 6);
        const int64_t n = random_rows(&seed), size = a * b * c;
        struct pair pair;
        pair_init(&pair, size);
        pair_add_reshape(&pair, a, b, c);
        pair_add_reshape(&pair, c, a, b);
        float *in = test_random_floats(n * size, -1, 1, test_random(&seed)), *out = test_floats(n * size);
        LEBM_ASSERT_OK(lebm_net_forward(pair.net, in, n, out));
        LEBM_ASSERT_SAME_BITS(out, in, n * size);
        LEBM_ASSERT_OK(lebm_net_vjp(pair.net, in, n, in, out, NULL));
        LEBM_ASSERT_SAME_BITS(out, in, n * size);
        free(in);
        free(out);

        pair_add_conv_transpose2d(&pair, 2, 3, 1, 1, 1);
        pair_add_reshape(&pair, b, 2, a);
        if (i % 2) pair_add_conv_transpose2d(&pair, 2, 2, 2, 0, 1);
        pair_add_reshape(&pair, pair.ref.out_features, 1, 1);
        if (i % 4 > 1) pair_add_linear(&pair, 5, 1);
        pair_randomise(&pair, 1, test_random(&seed));
        compare(&between, &pair, n > 65 ? 2 : n, test_random(&seed));
        pair_free(&pair);
    }
    print(&between);
}
END_TEST

static const char *const kinds[] = {LEBM_RELU, LEBM_LEAKY_RELU, LEBM_GELU,    LEBM_SILU,
                                    LEBM_MISH, LEBM_TANH,       LEBM_SIGMOID, LEBM_SOFTPLUS};
enum { KINDS = 8 };

static const double value_tolerance = 1e-6, slope_tolerance = 1e-6;

/* Values are good to so much of themselves, where there are digits: exp(x) is never below 1e-38, which cuts tails, and
 * the exponent of gelu's tail exp(-x^2/2) is rounded. Slopes are good to so much of 1. */
static double value_scale(enum ref_kind kind, double x, double value)
{
    const double lost = x < -12 ? 1.1e-36 : 1.5e-45;
    return fabs(value) * (kind == REF_GELU ? 1 + x * x / 16 : 1) + lost / value_tolerance;
}

static void compare_activation(struct agreement *values, struct agreement *slopes, const struct pair *pair, int64_t n,
                               const float *in, const float *grad_out, const char *where)
{
    const int64_t count = n * pair->ref.in_features;
    const struct ref_layer *layer = &pair->ref.layers[pair->ref.count - 1];
    float *out = test_floats(count), *grad_in = test_floats(count);
    LEBM_ASSERT_OK(lebm_net_forward(pair->net, in, n, out));
    LEBM_ASSERT_OK(lebm_net_vjp(pair->net, in, n, grad_out, grad_in, NULL));
    values->cases++;
    slopes->cases++;
    for (int64_t i = 0; i < count; i++) {
        const double x = (double)in[i], value = ref_activation(layer->kind, layer->slope, x);
        const double slope = ref_activation_slope(layer->kind, layer->slope, x);
        agree_on(values, (double)out[i], value, value_scale(layer->kind, x, value), where);
        agree_on(slopes, (double)grad_in[i], slope * (double)grad_out[i], fabs((double)grad_out[i]), where);
    }
    free(out);
    free(grad_in);
}

START_TEST(activations) /* _i: kind */
{
    struct agreement values = {.what = kinds[_i], .tolerance = value_tolerance};
    struct agreement slopes = {.what = "its slope", .tolerance = slope_tolerance};
    uint64_t seed = 100 + (uint64_t)_i;
    for (int i = 0; i < ACTIVATIONS; i++) {
        const int leaky = strcmp(kinds[_i], LEBM_LEAKY_RELU) == 0;
        const int64_t c = test_integer(&seed, 1, 70), h = i % 2 ? 1 : test_integer(&seed, 1, 4), w = i % 2 ? 1 : 3;
        const int64_t n = random_rows(&seed);
        struct pair pair;
        char where[AGREEMENT_WHERE];
        pair_init(&pair, c * h * w);
        pair_add_reshape(&pair, c, h, w);
        pair_add_activation(&pair, kinds[_i], leaky ? (float)test_uniform(&seed, 0, 1) : 0);
        describe(where, sizeof where, &pair, n);
        float *in = test_normal_floats(n * c * h * w, 3, test_random(&seed));
        float *grad_out = test_random_floats(n * c * h * w, -1, 1, test_random(&seed));
        compare_activation(&values, &slopes, &pair, n, in, grad_out, where);
        free(in);
        free(grad_out);
        pair_free(&pair);
    }
    agreement_print(&values);
    agreement_print(&slopes);
}
END_TEST

/* ---- extremes ---- */

/* Numbers at the ends of what a float can be, and 0 with either sign. */
static float extreme(uint64_t *seed)
{
    static const float numbers[] = {0, -0.0f, 1e4f, -1e4f, 1e-40f, -1e-40f, 1e-45f, 1.1754944e-38f, 1, -1e-20f};
    return numbers[test_random(seed) % (sizeof numbers / sizeof *numbers)];
}

/* Rows of zeros, of -0, of 1e4, of denormals, and of all kinds in turn. */
static void fill_extreme_rows(float *values, int64_t n, int64_t size, uint64_t *seed)
{
    for (int64_t row = 0; row < n; row++)
        for (int64_t i = 0; i < size; i++, values++) {
            const float factors[] = {0, -0.0f, 1e4f, 1e-40f};
            *values = row % 5 < 4 ? factors[row % 5] * (float)test_uniform(seed, 0.5, 1) : extreme(seed);
            if (row % 5 > 1 && test_random(seed) % 2) *values = -*values;
        }
}

/* Weights from 1e-40 to 1e30, by inputs and gradients up to 1e4. */
static void compare_extremes(struct comparison *c, struct pair *pair, int number, uint64_t *seed)
{
    enum { ROWS = 10 };
    static const double scales[] = {1, 1e4, 1e30, 1e-30, 1e-40};
    float *in = test_floats(ROWS * pair->ref.in_features), *grad_out = test_floats(ROWS * pair->ref.out_features);
    for (int64_t i = 0; i < pair->ref.param_total; i++) pair->ref.params[i] *= scales[number % 5];
    pair_push(pair);
    fill_extreme_rows(in, ROWS, pair->ref.in_features, seed);
    fill_extreme_rows(grad_out, ROWS, pair->ref.out_features, seed);
    compare_rows(c, pair, in, grad_out, ROWS, 0);

    /* Of zeros nothing but the bias is left, to the bit but for the sign of a zero. */
    float *out = test_floats(ROWS * pair->ref.out_features);
    double *expected = pair_ref_forward(pair, in, 2);
    LEBM_ASSERT_OK(lebm_net_forward(pair->net, in, ROWS, out));
    LEBM_ASSERT_CLOSE(out, expected, 2 * pair->ref.out_features, 0, 0);
    free(in);
    free(grad_out);
    free(out);
    free(expected);
}

enum { EXTREMES = 60 };

START_TEST(extremes_of_linear)
{
    struct comparison c = COMPARISON_OF("extremes of linear", 0);
    uint64_t seed = 7;
    for (int i = 0; i < EXTREMES; i++) {
        struct pair pair;
        make_linear(&pair, i, &seed);
        compare_extremes(&c, &pair, i, &seed);
        pair_free(&pair);
    }
    print(&c);
}
END_TEST

START_TEST(extremes_of_conv_transpose2d)
{
    static const enum conv_shapes shapes[] = {ANY_SHAPE, OF_PIXEL, TWICE_THE_STRIDE};
    struct comparison direct = COMPARISON_OF("extremes of conv_transpose2d, direct", 0);
    struct comparison filtered = COMPARISON_OF("extremes of conv_transpose2d, filtered", 1);
    uint64_t seed = 8;
    for (int i = 0; i < 3 * EXTREMES; i++) {
        struct pair pair;
        make_conv(&pair, shapes[i % 3], i, &seed);
        LEBM_ASSERT_OK(lebm_net_set_str(pair.net, LEBM_NET_CONVOLUTION, i % 3 == 2 ? "filtered" : "direct"));
        compare_extremes(i % 3 == 2 ? &filtered : &direct, &pair, i, &seed);
        pair_free(&pair);
    }
    print(&direct);
    print(&filtered);
}
END_TEST

/* Dense where activations bend, sparse from 1e-44 to 1e4, and corners. */
START_TEST(extremes_of_activations) /* _i: kind */
{
    enum { DENSE = 40001, SPARSE = 200, COUNT = DENSE + 2 * SPARSE + 14 };
    static const float corners[14] = {0,     -0.0f,    1e-45f,    -1e-45f, 1.1754944e-38f, -1.1754944e-38f, 1e4f,
                                      -1e4f, 88.3762f, -88.3762f, 88.8f,   -88.8f,         104.0f,          -104.0f};
    struct agreement values = {.what = kinds[_i], .tolerance = value_tolerance};
    struct agreement slopes = {.what = "its slope", .tolerance = slope_tolerance};
    struct pair pair;
    float *in = test_floats(COUNT), *grad_out = test_floats(COUNT);
    for (int i = 0; i < DENSE; i++) in[i] = (float)(i - DENSE / 2) * 1e-3f;
    for (int i = 0; i < SPARSE; i++) {
        in[DENSE + 2 * i] = (float)pow(10, -44 + 48.0 * i / (SPARSE - 1));
        in[DENSE + 2 * i + 1] = -in[DENSE + 2 * i];
    }
    memcpy(in + DENSE + 2 * SPARSE, corners, sizeof corners);
    for (int i = 0; i < COUNT; i++) grad_out[i] = i % 3 ? 1 : 1e4f;
    pair_init(&pair, COUNT);
    pair_add_activation(&pair, kinds[_i], strcmp(kinds[_i], LEBM_LEAKY_RELU) == 0 ? 0.25 : 0);
    compare_activation(&values, &slopes, &pair, 1, in, grad_out, "the whole range");
    agreement_print(&values);
    agreement_print(&slopes);
    free(in);
    free(grad_out);
    pair_free(&pair);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("layers");
    TCase *layers = tcase_create("random shapes");
    tcase_set_timeout(layers, 60);
    tcase_add_test(layers, linear);
    tcase_add_test(layers, conv_transpose2d_direct);
    tcase_add_test(layers, conv_transpose2d_of_a_pixel);
    tcase_add_test(layers, conv_transpose2d_filtered);
    tcase_add_test(layers, conv_transpose2d_auto);
    tcase_add_test(layers, gradients_in_blocks);
    tcase_add_test(layers, reshape);
    tcase_add_loop_test(layers, activations, 0, KINDS);
    suite_add_tcase(suite, layers);

    TCase *extremes = tcase_create("extremes");
    tcase_set_timeout(extremes, 60);
    tcase_add_test(extremes, extremes_of_linear);
    tcase_add_test(extremes, extremes_of_conv_transpose2d);
    tcase_add_loop_test(extremes, extremes_of_activations, 0, KINDS);
    suite_add_tcase(suite, extremes);
    return suite;
}

int main(void)
{
    return test_run_suite(suite());
}
