#include "args/world.h"

#include "support/files.h"
#include "support/nets.h"

const char saved_path[] = "a.safetensors", checkpoint_path[] = "b.safetensors";

static const char net_spec[] = "in 3; linear 16; gelu; reshape 4 2 2; conv_transpose2d 2 4 2 1; reshape 32; linear 1";
static const char f_spec[] = "in 3; linear 8; gelu; linear 1";
static const char g_spec[] = "in 3; linear 16; silu; reshape 4 2 2; conv_transpose2d 2 4 2 1; tanh";
static const char token_spec[] = "in 3; embedding 4; gru 5; tokens 6 32";

const char vocabulary[] = "<unk>\nthe\n\xc3\xa4\n.\nno\nthing\n";

/* The checkpoint comes from another step than the worlds'. */
static void make_checkpoint(void)
{
    struct world w;
    world_make(&w, &(struct world_kind){1, 1, LEBM_GAUSSIAN, 0});
    LEBM_ASSERT_OK(lebm_trainer_step(w.trainer, w.x, N - 1));
    LEBM_ASSERT_OK(lebm_trainer_save(w.trainer, checkpoint_path));
    world_free(&w);
}

void world_open_folder(void)
{
    make_folder_in_memory();
    ck_assert_int_eq(chdir(folder), 0);
    make_checkpoint();
}

void world_remove_folder(void)
{
    ck_assert_int_eq(chdir("/"), 0);
    remove_folder();
}

int go_on(double done, void *user)
{
    (void)user;
    return !(done >= 0 && done <= 1);
}

int world_density(const float *z, int64_t n, double *log_density, float *score, void *user)
{
    (void)user;
    for (int64_t i = 0; i < n; i++) {
        log_density[i] = 0;
        for (int64_t k = i * LATENT; k < (i + 1) * LATENT; k++) {
            log_density[i] -= (double)z[k] * (double)z[k];
            score[k] = -2 * z[k];
        }
    }
    return 0;
}

static lebm_sampler *make_sampler(int threads)
{
    lebm_sampler *sampler;
    LEBM_ASSERT_OK(lebm_sampler_create(&sampler, LEBM_LANGEVIN));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_MEASURE_ACCEPTANCE, 1));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STEPS, 2));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_THREADS, threads));
    LEBM_ASSERT_OK(lebm_sampler_set_variances(sampler, (const float[LATENT]){0.5f, 1, 2}, LATENT));
    LEBM_ASSERT_OK(lebm_sampler_set_progress(sampler, go_on, NULL));
    return sampler;
}

static lebm_annealing *make_annealing(int threads)
{
    static const char *const keys[] = {LEBM_ANNEALING_TEMPERATURES, LEBM_ANNEALING_GROUPS, LEBM_ANNEALING_SETTLE_STEPS,
                                       LEBM_ANNEALING_PILOT_STEPS, LEBM_SAMPLER_LEAPFROG_STEPS};
    lebm_annealing *annealing;
    LEBM_ASSERT_OK(lebm_annealing_create(&annealing, LEBM_HMC));
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        LEBM_ASSERT_OK(lebm_annealing_set_i64(annealing, keys[i], 2));
    LEBM_ASSERT_OK(lebm_annealing_set_i64(annealing, LEBM_ANNEALING_CHAINS, ANNEALED));
    LEBM_ASSERT_OK(lebm_annealing_set_i64(annealing, LEBM_ANNEALING_PILOT_CHAINS, 4));
    LEBM_ASSERT_OK(lebm_annealing_set_i64(annealing, LEBM_ANNEALING_THREADS, threads));
    LEBM_ASSERT_OK(lebm_annealing_set_f64(annealing, LEBM_SAMPLER_TARGET_ACCEPTANCE, 0)); /* which takes some steps */
    LEBM_ASSERT_OK(lebm_annealing_set_progress(annealing, go_on, NULL));
    return annealing;
}

/* Sequences of all lengths; the last one, and that of a few, is the longest. */
static void make_tokens(float *x, uint64_t *seed)
{
    for (int i = 0; i < N; i++) {
        const int length = i == N - 1 || i == FEW - 1 ? DATA : (7 * i) % (DATA + 1);
        for (int t = 0; t < DATA; t++, x++) *x = t < length ? (float)test_integer(seed, 0, TOKENS - 1) : LEBM_PADDING;
    }
}

