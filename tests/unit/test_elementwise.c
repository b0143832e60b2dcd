/* The elementwise kernels and the sums over a row, of every table that this processor can run, against double. */
#include <fenv.h>
#include <float.h>

#include "support/approx.h"
#include "support/kernel_tables.h"

START_TEST(tables_are_named_and_the_best_is_chosen)
{
    static const int64_t lanes[] = {4, 8, 16};
    static const char *const names[] = {"baseline", "avx2", "avx512"};
    const lebm__kernel_table *tables[3], *chosen = lebm__kernels();
    const int count = able_tables(tables);
    const char *asked = getenv("LEBM_ISA");
    int expected = count - 1;
    for (int i = 0; i < count; i++) {
        ck_assert_str_eq(tables[i]->name, names[i]);
        ck_assert_int_eq(tables[i]->lanes, lanes[i]);
        if (asked && strcmp(asked, names[i]) == 0) expected = i;
    }
    ck_assert_str_eq(chosen->name, names[expected]);
}
END_TEST

/* ---- activations ---- */

/* Each in double, without cancellation. */

static double sigmoid(double x)
{
    return x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x));
}

static double softplus(double x)
{
    return fmax(x, 0) + log1p(exp(-fabs(x)));
}

static double act(lebm__activation kind, double parameter, double x)
{
    switch (kind) {
    case LEBM__RELU:
        return x > 0 ? x : 0;
    case LEBM__LEAKY_RELU:
        return x > 0 ? x : parameter * x;
    case LEBM__GELU:
        return x * 0.5 * erfc(-x * M_SQRT1_2);
    case LEBM__SILU:
        return x * sigmoid(x);
    case LEBM__MISH:
        return x * tanh(softplus(x));
    case LEBM__TANH:
        return tanh(x);
    case LEBM__SIGMOID:
        return sigmoid(x);
    default:
        return softplus(x);
    }
}

static double slope(lebm__activation kind, double parameter, double x)
{
    const double cosine = cosh(fmin(kind == LEBM__MISH ? softplus(x) : fabs(x), 300));
    switch (kind) {
    case LEBM__RELU:
        return x > 0 ? 1 : 0;
    case LEBM__LEAKY_RELU:
        return x > 0 ? 1 : parameter;
    case LEBM__GELU:
        return 0.5 * erfc(-x * M_SQRT1_2) + x * exp(-0.5 * x * x) / sqrt(2 * M_PI);
    case LEBM__SILU:
        return sigmoid(x) * (1 + x * sigmoid(-x));
    case LEBM__MISH:
        return tanh(softplus(x)) + x / (cosine * cosine) * sigmoid(x);
    case LEBM__TANH:
        return 1 / (cosine * cosine);
    case LEBM__SIGMOID:
        return sigmoid(x) * sigmoid(-x);
    default:
        return sigmoid(x);
    }
}

/* What the error may be: `rtol` times the magnitude, or times `floor` if that is larger. */
static const struct activation_case {
    const char *name;
    lebm__activation kind;
    double parameter, rtol, floor, slope_rtol, slope_floor;
} activations[] = {
    {"relu", LEBM__RELU, 0, 0, 0, 0, 0},
    {"leaky_relu 0.2", LEBM__LEAKY_RELU, 0.2f, 6e-8, FLT_MIN, 0, 0},
    {"leaky_relu 0", LEBM__LEAKY_RELU, 0, 0, 0, 0, 0},
    {"leaky_relu 1", LEBM__LEAKY_RELU, 1, 0, 0, 0, 0},
    {"gelu", LEBM__GELU, 0, 6e-7, 1e-3, 1e-6, 0.1},
    {"gelu's tail", LEBM__GELU, 0, 2.5e-6, 1e-20, 1e-6, 0.1},
    {"silu", LEBM__SILU, 0, 3e-7, 1e-20, 6e-7, 0.1},
    {"mish", LEBM__MISH, 0, 3.5e-7, 1e-20, 1e-6, 0.1},
    {"tanh", LEBM__TANH, 0, 2e-7, FLT_MIN, 4e-7, 1e-20},
    {"sigmoid", LEBM__SIGMOID, 0, 2.5e-7, 1e-20, 4e-7, 1e-20},
    {"softplus", LEBM__SOFTPLUS, 0, 2e-7, 1e-20, 2.5e-7, 1e-20},
};

enum { ACTIVATIONS = sizeof activations / sizeof *activations };

