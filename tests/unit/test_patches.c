/* The scattering of patches into an image and the cutting of an image into patches. All values are small integers, so
 * that every sum is exact and equality is what is asked for. */
#include "support/approx.h"
#include "support/kernel_tables.h"

/* A geometry that a net can have: PyTorch's output size, padding below the kernel. */
static lebm__geometry random_geometry(uint64_t *state)
{
    lebm__geometry g;
    do {
        g.height = test_integer(state, 1, 7);
        g.width = test_integer(state, 1, 7);
        g.channels = test_integer(state, 1, 5);
        if (test_random(state) % 8 == 0) g.channels += 30;
        g.kernel = test_integer(state, 1, 6);
        g.stride = test_integer(state, 1, 4);
        g.padding = test_integer(state, 0, g.kernel - 1);
        g.out_height = (g.height - 1) * g.stride - 2 * g.padding + g.kernel;
        g.out_width = (g.width - 1) * g.stride - 2 * g.padding + g.kernel;
    } while (g.out_height < 1 || g.out_width < 1);
    return g;
}

static int64_t image_size(const lebm__geometry *g)
{
    return g->out_height * g->out_width * g->channels;
}

static int64_t patches_size(const lebm__geometry *g)
{
    return g->height * g->width * g->kernel * g->kernel * g->channels;
}

/* Where number `at` of the patches [height, width, kernel, kernel, channels] belongs in the image; -1 if outside. */
static int64_t place(const lebm__geometry *g, int64_t at)
{
    const int64_t c = at % g->channels, x = at / g->channels % g->kernel, y = at / g->channels / g->kernel % g->kernel;
    const int64_t pixel = at / g->channels / g->kernel / g->kernel, i = pixel / g->width, j = pixel % g->width;
    const int64_t row = i * g->stride + y - g->padding, column = j * g->stride + x - g->padding;
    if (row < 0 || row >= g->out_height || column < 0 || column >= g->out_width) return -1;
    return (row * g->out_width + column) * g->channels + c;
}

static float *random_integers(int64_t count, uint64_t *state)
{
    float *values = test_floats(count);
    for (int64_t i = 0; i < count; i++) values[i] = (float)test_integer(state, -9, 9);
    return values;
}

static void assert_equal(const lebm__kernel_table *table, const lebm__geometry *g, const char *what,
                         const float *actual, const float *expected, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        LEBM_ASSERT_MSG(
            actual[i] == expected[i],
            "%s, %lld x %lld to %lld x %lld x %lld, kernel %lld, stride %lld, padding %lld: %s[%lld] is %g, not %g",
            table->name, (long long)g->height, (long long)g->width, (long long)g->out_height, (long long)g->out_width,
            (long long)g->channels, (long long)g->kernel, (long long)g->stride, (long long)g->padding, what,
            (long long)i, (double)actual[i], (double)expected[i]);
}

static void assert_geometry(const lebm__kernel_table *table, const lebm__geometry *g, uint64_t *state)
{
    const int64_t of_image = image_size(g), of_patches = patches_size(g);
    float *patches = random_integers(of_patches, state), *image = random_integers(of_image, state);

    float *added = test_copy(image, of_image), *expected = test_copy(image, of_image);
    for (int64_t at = 0; at < of_patches; at++)
        if (place(g, at) >= 0) expected[place(g, at)] += patches[at];
    table->add_patches(g, patches, added);
    assert_equal(table, g, "image", added, expected, of_image);

    float *cut = test_random_floats(of_patches, 100, 200, 1), *expected_cut = test_floats(of_patches);
    for (int64_t at = 0; at < of_patches; at++) expected_cut[at] = place(g, at) < 0 ? 0 : image[place(g, at)];
    const int64_t size = g->kernel * g->kernel * g->channels, pixels = g->height * g->width;
    table->cut_patches(g, image, 0, size, cut);
    assert_equal(table, g, "patches", cut, expected_cut, of_patches);

    const int64_t column = test_integer(state, 0, size - 1), columns = test_integer(state, 1, size - column);
    float *some = test_floats(pixels * columns), *expected_some = test_floats(pixels * columns);
    for (int64_t at = 0; at < pixels * columns; at++)
        expected_some[at] = cut[at / columns * size + column + at % columns];
    table->cut_patches(g, image, column, columns, some);
    assert_equal(table, g, "columns of patches", some, expected_some, pixels * columns);
    free(some);
    free(expected_some);

    /* <add(p), image> = <p, cut(image)>: each is the transpose of the other */
    double in_images = 0, in_patches = 0;
    for (int64_t i = 0; i < of_image; i++) in_images += (double)(added[i] - image[i]) * (double)image[i];
    for (int64_t i = 0; i < of_patches; i++) in_patches += (double)patches[i] * (double)cut[i];
    LEBM_ASSERT_MSG(in_images == in_patches, "%s: the inner products are %g and %g", table->name, in_images,
                    in_patches);

    free(patches);
    free(image);
    free(added);
    free(expected);
    free(cut);
    free(expected_cut);
}

START_TEST(random_geometries_are_right) /* _i: the table */
{
    const lebm__kernel_table *table = able_table(_i);
    uint64_t state = 1;
    if (!table) return;
    for (int round = 0; round < 500; round++) {
        const lebm__geometry g = random_geometry(&state);
        assert_geometry(table, &g, &state);
    }
}
END_TEST

START_TEST(usual_geometries_are_right) /* _i: the table */
{
    static const lebm__geometry usual[] = {
        {1, 1, 4, 4, 64, 4, 1, 0},    /* 1 to 4 pixels */
        {4, 4, 8, 8, 32, 4, 2, 1},    /* doubling */
        {16, 16, 32, 32, 3, 4, 2, 1}, /* to an image */
        {7, 7, 7, 7, 8, 3, 1, 1},     /* the same size */
        {5, 3, 5, 3, 2, 1, 1, 0},     /* a linear layer for each pixel */
        {2, 2, 1, 1, 3, 2, 1, 1},     /* hardly anything left */
        {3, 3, 7, 7, 2, 1, 3, 0},     /* with pixels that nothing reaches */
        {1, 1, 2, 2, 3, 64, 64, 31},  /* the largest kernel */
        {1, 5, 1, 5, 3, 5, 1, 2},     /* one line */
        {5, 1, 5, 1, 3, 5, 1, 2},     /* one column */
    };
    const lebm__kernel_table *table = able_table(_i);
    uint64_t state = 2;
    if (!table) return;
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++) {
        const lebm__geometry *g = &usual[i];
        ck_assert_int_eq(g->out_height, (g->height - 1) * g->stride - 2 * g->padding + g->kernel);
        ck_assert_int_eq(g->out_width, (g->width - 1) * g->stride - 2 * g->padding + g->kernel);
        assert_geometry(table, g, &state);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("patches");
    TCase *geometries = tcase_create("geometries");
    tcase_set_timeout(geometries, 20);
    tcase_add_loop_test(geometries, random_geometries_are_right, 0, MOST_TABLES);
    tcase_add_loop_test(geometries, usual_geometries_are_right, 0, MOST_TABLES);
    suite_add_tcase(suite, geometries);
    return suite;
}

int main(void)
{
    return test_run_suite(suite());
}