static lebm_generator *make_generator_of_tokens(void)
{
    lebm_generator *generator;
    LEBM_ASSERT_OK(lebm_generator_create_from_spec(&generator, token_spec, LEBM_CATEGORICAL, 0));
    LEBM_ASSERT_OK(lebm_generator_init(generator, LEBM_INIT_PYTORCH, 3));
    LEBM_ASSERT_OK(lebm_generator_set_vocabulary(generator, LEBM_WORDS, vocabulary));
    return generator;
}

static lebm_generator *make_generator_of_pixels(const struct world_kind *kind)
{
    lebm_net *g = make_net(g_spec, 3);
    if (kind->threads > 1) LEBM_ASSERT_OK(lebm_net_set_str(g, LEBM_NET_CONVOLUTION, "filtered"));
    return make_generator(g, kind->likelihood, strcmp(kind->likelihood, LEBM_GAUSSIAN) == 0 ? 0.3 : 0);
}

void world_make(struct world *w, const struct world_kind *kind)
{
    const int is_of_tokens = strcmp(kind->likelihood, LEBM_CATEGORICAL) == 0;
    uint64_t seed = 4;
    for (int i = 0; i < N * LATENT; i++) w->z[i] = (float)test_normal(&seed);
    for (int i = 0; i < N * DATA; i++) w->x[i] = (float)test_uniform(&seed, 0, 1);
    if (is_of_tokens) make_tokens(w->x, &seed);
    for (int i = 0; i < N; i++) w->ids[i] = (i + 5) % N;
    for (int i = 0; i < CHAINS * LENGTH * LATENT; i++) w->draws[i] = test_normal(&seed);
    write_bytes(saved_path, "an older file", 13);

    w->net = make_net(net_spec, 1);
    w->prior = make_prior(make_net(f_spec, 2), 1);
    w->generator = is_of_tokens ? make_generator_of_tokens() : make_generator_of_pixels(kind);
    w->to_prior = make_sampler(kind->threads);
    w->to_posterior = make_sampler(kind->threads);
    w->of_x = kind->anneals ? make_annealing(kind->threads) : NULL;
    w->of_prior = kind->anneals ? make_annealing(kind->threads) : NULL;
    LEBM_ASSERT_OK(lebm_target_create(&w->target, LATENT, world_density, NULL, 0));
    LEBM_ASSERT_OK(lebm_traces_create(&w->traces, 8, 1, 0));
    LEBM_ASSERT_OK(lebm_sampler_set_traces(w->to_prior, w->traces));
    LEBM_ASSERT_OK(lebm_trainer_create(&w->trainer, w->prior, w->generator, w->to_prior, w->to_posterior));
    LEBM_ASSERT_OK(lebm_trainer_set_i64(w->trainer, LEBM_TRAINER_THREADS, kind->threads));
    LEBM_ASSERT_OK(lebm_trainer_set_f64(w->trainer, LEBM_TRAINER_PRIOR_LEARNING_RATE, 1e-3));
    LEBM_ASSERT_OK(lebm_trainer_set_f64(w->trainer, LEBM_TRAINER_GENERATOR_LEARNING_RATE, 1e-3));
    LEBM_ASSERT_OK(lebm_trainer_set_f64(w->trainer, LEBM_TRAINER_AVERAGE_DECAY, 0.9));
    LEBM_ASSERT_OK(lebm_trainer_set_str(w->trainer, LEBM_TRAINER_PRIOR_CHAINS, "kept"));
    LEBM_ASSERT_OK(lebm_trainer_set_i64(w->trainer, LEBM_TRAINER_OBSERVATIONS, N));
    LEBM_ASSERT_OK(lebm_trainer_set_progress(w->trainer, go_on, NULL));
    if (kind->has_stepped) {
        float z[N * LATENT];
        LEBM_ASSERT_OK(lebm_sampler_run_prior(w->to_prior, w->prior, N, z));
        if (kind->anneals) {
            LEBM_ASSERT_OK(lebm_annealing_run_posterior(w->of_x, w->prior, w->generator, w->x, FEW));
            LEBM_ASSERT_OK(lebm_annealing_run_prior(w->of_prior, w->prior));
        }
        LEBM_ASSERT_OK(lebm_trainer_step(w->trainer, w->x, N));
        LEBM_ASSERT_OK(lebm_trainer_end_epoch(w->trainer));
    }
}

void world_free(struct world *w)
{
    lebm_trainer_destroy(w->trainer);
    lebm_sampler_destroy(w->to_prior);
    lebm_sampler_destroy(w->to_posterior);
    lebm_annealing_destroy(w->of_x);
    lebm_annealing_destroy(w->of_prior);
    lebm_prior_destroy(w->prior);
    lebm_generator_destroy(w->generator);
    lebm_net_destroy(w->net);
    lebm_target_destroy(w->target);
    lebm_traces_destroy(w->traces);
}