/* All of the interval where activations bend, and floats of every magnitude there is. */
enum { DENSE = 120001, GRID = DENSE + 2 * 8 * 277 + 4 };

static float *make_grid(void)
{
    float *grid = test_floats(GRID);
    int64_t count = 0;
    for (; count < DENSE; count++) grid[count] = (float)(30.0 * (2.0 * (double)count / (DENSE - 1) - 1));
    for (int exponent = -149; exponent < 128; exponent++) {
        for (int part = 0; part < 8; part++) {
            const float size = (float)ldexp(1 + part / 8.0, exponent);
            grid[count++] = size;
            grid[count++] = -size;
        }
    }
    grid[count++] = 0.0f;
    grid[count++] = -0.0f;
    grid[count++] = FLT_MAX;
    grid[count++] = -FLT_MAX;
    ck_assert_int_eq(count, GRID);
    return grid;
}

/* Fails unless actual[i] is close enough to expected[i]. */
static void assert_accurate(const char *table, const char *what, const float *x, const float *actual,
                            const double *expected, double rtol, double floor_)
{
    int64_t worst = 0;
    double worst_error = -1;
    for (int64_t i = 0; i < GRID; i++) {
        const double difference = fabs((double)actual[i] - expected[i]);
        double error = difference == 0 ? 0 : difference / fmax(fabs(expected[i]), floor_);
        if (isnan(error)) error = INFINITY;
        if (error > worst_error) {
            worst = i;
            worst_error = error;
        }
    }
    LEBM_ASSERT_MSG(worst_error <= rtol,
                    "%s: %s of %.9g is %.9g, expected %.9g: off by %.3g of that or of the floor %.3g, allowed %.3g",
                    table, what, (double)x[worst], (double)actual[worst], expected[worst], worst_error, floor_, rtol);
}

START_TEST(activation_is_accurate) /* _i: which */
{
    const struct activation_case *c = &activations[_i];
    float *x = make_grid(), *slopes = test_floats(GRID), *values = test_floats(GRID);
    double *expected = test_doubles(GRID), *expected_slopes = test_doubles(GRID);
    char what[64];
    for (int64_t i = 0; i < GRID; i++) {
        expected[i] = act(c->kind, c->parameter, (double)x[i]);
        expected_slopes[i] = slope(c->kind, c->parameter, (double)x[i]);
    }
    FOR_EACH_TABLE(table)
    {
        memcpy(slopes, x, GRID * sizeof *x);
        feclearexcept(FE_ALL_EXCEPT);
        table->activate(c->kind, (float)c->parameter, GRID, slopes, values);
        LEBM_ASSERT_MSG(!fetestexcept(FE_INVALID | FE_DIVBYZERO | FE_OVERFLOW), "%s: %s raises an exception",
                        table->name, c->name);
        snprintf(what, sizeof what, "%s", c->name);
        assert_accurate(table->name, what, x, values, expected, c->rtol, c->floor);
        snprintf(what, sizeof what, "slope of %s", c->name);
        assert_accurate(table->name, what, x, slopes, expected_slopes, c->slope_rtol, c->slope_floor);
    }
    free(x);
    free(slopes);
    free(values);
    free(expected);
    free(expected_slopes);
}
END_TEST

START_TEST(activations_keep_nan)
{
    enum { N = 33, PATTERNS = 6 };
    static const uint32_t patterns[PATTERNS] = {0x7fc00000, 0xffc00000, 0xffffffff, 0x7f800001, 0x7fc00001, 0xff812345};
    FOR_EACH_TABLE(table)
    {
        for (int a = 0; a < ACTIVATIONS; a++) {
            for (int at = 0; at < N; at++) {
                float x[N] = {0}, y[N];
                memcpy(&x[at], &patterns[at % PATTERNS], sizeof *x);
                table->activate(activations[a].kind, (float)activations[a].parameter, N, x, y);
                for (int i = 0; i < N; i++)
                    LEBM_ASSERT_MSG(isnan(y[i]) == (i == at) && isnan(x[i]) == (i == at),
                                    "%s: with NaN at %d, %s gives %g, slope %g, at %d", table->name, at,
                                    activations[a].name, (double)y[i], (double)x[i], i);
            }
        }
    }
}
END_TEST

