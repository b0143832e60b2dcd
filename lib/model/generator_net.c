/* A generator whose decoder is a net of pixels. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "core/status.h"
#include "model/generator.h"
#include "model/likelihood.h"
#include "nn/evaluate.h"
#include "nn/spec.h"

typedef struct {
    lebm_generator base;
    lebm_net *net;
    const lebm__likelihood *likelihood;
} generator_net;

typedef struct {
    lebm__tape tape;
    float *x; /* [rows, D] pixel-major, as the net's values are */
} generator_net_workspace;

static const generator_net *generator_net_of(const lebm_generator *generator)
{
    return (const generator_net *)generator;
}

int lebm_generator_create(lebm_generator **out, lebm_net *g, const char *likelihood, double sigma)
{
    LEBM__REQUIRE(out);
    *out = NULL;
    LEBM__REQUIRE(g);
    LEBM__REQUIRE(likelihood);
    const lebm__likelihood *found = lebm__likelihood_find(likelihood);
    if (strcmp(likelihood, LEBM_CATEGORICAL) == 0) {
        return lebm__fail(LEBM_ERR_UNKNOWN_OPTION,
                          "the likelihood '%s' is of tokens, and no net's: use lebm_generator_create_from_spec()",
                          LEBM_CATEGORICAL);
    }
    if (found == NULL) {
        return lebm__fail(LEBM_ERR_UNKNOWN_OPTION, "there is no likelihood '%.64s'; there are %s and %s", likelihood,
                          LEBM_GAUSSIAN, LEBM_BERNOULLI);
    }
    if (found->has_sigma && !(sigma >= LEBM__LEAST_SIGMA && sigma <= LEBM__MOST_SIGMA)) {
        return lebm__fail(LEBM_ERR_RANGE, "sigma is %g; allowed are %.0e to %.0e", sigma, LEBM__LEAST_SIGMA,
                          LEBM__MOST_SIGMA);
    }
    if (!found->has_sigma && sigma != 0.0) {
        return lebm__fail(LEBM_ERR_RANGE, "sigma is %g; for %s it must be 0", sigma, found->name);
    }
    generator_net *generator = lebm__alloc(1, sizeof *generator);
    if (generator == NULL) return LEBM_ERR_NOMEM;
    const int status = lebm__net_take(g, __func__);
    if (status != LEBM_OK) {
        lebm__free(generator);
        return status;
    }
    generator->net = g;
    generator->likelihood = found;
    lebm__generator_init(&generator->base, &lebm__generator_net, &g->params, lebm_net_in_features(g),
                         lebm_net_out_features(g), found->name, sigma);
    *out = &generator->base;
    return LEBM_OK;
}

static int generator_net_create(lebm_generator **out, const char *spec, int64_t max_params, const char *likelihood,
                                double sigma)
{
    lebm_net *net;
    *out = NULL;
    LEBM__TRY(lebm__net_from_spec(&net, spec, max_params));
    const int status = lebm_generator_create(out, net, likelihood, sigma);
    lebm_net_destroy(net);
    return status;
}

static void generator_net_destroy(lebm_generator *generator)
{
    lebm__net_let_go(generator_net_of(generator)->net, LEBM__MODEL);
    lebm__free(generator);
}

static lebm_net *generator_net_net(const lebm_generator *generator)
{
    return generator_net_of(generator)->net;
}

static const char *generator_net_spec(const lebm_generator *generator)
{
    return lebm_net_spec(generator_net_of(generator)->net);
}

static uint64_t generator_net_stream(const lebm_generator *generator)
{
    return lebm__net_stream(generator_net_of(generator)->net);
}

static void generator_net_shape(const lebm_generator *generator, int64_t *chw)
{
    lebm_net_out_shape(generator_net_of(generator)->net, chw);
}

static void generator_net_range(const lebm_generator *generator, double *low, double *high)
{
    const generator_net *g = generator_net_of(generator);
    if (g->likelihood->is_bounded) {
        *low = g->likelihood->low;
        *high = g->likelihood->high;
    } else {
        lebm__net_out_range(g->net, low, high);
    }
}

static double generator_net_work(const lebm_generator *generator)
{
    return lebm__net_work(generator_net_of(generator)->net);
}

/* ---- Checking x ---- */

/* What a number of x may be. About the mean's range there is room for noise, and for data that are scaled a little
 * otherwise; a range that is open at one end has no width, for which 1 stands. */
static void generator_net_bounds(const lebm_generator *generator, double *min, double *max)
{
    enum { SIGMAS = 10 };
    generator_net_range(generator, min, max);
    if (generator_net_of(generator)->likelihood->is_bounded) return;
    const double width = isfinite(*min) && isfinite(*max) ? *max - *min : 1.0;
    const double margin =
        strcmp(generator->options.out_of_range, "allow") == 0 ? INFINITY : width + SIGMAS * generator->sigma;
    *min = fmax(*min - margin, -FLT_MAX);
    *max = fmin(*max + margin, FLT_MAX);
}