/* ---- hashes ---- */

uint64_t hash_start(void)
{
    return 14695981039346656037u;
}

void hash_bytes(uint64_t *hash, const void *bytes, size_t size)
{
    for (size_t i = 0; i < size; i += sizeof *hash) {
        uint64_t word = 0;
        memcpy(&word, (const char *)bytes + i, size - i < sizeof word ? size - i : sizeof word);
        *hash = (*hash ^ word) * 1099511628211u;
        *hash ^= *hash >> 32;
    }
}

void hash_text(uint64_t *hash, const char *text)
{
    if (text) hash_bytes(hash, text, strlen(text) + 1);
}

static void hash_floats(uint64_t *hash, const float *values, int64_t count)
{
    hash_bytes(hash, values, (size_t)count * sizeof *values);
}

void hash_net(uint64_t *hash, const lebm_net *net)
{
    const char *convolution;
    if (!net) return;
    LEBM_ASSERT_OK(lebm_net_get_str(net, LEBM_NET_CONVOLUTION, &convolution));
    hash_text(hash, convolution);
    hash_text(hash, lebm_net_spec(net));
    for (int64_t t = 0; t < lebm_net_param_count(net); t++) {
        const int64_t size = lebm_net_param_size(net, t);
        float *values = test_floats(size);
        LEBM_ASSERT_OK(lebm_net_get_param(net, t, values, size));
        hash_floats(hash, values, size);
        free(values);
    }
}

void hash_generator(uint64_t *hash, lebm_generator *generator)
{
    if (!generator) return;
    hash_net(hash, lebm_generator_net(generator)); /* of none nothing */
    hash_text(hash, lebm_generator_spec(generator));
    hash_text(hash, lebm_generator_token_unit(generator));
    hash_text(hash, lebm_generator_vocabulary(generator));
    for (int64_t t = 0; t < lebm_generator_param_count(generator); t++) {
        const int64_t size = lebm_generator_param_size(generator, t);
        float *values = test_floats(size);
        LEBM_ASSERT_OK(lebm_generator_get_param(generator, t, values, size));
        hash_floats(hash, values, size);
        free(values);
    }
}

static void hash_options_of_generator(uint64_t *hash, const lebm_generator *generator)
{
    for (int64_t i = 0; i < lebm_generator_option_count(generator); i++) {
        const char *value;
        LEBM_ASSERT_OK(lebm_generator_get_str(generator, lebm_generator_option_key(generator, i), &value));
        hash_text(hash, value);
    }
}