/* Where a factor has underflowed and another is huge, the product must not be anything in between. */
START_TEST(huge_numbers_give_the_limit) /* _i: which activation */
{
    enum { HUGES = 4 };
    static const float huge[HUGES] = {1e6f, 1e10f, 1e20f, 3e38f};
    const struct activation_case *c = &activations[_i];
    FOR_EACH_TABLE(table)
    {
        float x[2 * HUGES], values[2 * HUGES], slopes[2 * HUGES];
        double limits[2 * HUGES], slope_limits[2 * HUGES];
        for (int i = 0; i < 2 * HUGES; i++) {
            x[i] = slopes[i] = i < HUGES ? huge[i] : -huge[i - HUGES];
            limits[i] = act(c->kind, c->parameter, (double)x[i]);
            slope_limits[i] = slope(c->kind, c->parameter, (double)x[i]);
        }
        table->activate(c->kind, (float)c->parameter, 2 * HUGES, slopes, values);
        for (int i = 0; i < 2 * HUGES; i++) {
            LEBM_ASSERT_MSG(fabs((double)values[i] - limits[i]) <= 6e-8 * fabs(limits[i]) + 1e-30,
                            "%s: %s of %g is %.9g, not %.9g", table->name, c->name, (double)x[i], (double)values[i],
                            limits[i]);
            LEBM_ASSERT_MSG(fabs((double)slopes[i] - slope_limits[i]) <= 1e-30, "%s: slope of %s at %g is %.9g, not %g",
                            table->name, c->name, (double)x[i], (double)slopes[i], slope_limits[i]);
        }
    }
}
END_TEST

/* Nothing finite may come of an infinity but the limit: what is not finite is found by who looks for divergence. */
static void assert_limit(const char *table, const char *what, double x, double actual, double limit)
{
    LEBM_ASSERT_MSG(!isfinite(actual) || fabs(actual - limit) < 1e-30, "%s: %s of %g is %g, neither %g nor infinite",
                    table, what, x, actual, limit);
}

START_TEST(infinities_give_the_limit_or_no_number)
{
    FOR_EACH_TABLE(table)
    {
        for (int a = 0; a < ACTIVATIONS; a++) {
            const struct activation_case *c = &activations[a];
            const int linear = c->kind == LEBM__RELU || c->kind == LEBM__LEAKY_RELU; /* below 0, too */
            const int bounded = c->kind == LEBM__TANH || c->kind == LEBM__SIGMOID;
            const double least = c->kind == LEBM__TANH ? -1 : c->parameter > 0 ? -(double)INFINITY : 0;
            float x[2] = {INFINITY, -INFINITY}, y[2];
            table->activate(c->kind, (float)c->parameter, 2, x, y);
            assert_limit(table->name, c->name, (double)INFINITY, (double)y[0], bounded ? 1 : (double)INFINITY);
            assert_limit(table->name, c->name, -(double)INFINITY, (double)y[1], least);
            LEBM_ASSERT_MSG(bounded || !isfinite(y[0]), "%s: %s of infinity is %g", table->name, c->name, (double)y[0]);
            assert_limit(table->name, c->name, (double)INFINITY, (double)x[0], bounded ? 0 : 1);
            assert_limit(table->name, c->name, -(double)INFINITY, (double)x[1], linear ? c->parameter : 0);
        }
    }
}
END_TEST

/* ---- an element's bits wherever it stands ---- */

enum { MOST = 70, OFFSETS = 17, ROOM = MOST + 2 * OFFSETS };

/* A kernel applied to n elements from `offset` on of three inputs; out[0] and out[1] are what it writes. */
/* The kernels that work in place, with the result elsewhere. */

static void multiply(const lebm__kernel_table *table, int64_t n, const float *x, const float *y, float *out)
{
    memmove(out, y, (size_t)n * sizeof *y);
    table->multiply(n, x, out);
}

static double residual(const lebm__kernel_table *table, int64_t n, float scale, const float *x, const float *g,
                       float *out)
{
    memmove(out, g, (size_t)n * sizeof *g);
    return table->residual(n, scale, x, out, out);
}

static double bernoulli(const lebm__kernel_table *table, int64_t n, const float *x, const float *g, float *out)
{
    memmove(out, g, (size_t)n * sizeof *g);
    return table->bernoulli(n, x, out, out);
}

struct elements {
    const char *name;
    void (*apply)(const lebm__kernel_table *table, int detail, int64_t n, const float *a, const float *b,
                  const float *c, float *out0, float *out1);
};

static void apply_activate(const lebm__kernel_table *table, int detail, int64_t n, const float *a, const float *b,
                           const float *c, float *out0, float *out1)
{
    (void)b, (void)c;
    memcpy(out1, a, (size_t)n * sizeof *a);
    table->activate(activations[detail].kind, (float)activations[detail].parameter, n, out1, out0);
}

