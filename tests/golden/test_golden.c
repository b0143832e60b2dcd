/* The library, and the double-precision reference, against the golden files: what PyTorch computed (golden.py). */
#include <cjson/cJSON.h>

#include "io/metadata.h"
#include "io/model.h"
#include "lebm.h"
#include "ref/agreement.h"
#include "support/model.h"
#include "support/nets.h"
#include "support/recurrent.h"
#include "support/statistics.h"

static const double library_tolerance = 1e-5;
static const double reference_tolerance = 2e-7; /* the files' numbers are rounded to float */

static const char *const models[] = {"svhn", "mnist", "mnist_bernoulli"};
enum { MODELS = 3 };
static const char *const forms[] = {"direct", "filtered"};
enum { FORMS = 2 };

/* ---- files ---- */

static char golden_path[512];

static lebm__st_reader open_golden(const char *name)
{
    lebm__st_reader file;
    snprintf(golden_path, sizeof golden_path, "%s/%s.safetensors", GOLDEN_DIR, name);
    LEBM_ASSERT_OK(lebm__st_open(&file, golden_path));
    return file;
}

/* The tensor GROUP.NAME, and the number of its numbers; freed by the caller. */
static float *tensor(const lebm__st_reader *file, const char *group, const char *name, int64_t *count)
{
    char full[128];
    snprintf(full, sizeof full, "%s.%s", group, name);
    for (int64_t i = 0; i < file->count; i++) {
        int64_t shape[4], ndim = 0;
        const cJSON *size;
        if (strcmp(file->tensors[i].name, full) != 0) continue;
        cJSON_ArrayForEach(size, file->tensors[i].shape) shape[ndim++] = (int64_t)size->valuedouble;
        float *values = test_floats(file->tensors[i].count);
        LEBM_ASSERT_OK(lebm__st_read(file, full, ndim, shape, values));
        *count = file->tensors[i].count;
        return values;
    }
    ck_abort_msg("%s has no tensor %s", golden_path, full);
    return NULL;
}

static float *tensor_of(const lebm__st_reader *file, const char *group, const char *name, int64_t expected_count)
{
    int64_t count;
    float *values = tensor(file, group, name, &count);
    ck_assert_int_eq(count, expected_count);
    return values;
}

/* ---- comparing ---- */

/* What is compared, and how well the library and the reference do. */
struct comparison {
    struct agreement library, reference;
};

static struct comparison comparison_of(const char *library, const char *reference)
{
    return (struct comparison){{.what = library, .tolerance = library_tolerance},
                               {.what = reference, .tolerance = reference_tolerance}};
}

static void print(const struct comparison *c)
{
    agreement_print(&c->library);
    if (c->reference.numbers > 0) agreement_print(&c->reference);
}

static void compare_library(struct comparison *c, const lebm__st_reader *file, const char *group, const char *name,
                            const float *actual, int64_t count)
{
    char where[AGREEMENT_WHERE];
    float *golden = tensor_of(file, group, name, count);
    double *expected = test_to_doubles(golden, count);
    snprintf(where, sizeof where, "%.80s.%.80s", group, name);
    agree(&c->library, actual, expected, count, where);
    free(golden);
    free(expected);
}

static void compare_reference(struct comparison *c, const lebm__st_reader *file, const char *group, const char *name,
                              const double *actual, int64_t count)
{
    char where[AGREEMENT_WHERE];
    float *golden = tensor_of(file, group, name, count);
    double *expected = test_to_doubles(golden, count);
    const double largest = approx_largest(expected, count);
    snprintf(where, sizeof where, "%.80s.%.80s", group, name);
    c->reference.cases++;
    for (int64_t i = 0; i < count; i++) agree_on(&c->reference, actual[i], expected[i], largest, where);
    free(golden);
    free(expected);
}

