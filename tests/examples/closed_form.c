/* Models whose evidence is known, and data for them: closed_form LIKELIHOOD FOLDER writes model.safetensors and a data set like
 * MNIST's, or a file "text", and prints "log_z", "log_p ROW" of the first rows and "best_sigma", with their values. */
#include <lebm.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "files.h"
#include "rng.h"

enum { LATENTS = 2, SIDE = 4, PIXELS = SIDE * SIDE, ROWS = 320, SCORED = 20, CHOOSING = 300 };

static const float slopes[LATENTS] = {.6F, -.3F}; /* of f, whose other term is f_at_0 */
static const float f_at_0 = 1.5F;
static float weights[PIXELS][LATENTS], biases[PIXELS]; /* of g */
static uint8_t images[ROWS][PIXELS];

static double pixel(int row, int i)
{
    return images[row][i] / 127.5 - 1;
}

static lebm_prior *make_prior(void)
{
    lebm_net *f;
    lebm_prior *prior;
    or_die(lebm_net_create_from_spec(&f, "in 2; linear 1"), "f");
    or_die(lebm_net_set_param(f, 0, slopes, LATENTS), "f");
    or_die(lebm_net_set_param(f, 1, &f_at_0, 1), "f");
    or_die(lebm_prior_create(&prior, f, 1), "prior");
    lebm_net_destroy(f);
    return prior;
}

static void save(const char *folder, lebm_generator *generator)
{
    char *path = path_join(folder, "model.safetensors");
    lebm_prior *prior = make_prior();
    or_die(lebm_model_save(path, prior, generator), "saving");
    printf("log_z %.6f\n", (double)f_at_0 + .5 * (pow((double)slopes[0], 2) + pow((double)slopes[1], 2)));
    lebm_generator_destroy(generator);
    lebm_prior_destroy(prior);
    free(path);
}

static FILE *create(const char *folder, const char *name)
{
    char *path = path_join(folder, name);
    FILE *file = fopen(path, "wb");
    if (file == NULL) die("cannot write %s", path);
    free(path);
    return file;
}

static void write_images(const char *folder)
{
    FILE *x = create(folder, "t10k-images-idx3-ubyte"), *labels = create(folder, "t10k-labels-idx1-ubyte");
    const uint8_t x_head[] = {0, 0, 8, 3, 0, 0, ROWS >> 8, ROWS & 255, 0, 0, 0, SIDE, 0, 0, 0, SIDE};
    const uint8_t head[] = {0, 0, 8, 1, 0, 0, ROWS >> 8, ROWS & 255};
    fwrite(x_head, 1, sizeof x_head, x);
    fwrite(images, 1, sizeof images, x);
    fwrite(head, 1, sizeof head, labels);
    for (int row = 0; row < ROWS; row++) fputc(row % 10, labels);
    if (fclose(x) != 0 || fclose(labels) != 0) die("cannot write to %s", folder);
}

/* g is linear, z ~ N(slopes, I), so x ~ N(W slopes + b, sigma^2 I + W W'), whose inverse and determinant are those of
 * A = sigma^2 I + W'W, two by two. */
static double log_normal(int row, double sigma)
{
    const double s2 = sigma * sigma;
    double a[3] = {s2, 0, s2}, wr[LATENTS] = {0, 0}, rr = 0;
    for (int i = 0; i < PIXELS; i++) {
        const double w[] = {(double)weights[i][0], (double)weights[i][1]};
        const double r = pixel(row, i) - (double)biases[i] - w[0] * (double)slopes[0] - w[1] * (double)slopes[1];
        a[0] += w[0] * w[0];
        a[1] += w[0] * w[1];
        a[2] += w[1] * w[1];
        wr[0] += w[0] * r;
        wr[1] += w[1] * r;
        rr += r * r;
    }
    const double det = a[0] * a[2] - a[1] * a[1];
    const double explained = (a[2] * wr[0] * wr[0] - 2 * a[1] * wr[0] * wr[1] + a[0] * wr[1] * wr[1]) / det;
    return -.5 * (PIXELS * log(2 * M_PI) + (PIXELS - LATENTS) * log(s2) + log(det) + (rr - explained) / s2);
}

static double log_normal_of_choosing(double log_sigma)
{
    double sum = 0;
    for (int row = ROWS - CHOOSING; row < ROWS; row++) sum += log_normal(row, exp(log_sigma));
    return sum;
}

/* By cutting an interval to two thirds. */
static double best_sigma(void)
{
    double low = log(.01), high = log(10);
    while (high - low > 1e-7) {
        const double a = low + (high - low) / 3, b = high - (high - low) / 3;
        if (log_normal_of_choosing(a) < log_normal_of_choosing(b))
            low = a;
        else
            high = b;
    }
    return exp(low);
}