static void apply_multiply(const lebm__kernel_table *table, int detail, int64_t n, const float *a, const float *b,
                           const float *c, float *out0, float *out1)
{
    (void)detail, (void)c;
    multiply(table, n, a, b, out0);
    memcpy(out1, a, (size_t)n * sizeof *a);
    table->add(n, b, out1);
}

static void apply_langevin(const lebm__kernel_table *table, int detail, int64_t n, const float *a, const float *b,
                           const float *c, float *out0, float *out1)
{
    (void)detail;
    memcpy(out0, a, (size_t)n * sizeof *a);
    table->langevin(n, 0.08f, 0.4f, b, c, out0);
    memcpy(out1, b, (size_t)n * sizeof *b);
    table->langevin(n, 0.005f, 0.1f, c, a, out1);
}

static void apply_add_scaled(const lebm__kernel_table *table, int detail, int64_t n, const float *a, const float *b,
                             const float *c, float *out0, float *out1)
{
    (void)detail;
    memcpy(out0, a, (size_t)n * sizeof *a);
    table->add_scaled(n, 0.3f, NULL, b, out0);
    memcpy(out1, b, (size_t)n * sizeof *b);
    table->add_scaled(n, 1.7f, c, a, out1);
}

static void apply_likelihoods(const lebm__kernel_table *table, int detail, int64_t n, const float *a, const float *b,
                              const float *c, float *out0, float *out1)
{
    (void)detail;
    residual(table, n, 11.1f, a, b, out0);
    bernoulli(table, n, c, b, out1);
}

static const struct elements elements[] = {{"activate", apply_activate},
                                           {"multiply and add", apply_multiply},
                                           {"langevin", apply_langevin},
                                           {"add_scaled", apply_add_scaled},
                                           {"residual and bernoulli", apply_likelihoods}};

static void assert_place_does_not_matter(const lebm__kernel_table *table, const struct elements *e, int detail)
{
    float *a = test_normal_floats(ROOM, 3, 1), *b = test_normal_floats(ROOM, 3, 2),
          *c = test_random_floats(ROOM, 0, 1, 3);
    float out[2][ROOM], alone[2][ROOM];
    for (int i = 0; i < ROOM; i++) e->apply(table, detail, 1, a + i, b + i, c + i, alone[0] + i, alone[1] + i);
    for (int offset = 0; offset < OFFSETS; offset++) {
        for (int n = 0; n <= MOST; n++) {
            for (int i = 0; i < ROOM; i++) out[0][i] = out[1][i] = 12345;
            e->apply(table, detail, n, a + offset, b + offset, c + offset, out[0] + offset, out[1] + offset);
            for (int o = 0; o < 2; o++) {
                for (int i = 0; i < ROOM; i++) {
                    const float expected = i >= offset && i < offset + n ? alone[o][i] : 12345;
                    LEBM_ASSERT_MSG(memcmp(&out[o][i], &expected, sizeof expected) == 0,
                                    "%s: %s (%s) of %d elements from %d on: element %d of output %d is %a, not %a",
                                    table->name, e->name, activations[detail].name, n, offset, i, o, (double)out[o][i],
                                    (double)expected);
                }
            }
        }
    }
    free(a);
    free(b);
    free(c);
}

START_TEST(an_elements_bits_do_not_depend_on_its_place) /* _i: the kernel */
{
    FOR_EACH_TABLE(table)
    {
        const int details = elements[_i].apply == apply_activate ? ACTIVATIONS : 1;
        for (int d = 0; d < details; d++) assert_place_does_not_matter(table, &elements[_i], d);
    }
}
END_TEST