/* Output and both gradients of a net, for in and grad_out [n]; `prefix` comes before the names in the file. */
static void compare_net(struct comparison *c, const lebm__st_reader *file, const char *group, const char *prefix,
                        const struct pair *pair, const float *in, const float *grad_out, int64_t n)
{
    const char *const names[] = {"out", "grad_in", "grad_params"};
    const int64_t counts[] = {n * pair->ref.out_features, n * pair->ref.in_features, pair->ref.param_total};
    float *actual[3];
    double *reference[3];
    for (int i = 0; i < 3; i++) actual[i] = test_floats(counts[i]);
    LEBM_ASSERT_OK(lebm_net_forward(pair->net, in, n, actual[0]));
    LEBM_ASSERT_OK(lebm_net_vjp(pair->net, in, n, grad_out, actual[1], actual[2]));
    reference[0] = pair_ref_forward(pair, in, n);
    pair_ref_vjp(pair, in, n, grad_out, &reference[1], &reference[2]);
    for (int i = 0; i < 3; i++) {
        char name[32];
        snprintf(name, sizeof name, "%s%s", prefix, names[i]);
        if (counts[i] > 0) compare_library(c, file, group, name, actual[i], counts[i]);
        if (counts[i] > 0) compare_reference(c, file, group, name, reference[i], counts[i]);
        free(actual[i]);
        free(reference[i]);
    }
}

/* ---- nets ---- */

/* Both nets of a spec with the parameters of the file. */
static void make_pair(struct pair *pair, const lebm__st_reader *file, const char *name, const char *spec)
{
    LEBM_ASSERT_OK(lebm_net_create_from_spec(&pair->net, spec));
    ref_net_init(&pair->ref, lebm_net_in_features(pair->net));
    ref_net_add_spec(&pair->ref, spec);
    if (pair->ref.param_total == 0) return;
    float *params = tensor_of(file, name, "params", pair->ref.param_total);
    for (int64_t i = 0; i < pair->ref.param_total; i++) pair->ref.params[i] = (double)params[i];
    pair_push(pair);
    free(params);
}

START_TEST(nets_equal_pytorch) /* _i: form of the transposed convolutions */
{
    struct comparison c = comparison_of("nets", "nets, reference");
    lebm__st_reader file = open_golden("nets");
    const cJSON *item;
    int64_t nets = 0;
    cJSON_ArrayForEach(item, file.metadata)
    {
        struct pair pair;
        int64_t in_count, out_count;
        make_pair(&pair, &file, item->string, item->valuestring);
        LEBM_ASSERT_OK(lebm_net_set_str(pair.net, LEBM_NET_CONVOLUTION, forms[_i]));
        float *in = tensor(&file, item->string, "in", &in_count);
        const int64_t n = in_count / pair.ref.in_features;
        float *grad_out = tensor(&file, item->string, "grad_out", &out_count);
        ck_assert_int_eq(out_count, n * pair.ref.out_features);
        compare_net(&c, &file, item->string, "", &pair, in, grad_out, n);
        free(in);
        free(grad_out);
        pair_free(&pair);
        nets++;
    }
    ck_assert_int_ge(nets, 31);
    lebm__st_close(&file);
    print(&c);
}
END_TEST

/* ---- recurrent generators of tokens ---- */

/* That of a spec with the parameters of the file. */
static lebm_generator *make_decoder(const lebm__st_reader *file, const char *name, const char *spec)
{
    lebm_generator *generator;
    int64_t total, offset = 0;
    float *params = tensor(file, name, "params", &total);
    LEBM_ASSERT_OK(lebm_generator_create_from_spec(&generator, spec, LEBM_CATEGORICAL, 0));
    for (int64_t i = 0; i < lebm_generator_param_count(generator); i++) {
        const int64_t size = lebm_generator_param_size(generator, i);
        ck_assert_int_le(offset + size, total);
        LEBM_ASSERT_OK(lebm_generator_set_param(generator, i, params + offset, size));
        offset += size;
    }
    ck_assert_int_eq(offset, total);
    free(params);
    return generator;
}