static int generator_net_refuse(const lebm_generator *generator, double value, int64_t row, int64_t place, double min,
                                double max)
{
    double low, high;
    generator_net_range(generator, &low, &high);
    if (!isfinite(value)) {
        return lebm__fail(LEBM_ERR_RANGE, "number %lld of row %lld of x is %g; it must be finite", (long long)place,
                          (long long)row, isnan(value) ? NAN : value);
    }
    if (generator_net_of(generator)->likelihood->is_bounded) {
        return lebm__fail(LEBM_ERR_RANGE, "number %lld of row %lld of x is %g; allowed for %s are %g to %g: scale x",
                          (long long)place, (long long)row, value, generator->likelihood, low, high);
    }
    return lebm__fail(LEBM_ERR_RANGE,
                      "number %lld of row %lld of x is %g; g gives %g to %g, and allowed are %g to %g: scale x, or set "
                      "option '%s' of the generator to 'allow'",
                      (long long)place, (long long)row, value, low, high, min, max, LEBM_GENERATOR_OUT_OF_RANGE);
}

static int generator_net_check(const lebm_generator *generator, const float *x, int64_t n)
{
    const int64_t size = generator->data_size;
    const int skips_missing = lebm__generator_skips_missing(generator);
    double min, max;
    generator_net_bounds(generator, &min, &max);
    for (int64_t i = 0; i < n * size; i++) {
        if (x[i] >= min && x[i] <= max) continue;
        if (isnan(x[i]) && skips_missing) continue;
        return generator_net_refuse(generator, x[i], i / size, i % size, min, max);
    }
    return LEBM_OK;
}

/* The numbers of x that are there, and the sum of their squares. */
static int64_t generator_net_observed(const lebm_generator *generator, const float *x, int64_t n, double *squares)
{
    int64_t count = 0;
    *squares = 0.0;
    for (int64_t i = 0; i < n * generator->data_size; i++) {
        if (isnan(x[i])) continue;
        *squares += (double)x[i] * x[i];
        count++;
    }
    return count;
}

static int64_t generator_net_count(const lebm_generator *generator, const float *x, int64_t n)
{
    double squares;
    if (!lebm__generator_skips_missing(generator)) return n * generator->data_size; /* x was checked */
    return generator_net_observed(generator, x, n, &squares);
}

/* Logits that are wrong by so much cost about as many nats. */
static double generator_net_misfit(const lebm_generator *generator, const float *x, int64_t n, double log_likelihood,
                                   double squared_error, const char **what, double *unit)
{
    const int has_logits = generator_net_of(generator)->likelihood->has_logits;
    double squares;
    const int64_t count = generator_net_observed(generator, x, n, &squares);
    *unit = count == 0 ? 0.0 : sqrt(squares / (double)count);
    *what = has_logits ? "negative log_likelihood per number of x" : "root of reconstruction_mse";
    return has_logits ? -log_likelihood : sqrt(squared_error);
}

/* ---- Passes ---- */

static int generator_net_prepare(const lebm_generator *generator, lebm__passes passes, lebm__pool *pool)
{
    return lebm__net_prepare(generator_net_of(generator)->net, passes, pool);
}

static void *generator_net_lay_out(const lebm_generator *generator, int64_t rows, lebm__passes passes,
                                   lebm__arena *arena)
{
    generator_net_workspace w, *place = lebm__arena_take(arena, 1, sizeof *place);
    lebm__tape_lay_out(&w.tape, generator_net_of(generator)->net, rows, passes, arena);
    w.x = lebm__arena_take(arena, rows * generator->data_size, sizeof *w.x);
    if (place != NULL) *place = w;
    return place;
}

static void *generator_net_lay_out_view(const lebm_generator *generator, const void *all, int64_t first, int64_t rows,
                                        lebm__arena *arena)
{
    const generator_net_workspace *whole = all;
    generator_net_workspace w, *place = lebm__arena_take(arena, 1, sizeof *place);
    lebm__tape_lay_out_view(&w.tape, &whole->tape, first, rows, arena);
    w.x = lebm__arena_take(arena, rows * generator->data_size, sizeof *w.x);
    if (place != NULL) *place = w;
    return place;
}

static void generator_net_observe(const lebm_generator *generator, void *workspace, const float *x, int64_t n,
                                  const lebm__dropout *dropout)
{
    (void)dropout;
    const generator_net_workspace *w = workspace;
    lebm__to_channels_last(n, generator_net_of(generator)->net->out, x, w->x);
}

