#include "model/generator.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "core/memory.h"
#include "core/status.h"
#include "model/prior.h"

static const lebm__option option_rows[] = {
    LEBM__OPTION_STR(LEBM_GENERATOR_OUT_OF_RANGE, 0, "error", "error|allow", NULL,
                     "what becomes of an x far outside the range that g gives"),
};

static const lebm__options table = {option_rows, sizeof option_rows / sizeof *option_rows,
                                    sizeof((lebm_generator *)NULL)->options};

int lebm_generator_create(lebm_generator **out, lebm_net *g, const char *likelihood, double sigma)
{
    LEBM__REQUIRE(out);
    *out = NULL;
    LEBM__REQUIRE(g);
    LEBM__REQUIRE(likelihood);
    const lebm__likelihood *found = lebm__likelihood_find(likelihood);
    if (found == NULL) {
        return lebm__fail(LEBM_ERR_UNKNOWN_OPTION, "there is no likelihood '%.64s'; there are %s and %s", likelihood,
                          LEBM_GAUSSIAN, LEBM_BERNOULLI);
    }
    if (found->has_sigma && !(sigma >= 1e-6 && sigma <= 1e6)) {
        return lebm__fail(LEBM_ERR_RANGE, "sigma is %g; allowed are 1e-06 to 1e+06", sigma);
    }
    if (!found->has_sigma && sigma != 0.0) {
        return lebm__fail(LEBM_ERR_RANGE, "sigma is %g; for %s it must be 0", sigma, found->name);
    }
    lebm_generator *generator = lebm__alloc(1, sizeof *generator);
    if (generator == NULL) return LEBM_ERR_NOMEM;
    const int status = lebm__net_take(g, __func__);
    if (status != LEBM_OK) {
        lebm__free(generator);
        return status;
    }
    *generator = (lebm_generator){.net = g, .likelihood = found, .sigma = sigma};
    lebm__handle_init(&generator->head, "generator");
    lebm__handle_add_options(&generator->head, &table, &generator->options);
    *out = generator;
    return LEBM_OK;
}

void lebm_generator_destroy(lebm_generator *generator)
{
    if (generator == NULL) return;
    lebm__net_let_go(generator->net, LEBM__MODEL);
    lebm__free(generator);
}

int lebm_generator_set_str(lebm_generator *generator, const char *key, const char *value)
{
    LEBM__REQUIRE(generator);
    LEBM__REQUIRE(key);
    LEBM__REQUIRE(value);
    LEBM__TRY(lebm__handle_claim(&generator->net->head, __func__, 0));
    const int status = lebm__handle_put_str(&generator->head, key, value);
    lebm__handle_yield(&generator->net->head, 0);
    return status;
}

int lebm_generator_get_str(const lebm_generator *generator, const char *key, const char **value)
{
    LEBM__REQUIRE(value);
    *value = NULL;
    LEBM__REQUIRE(generator);
    LEBM__REQUIRE(key);
    return lebm__handle_get_str(&generator->head, key, value);
}

int64_t lebm_generator_option_count(const lebm_generator *generator)
{
    return generator == NULL ? 0 : lebm__handle_option_count(&generator->head);
}

const char *lebm_generator_option_key(const lebm_generator *generator, int64_t index)
{
    return generator == NULL ? NULL : lebm__handle_option_key(&generator->head, index);
}

const char *lebm_generator_option_type(const lebm_generator *generator, const char *key)
{
    return generator == NULL ? NULL : lebm__handle_option_type(&generator->head, key);
}

const char *lebm_generator_option_help(const lebm_generator *generator, const char *key)
{
    return generator == NULL ? NULL : lebm__handle_option_help(&generator->head, key);
}

const char *lebm_generator_option_choices(const lebm_generator *generator, const char *key)
{
    return generator == NULL ? NULL : lebm__handle_option_choices(&generator->head, key);
}

lebm_net *lebm_generator_net(lebm_generator *generator)
{
    return generator == NULL ? NULL : generator->net;
}

int64_t lebm_generator_latent_size(const lebm_generator *generator)
{
    return generator == NULL ? 0 : lebm_net_in_features(generator->net);
}