/* Chains without noise under the prior N(0, I), of which f is 0. */
static void compare_decoder_chain(struct comparison *c, const lebm__st_reader *file, const char *name,
                                  const lebm_generator *generator, const float *z, const float *x, int64_t n)
{
    const int64_t m = lebm_generator_latent_size(generator);
    const float nothing[16] = {0};
    lebm_net *f;
    lebm_sampler *sampler;
    float *chain = test_copy(z, n * m);
    LEBM_ASSERT_OK(lebm_net_create(&f, m));
    LEBM_ASSERT_OK(lebm_net_add_linear(f, 1, 0));
    LEBM_ASSERT_OK(lebm_net_set_param(f, 0, nothing, m));
    lebm_prior *prior = make_prior(f, 1);
    LEBM_ASSERT_OK(lebm_sampler_create(&sampler, LEBM_LANGEVIN));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STEPS, 20));
    LEBM_ASSERT_OK(lebm_sampler_set_f64(sampler, LEBM_SAMPLER_STEP_SIZE, 0.05));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_NOISE, 0));
    LEBM_ASSERT_OK(lebm_sampler_set_str(sampler, LEBM_SAMPLER_START, "given"));
    LEBM_ASSERT_OK(lebm_sampler_run_posterior(sampler, prior, generator, x, n, chain));
    compare_library(c, file, name, "chain", chain, n * m);
    lebm_sampler_destroy(sampler);
    lebm_prior_destroy(prior);
    free(chain);
}

static void compare_decoder(struct comparison *c, const lebm__st_reader *file, const char *name, const char *spec)
{
    int64_t z_count;
    lebm_generator *generator = make_decoder(file, name, spec);
    const int64_t m = lebm_generator_latent_size(generator), d = lebm_generator_data_size(generator);
    float *z = tensor(file, name, "z", &z_count);
    const int64_t n = z_count / m;
    float *x = tensor_of(file, name, "x", n * d), *out = test_floats(n), *score = test_floats(n * m);
    int64_t total = 0;
    for (int64_t i = 0; i < lebm_generator_param_count(generator); i++)
        total += lebm_generator_param_size(generator, i);
    float *grads = test_floats(total);
    double *passed = test_doubles(n);
    void *memory, *workspace = pass_for_gradients(generator, z, x, n, n, NULL, passed, &memory);
    sum_gradients(generator, workspace, 0, n, grads);
    LEBM_ASSERT_OK(lebm_generator_log_likelihood(generator, z, x, n, out));
    LEBM_ASSERT_OK(lebm_generator_score(generator, z, x, n, score));
    compare_library(c, file, name, "log_likelihood", out, n);
    compare_library(c, file, name, "score", score, n * m);
    compare_library(c, file, name, "grad_params", grads, total);
    compare_decoder_chain(c, file, name, generator, z, x, n);
    lebm__free(memory);
    free(passed);
    free(grads);
    free(out);
    free(score);
    free(x);
    free(z);
    lebm_generator_destroy(generator);
}

START_TEST(recurrent_generators_equal_pytorch)
{
    struct comparison c = comparison_of("recurrent generators", "");
    lebm__st_reader file = open_golden("recurrent");
    const cJSON *item;
    cJSON_ArrayForEach(item, file.metadata) compare_decoder(&c, &file, item->string, item->valuestring);
    ck_assert_int_eq(c.library.cases, 4 * 8);
    lebm__st_close(&file);
    print(&c);
}
END_TEST

/* ---- models ---- */

struct golden_model {
    lebm__st_reader file;
    struct model model;
    int64_t n, m, d;
    float *z, *x; /* [n, M], [n, D] */
};