START_TEST(a_rows_sum_does_not_depend_on_its_place)
{
    float *values = test_normal_floats(MOST, 3, 5), *means = test_normal_floats(MOST, 3, 6);
    float moved[ROOM], moved_means[ROOM], out[ROOM];
    FOR_EACH_TABLE(table)
    {
        for (int n = 0; n <= MOST; n++) {
            const double sums[] = {table->squares(n, values), residual(table, n, 2, values, means, out),
                                   bernoulli(table, n, values, means, out),
                                   table->reverse_noise(n, 0.3f, NULL, values, means, means),
                                   table->reverse_noise(n, 0.3f, means, values, values, means)};
            for (int offset = 0; offset < OFFSETS; offset++) {
                memcpy(moved + offset, values, MOST * sizeof *values);
                memcpy(moved_means + offset, means, MOST * sizeof *means);
                const float *v = moved + offset, *m = moved_means + offset;
                const double again[] = {table->squares(n, v), residual(table, n, 2, v, m, out),
                                        bernoulli(table, n, v, m, out), table->reverse_noise(n, 0.3f, NULL, v, m, m),
                                        table->reverse_noise(n, 0.3f, m, v, v, m)};
                for (int s = 0; s < 5; s++)
                    LEBM_ASSERT_MSG(again[s] == sums[s], "%s: sum %d of %d elements moved by %d is %a, not %a",
                                    table->name, s, n, offset, again[s], sums[s]);
            }
        }
    }
    free(values);
    free(means);
}
END_TEST

/* ---- the other kernels against double ---- */

enum { COUNT = 4099 };

START_TEST(multiply_and_add_round_once)
{
    float *x = test_normal_floats(COUNT, 10, 7), *y = test_normal_floats(COUNT, 10, 8), *out = test_floats(COUNT);
    FOR_EACH_TABLE(table)
    {
        multiply(table, COUNT, x, y, out);
        for (int i = 0; i < COUNT; i++)
            LEBM_ASSERT_MSG(out[i] == (float)((double)x[i] * (double)y[i]), "%s: %a times %a is %a", table->name,
                            (double)x[i], (double)y[i], (double)out[i]);
        memcpy(out, y, COUNT * sizeof *y);
        table->add(COUNT, x, out);
        for (int i = 0; i < COUNT; i++)
            LEBM_ASSERT_MSG(out[i] == (float)((double)x[i] + (double)y[i]), "%s: %a plus %a is %a", table->name,
                            (double)x[i], (double)y[i], (double)out[i]);
    }
    free(x);
    free(y);
    free(out);
}
END_TEST

START_TEST(langevin_adds_drift_and_spread)
{
    static const float steps[] = {0.08f, 0.005f, 1e-12f, 1e6f};
    float *score = test_normal_floats(COUNT, 30, 9), *noise = test_normal_floats(COUNT, 1, 10);
    float *z = test_normal_floats(COUNT, 1, 11), *out = test_floats(COUNT);
    FOR_EACH_TABLE(table)
    {
        for (int s = 0; s < 4; s++) {
            const float step = steps[s], spread = sqrtf(2 * step);
            memcpy(out, z, COUNT * sizeof *z);
            table->langevin(COUNT, step, spread, score, noise, out);
            for (int i = 0; i < COUNT; i++) {
                const double drift = (double)step * (double)score[i], jump = (double)spread * (double)noise[i];
                const double expected = (double)z[i] + drift + jump;
                /* two products, their sum and the last sum, each rounded by half a unit at most */
                const double allowed = 0x1p-24 * (2.01 * (fabs(drift) + fabs(jump)) + fabs(expected));
                LEBM_ASSERT_MSG(fabs((double)out[i] - expected) <= allowed,
                                "%s: number %d is %.9g, expected %.9g: off by %.3g, allowed %.3g", table->name, i,
                                (double)out[i], expected, fabs((double)out[i] - expected), allowed);
            }
        }
    }
    free(score);
    free(noise);
    free(z);
    free(out);
}
END_TEST

START_TEST(what_is_scaled_is_added)
{
    float *weights = test_random_floats(COUNT, 0.1, 3, 9), *x = test_normal_floats(COUNT, 30, 10);
    float *y = test_normal_floats(COUNT, 1, 11), *out = test_floats(COUNT);
    FOR_EACH_TABLE(table)
    {
        for (int is_weighted = 0; is_weighted < 2; is_weighted++) {
            const float scale = 0.07f;
            memcpy(out, y, COUNT * sizeof *y);
            table->add_scaled(COUNT, scale, is_weighted ? weights : NULL, x, out);
            for (int i = 0; i < COUNT; i++) {
                const double added = (double)scale * (is_weighted ? (double)weights[i] : 1) * (double)x[i];
                const double expected = (double)y[i] + added;
                /* two products and their sum, each rounded by half a unit at most */
                const double allowed = 0x1p-24 * (2.01 * fabs(added) + fabs(expected));
                LEBM_ASSERT_MSG(fabs((double)out[i] - expected) <= allowed,
                                "%s: number %d is %.9g, expected %.9g: off by %.3g, allowed %.3g", table->name, i,
                                (double)out[i], expected, fabs((double)out[i] - expected), allowed);
            }
        }
    }
    free(weights);
    free(x);
    free(y);
    free(out);
}
END_TEST

