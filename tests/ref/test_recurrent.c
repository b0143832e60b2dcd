/* Recurrent generators of tokens: the reference against central differences; and the library against the reference, over
 * 200 random forms and batches: log likelihoods, scores, and gradients of all parameters summed over the batch; the same
 * with dropout, the reference being given the factors. */
#include "lebm.h"
#include "ref/agreement.h"
#include "ref/ref_recurrent.h"
#include "support/recurrent.h"

enum { FORMS = 200, MOST_ROWS = 70 };

/* A form, a batch of sequences for it, and what is said of them. */
struct batch {
    struct ref_recurrent net;
    int64_t n;
    double *z;       /* [n, M], all float32 */
    int64_t *x;      /* [n, longest] */
    int64_t *length; /* [n] */
    lebm__dropout dropout;
    double *input_factors, *output_factors; /* [n, longest, .] */
    char where[AGREEMENT_WHERE];
};

/* One token; all equally long; very unequal; or at random. */
static int64_t choose_length(const struct batch *b, int number, int64_t row, uint64_t *seed)
{
    switch (number % 5) {
    case 0:
        return 1;
    case 1:
        return b->net.longest - number % 2;
    case 2:
        return row == b->n / 2 ? b->net.longest : row % 2;
    default:
        return test_integer(seed, 0, b->net.longest);
    }
}

static void make_form(struct ref_recurrent *net, int number, int64_t most, uint64_t *seed)
{
    *net = (struct ref_recurrent){.is_gru = number % 2,
                                  .is_tied = (int)(test_random(seed) % 3 == 0),
                                  .steps_without_z = (int)(test_random(seed) % 4 == 0),
                                  .start_without_z = (int)(test_random(seed) % 4 == 0)};
    net->latent = test_integer(seed, 1, most / 2);
    net->units = test_integer(seed, 1, most);
    net->embedding = net->is_tied ? net->units : test_integer(seed, 1, most);
    net->layers = test_random(seed) % 3 == 0 ? test_integer(seed, 2, 3) : 1;
    const int is_large = most > 6 && number % 10 == 3; /* its classes are several blocks */
    net->tokens = is_large ? test_integer(seed, 1020, 2600) : test_integer(seed, 1, 3 * most);
    net->longest = test_integer(seed, 1, 12);
    ref_recurrent_init(net);
    for (int64_t i = 0; i < net->param_total; i++) net->params[i] = (double)(float)test_uniform(seed, -0.7, 0.7);
}

static void make_batch(struct batch *b, int number, int64_t most, int64_t rows)
{
    uint64_t seed = 7000 + (uint64_t)number;
    char spec[128];
    make_form(&b->net, number, most, &seed);
    b->n = rows;
    b->z = test_doubles(rows * b->net.latent);
    b->x = test_alloc(rows * b->net.longest, sizeof *b->x);
    b->length = test_alloc(rows, sizeof *b->length);
    b->dropout = (lebm__dropout){0};
    b->input_factors = test_doubles(rows * b->net.longest * b->net.embedding);
    b->output_factors = test_doubles(rows * b->net.longest * b->net.units);
    for (int64_t i = 0; i < rows * b->net.latent; i++) b->z[i] = (double)(float)test_normal(&seed);
    for (int64_t i = 0; i < rows * b->net.longest; i++) b->x[i] = test_integer(&seed, 0, b->net.tokens - 1);
    for (int64_t i = 0; i < rows; i++) b->length[i] = choose_length(b, number, i, &seed);
    ref_recurrent_spec(&b->net, spec, sizeof spec);
    snprintf(b->where, sizeof b->where, "form %d, %lld rows, %s", number, (long long)rows, spec);
}