static void load(struct golden_model *g, const char *name)
{
    struct model *model = &g->model;
    struct pair *const pairs[] = {&model->f, &model->g};
    int64_t z_count;
    g->file = open_golden(name);
    LEBM_ASSERT_OK(lebm_model_load(golden_path, &model->prior, &model->generator));
    model->f.net = lebm_prior_net(model->prior);
    model->g.net = lebm_generator_net(model->generator);
    for (int i = 0; i < 2; i++) {
        ref_net_init(&pairs[i]->ref, lebm_net_in_features(pairs[i]->net));
        ref_net_add_spec(&pairs[i]->ref, lebm_net_spec(pairs[i]->net));
        pair_pull(pairs[i]);
    }
    const int gaussian = strcmp(lebm_generator_likelihood(model->generator), LEBM_GAUSSIAN) == 0;
    model->ref = (struct ref_model){&model->f.ref, lebm_prior_sigma0(model->prior), &model->g.ref,
                                    gaussian ? REF_GAUSSIAN : REF_BERNOULLI, lebm_generator_sigma(model->generator)};
    g->m = model->f.ref.in_features;
    g->d = model->g.ref.out_features;
    g->z = tensor(&g->file, "golden", "z", &z_count);
    g->n = z_count / g->m;
    g->x = tensor_of(&g->file, "golden", "x", g->n * g->d);
}

static void unload(struct golden_model *g)
{
    free(g->z);
    free(g->x);
    lebm__st_close(&g->file);
    model_free(&g->model);
}

START_TEST(densities_equal_pytorch) /* _i: model */
{
    struct comparison c = comparison_of(models[_i], "reference");
    struct golden_model g;
    load(&g, models[_i]);
    const struct ref_model *ref = &g.model.ref;
    const int bernoulli = ref->likelihood == REF_BERNOULLI;
    const int64_t n = g.n, m = g.m, d = g.d;
    const struct {
        const char *name;
        int64_t size;
    } parts[] = {{"prior_log_density", 1},
                 {"prior_score", m},
                 {"likelihood_log_density", 1},
                 {"likelihood_score", m},
                 {bernoulli ? "mean" : "g_out", d}};
    float *actual[5];
    double *reference[5], *z = test_to_doubles(g.z, n * m), *x = test_to_doubles(g.x, n * d);
    for (int i = 0; i < 5; i++) {
        actual[i] = test_floats(n * parts[i].size);
        reference[i] = test_doubles(n * parts[i].size);
    }
    LEBM_ASSERT_OK(lebm_prior_log_density(g.model.prior, g.z, n, actual[0]));
    LEBM_ASSERT_OK(lebm_prior_score(g.model.prior, g.z, n, actual[1]));
    LEBM_ASSERT_OK(lebm_generator_log_likelihood(g.model.generator, g.z, g.x, n, actual[2]));
    LEBM_ASSERT_OK(lebm_generator_score(g.model.generator, g.z, g.x, n, actual[3]));
    LEBM_ASSERT_OK(lebm_generator_decode(g.model.generator, g.z, n, actual[4]));
    for (int64_t i = 0; i < n; i++) {
        reference[0][i] = ref_prior_log_density(ref, z + i * m);
        ref_prior_score(ref, z + i * m, reference[1] + i * m);
        reference[2][i] = ref_log_likelihood(ref, z + i * m, x + i * d);
        ref_likelihood_score(ref, z + i * m, x + i * d, reference[3] + i * m);
        ref_decode(ref, z + i * m, reference[4] + i * d);
    }
    for (int i = 0; i < 5; i++) {
        compare_library(&c, &g.file, "golden", parts[i].name, actual[i], n * parts[i].size);
        compare_reference(&c, &g.file, "golden", parts[i].name, reference[i], n * parts[i].size);
        free(actual[i]);
        free(reference[i]);
    }
    for (int form = 0; form < FORMS; form++) {
        LEBM_ASSERT_OK(lebm_net_set_str(g.model.g.net, LEBM_NET_CONVOLUTION, forms[form]));
        compare_net(&c, &g.file, "golden", "g_", &g.model.g, g.z, g.x, n);
    }
    free(z);
    free(x);
    unload(&g);
    print(&c);
}
END_TEST