START_TEST(box_muller_is_accurate)
{
    enum { PAIRS = 1 << 13 };
    static const uint32_t special[] = {0,          1,          2,          3,          0x1fffffff, 0x20000000,
                                       0x20000001, 0x3fffffff, 0x40000000, 0x40000001, 0x5fffffff, 0x60000000,
                                       0x7fffffff, 0x80000000, 0x80000001, 0x9fffffff, 0xa0000000, 0xbfffffff,
                                       0xc0000000, 0xdfffffff, 0xe0000000, 0xfffffffe, 0xffffffff, 0x00000fff};
    enum { SPECIAL = sizeof special / sizeof *special };
    uint32_t *bits = test_alloc(2 * PAIRS, sizeof *bits);
    float *out = test_floats(2 * PAIRS);
    double *expected = test_doubles(2 * PAIRS);
    uint64_t state = 12;
    for (int i = 0; i < 2 * PAIRS; i++) bits[i] = (uint32_t)(test_random(&state) >> 32);
    for (int i = 0; i < SPECIAL * SPECIAL; i++) {
        bits[i] = special[i % SPECIAL];
        bits[PAIRS + i] = special[i / SPECIAL];
    }
    for (int i = 0; i < PAIRS; i++) {
        const double radius = sqrt(-2 * log((double)(((float)(bits[i] >> 1) + 0.5f) * 0x1p-31f)));
        const double angle = 2 * M_PI * 0x1p-32 * bits[PAIRS + i];
        expected[i] = radius * cos(angle);
        expected[PAIRS + i] = radius * sin(angle);
    }
    FOR_EACH_TABLE(table)
    {
        table->box_muller(PAIRS, bits, out);
        LEBM_ASSERT_CLOSE(out, expected, 2 * PAIRS, 2e-7, 2e-7);
        /* a pair's bits do not depend on how many there are */
        for (int64_t pairs = table->lanes; pairs <= 64; pairs += table->lanes) {
            uint32_t some_bits[128];
            float some[128];
            memcpy(some_bits, bits + 640, (size_t)pairs * sizeof *bits);
            memcpy(some_bits + pairs, bits + PAIRS + 640, (size_t)pairs * sizeof *bits);
            table->box_muller(pairs, some_bits, some);
            LEBM_ASSERT_SAME_BITS(some, out + 640, pairs);
            LEBM_ASSERT_SAME_BITS(some + pairs, out + PAIRS + 640, pairs);
        }
    }
    free(bits);
    free(out);
    free(expected);
}
END_TEST

static void assert_sum(const char *table, const char *what, int64_t n, double actual, double expected, double allowed)
{
    LEBM_ASSERT_MSG(fabs(actual - expected) <= allowed,
                    "%s: %s of %lld elements is %.17g, expected %.17g: off by %.3g, "
                    "allowed %.3g",
                    table, what, (long long)n, actual, expected, fabs(actual - expected), allowed);
}

START_TEST(squares_and_residual_are_sums_of_double)
{
    float *x = test_normal_floats(COUNT, 100, 13), *g = test_normal_floats(COUNT, 100, 14), *out = test_floats(COUNT);
    double *expected = test_doubles(COUNT);
    FOR_EACH_TABLE(table)
    {
        for (int64_t n = 0; n <= COUNT; n += 1 + n / 3) {
            double squares = 0, residuals = 0;
            for (int64_t i = 0; i < n; i++) {
                const float difference = x[i] - g[i];
                squares += (double)x[i] * (double)x[i];
                residuals += (double)difference * (double)difference;
                expected[i] = (double)0.3f * (double)difference;
            }
            assert_sum(table->name, "sum of squares", n, table->squares(n, x), squares, 1e-13 * squares);
            assert_sum(table->name, "sum of squared residuals", n, residual(table, n, 0.3f, x, g, out), residuals,
                       1e-13 * residuals);
            LEBM_ASSERT_CLOSE(out, expected, n, 0x1p-24, 0);
        }
    }
    free(x);
    free(g);
    free(out);
    free(expected);
}
END_TEST