int64_t lebm_generator_data_size(const lebm_generator *generator)
{
    return generator == NULL ? 0 : lebm_net_out_features(generator->net);
}

int lebm_generator_data_shape(const lebm_generator *generator, int64_t *chw)
{
    LEBM__REQUIRE(generator);
    LEBM__REQUIRE(chw);
    return lebm_net_out_shape(generator->net, chw);
}

int lebm_generator_data_range(const lebm_generator *generator, double *low, double *high)
{
    LEBM__REQUIRE(generator);
    LEBM__REQUIRE(low);
    LEBM__REQUIRE(high);
    const lebm__likelihood *likelihood = generator->likelihood;
    if (likelihood->is_bounded) {
        *low = likelihood->least;
        *high = likelihood->most;
    } else {
        lebm__net_out_range(generator->net, low, high);
    }
    return LEBM_OK;
}

const char *lebm_generator_likelihood(const lebm_generator *generator)
{
    return generator == NULL ? NULL : generator->likelihood->name;
}

double lebm_generator_sigma(const lebm_generator *generator)
{
    return generator == NULL ? 0.0 : generator->sigma;
}

int lebm__model_check(const lebm_prior *prior, const lebm_generator *generator)
{
    const int64_t of_f = lebm_prior_latent_size(prior), of_g = lebm_generator_latent_size(generator);
    if (of_f == of_g) return LEBM_OK;
    return lebm__fail(LEBM_ERR_SHAPE, "z has %lld numbers for the prior but %lld for the generator", (long long)of_f,
                      (long long)of_g);
}

int lebm__model_require_set(const lebm_prior *prior, const lebm_generator *generator)
{
    LEBM__TRY(lebm__net_require_set(prior->net, "the prior's net f"));
    return generator == NULL ? LEBM_OK : lebm__net_require_set(generator->net, "the generator's net g");
}

int lebm__model_use(const lebm_prior *prior, const lebm_generator *generator)
{
    LEBM__TRY(lebm__handle_use(&prior->net->head));
    const int status = generator == NULL ? LEBM_OK : lebm__handle_use(&generator->net->head);
    if (status != LEBM_OK) lebm__handle_leave(&prior->net->head);
    return status;
}

void lebm__model_leave(const lebm_prior *prior, const lebm_generator *generator)
{
    if (generator != NULL) lebm__handle_leave(&generator->net->head);
    lebm__handle_leave(&prior->net->head);
}

int lebm__model_claim(lebm_prior *prior, lebm_generator *generator, const char *function, int own_uses)
{
    LEBM__TRY(lebm__handle_claim(&prior->net->head, function, own_uses));
    const int status = lebm__handle_claim(&generator->net->head, function, own_uses);
    if (status != LEBM_OK) lebm__handle_yield(&prior->net->head, own_uses);
    return status;
}

void lebm__model_yield(lebm_prior *prior, lebm_generator *generator, int own_uses)
{
    lebm__handle_yield(&generator->net->head, own_uses);
    lebm__handle_yield(&prior->net->head, own_uses);
}

/* What a number of x may be. About the mean's range there is room for noise, and for data that are scaled a little
 * otherwise; a range that is open at one end has no width, for which 1 stands. */
static void get_bounds(const lebm_generator *generator, double *least, double *most)
{
    enum { SIGMAS = 10 };
    lebm_generator_data_range(generator, least, most);
    if (generator->likelihood->is_bounded) return;
    const double width = isfinite(*least) && isfinite(*most) ? *most - *least : 1.0;
    const double room =
        strcmp(generator->options.out_of_range, "allow") == 0 ? INFINITY : width + SIGMAS * generator->sigma;
    *least = fmax(*least - room, -FLT_MAX);
    *most = fmin(*most + room, FLT_MAX);
}