static lebm_sampler *load_sampler(const char *role)
{
    lebm_sampler *sampler;
    LEBM_ASSERT_OK(lebm_model_load_sampler(golden_path, role, &sampler));
    return sampler;
}

static double step_size_of(const lebm_sampler *sampler)
{
    double step_size;
    LEBM_ASSERT_OK(lebm_sampler_get_f64(sampler, LEBM_SAMPLER_STEP_SIZE, &step_size));
    return step_size;
}

enum { STEPS = 20 }; /* of the file's samplers */

/* Runs chains from z, or from noise and with it if z is not given, and compares. */
static void compare_chains(struct comparison *c, const struct golden_model *g, const char *role, const char *name,
                           int given)
{
    const int posterior = strcmp(role, LEBM_TO_POSTERIOR) == 0;
    const int64_t count = g->n * g->m;
    lebm_sampler *sampler = load_sampler(role);
    int64_t steps;
    LEBM_ASSERT_OK(lebm_sampler_get_i64(sampler, LEBM_SAMPLER_STEPS, &steps));
    ck_assert_int_eq(steps, STEPS);
    float *z = test_copy(g->z, count);
    if (given) {
        LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_NOISE, 0));
        LEBM_ASSERT_OK(lebm_sampler_set_str(sampler, LEBM_SAMPLER_START, "given"));
    }
    if (posterior)
        LEBM_ASSERT_OK(lebm_sampler_run_posterior(sampler, g->model.prior, g->model.generator, g->x, g->n, z));
    else
        LEBM_ASSERT_OK(lebm_sampler_run_prior(sampler, g->model.prior, g->n, z));
    compare_library(c, &g->file, "golden", name, z, count);
    if (given) {
        double *ref_z = test_to_doubles(g->z, count), *x = test_to_doubles(g->x, g->n * g->d);
        for (int64_t i = 0; i < g->n; i++)
            ref_chain(&g->model.ref, posterior ? x + i * g->d : NULL, STEPS, step_size_of(sampler), ref_z + i * g->m);
        compare_reference(c, &g->file, "golden", name, ref_z, count);
        free(ref_z);
        free(x);
    }
    free(z);
    lebm_sampler_destroy(sampler);
}

START_TEST(chains_equal_pytorch) /* _i: model */
{
    struct comparison c = comparison_of(models[_i], "reference");
    struct golden_model g;
    load(&g, models[_i]);
    for (int form = 0; form < FORMS; form++) {
        LEBM_ASSERT_OK(lebm_net_set_str(g.model.g.net, LEBM_NET_CONVOLUTION, forms[form]));
        compare_chains(&c, &g, LEBM_TO_PRIOR, "prior_chain", 1);
        compare_chains(&c, &g, LEBM_TO_POSTERIOR, "posterior_chain", 1);
        compare_chains(&c, &g, LEBM_TO_PRIOR, "noisy_prior_chain", 0);
        compare_chains(&c, &g, LEBM_TO_POSTERIOR, "noisy_posterior_chain", 0);
    }
    unload(&g);
    print(&c);
}
END_TEST

/* ---- learning ---- */

enum { LEARNING_STEPS = 5, END_OF_EPOCH = 3 };

static double option(const struct golden_model *g, const char *key)
{
    double value;
    LEBM_ASSERT_OK(lebm__get_f64(&g->file, "trainer", key, &value));
    return value;
}

static int is_news_to_pytorch(const char *key)
{
    return strcmp(key, LEBM_TRAINER_DIVERGENCE_THRESHOLD) == 0 || strcmp(key, LEBM_TRAINER_PRIOR_RENEWAL) == 0 ||
           strcmp(key, LEBM_TRAINER_AVERAGE_DECAY) == 0 || strcmp(key, LEBM_TRAINER_DROPOUT) == 0 ||
           strcmp(key, LEBM_TRAINER_WORD_DROPOUT) == 0 || strcmp(key, LEBM_TRAINER_SIGMA_LEARNING_RATE) == 0;
}