/* Data of sigma 0.2, and a model of sigma 0.3. */
static void make_gaussian(const char *folder)
{
    const double sigma = .3, sigma_of_data = .2;
    lebm_generator *generator;
    rng r = rng_start(1, 0);
    for (int i = 0; i < PIXELS; i++) {
        for (int k = 0; k < LATENTS; k++) weights[i][k] = (float)rng_normal(&r, 0, .15);
        biases[i] = (float)rng_normal(&r, 0, .1);
    }
    for (int row = 0; row < ROWS; row++) {
        double z[LATENTS];
        for (int k = 0; k < LATENTS; k++) z[k] = rng_normal(&r, (double)slopes[k], 1);
        for (int i = 0; i < PIXELS; i++) {
            const double mean = (double)biases[i] + (double)weights[i][0] * z[0] + (double)weights[i][1] * z[1];
            const double level = (rng_normal(&r, mean, sigma_of_data) + 1) * 127.5;
            images[row][i] = (uint8_t)fmin(fmax(level + .5, 0), 255);
        }
    }
    or_die(lebm_generator_create_from_spec(&generator, "in 2; linear 16; reshape 1 4 4", LEBM_GAUSSIAN, sigma), "g");
    or_die(lebm_generator_set_param(generator, 0, weights[0], PIXELS * LATENTS), "g");
    or_die(lebm_generator_set_param(generator, 1, biases, PIXELS), "g");
    save(folder, generator);
    write_images(folder);
    for (int row = 0; row < SCORED; row++) printf("log_p %d %.6f\n", row, log_normal(row, sigma));
    printf("best_sigma %.6f\n", best_sigma());
    for (int row = 0; row < SCORED; row++) printf("best_log_p %d %.6f\n", row, log_normal(row, best_sigma()));
}

/* Logits that do not depend on z. */
static void make_bernoulli(const char *folder)
{
    lebm_generator *generator;
    rng r = rng_start(2, 0);
    for (int i = 0; i < PIXELS; i++) biases[i] = (float)rng_normal(&r, 0, 1);
    for (int row = 0; row < ROWS; row++)
        for (int i = 0; i < PIXELS; i++) images[row][i] = rng_uniform(&r, 0, 1) < .5 ? 0 : 255;
    or_die(lebm_generator_create_from_spec(&generator, "in 2; linear 16; reshape 1 4 4", LEBM_BERNOULLI, 0), "g");
    or_die(lebm_generator_set_param(generator, 0, weights[0], PIXELS * LATENTS), "g");
    or_die(lebm_generator_set_param(generator, 1, biases, PIXELS), "g");
    save(folder, generator);
    write_images(folder);
    for (int row = 0; row < SCORED; row++) {
        double log_p = 0;
        for (int i = 0; i < PIXELS; i++)
            log_p += (images[row][i] > 0 ? (double)biases[i] : 0) - log1p(exp((double)biases[i]));
        printf("log_p %d %.6f\n", row, log_p);
    }
}

/* Parameters of zero: each of the words, and the end, is as probable as the others. */
static void make_categorical(const char *folder)
{
    enum { WORDS = 3, LONGEST = 6 };
    static const char words[] = "<unk>\na\nb";
    lebm_generator *generator;
    or_die(lebm_generator_create_from_spec(&generator, "in 2; embedding 2; gru 2; tokens 3 6", LEBM_CATEGORICAL, 0),
           "g");
    for (int64_t i = 0; i < lebm_generator_param_count(generator); i++) {
        const int64_t size = lebm_generator_param_size(generator, i);
        float *zeros = allocate((size_t)size, sizeof *zeros);
        for (int64_t k = 0; k < size; k++) zeros[k] = 0;
        or_die(lebm_generator_set_param(generator, i, zeros, size), "g");
        free(zeros);
    }
    or_die(lebm_generator_set_vocabulary(generator, LEBM_WORDS, words), "vocabulary");
    save(folder, generator);
    FILE *text = create(folder, "text");
    for (int row = 0; row < SCORED; row++) {
        const int length = 1 + row % LONGEST;
        for (int i = 0; i < length; i++) fprintf(text, "%s%s", i > 0 ? " " : "", (row + i) % 2 ? "a" : "b");
        fputc('\n', text);
        printf("log_p %d %.6f\n", row, -(length < LONGEST ? length + 1 : length) * log(WORDS + 1));
    }
    if (fclose(text) != 0) die("cannot write to %s", folder);
}

int main(int argc, char **argv)
{
    set_program_name("closed_form");
    if (argc != 3) die("two arguments are needed");
    if (strcmp(argv[1], LEBM_GAUSSIAN) == 0)
        make_gaussian(argv[2]);
    else if (strcmp(argv[1], LEBM_BERNOULLI) == 0)
        make_bernoulli(argv[2]);
    else
        make_categorical(argv[2]);
    return EXIT_SUCCESS;
}