/* What becomes of g's values: log p(x|z) is added to `log_likelihood`, and the squared error, unless it is NULL, is set;
 * in their place comes the gradient of log p(x|z). */
typedef struct {
    const generator_net *g;
    const float *x;
    double *log_likelihood, *squared_error;
} generator_net_output;

static void generator_net_output_grad(void *context, int64_t first, int64_t n, float *output)
{
    const generator_net_output *to = context;
    const lebm__likelihood *likelihood = to->g->likelihood;
    const int64_t size = to->g->base.data_size;
    const double sigma = to->g->base.sigma;
    const int skips_missing = lebm__generator_skips_missing(&to->g->base);
    for (int64_t i = first; i < first + n; i++, output += size) {
        const float *x = to->x + i * size;
        if (to->squared_error != NULL) {
            to->squared_error[i] = lebm__likelihood_squared_error(likelihood, size, x, output);
        }
        to->log_likelihood[i] += skips_missing ? lebm__likelihood_observed(likelihood, sigma, size, x, output, output)
                                               : likelihood->log_density(sigma, size, x, output, output);
    }
}

static void generator_net_log_likelihood(const lebm_generator *generator, void *workspace, const float *z, int64_t n,
                                         double *log_likelihood, float *score)
{
    const generator_net_workspace *w = workspace;
    const int64_t numel = n * generator->latent_size;
    generator_net_output to = {generator_net_of(generator), w->x, log_likelihood, NULL};
    memcpy(lebm__tape_input(&w->tape), z, (size_t)numel * sizeof *z);
    if (score == NULL) {
        lebm__tape_forward(&w->tape, n);
        generator_net_output_grad(&to, 0, n, lebm__tape_output(&w->tape));
        return;
    }
    lebm__tape_forward_backward(&w->tape, n, generator_net_output_grad, &to);
    lebm__kernels()->add(numel, lebm__tape_input_grad(&w->tape), score);
}

static void generator_net_forward_backward(const lebm_generator *generator, void *workspace, const float *z, int64_t n,
                                           double *log_likelihood, double *squared_error)
{
    const generator_net_workspace *w = workspace;
    generator_net_output to = {generator_net_of(generator), w->x, log_likelihood, squared_error};
    memset(log_likelihood, 0, (size_t)n * sizeof *log_likelihood);
    memcpy(lebm__tape_input(&w->tape), z, (size_t)(n * generator->latent_size) * sizeof *z);
    lebm__tape_forward_backward(&w->tape, n, generator_net_output_grad, &to);
}

static const void *generator_net_gradient_owner(const lebm_generator *generator)
{
    return generator_net_of(generator)->net;
}

static void generator_net_mean(const lebm_generator *generator, void *workspace, const float *z, int64_t n, float *x)
{
    const generator_net_workspace *w = workspace;
    const generator_net *g = generator_net_of(generator);
    memcpy(lebm__tape_input(&w->tape), z, (size_t)(n * generator->latent_size) * sizeof *z);
    lebm__tape_forward(&w->tape, n);
    lebm__to_channels_first(n, g->net->out, lebm__tape_output(&w->tape), x);
    lebm__likelihood_mean(g->likelihood, n * generator->data_size, x);
}

/* The random numbers of x stand in the order of x, whatever the net's is. The mean takes the place of what the workspace
 * observes. */
static void generator_net_draw(const lebm_generator *generator, void *workspace, lebm__key key, int64_t first,
                               const float *z, int64_t n, float *x)
{
    const generator_net_workspace *w = workspace;
    const int64_t size = generator->data_size;
    generator_net_mean(generator, workspace, z, n, w->x);
    for (int64_t i = 0; i < n; i++) {
        generator_net_of(generator)->likelihood->draw(generator->sigma, key, first + i, size, w->x + i * size,
                                                      x + i * size);
    }
}

const lebm__generator_kind lebm__generator_net = {
    .name = "net",
    .data = LEBM_PIXELS,
    .create = generator_net_create,
    .destroy = generator_net_destroy,
    .net = generator_net_net,
    .spec = generator_net_spec,
    .stream = generator_net_stream,
    .shape = generator_net_shape,
    .range = generator_net_range,
    .work = generator_net_work,
    .check = generator_net_check,
    .count = generator_net_count,
    .misfit = generator_net_misfit,
    .prepare = generator_net_prepare,
    .lay_out = generator_net_lay_out,
    .lay_out_view = generator_net_lay_out_view,
    .observe = generator_net_observe,
    .log_likelihood = generator_net_log_likelihood,
    .forward_backward = generator_net_forward_backward,
    .gradient = &lebm__net_gradient,
    .gradient_owner = generator_net_gradient_owner,
    .mean = generator_net_mean,
    .draw = generator_net_draw,
};