/* A trainer with the options in the file. */
static lebm_trainer *make_trainer(const struct golden_model *g, lebm_sampler *to_prior, lebm_sampler *to_posterior)
{
    lebm_trainer *trainer;
    int64_t seed, options = 0;
    LEBM_ASSERT_OK(lebm_trainer_create(&trainer, g->model.prior, g->model.generator, to_prior, to_posterior));
    for (int64_t i = 0; i < lebm_trainer_option_count(trainer); i++) {
        const char *key = lebm_trainer_option_key(trainer, i);
        if (strcmp(lebm_trainer_option_type(trainer, key), "f64") != 0) continue;
        if (is_news_to_pytorch(key)) continue;
        LEBM_ASSERT_OK(lebm_trainer_set_f64(trainer, key, option(g, key)));
        options++;
    }
    ck_assert_int_eq(options, 10);
    LEBM_ASSERT_OK(lebm__get_i64(&g->file, "trainer", LEBM_TRAINER_SEED, &seed));
    LEBM_ASSERT_OK(lebm_trainer_set_i64(trainer, LEBM_TRAINER_SEED, seed));
    return trainer;
}

static void make_adam(struct ref_adam *adam, const struct golden_model *g, const struct pair *pair, const char *rate,
                      const char *weight_decay, const char *clip_norm)
{
    ref_adam_init(adam, pair->ref.param_total, option(g, rate));
    adam->beta1 = option(g, LEBM_TRAINER_BETA1);
    adam->beta2 = option(g, LEBM_TRAINER_BETA2);
    adam->epsilon = option(g, LEBM_TRAINER_EPSILON);
    adam->weight_decay = option(g, weight_decay);
    adam->clip_norm = option(g, clip_norm);
}

/* The steps of the reference, with the starts of chains from the file: [steps, {z+, z-}, n, M]. */
static void learn_reference(struct golden_model *g, double posterior_step_size, double prior_step_size)
{
    const int64_t m = g->m, d = g->d, count = g->n * m;
    struct model *model = &g->model;
    struct ref_adam f, g_adam;
    make_adam(&f, g, &model->f, LEBM_TRAINER_PRIOR_LEARNING_RATE, LEBM_TRAINER_PRIOR_WEIGHT_DECAY,
              LEBM_TRAINER_PRIOR_CLIP_NORM);
    make_adam(&g_adam, g, &model->g, LEBM_TRAINER_GENERATOR_LEARNING_RATE, LEBM_TRAINER_GENERATOR_WEIGHT_DECAY,
              LEBM_TRAINER_GENERATOR_CLIP_NORM);
    float *starts = tensor_of(&g->file, "golden", "learning_starts", LEARNING_STEPS * 2 * count);
    double *z = test_to_doubles(starts, LEARNING_STEPS * 2 * count), *x = test_to_doubles(g->x, g->n * d);
    double *grad_f = test_doubles(f.count), *grad_g = test_doubles(g_adam.count);
    for (int step = 1; step <= LEARNING_STEPS; step++) {
        double *positive = z + (step - 1) * 2 * count, *negative = positive + count;
        for (int64_t i = 0; i < g->n; i++) {
            ref_chain(&model->ref, x + i * d, STEPS, posterior_step_size, positive + i * m);
            ref_chain(&model->ref, NULL, STEPS, prior_step_size, negative + i * m);
        }
        ref_gradients(&model->ref, g->n, x, positive, negative, grad_f, grad_g);
        ref_ascend(&f, &model->f.ref, grad_f);
        ref_ascend(&g_adam, &model->g.ref, grad_g);
        if (step != END_OF_EPOCH) continue;
        f.learning_rate *= option(g, LEBM_TRAINER_DECAY_PER_EPOCH);
        g_adam.learning_rate *= option(g, LEBM_TRAINER_DECAY_PER_EPOCH);
    }
    free(starts);
    free(z);
    free(x);
    free(grad_f);
    free(grad_g);
    ref_adam_free(&f);
    ref_adam_free(&g_adam);
}

