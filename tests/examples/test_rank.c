#include <math.h>
#include <png.h>

#include "digits.h"
#include "rank_files.h"
#include "rank_run.h"
#include "suite.h"

/* ---- pictures whose order is known ---- */

/* Pictures of four pixels and a model whose every pixel is w z, without f: it makes any even grey, an even one of mean v with z
 * about v/w, and nothing else. */
enum { CHEQUERED, WHITE, BRIGHT, EVEN, PICTURES };
enum { PIXELS = 4 };
static uint8_t pixels[PICTURES][PIXELS] = {
    {0, 255, 0, 255}, {255, 255, 255, 255}, {190, 190, 190, 190}, {128, 128, 128, 128}};
static const float w = .2F;

static dataset make_pictures(void)
{
    return (dataset){
        .name = "squares", .count = PICTURES, .channels = 1, .height = 2, .width = 2, .pixels = &pixels[0][0]};
}

static lebm_net *make_net(const char *spec, uint64_t seed)
{
    lebm_net *net;
    ck_assert_int_eq(lebm_net_create_from_spec(&net, spec), LEBM_OK);
    ck_assert_int_eq(lebm_net_init(net, LEBM_INIT_PYTORCH, seed), LEBM_OK);
    return net;
}

static model make_even(void)
{
    const float zeros[PIXELS] = {0}, weights[PIXELS] = {w, w, w, w};
    lebm_net *f = make_net("in 1; linear 1", 1), *g = make_net("in 1; linear 4; reshape 1 2 2", 1);
    model m;
    lebm_net_set_param(f, 0, zeros, 1);
    lebm_net_set_param(f, 1, zeros, 1);
    lebm_net_set_param(g, 0, weights, PIXELS);
    lebm_net_set_param(g, 1, zeros, PIXELS);
    ck_assert_int_eq(lebm_prior_create(&m.prior, f, 1), LEBM_OK);
    ck_assert_int_eq(lebm_generator_create(&m.generator, g, LEBM_GAUSSIAN, .05), LEBM_OK);
    ck_assert_int_eq(lebm_sampler_create(&m.to_prior, LEBM_LANGEVIN), LEBM_OK);
    ck_assert_int_eq(lebm_sampler_create(&m.to_posterior, LEBM_LANGEVIN), LEBM_OK);
    ck_assert_int_eq(lebm_sampler_set_f64(m.to_posterior, LEBM_SAMPLER_STEP_SIZE, .005), LEBM_OK);
    lebm_net_destroy(f);
    lebm_net_destroy(g);
    return m;
}

static void expect_order(rank_order order, int64_t noise_free_steps, const int64_t expected[PICTURES])
{
    model m = make_even();
    const dataset pictures = make_pictures();
    const rank_settings s = {.order = order, .chains = 3, .noise_free_steps = noise_free_steps};
    ranking_of_pictures r;
    ck_assert_int_eq(rank_run(&m, &pictures, &s, &r), LEBM_OK);
    ck_assert_int_eq(r.count, PICTURES);
    ck_assert_int_eq(r.scored, PICTURES);
    for (int i = 0; i < PICTURES; i++)
        ck_assert_msg(r.rows[i].index == expected[i], "by %s: picture %d is at place %d", rank_order_names[order],
                      (int)r.rows[i].index, i);
    rank_free(&r);
    model_free(&m);
}

START_TEST(each_order_has_what_it_measures_first)
{
    expect_order(RANK_BY_JOINT, 0, (const int64_t[]){CHEQUERED, WHITE, BRIGHT, EVEN});
    expect_order(RANK_BY_JOINT, 20, (const int64_t[]){CHEQUERED, WHITE, BRIGHT, EVEN});
    expect_order(RANK_BY_LIKELIHOOD, 20, (const int64_t[]){CHEQUERED, WHITE, BRIGHT, EVEN}); /* z is held back by p0 */
    expect_order(RANK_BY_ERROR, 20, (const int64_t[]){CHEQUERED, WHITE, BRIGHT, EVEN});
    expect_order(RANK_BY_PRIOR, 20,
                 (const int64_t[]){WHITE, BRIGHT, EVEN, CHEQUERED}); /* EVEN is 128, above the middle */
}
END_TEST