static int refuse(const lebm_generator *generator, double value, int64_t row, int64_t place, double least, double most)
{
    double low, high;
    lebm_generator_data_range(generator, &low, &high);
    if (!isfinite(value)) {
        return lebm__fail(LEBM_ERR_RANGE, "number %lld of row %lld of x is %g; it must be finite", (long long)place,
                          (long long)row, isnan(value) ? NAN : value);
    }
    if (generator->likelihood->is_bounded) {
        return lebm__fail(LEBM_ERR_RANGE, "number %lld of row %lld of x is %g; allowed for %s are %g to %g: scale x",
                          (long long)place, (long long)row, value, generator->likelihood->name, low, high);
    }
    return lebm__fail(LEBM_ERR_RANGE,
                      "number %lld of row %lld of x is %g; g gives %g to %g, and allowed are %g to %g: scale x, or set "
                      "option '%s' of the generator to 'allow'",
                      (long long)place, (long long)row, value, low, high, least, most, LEBM_GENERATOR_OUT_OF_RANGE);
}

int lebm__generator_check(const lebm_generator *generator, const float *x, int64_t n)
{
    const int64_t size = lebm__numbers(generator->net->out);
    double least, most;
    LEBM__TRY(lebm__handle_use(&generator->net->head)); /* whose claim keeps the generator's options, too */
    get_bounds(generator, &least, &most);
    lebm__handle_leave(&generator->net->head);
    for (int64_t i = 0; i < n * size; i++) {
        if (x[i] >= least && x[i] <= most) continue;
        return refuse(generator, x[i], i / size, i % size, least, most);
    }
    return LEBM_OK;
}

void lebm__generator_arrange(const lebm_generator *generator, const float *x, int64_t n, float *arranged)
{
    const lebm__shape shape = generator->net->out;
    lebm__transpose(n, shape.channels, lebm__pixels(shape), x, arranged);
}

/* What is wanted of g: log p(x|z) added to its values, and, if not NULL, the squared errors. */
typedef struct {
    const lebm_generator *generator;
    const float *x; /* [n, D] */
    double *log_likelihood, *squared_error;
} wanted;

/* The output's gradient is that of log p(x|z). */
static void turn(void *context, int64_t first, int64_t n, float *out)
{
    const wanted *w = context;
    const lebm__likelihood *likelihood = w->generator->likelihood;
    const int64_t size = lebm__numbers(w->generator->net->out);
    for (int64_t i = first; i < first + n; i++, out += size) {
        const float *x = w->x + i * size;
        if (w->squared_error != NULL) w->squared_error[i] = likelihood->squared_error(size, x, out);
        w->log_likelihood[i] += likelihood->log_density(w->generator->sigma, size, x, out);
    }
}

void lebm__generator_add(const lebm_generator *generator, const lebm__tape *tape, const float *z, const float *x,
                         int64_t n, double *log_density, float *score)
{
    const int64_t dims = lebm__numbers(generator->net->in);
    wanted w = {generator, x, log_density, NULL};
    memcpy(lebm__tape_input(tape), z, (size_t)(n * dims) * sizeof *z);
    if (score == NULL) {
        lebm__tape_forward(tape, n);
        turn(&w, 0, n, lebm__tape_output(tape));
        return;
    }
    lebm__tape_run(tape, n, turn, &w, NULL);
    const float *grad_z = lebm__tape_input(tape);
    for (int64_t i = 0; i < n * dims; i++) score[i] += grad_z[i];
}

/* What chains towards a posterior need of a generator. */
typedef struct {
    lebm__tape tape;
    float *x; /* [rows, D] pixel-major */
} workspace;

void *lebm__generator_lay_out(const lebm_generator *generator, int64_t rows, lebm__passes passes, lebm__arena *arena)
{
    workspace w, *taken = lebm__arena_take(arena, 1, sizeof *taken);
    w.x = lebm__arena_take(arena, rows * lebm_generator_data_size(generator), sizeof *w.x);
    lebm__tape_lay_out(&w.tape, generator->net, rows, passes, arena);
    if (taken != NULL) *taken = w;
    return taken;
}

int lebm__generator_prepare(const lebm_generator *generator, lebm__passes passes, lebm__pool *pool)
{
    return lebm__net_prepare(generator->net, passes, pool);
}