static void compare_learned(struct comparison *c, const struct golden_model *g, const char *name,
                            const struct pair *pair)
{
    float *params = pair_params(pair->net);
    compare_library(c, &g->file, "golden", name, params, pair->ref.param_total);
    compare_reference(c, &g->file, "golden", name, pair->ref.params, pair->ref.param_total);
    free(params);
}

START_TEST(learning_equals_pytorch) /* _i: model */
{
    static const char *const keys[] = {LEBM_TRAINER_RECONSTRUCTION_MSE, LEBM_TRAINER_LOG_LIKELIHOOD,
                                       LEBM_TRAINER_F_POSITIVE,         LEBM_TRAINER_F_NEGATIVE,
                                       LEBM_TRAINER_PRIOR_GRAD_NORM,    LEBM_TRAINER_GENERATOR_GRAD_NORM};
    enum { METRICS = sizeof keys / sizeof *keys };
    struct comparison c = comparison_of(models[_i], "reference");
    struct golden_model g;
    load(&g, models[_i]);
    lebm_sampler *to_prior = load_sampler(LEBM_TO_PRIOR), *to_posterior = load_sampler(LEBM_TO_POSTERIOR);
    LEBM_ASSERT_OK(lebm_sampler_set_i64(to_prior, LEBM_SAMPLER_NOISE, 0));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(to_posterior, LEBM_SAMPLER_NOISE, 0));
    lebm_trainer *trainer = make_trainer(&g, to_prior, to_posterior);
    float *metrics = tensor_of(&g.file, "golden", "learning_metrics", LEARNING_STEPS * METRICS);
    for (int step = 1; step <= LEARNING_STEPS; step++) {
        LEBM_ASSERT_OK(lebm_trainer_step(trainer, g.x, g.n));
        c.library.cases++;
        for (int i = 0; i < METRICS; i++) {
            const double expected = (double)metrics[(step - 1) * METRICS + i];
            double value;
            LEBM_ASSERT_OK(lebm_trainer_metric(trainer, keys[i], &value));
            agree_on(&c.library, value, expected, fmax(1, fabs(expected)), keys[i]);
        }
        if (step == END_OF_EPOCH) LEBM_ASSERT_OK(lebm_trainer_end_epoch(trainer));
    }
    learn_reference(&g, step_size_of(to_posterior), step_size_of(to_prior));
    compare_learned(&c, &g, "learning_f", &g.model.f);
    compare_learned(&c, &g, "learning_g", &g.model.g);
    free(metrics);
    lebm_trainer_destroy(trainer);
    lebm_sampler_destroy(to_prior);
    lebm_sampler_destroy(to_posterior);
    unload(&g);
    print(&c);
}
END_TEST

/* ---- initialisation ---- */