/* Dropout of both kinds or of either, and its factors for all steps. */
static void add_dropout(struct batch *b, int number)
{
    const struct ref_recurrent *net = &b->net;
    b->dropout = (lebm__dropout){.key = lebm__key_make((uint64_t)number, 3, LEBM__FOR_TRAINER_DROPOUT),
                                 .rate = number % 3 == 0 ? 0 : 0.4,
                                 .word_rate = number % 3 == 1 ? 0 : 0.3,
                                 .first = number};
    for (int64_t i = 0; i < b->n; i++) {
        for (int64_t t = 0; t < net->longest; t++) {
            const int64_t place = i * net->longest + t;
            float *of_input = test_floats(net->embedding), *of_output = test_floats(net->units);
            lebm__dropout_inputs(&b->dropout, i, t, net->embedding, of_input);
            lebm__dropout_outputs(&b->dropout, i, t, net->units, of_output);
            for (int64_t k = 0; k < net->embedding; k++) b->input_factors[place * net->embedding + k] = of_input[k];
            for (int64_t k = 0; k < net->units; k++) b->output_factors[place * net->units + k] = of_output[k];
            free(of_input);
            free(of_output);
        }
    }
}

/* Have the reference see the factors of a row. */
static struct ref_recurrent net_of(const struct batch *b, int64_t row)
{
    struct ref_recurrent net = b->net;
    if (b->dropout.rate == 0 && b->dropout.word_rate == 0) return net;
    net.input_factors = b->input_factors + row * net.longest * net.embedding;
    net.output_factors = b->output_factors + row * net.longest * net.units;
    return net;
}

static void free_batch(struct batch *b)
{
    free(b->input_factors);
    free(b->output_factors);
    ref_recurrent_free(&b->net);
    free(b->z);
    free(b->x);
    free(b->length);
}

/* ---- the reference ---- */

static double log_likelihood_of(const struct batch *b, double *variable, double value)
{
    const double before = *variable;
    *variable = value;
    const struct ref_recurrent net = net_of(b, 0);
    const double sum = ref_recurrent_log_likelihood(&net, b->z, b->x, b->length[0], NULL, NULL);
    *variable = before;
    return sum;
}

/* Of fourth order. */
static double difference(const struct batch *b, double *variable)
{
    const double delta = 1e-3, at = *variable;
    const double near = log_likelihood_of(b, variable, at + delta) - log_likelihood_of(b, variable, at - delta);
    const double far = log_likelihood_of(b, variable, at + 2 * delta) - log_likelihood_of(b, variable, at - 2 * delta);
    return (8 * near - far) / (12 * delta);
}

START_TEST(the_reference_is_its_central_differences) /* _i: with dropout */
{
    struct agreement by_z = {.what = "score of the reference", .tolerance = 1e-7};
    struct agreement by_params = {.what = "gradient of the reference", .tolerance = 1e-7};
    for (int number = 0; number < FORMS; number++) {
        struct batch b;
        make_batch(&b, number, 6, 1);
        if (_i) add_dropout(&b, number);
        const struct ref_recurrent net = net_of(&b, 0);
        double *dz = test_doubles(b.net.latent), *dp = test_doubles(b.net.param_total);
        ref_recurrent_log_likelihood(&net, b.z, b.x, b.length[0], dz, dp);
        const double scale = fmax(1e-2, approx_largest(dp, b.net.param_total));
        by_z.cases++;
        by_params.cases++;
        for (int64_t i = 0; i < b.net.latent; i++) agree_on(&by_z, difference(&b, &b.z[i]), dz[i], scale, b.where);
        for (int64_t i = 0; i < b.net.param_total; i++) {
            agree_on(&by_params, difference(&b, &b.net.params[i]), dp[i], scale, b.where);
        }
        free(dz);
        free(dp);
        free_batch(&b);
    }
    agreement_print(&by_z);
    agreement_print(&by_params);
}
END_TEST

/* ---- the library ---- */