/* The options of samplers, annealings and trainers, which have the same functions by other names. */
#define HASH_OPTIONS(hash, handle, object)                                                                             \
    for (int64_t i_ = 0; i_ < lebm_##handle##_option_count(object); i_++) {                                            \
        const char *key_ = lebm_##handle##_option_key(object, i_), *text_;                                             \
        int64_t integer_;                                                                                              \
        double number_;                                                                                                \
        if (lebm_##handle##_get_i64(object, key_, &integer_) == LEBM_OK) {                                             \
            hash_bytes(hash, &integer_, sizeof integer_);                                                              \
        } else if (lebm_##handle##_get_f64(object, key_, &number_) == LEBM_OK) {                                       \
            hash_bytes(hash, &number_, sizeof number_);                                                                \
        } else {                                                                                                       \
            LEBM_ASSERT_OK(lebm_##handle##_get_str(object, key_, &text_));                                             \
            hash_text(hash, text_);                                                                                    \
        }                                                                                                              \
    }

static void hash_annealing(uint64_t *hash, const lebm_annealing *annealing)
{
    const int64_t chains = lebm_annealing_chain_count(annealing);
    double *log_weights = test_doubles(chains);
    HASH_OPTIONS(hash, annealing, annealing);
    for (int64_t row = 0; row < lebm_annealing_row_count(annealing); row++)
        for (int reverse = 0; reverse < 2; reverse++) {
            if (lebm_annealing_log_weights(annealing, row, reverse, log_weights, chains) == LEBM_OK)
                hash_bytes(hash, log_weights, (size_t)chains * sizeof *log_weights);
        }
    free(log_weights);
}

static void hash_variances(uint64_t *hash, const lebm_sampler *sampler)
{
    const int64_t count = lebm_sampler_variance_count(sampler);
    float *variances = test_floats(count + 1);
    if (count > 0) LEBM_ASSERT_OK(lebm_sampler_get_variances(sampler, variances, count));
    hash_floats(hash, variances, count);
    free(variances);
}

void hash_traces(uint64_t *hash, const lebm_traces *traces)
{
    const int64_t chains = lebm_traces_chains(traces), length = lebm_traces_length(traces);
    const int64_t dims = lebm_traces_dims(traces), every = lebm_traces_every(traces);
    const int64_t *strides = lebm_traces_strides(traces);
    const double *states = lebm_traces_states(traces), *log_densities = lebm_traces_log_densities(traces);
    hash_bytes(hash, &every, sizeof every);
    for (int64_t c = 0; c < chains; c++)
        for (int64_t t = 0; t < length; t++) {
            const int64_t at = c * strides[0] + t * strides[1];
            hash_bytes(hash, states + at, (size_t)dims * sizeof *states);
            hash_bytes(hash, log_densities + at, sizeof *log_densities);
        }
}

static void hash_averages(uint64_t *hash, const lebm_trainer *trainer)
{
    lebm_prior *prior;
    lebm_generator *generator;
    if (lebm_trainer_average(trainer, &prior, &generator) != LEBM_OK) return;
    hash_net(hash, lebm_prior_net(prior));
    hash_generator(hash, generator);
    lebm_prior_destroy(prior);
    lebm_generator_destroy(generator);
}

static void hash_file(uint64_t *hash, const char *from)
{
    size_t size;
    if (access(from, F_OK) != 0) return;
    unsigned char *bytes = read_bytes(from, &size);
    hash_bytes(hash, bytes, size);
    free(bytes);
}

uint64_t world_look(const struct world *w)
{
    uint64_t hash = hash_start();
    hash_net(&hash, w->net);
    hash_net(&hash, lebm_prior_net(w->prior));
    hash_generator(&hash, w->generator);
    hash_options_of_generator(&hash, w->generator);
    HASH_OPTIONS(&hash, sampler, w->to_prior);
    HASH_OPTIONS(&hash, sampler, w->to_posterior);
    HASH_OPTIONS(&hash, trainer, w->trainer);
    if (w->of_x) hash_annealing(&hash, w->of_x);
    if (w->of_prior) hash_annealing(&hash, w->of_prior);
    hash_variances(&hash, w->to_prior);
    hash_variances(&hash, w->to_posterior);
    hash_traces(&hash, w->traces);
    const int64_t counts[] = {lebm_trainer_steps_done(w->trainer), lebm_trainer_epochs_done(w->trainer), count_files()};
    hash_bytes(&hash, counts, sizeof counts);
    hash_file(&hash, saved_path);
    hash_file(&hash, checkpoint_path);
    return hash;
}

uint64_t world_use(struct world *w)
{
    uint64_t hash = hash_start();
    float out[N * DATA];
    if (w->net) {
        LEBM_ASSERT_OK(lebm_net_forward(w->net, w->z, N, out));
        hash_floats(&hash, out, N * lebm_net_out_features(w->net));
    }
    if (w->generator) {
        LEBM_ASSERT_OK(lebm_generator_decode(w->generator, w->z, N, out));
        hash_floats(&hash, out, N * DATA);
    }
    if (w->prior && w->to_prior) {
        LEBM_ASSERT_OK(lebm_sampler_run_prior(w->to_prior, w->prior, N, out));
        hash_floats(&hash, out, N * LATENT);
        hash_traces(&hash, w->traces);
    }
    if (w->prior && w->generator) {
        LEBM_ASSERT_OK(lebm_sampler_run_posterior(w->to_posterior, w->prior, w->generator, w->x, N, out));
        hash_floats(&hash, out, N * LATENT);
    }
    if (w->target && w->to_posterior) {
        LEBM_ASSERT_OK(lebm_sampler_run_target(w->to_posterior, w->target, N, out));
        hash_floats(&hash, out, N * LATENT);
    }
    if (w->prior && w->generator && w->of_x) {
        LEBM_ASSERT_OK(lebm_annealing_run_posterior(w->of_x, w->prior, w->generator, w->x, FEW));
        hash_annealing(&hash, w->of_x);
    }
    if (w->target && w->of_prior) {
        LEBM_ASSERT_OK(lebm_annealing_run_target(w->of_prior, w->target));
        hash_annealing(&hash, w->of_prior);
    }
    if (w->trainer) {
        LEBM_ASSERT_OK(lebm_trainer_step(w->trainer, w->x, N));
        hash_averages(&hash, w->trainer);
        hash_net(&hash, lebm_prior_net(w->prior));
        hash_generator(&hash, w->generator);
    }
    return hash;
}