static int compare_floats(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* That a tensor has the bound or deviation that PyTorch asked for, and with PyTorch's own draw of it the moments and
 * deciles in common, within five standard errors. */
static void assert_like_torch(const lebm__st_reader *file, const char *layer, const char *scheme, const char *which,
                              const float *values, int64_t count)
{
    enum { DECILES = 9, ERRORS = 5 };
    char group[64];
    snprintf(group, sizeof group, "%s.%s", layer, scheme);
    float *torch = tensor_of(file, group, which, 3 + DECILES), *sorted = test_copy(values, count);
    const int bounded = strcmp(scheme, LEBM_INIT_PYTORCH) == 0;
    const double n = (double)count, asked = (double)torch[0], std = bounded ? asked / sqrt(3) : asked;
    const double kurtosis = bounded ? 1.8 : 3;
    const struct sample_moments m = sample_moments(values, count, 1);
    qsort(sorted, (size_t)count, sizeof *sorted, compare_floats);
    if (bounded) { /* none beyond the bound, and the extremes as near to it as count draws come */
        const double near = asked * (1 - 2 * 12 / n); /* of all within, 1 in e^12 */
        ck_assert_msg((double)sorted[count - 1] <= asked && (double)sorted[count - 1] >= near,
                      "%s %s: the largest is %.9g, PyTorch's bound %.9g", group, which, (double)sorted[count - 1],
                      asked);
        ck_assert_msg((double)sorted[0] >= -asked && (double)sorted[0] <= -near,
                      "%s %s: the least is %.9g, PyTorch's bound %.9g", group, which, (double)sorted[0], -asked);
    }
    LEBM_ASSERT_WITHIN(m.mean, 0, ERRORS, std / sqrt(n));
    LEBM_ASSERT_WITHIN(sqrt(m.variance), std, ERRORS, std / 2 * sqrt((kurtosis - 1) / n));
    LEBM_ASSERT_WITHIN(m.mean, (double)torch[1], ERRORS, std * sqrt(2 / n));
    LEBM_ASSERT_WITHIN(sqrt(m.variance), (double)torch[2], ERRORS, std / 2 * sqrt(2 * (kurtosis - 1) / n));
    for (int i = 0; i < DECILES; i++) {
        const double share = 0.1 * (i + 1);
        int64_t below = 0;
        while (below < count && sorted[below] < torch[3 + i]) below++;
        LEBM_ASSERT_WITHIN((double)below / n, share, ERRORS, sqrt(2 * share * (1 - share) / n));
    }
    printf("%s %s: %lld numbers, deviation %.6g, PyTorch's %.6g, asked %.6g\n", group, which, (long long)count,
           sqrt(m.variance), (double)torch[2], std);
    free(torch);
    free(sorted);
}

START_TEST(initialisation_is_distributed_as_pytorchs)
{
    lebm__st_reader file = open_golden("init");
    const cJSON *item;
    int64_t layers = 0;
    cJSON_ArrayForEach(item, file.metadata)
    {
        lebm_net *net;
        LEBM_ASSERT_OK(lebm_net_create_from_spec(&net, item->valuestring));
        const int64_t weights = lebm_net_param_size(net, 0), biases = lebm_net_param_size(net, 1);
        LEBM_ASSERT_OK(lebm_net_init(net, LEBM_INIT_PYTORCH, 1));
        float *params = pair_params(net);
        assert_like_torch(&file, item->string, LEBM_INIT_PYTORCH, "weight", params, weights);
        assert_like_torch(&file, item->string, LEBM_INIT_PYTORCH, "bias", params + weights, biases);
        free(params);
        LEBM_ASSERT_OK(lebm_net_init(net, LEBM_INIT_XAVIER_NORMAL, 1));
        params = pair_params(net);
        assert_like_torch(&file, item->string, LEBM_INIT_XAVIER_NORMAL, "weight", params, weights);
        free(params);
        lebm_net_destroy(net);
        layers++;
    }
    ck_assert_int_eq(layers, 2);
    lebm__st_close(&file);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("golden");
    TCase *torch = tcase_create("PyTorch");
    tcase_set_timeout(torch, 30);
    tcase_add_loop_test(torch, nets_equal_pytorch, 0, FORMS);
    tcase_add_test(torch, recurrent_generators_equal_pytorch);
    tcase_add_loop_test(torch, densities_equal_pytorch, 0, MODELS);
    tcase_add_loop_test(torch, chains_equal_pytorch, 0, MODELS);
    tcase_add_loop_test(torch, learning_equals_pytorch, 0, MODELS);
    tcase_add_test(torch, initialisation_is_distributed_as_pytorchs);
    suite_add_tcase(suite, torch);
    return suite;
}

int main(void)
{
    return test_run_suite(suite());
}