static lebm_generator *make_generator_of(const struct ref_recurrent *net)
{
    lebm_generator *generator;
    char spec[128];
    int64_t offset = 0;
    ref_recurrent_spec(net, spec, sizeof spec);
    LEBM_ASSERT_OK(lebm_generator_create_from_spec(&generator, spec, LEBM_CATEGORICAL, 0));
    ck_assert_str_eq(lebm_generator_spec(generator), spec);
    for (int64_t i = 0; i < lebm_generator_param_count(generator); i++) {
        const int64_t size = lebm_generator_param_size(generator, i);
        float *values = test_floats(size);
        for (int64_t k = 0; k < size; k++) values[k] = (float)net->params[offset + k];
        LEBM_ASSERT_OK(lebm_generator_set_param(generator, i, values, size));
        free(values);
        offset += size;
    }
    ck_assert_int_eq(offset, net->param_total);
    return generator;
}

static float *floats_of_x(const struct batch *b)
{
    float *x = test_floats(b->n * b->net.longest);
    for (int64_t i = 0; i < b->n; i++) {
        for (int64_t t = 0; t < b->net.longest; t++) {
            const int64_t place = i * b->net.longest + t;
            x[place] = t < b->length[i] ? (float)b->x[place] : LEBM_PADDING;
        }
    }
    return x;
}

static float *floats_of(const double *values, int64_t count)
{
    float *floats = test_floats(count);
    for (int64_t i = 0; i < count; i++) floats[i] = (float)values[i];
    return floats;
}

/* What the reference says of a batch. */
struct expected {
    double *log_likelihood, *size, *score, *grads;
};

static struct expected expect(const struct batch *b)
{
    const int64_t m = b->net.latent;
    struct expected e = {test_doubles(b->n), test_doubles(b->n), test_doubles(b->n * m),
                         test_doubles(b->net.param_total)};
    for (int64_t i = 0; i < b->n; i++) {
        const struct ref_recurrent net = net_of(b, i);
        e.log_likelihood[i] = ref_recurrent_log_likelihood(&net, b->z + i * m, b->x + i * b->net.longest, b->length[i],
                                                           e.score + i * m, e.grads);
        e.size[i] = fabs(e.log_likelihood[i]) + 1; /* with one class its terms cancel */
    }
    return e;
}

static void free_expected(const struct expected *e)
{
    free(e->log_likelihood);
    free(e->size);
    free(e->score);
    free(e->grads);
}

START_TEST(the_library_is_the_reference)
{
    static const int64_t rows[] = {1, 2, 7, 33, 65, MOST_ROWS};
    struct agreement values = {.what = "log likelihood of tokens", .tolerance = 2e-6};
    struct agreement scores = {.what = "score of tokens", .tolerance = 1e-5};
    struct agreement gradients = {.what = "gradients of recurrent nets", .tolerance = 1e-5};
    for (int number = 0; number < FORMS; number++) {
        struct batch b;
        make_batch(&b, number, number % 10 == 0 ? 90 : 24, rows[number % 6]);
        const struct expected e = expect(&b);
        lebm_generator *generator = make_generator_of(&b.net);
        float *z = floats_of(b.z, b.n * b.net.latent), *x = floats_of_x(&b), *grads = test_floats(b.net.param_total);
        float *out = test_floats(b.n), *score = test_floats(b.n * b.net.latent);
        double passed[MOST_ROWS];
        LEBM_ASSERT_OK(lebm_generator_log_likelihood(generator, z, x, b.n, out));
        LEBM_ASSERT_OK(lebm_generator_score(generator, z, x, b.n, score));
        void *memory, *workspace = pass_for_gradients(generator, z, x, b.n, 1 + number % 64, NULL, passed, &memory);
        sum_gradients(generator, workspace, 0, b.n, grads);
        lebm__free(memory);
        agree_each(&values, out, e.log_likelihood, e.size, b.n, b.where);
        if (b.net.steps_without_z && b.net.start_without_z) {
            for (int64_t i = 0; i < b.n * b.net.latent; i++) ck_assert_float_eq(score[i], 0);
        } else {
            const double least = 1e-3; /* of what may vanish: with one class, say */
            double *scales = test_doubles(b.n * b.net.latent);
            for (int64_t i = 0; i < b.n * b.net.latent; i++) {
                scales[i] = fmax(least, approx_largest(e.score, b.n * b.net.latent));
            }
            agree_each(&scores, score, e.score, scales, b.n * b.net.latent, b.where);
            free(scales);
        }
        agree(&gradients, grads, e.grads, b.net.param_total, b.where);
        for (int64_t i = 0; i < b.n; i++) ck_assert_float_eq((float)passed[i], out[i]);
        free(z);
        free(x);
        free(grads);
        free(out);
        free(score);
        lebm_generator_destroy(generator);
        free_expected(&e);
        free_batch(&b);
    }
    agreement_print(&values);
    agreement_print(&scores);
    agreement_print(&gradients);
}
END_TEST