/* Down to differences far below what noise^2 is known to in float. */
START_TEST(noise_is_reversed_without_cancellation)
{
    static const float halves[] = {0.5f, 1e-3f, 1e-7f};
    float *weights = test_random_floats(COUNT, 0.1, 3, 9), *noise = test_normal_floats(COUNT, 1, 10);
    float *score = test_normal_floats(COUNT, 5, 11), *new_score = test_normal_floats(COUNT, 5, 12);
    FOR_EACH_TABLE(table)
    {
        for (int h = 0; h < 6; h++) {
            const int is_weighted = h % 2;
            double expected = 0, size = 0;
            for (int i = 0; i < COUNT; i++) {
                const double weight = is_weighted ? (double)weights[i] : 1, e = (double)noise[i];
                const double shift = (double)halves[h / 2] * weight * ((double)score[i] + (double)new_score[i]);
                expected -= shift * (2 * e + shift);
                size += fabs(shift * (2 * e + shift)) + shift * shift;
            }
            const double sum =
                table->reverse_noise(COUNT, halves[h / 2], is_weighted ? weights : NULL, noise, score, new_score);
            assert_sum(table->name, "reversed noise", COUNT, sum, expected, 3 * 0x1p-24 * size);
        }
    }
    free(weights);
    free(noise);
    free(score);
    free(new_score);
}
END_TEST

START_TEST(bernoulli_is_accurate)
{
    float *x = test_random_floats(COUNT, 0, 1, 15), *g = test_normal_floats(COUNT, 20, 16), *out = test_floats(COUNT);
    double *expected = test_doubles(COUNT);
    for (int i = 0; i < COUNT; i++) {
        if (i % 3 == 0) x[i] = (float)(i % 2);
        if (i % 5 == 0) g[i] /= 1000;
        if (i % 97 == 0) g[i] *= 10; /* up to several hundred */
    }
    FOR_EACH_TABLE(table)
    {
        for (int64_t n = 0; n <= COUNT; n += 1 + n / 3) {
            double sum = 0, sizes = 0;
            for (int64_t i = 0; i < n; i++) {
                sum += (double)x[i] * (double)g[i] - softplus((double)g[i]);
                sizes += fabs((double)x[i] * (double)g[i]) + softplus((double)g[i]);
                expected[i] = (double)x[i] - sigmoid((double)g[i]);
            }
            assert_sum(table->name, "log likelihood", n, bernoulli(table, n, x, g, out), sum, 1.5e-7 * sizes);
            LEBM_ASSERT_CLOSE(out, expected, n, 1.5e-7, 1.5e-7);
        }
    }
    free(x);
    free(g);
    free(out);
    free(expected);
}
END_TEST

/* The n-th update's numbers as the trainer sets them. */
static lebm__adam_step adam_step(double scale, double decay, double rate, int n)
{
    const double beta1 = 0.5, beta2 = 0.999;
    return (lebm__adam_step){.scale = (float)scale,
                             .decay = (float)decay,
                             .beta1 = (float)beta1,
                             .new1 = (float)(1 - beta1),
                             .beta2 = (float)beta2,
                             .new2 = (float)(1 - beta2),
                             .rate = (float)(rate / (1 - pow(beta1, n))),
                             .root = (float)(1 / sqrt(1 - pow(beta2, n))),
                             .epsilon = 1e-8f};
}

START_TEST(adam_is_accurate)
{
    float *grad = test_normal_floats(COUNT, 5, 17), *m = test_normal_floats(COUNT, 1, 18);
    float *v = test_random_floats(COUNT, 0, 4, 19), *p = test_normal_floats(COUNT, 1, 20);
    float *new_m = test_floats(COUNT), *new_v = test_floats(COUNT), *new_p = test_floats(COUNT);
    for (int i = 0; i < COUNT; i += 7) grad[i] = m[i] = v[i] = 0; /* a parameter that never mattered */
    for (int n = 1; n < 20000; n = 7 * n + 3) {
        for (int with_decay = 0; with_decay < 2; with_decay++) {
            const lebm__adam_step s = adam_step(-0.01, with_decay ? 0.1 : 0, 1e-3, n);
            FOR_EACH_TABLE(table)
            {
                ck_assert(table->adam(COUNT, &s, grad, p, m, v, new_p, new_m, new_v));
                for (int i = 0; i < COUNT; i++) {
                    const double a = (double)s.scale * (double)grad[i], b = (double)s.decay * (double)p[i];
                    const double g = a + b, error_g = 0x1p-23 * (fabs(a) + fabs(b));
                    const double m1 = (double)s.beta1 * (double)m[i] + (double)s.new1 * g;
                    const double error_m = 0x1p-23 * (fabs(m1) + fabs((double)m[i])) + error_g;
                    const double v1 = (double)s.beta2 * (double)v[i] + (double)s.new2 * g * g;
                    const double error_v = 0x1p-22 * v1 + 2 * (double)s.new2 * (fabs(g) + error_g) * error_g;
                    const double root = (double)s.root * sqrt(v1) + (double)s.epsilon;
                    const double change = (double)s.rate * m1 / root;
                    const double error_p = 0x1p-24 * fabs((double)p[i]) + 0x1p-22 * fabs(change) +
                                           (double)s.rate * error_m / root + fabs(change) * (v1 > 0 ? error_v / v1 : 0);
                    LEBM_ASSERT_NEAR(new_m[i], m1, error_m);
                    LEBM_ASSERT_NEAR(new_v[i], v1, error_v);
                    LEBM_ASSERT_NEAR(new_p[i], (double)p[i] - change, error_p);
                    if (i % 7 == 0 && !with_decay)
                        LEBM_ASSERT_MSG(new_p[i] == p[i], "%s: a parameter without gradient changed by %g", table->name,
                                        (double)new_p[i] - (double)p[i]);
                }
            }
        }
    }
    free(grad);
    free(m);
    free(v);
    free(p);
    free(new_m);
    free(new_v);
    free(new_p);
}
END_TEST