/* The closed forms at the mode: P = 4 w^2/sigma^2 + 1, z = 4 w v/(sigma^2 P). */
START_TEST(noise_free_scores_are_those_of_the_mode)
{
    model m = make_even();
    const dataset pictures = make_pictures();
    const rank_settings s = {.order = RANK_BY_PRIOR, .chains = 2, .noise_free_steps = 200};
    ranking_of_pictures r;
    ck_assert_int_eq(rank_run(&m, &pictures, &s, &r), LEBM_OK);
    const ranked *white = &r.rows[0];
    const double variance = .05 * .05, z = 4 * (double)w / variance / (4 * (double)(w * w) / variance + 1),
                 off = 1 - (double)w * z, pi = acos(-1);
    ck_assert_int_eq(white->index, WHITE);
    ck_assert_double_eq_tol(r.z[WHITE], z, 1e-5 * z);
    ck_assert_double_eq_tol(white->log_prior, -z * z / 2 - log(2 * pi) / 2, 1e-4);
    ck_assert_double_eq_tol(white->log_likelihood, -4 * off * off / variance / 2 - 2 * log(2 * pi * variance), 1e-4);
    ck_assert_double_eq_tol(white->error, off * off, 1e-6);
    rank_free(&r);
    model_free(&m);
}
END_TEST

/* What is in the file, which is removed. */
static char *read_file(const char *path)
{
    static char text[4096];
    FILE *file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    remove(path);
    return text;
}

/* A chain to the white picture would end at z = 4.9; it may go as far as it begins. */
START_TEST(a_chain_that_diverges_costs_its_picture_alone)
{
    model m = make_even();
    const dataset pictures = make_pictures();
    const rank_settings s = {.order = RANK_BY_JOINT, .chains = 2};
    ranking_of_pictures all, r;
    ck_assert_int_eq(rank_run(&m, &pictures, &s, &all), LEBM_OK);
    ck_assert_int_eq(lebm_sampler_set_f64(m.to_posterior, LEBM_SAMPLER_DIVERGENCE_THRESHOLD, 1.2), LEBM_OK);
    ck_assert_int_eq(rank_run(&m, &pictures, &s, &r), LEBM_OK);
    ck_assert_int_eq(r.count, PICTURES);
    ck_assert_int_lt(r.scored, PICTURES);
    ck_assert_int_ge(r.scored, 1);
    ck_assert_int_eq(r.rows[r.scored - 1].index, EVEN);
    int found = 0;
    for (int64_t i = 0; i < r.count; i++) {
        found += r.rows[i].index == WHITE && i >= r.scored;
        for (int64_t k = 0; k < PICTURES && i < r.scored; k++)
            if (all.rows[k].index == r.rows[i].index) ck_assert_double_eq(all.rows[k].key, r.rows[i].key);
    }
    ck_assert_msg(found == 1, "the white picture has a score");

    const char *path = scratch_path("ranking.csv");
    rank_write_csv(&pictures, &r, path);
    const char *text = read_file(path);
    assert_contains(text, "rank,picture,label,log_joint,log_likelihood,log_prior,error,log_p,");
    assert_contains(text, "\n1,0,,-");
    assert_contains(text, "\n,1,,,,,,,,,,\n");
    rank_free(&all);
    rank_free(&r);
    model_free(&m);
}
END_TEST

START_TEST(estimates_and_refusals_are_in_the_table)
{
    model m = make_even();
    dataset pictures = make_pictures();
    uint8_t labels[PICTURES] = {7, 8, 9, 10};
    const rank_settings s = {.order = RANK_BY_JOINT,
                             .chains = 1,
                             .annealed = 2,
                             .evidence = {.kernel = LEBM_HMC, .temperatures = 100, .chains = 32, .leapfrog_steps = 4},
                             .prior_chains = 32};
    ranking_of_pictures r;
    ck_assert_int_eq(rank_run(&m, &pictures, &s, &r), LEBM_OK);
    ck_assert_int_eq(r.annealed, 2);
    /* x is normal with the variance sigma^2 across, and w^2 4 + sigma^2 along; chequered it is 2 across. */
    const double variance = .05 * .05, along = 4 * (double)(w * w) + variance, pi = acos(-1),
                 truth = -2 * log(2 * pi) - 1.5 * log(variance) - log(along) / 2 - 4 / variance / 2;
    const log_p p = evidence_log_p(&r.rows[0].of_x, &r.of_prior);
    ck_assert_int_eq(r.rows[0].index, CHEQUERED);
    ck_assert_double_eq_tol(p.middle, truth, 4 * p.error + 1e-3);
    strcpy(r.rows[1].of_x.refused.text, "no \"way\", up");
    pictures.labels = labels;
    const char *path = scratch_path("ranking.csv");
    rank_write_csv(&pictures, &r, path);
    const char *text = read_file(path);
    assert_contains(text, "\n1,0,7,");
    assert_contains(text, ",,,,,\"no \"\"way\"\", up\"\n3,");
    rank_free(&r);
    model_free(&m);
}
END_TEST