/* log p, scores and gradients of parameters, of rows that are in other tiles for the chains and for the gradient. */
START_TEST(the_library_is_the_reference_under_dropout)
{
    struct agreement values = {.what = "log likelihood under dropout", .tolerance = 2e-6};
    struct agreement scores = {.what = "score under dropout", .tolerance = 1e-5};
    struct agreement gradients = {.what = "gradients under dropout", .tolerance = 1e-5};
    for (int number = 0; number < FORMS; number++) {
        static const int64_t rows[] = {1, 2, 7, 33, 50};
        struct batch b;
        make_batch(&b, number, number % 10 == 0 ? 90 : 24, rows[number % 5]);
        add_dropout(&b, number);
        const int64_t m = b.net.latent;
        const struct expected e = expect(&b);
        lebm_generator *generator = make_generator_of(&b.net);
        float *z = floats_of(b.z, b.n * m), *x = floats_of_x(&b), *grads = test_floats(b.net.param_total);
        float *out = test_floats(b.n), *score = test_floats(b.n * m);
        double passed[MOST_ROWS], log_likelihood[MOST_ROWS] = {0};
        void *memory, *workspace = lay_out_for_scores(generator, b.n, &memory);
        generator->kind->observe(generator, workspace, x, b.n, &b.dropout);
        generator->kind->log_likelihood(generator, workspace, z, b.n, log_likelihood, score);
        lebm__free(memory);
        workspace = pass_for_gradients(generator, z, x, b.n, 1 + number % 64, &b.dropout, passed, &memory);
        sum_gradients(generator, workspace, 0, b.n, grads);
        lebm__free(memory);
        for (int64_t i = 0; i < b.n; i++) {
            ck_assert_double_eq(passed[i], log_likelihood[i]);
            out[i] = (float)passed[i];
        }
        agree_each(&values, out, e.log_likelihood, e.size, b.n, b.where);
        const double least = 1e-3; /* of what may vanish */
        double *scales = test_doubles(b.n * m);
        for (int64_t i = 0; i < b.n * m; i++) scales[i] = fmax(least, approx_largest(e.score, b.n * m));
        agree_each(&scores, score, e.score, scales, b.n * m, b.where);
        agree(&gradients, grads, e.grads, b.net.param_total, b.where);
        free(scales);
        free(z);
        free(x);
        free(grads);
        free(out);
        free(score);
        lebm_generator_destroy(generator);
        free_expected(&e);
        free_batch(&b);
    }
    agreement_print(&values);
    agreement_print(&scores);
    agreement_print(&gradients);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("recurrent");
    TCase *numbers = tcase_create("numbers");
    tcase_add_loop_test(numbers, the_reference_is_its_central_differences, 0, 2);
    tcase_add_test(numbers, the_library_is_the_reference);
    tcase_add_test(numbers, the_library_is_the_reference_under_dropout);
    suite_add_tcase(suite, numbers);
    return suite;
}

int main(void)
{
    return test_run_suite(suite());
}
