#include "pictures.h"

#include <math.h>
#include <png.h>
#include <sys/wait.h>

#include "suite.h"

enum { SIDE = 2, PIXELS = SIDE * SIDE, STEPS = 2 };

static lebm_net *make_net(const char *spec, uint64_t seed)
{
    lebm_net *net;
    ck_assert_int_eq(lebm_net_create_from_spec(&net, spec), LEBM_OK);
    ck_assert_int_eq(lebm_net_init(net, LEBM_INIT_PYTORCH, seed), LEBM_OK);
    return net;
}

static lebm_sampler *make_sampler(void)
{
    lebm_sampler *sampler;
    ck_assert_int_eq(lebm_sampler_create(&sampler, LEBM_LANGEVIN), LEBM_OK);
    ck_assert_int_eq(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STEPS, STEPS), LEBM_OK);
    return sampler;
}

static model make_model(const char *g_spec, const char *likelihood)
{
    model m = {.to_prior = make_sampler(), .to_posterior = make_sampler()};
    lebm_net *f = make_net("in 2; linear 3; gelu; linear 1", 1), *g = make_net(g_spec, 2);
    const double sigma = strcmp(likelihood, LEBM_GAUSSIAN) == 0 ? .3 : 0;
    ck_assert_int_eq(lebm_prior_create(&m.prior, f, 1), LEBM_OK);
    ck_assert_int_eq(lebm_generator_create(&m.generator, g, likelihood, sigma), LEBM_OK);
    lebm_net_destroy(f);
    lebm_net_destroy(g);
    return m;
}

/* A model whose every image is what the logits make of it. */
static model make_bernoulli(const float logits[PIXELS])
{
    static const float zeros[2 * PIXELS];
    model m = make_model("in 2; linear 4; reshape 1 2 2", LEBM_BERNOULLI);
    lebm_net *g = lebm_generator_net(m.generator);
    ck_assert_int_eq(lebm_net_set_param(g, 0, zeros, 2 * PIXELS), LEBM_OK);
    ck_assert_int_eq(lebm_net_set_param(g, 1, logits, PIXELS), LEBM_OK);
    return m;
}

/* The greys of the pixel in column x and line y of a PNG file, which is removed. */
static int grey_at(const char *path, int x, int y)
{
    png_image png = {.version = PNG_IMAGE_VERSION};
    ck_assert_msg(png_image_begin_read_from_file(&png, path), "%s: %s", path, png.message);
    png.format = PNG_FORMAT_GRAY;
    uint8_t *pixels = malloc(PNG_IMAGE_SIZE(png));
    ck_assert_msg(png_image_finish_read(&png, NULL, pixels, 0, NULL), "%s: %s", path, png.message);
    const int grey = pixels[y * (int)png.width + x];
    free(pixels);
    return grey;
}

START_TEST(a_bernoulli_model_is_drawn_from_black_to_white)
{
    model m = make_bernoulli((const float[]){-50, 0, 50, -50});
    const char *path = scratch_path("samples.png");
    ck_assert_int_eq(picture_samples(&m, 1, path), LEBM_OK);
    ck_assert_int_eq(grey_at(path, 1, 1), 0); /* behind a line; a pixel is drawn two by two */
    ck_assert_int_eq(grey_at(path, 3, 1), 128);
    ck_assert_int_eq(grey_at(path, 1, 3), 255);
    ck_assert_int_eq(grey_at(path, 3, 3), 0);
    ck_assert_int_eq(picture_prior(&m, 1, path), LEBM_OK);
    ck_assert_int_eq(grey_at(path, 1, 1), 0);
    remove(path);
    model_free(&m);
}
END_TEST

/* Its pixels are read from 0 to 1, and the error is in the units of all other models. */
START_TEST(a_bernoulli_model_reconstructs)
{
    model m = make_bernoulli((const float[]){-50, 50, 50, -50});
    uint8_t pixels[PIXELS] = {0, 255, 255, 255}; /* one in four is wrong: by 2, from -1 to 1 */
    const dataset data = {
        .name = "squares", .count = 1, .channels = 1, .height = SIDE, .width = SIDE, .pixels = pixels};
    const char *path = scratch_path("reconstructions.png");
    double mse = 0;
    evaluation e;
    ck_assert_msg(picture_reconstructions(&m, &data, 1, path, &mse) == LEBM_OK, "%s", lebm_last_error());
    ck_assert_double_eq_tol(mse, 1, 1e-6);
    ck_assert_int_eq(grey_at(path, 1, 1), 0);
    ck_assert_int_eq(grey_at(path, 3, 3), 255);
    ck_assert_msg(picture_evaluate(&m, &data, data.count, &e) == LEBM_OK, "%s", lebm_last_error());
    ck_assert_double_eq_tol(e.error, 1, 1e-6);
    remove(path);
    model_free(&m);
}
END_TEST

/* Numbers that are missing count for nothing, are hatched on the left, and filled in on the right. */
START_TEST(what_is_missing_is_filled_in)
{
    model m = make_bernoulli((const float[]){-50, 50, 50, -50});
    float numbers[PIXELS] = {-1, NAN, -1, NAN}; /* one of two is wrong, by 2 */
    const dataset data = {
        .name = "squares", .count = 1, .channels = 1, .height = SIDE, .width = SIDE, .numbers = numbers, .missing = 2};
    const char *path = scratch_path("reconstructions.png");
    double mse = 0;
    evaluation e;
    model_skip_missing(&m);
    ck_assert_msg(picture_reconstructions(&m, &data, 1, path, &mse) == LEBM_OK, "%s", lebm_last_error());
    ck_assert_double_eq_tol(mse, 2, 1e-6);
    for (int k = 0; k < 4; k++) ck_assert_int_eq(grey_at(path, 3 + k % 2, 1 + k / 2), k == 1 || k == 2 ? 255 : 0);
    const int right = 1 + SIDE * 2 + 1 + 12;
    ck_assert_int_eq(grey_at(path, right + 3, 1), 255);
    ck_assert_msg(picture_evaluate(&m, &data, data.count, &e) == LEBM_OK, "%s", lebm_last_error());
    ck_assert_double_eq_tol(e.error, 2, 1e-6);
    remove(path);
    model_free(&m);
}
END_TEST

static int stop_in_chain(double done, void *user)
{
    (void)done;
    (void)user;
    _exit(99);
}

/* Ends the program with status 1 and no chain, which would end it with 99. */
static void expect_refusal(const char *g)
{
    const char *path = scratch_path("none.png");
    int status;
    const pid_t child = fork();
    if (child == 0) {
        model m = make_model(g, LEBM_GAUSSIAN);
        fclose(stderr);
        lebm_sampler_set_progress(m.to_prior, stop_in_chain, NULL);
        picture_samples(&m, 1, path);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 1, "%s: status %d", g, status);
    ck_assert_int_ne(access(path, F_OK), 0);
}

START_TEST(what_no_picture_can_show_is_refused_before_chains_run)
{
    expect_refusal("in 2; linear 8; reshape 2 2 2; tanh");
    expect_refusal("in 2; linear 16; reshape 4 2 2; tanh");
    expect_refusal("in 2; linear 3; tanh");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_bernoulli_model_is_drawn_from_black_to_white,
        a_bernoulli_model_reconstructs,
        what_is_missing_is_filled_in,
        what_no_picture_can_show_is_refused_before_chains_run,
    };
    return RUN_SUITE("pictures", tests);
}