START_TEST(names_break_no_table)
{
    static char *names[PICTURES] = {"a\nb.png", "\"c,\033[2J", "caf\xc3\xa9.png", "e.png"};
    dataset pictures = make_pictures();
    pictures.names = names;
    ranked rows[PICTURES] = {{.index = 0}, {.index = 1}, {.index = 2}, {.index = 3}};
    const ranking_of_pictures r = {.rows = rows, .count = PICTURES, .scored = PICTURES};
    const char *path = scratch_path("table");
    FILE *out = fopen(path, "w");
    rank_print(out, &pictures, &r, PICTURES);
    fclose(out);
    const char *text = read_file(path);
    assert_contains(text, "\n    1  a?b.png                           0.0 ");
    assert_contains(text, "\n    2  \"c,?[2J                           0.0 ");
    assert_contains(text, "\n    3  caf\xc3\xa9.png ");
    ck_assert_ptr_null(strchr(text, '\033'));
    path = scratch_path("ranking.csv");
    rank_write_csv(&pictures, &r, path);
    text = read_file(path);
    assert_contains(text, "\n1,\"a\nb.png\",,0,");
    assert_contains(text, "\n2,\"\"\"c,\033[2J\",,0,");
}
END_TEST

START_TEST(a_sheet_that_is_too_large_is_refused_beforehand)
{
    failure why;
    dataset pictures = make_pictures();
    pictures.height = pictures.width = 256;
    ck_assert_int_eq(rank_check_sheet(&pictures, 1000, "sheet", &why), 0); /* of four pictures */
    pictures.count = 1000;
    ck_assert_int_eq(rank_check_sheet(&pictures, 300, "sheet", &why), 0);
    ck_assert_int_eq(rank_check_sheet(&pictures, 400, "sheet", &why), -1);
    assert_contains(why.text, "cannot write sheet: the picture would have ");
}
END_TEST

static void expect_rgb(const char *path, int x, int y, int red, int green, int blue)
{
    png_image png = {.version = PNG_IMAGE_VERSION};
    ck_assert_msg(png_image_begin_read_from_file(&png, path), "%s: %s", path, png.message);
    png.format = PNG_FORMAT_RGB;
    uint8_t *rgb = malloc(PNG_IMAGE_SIZE(png));
    ck_assert_msg(png_image_finish_read(&png, NULL, rgb, 0, NULL), "%s: %s", path, png.message);
    const uint8_t *c = rgb + (y * (int)png.width + x) * 3;
    ck_assert_msg(abs(c[0] - red) <= 3 && abs(c[1] - green) <= 3 && abs(c[2] - blue) <= 3,
                  "the colour at %d, %d is %d %d %d", x, y, c[0], c[1], c[2]);
    free(rgb);
}

/* Two of each: an image takes five pixels with its line, a block sixteen, the gap twelve. */
START_TEST(the_sheet_shows_pictures_reconstructions_and_errors)
{
    model m = make_even();
    const dataset pictures = make_pictures();
    const rank_settings s = {.order = RANK_BY_ERROR, .chains = 1, .noise_free_steps = 100};
    ranking_of_pictures r;
    ck_assert_int_eq(rank_run(&m, &pictures, &s, &r), LEBM_OK);
    const char *path = scratch_path("sheet.png");
    rank_write_sheet(&m, &pictures, &r, 2, path);
    expect_rgb(path, 1, 1, 0, 0, 0); /* the chequered one */
    expect_rgb(path, 3, 1, 255, 255, 255);
    expect_rgb(path, 6, 1, 127, 127, 127);
    expect_rgb(path, 11, 1, 255, 255, 255); /* off by more than any other */
    expect_rgb(path, 11, 6, 12, 0, 0);      /* the white one by 0.0154 times that, of which three times 255 is red */
    expect_rgb(path, 1, 6, 255, 255, 255);  /* the white one, below */
    expect_rgb(path, 28 + 1, 1, 128, 128, 128); /* on the right the even one */
    expect_rgb(path, 28 + 11, 1, 0, 0, 0);
    remove(path);
    rank_write_sheet(&m, &pictures, &r, 100, path);
    remove(path);
    rank_free(&r);
    model_free(&m);
}
END_TEST

/* ---- drawn digits ---- */

enum { SIDE = 28, DIGIT = SIDE * SIDE, LEARNED = 3000, BATCH = 100, STEPS = 250, SHOWN = 300, ODD = 15 };