void lebm__generator_observe(const lebm_generator *generator, void *workspace_of, const float *x, int64_t n)
{
    lebm__generator_arrange(generator, x, n, ((workspace *)workspace_of)->x);
}

void lebm__generator_log_likelihood(const lebm_generator *generator, void *workspace_of, const float *z, int64_t n,
                                    double *log_likelihood, float *score)
{
    const workspace *w = workspace_of;
    lebm__generator_add(generator, &w->tape, z, w->x, n, log_likelihood, score);
}

void lebm__generator_learn(const lebm_generator *generator, const lebm__tape *tape, const float *z, const float *x,
                           int64_t n, double *log_likelihood, double *squared_error, float *grads)
{
    memset(log_likelihood, 0, (size_t)n * sizeof *log_likelihood);
    memcpy(lebm__tape_input(tape), z, (size_t)(n * lebm__numbers(generator->net->in)) * sizeof *z);
    lebm__tape_run(tape, n, turn, &(wanted){generator, x, log_likelihood, squared_error}, grads);
}

/* Logits that are wrong by so much cost about as many nats. */
double lebm__generator_misfit(const lebm_generator *generator, double log_likelihood, double squared_error,
                              const char **what)
{
    const int has_logits = generator->likelihood->mean != NULL;
    *what = has_logits ? "negative log_likelihood per number of x" : "root of reconstruction_mse";
    return has_logits ? -log_likelihood / (double)lebm__numbers(generator->net->out) : sqrt(squared_error);
}

int lebm_generator_decode(const lebm_generator *generator, const float *z, int64_t n, float *x)
{
    LEBM__REQUIRE(generator);
    LEBM__REQUIRE(z);
    LEBM__REQUIRE(x);
    LEBM__TRY(lebm_net_forward(generator->net, z, n, x));
    if (generator->likelihood->mean != NULL) generator->likelihood->mean(n * lebm__numbers(generator->net->out), x);
    return LEBM_OK;
}

/* The work of the public functions; either result may be NULL. */
static int evaluate(const lebm_generator *generator, const float *z, const float *x, int64_t n, float *log_likelihood,
                    float *score)
{
    const int64_t dims = lebm__numbers(generator->net->in), size = lebm__numbers(generator->net->out);
    lebm__tape tape;
    void *memory;
    LEBM__TRY(lebm__net_begin(generator->net, n, score == NULL ? LEBM__FORWARD : LEBM__SCORE, &tape, &memory));
    int status = lebm__generator_check(generator, x, n); /* n is in range now */
    float *arranged = lebm__alloc_raw(tape.rows * size, sizeof *arranged);
    if (arranged == NULL) status = LEBM_ERR_NOMEM;
    if (status == LEBM_OK && score != NULL) memset(score, 0, (size_t)(n * dims) * sizeof *score);
    for (int64_t first = 0; first < n && status == LEBM_OK; first += LEBM__ROWS) {
        const int64_t rows = n - first < LEBM__ROWS ? n - first : LEBM__ROWS;
        double values[LEBM__ROWS] = {0};
        lebm__generator_arrange(generator, x + first * size, rows, arranged);
        lebm__generator_add(generator, &tape, z + first * dims, arranged, rows, values,
                            score == NULL ? NULL : score + first * dims);
        for (int64_t i = 0; log_likelihood != NULL && i < rows; i++) log_likelihood[first + i] = (float)values[i];
    }
    lebm__free(arranged);
    lebm__net_end(generator->net, memory);
    return status;
}

int lebm_generator_log_likelihood(const lebm_generator *generator, const float *z, const float *x, int64_t n,
                                  float *out)
{
    LEBM__REQUIRE(generator);
    LEBM__REQUIRE(z);
    LEBM__REQUIRE(x);
    LEBM__REQUIRE(out);
    return evaluate(generator, z, x, n, out, NULL);
}

int lebm_generator_score(const lebm_generator *generator, const float *z, const float *x, int64_t n, float *score)
{
    LEBM__REQUIRE(generator);
    LEBM__REQUIRE(z);
    LEBM__REQUIRE(x);
    LEBM__REQUIRE(score);
    return evaluate(generator, z, x, n, NULL, score);
}