START_TEST(adam_tells_what_would_not_be_finite)
{
    enum { N = 33, CASES = 6 };
    static const struct {
        float grad, m, v, param;
    } cases[CASES] = {{1e21f, 0, 0, 0},    /* only v overflows */
                      {0, 3e38f, 0, 0},    /* only the parameter does */
                      {0, 0, 0, 3e38f},    /* by its decay */
                      {0, INFINITY, 1, 0}, /* and what is no number from the start */
                      {0, 0, INFINITY, 0}, {NAN, 0, 0, 0}};
    const lebm__adam_step s = adam_step(1, 1000, 1, 1);
    FOR_EACH_TABLE(table)
    {
        for (int at = -1; at < N; at++) { /* -1: nowhere */
            for (int c = 0; c < CASES; c++) {
                float grad[N], m[N] = {0}, v[N] = {0}, params[N] = {0}, new_m[N], new_v[N], new_params[N];
                for (int i = 0; i < N; i++) grad[i] = 1e15f;
                if (at >= 0) {
                    grad[at] = cases[c].grad;
                    m[at] = cases[c].m;
                    v[at] = cases[c].v;
                    params[at] = cases[c].param;
                }
                const int finite = table->adam(N, &s, grad, params, m, v, new_params, new_m, new_v);
                LEBM_ASSERT_MSG(finite == (at < 0), "%s: with case %d at %d, adam() is %d", table->name, c, at, finite);
            }
        }
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("elementwise");
    TCase *choice = tcase_create("choice");
    tcase_add_test(choice, tables_are_named_and_the_best_is_chosen);
    suite_add_tcase(suite, choice);

    TCase *activation = tcase_create("activations");
    tcase_set_timeout(activation, 20);
    tcase_add_loop_test(activation, activation_is_accurate, 0, ACTIVATIONS);
    tcase_add_test(activation, activations_keep_nan);
    tcase_add_loop_test(activation, huge_numbers_give_the_limit, 0, ACTIVATIONS);
    tcase_add_test(activation, infinities_give_the_limit_or_no_number);
    suite_add_tcase(suite, activation);

    TCase *place = tcase_create("place");
    tcase_set_timeout(place, 20);
    tcase_add_loop_test(place, an_elements_bits_do_not_depend_on_its_place, 0, sizeof elements / sizeof *elements);
    tcase_add_test(place, a_rows_sum_does_not_depend_on_its_place);
    suite_add_tcase(suite, place);

    TCase *others = tcase_create("others");
    tcase_set_timeout(others, 20);
    tcase_add_test(others, multiply_and_add_round_once);
    tcase_add_test(others, langevin_adds_drift_and_spread);
    tcase_add_test(others, what_is_scaled_is_added);
    tcase_add_test(others, box_muller_is_accurate);
    tcase_add_test(others, squares_and_residual_are_sums_of_double);
    tcase_add_test(others, noise_is_reversed_without_cancellation);
    tcase_add_test(others, bernoulli_is_accurate);
    tcase_add_test(others, adam_is_accurate);
    tcase_add_test(others, adam_tells_what_would_not_be_finite);
    suite_add_tcase(suite, others);
    return suite;
}

int main(void)
{
    return test_run_suite(suite());
}