static model learn(const dataset *digits)
{
    static float x[BATCH * DIGIT];
    model m;
    lebm_trainer *trainer;
    or_die(lebm_model_create(&m.prior, &m.generator, "in 16; linear 50; gelu; linear 1", 1.0,
                             "in 16; linear 128; relu; linear 784; reshape 1 28 28; tanh", LEBM_GAUSSIAN, .3,
                             LEBM_INIT_PYTORCH, 1),
           "model");
    or_die(lebm_sampler_create(&m.to_prior, LEBM_LANGEVIN), "sampler");
    or_die(lebm_sampler_create(&m.to_posterior, LEBM_LANGEVIN), "sampler");
    or_die(lebm_sampler_set_f64(m.to_posterior, LEBM_SAMPLER_STEP_SIZE, .005), "step size");
    or_die(lebm_sampler_set_i64(m.to_posterior, LEBM_SAMPLER_STEPS, 20), "steps");
    or_die(lebm_sampler_set_i64(m.to_prior, LEBM_SAMPLER_STEPS, 10), "steps");
    or_die(lebm_trainer_create(&trainer, m.prior, m.generator, m.to_prior, m.to_posterior), "trainer");
    or_die(lebm_trainer_set_f64(trainer, LEBM_TRAINER_GENERATOR_LEARNING_RATE, 3e-3), "rate of g");
    for (int step = 0; step < STEPS; step++) {
        for (int i = 0; i < BATCH; i++)
            dataset_row(digits, (step * BATCH + i) % digits->count, (pixel_range){-1, 1}, x + i * DIGIT);
        or_die(lebm_trainer_step(trainer, x, BATCH), "training");
    }
    lebm_trainer_destroy(trainer);
    or_die(lebm_sampler_set_i64(m.to_posterior, LEBM_SAMPLER_STEPS, 60), "steps");
    return m;
}

/* What people look for: of 300 digits fifteen are noisy, and fifteen lie on their side. */
START_TEST(noisy_and_turned_digits_are_the_strangest)
{
    dataset digits, shown;
    failure why;
    uint8_t turned[DIGIT];
    ck_assert_int_eq(digits_make(LEARNED, 1, &digits, &why), 0);
    ck_assert_int_eq(digits_make(SHOWN, 2, &shown, &why), 0);
    rng chance = rng_start(3, 0);
    for (int i = 0; i < ODD; i++) {
        uint8_t *noisy = shown.pixels + (20 * i) * DIGIT, *on_side = shown.pixels + (20 * i + 7) * DIGIT;
        for (int p = 0; p < DIGIT; p++)
            if (rng_uniform(&chance, 0, 1) < .15) noisy[p] = (uint8_t)rng_uniform(&chance, 0, 255);
        for (int p = 0; p < DIGIT; p++) turned[p] = on_side[p % SIDE * SIDE + SIDE - 1 - p / SIDE];
        memcpy(on_side, turned, DIGIT);
    }
    model m = learn(&digits);
    const rank_settings s = {.order = RANK_BY_JOINT, .chains = 2};
    ranking_of_pictures r;
    ck_assert_int_eq(rank_run(&m, &shown, &s, &r), LEBM_OK);
    int found[2] = {0, 0};
    for (int i = 0; i < 3 * ODD; i++) {
        found[0] += r.rows[i].index % 20 == 0;
        found[1] += r.rows[i].index % 20 == 7;
    }
    printf("of %d each, %d noisy and %d turned digits are among the %d strangest\n", ODD, found[0], found[1], 3 * ODD);
    ck_assert_msg(found[0] >= ODD - 1, "%d of %d noisy digits are among the %d strangest", found[0], ODD, 3 * ODD);
    ck_assert_msg(found[1] >= 2 * ODD / 3, "%d of %d turned digits are among the %d strangest", found[1], ODD, 3 * ODD);
    rank_free(&r);
    model_free(&m);
    dataset_free(&digits);
    dataset_free(&shown);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {each_order_has_what_it_measures_first,
                                  noise_free_scores_are_those_of_the_mode,
                                  a_chain_that_diverges_costs_its_picture_alone,
                                  estimates_and_refusals_are_in_the_table,
                                  names_break_no_table,
                                  a_sheet_that_is_too_large_is_refused_beforehand,
                                  the_sheet_shows_pictures_reconstructions_and_errors,
                                  noisy_and_turned_digits_are_the_strangest};
    return RUN_SUITE("rank", tests);
}
