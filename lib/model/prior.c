#include "model/prior.h"

#include <math.h>
#include <string.h>

#include "core/memory.h"
#include "core/status.h"

int lebm_prior_create(lebm_prior **out, lebm_net *f, double sigma0)
{
    LEBM__REQUIRE(out);
    *out = NULL;
    LEBM__REQUIRE(f);
    if (lebm_net_out_features(f) != 1) {
        return lebm__fail(LEBM_ERR_SHAPE, "the prior's net f has %lld outputs; it must have 1",
                          (long long)lebm_net_out_features(f));
    }
    if (!(sigma0 >= 1e-6 && sigma0 <= 1e6)) {
        return lebm__fail(LEBM_ERR_RANGE, "sigma0 is %g; allowed are 1e-06 to 1e+06", sigma0);
    }
    lebm_prior *prior = lebm__alloc(1, sizeof *prior);
    if (prior == NULL) return LEBM_ERR_NOMEM;
    const int status = lebm__net_take(f, __func__);
    if (status != LEBM_OK) {
        lebm__free(prior);
        return status;
    }
    *prior = (lebm_prior){.net = f, .sigma0 = sigma0};
    lebm__handle_init(&prior->head, "prior");
    *out = prior;
    return LEBM_OK;
}

void lebm_prior_destroy(lebm_prior *prior)
{
    if (prior == NULL) return;
    lebm__net_let_go(prior->net, LEBM__MODEL);
    lebm__free(prior);
}

lebm_net *lebm_prior_net(lebm_prior *prior)
{
    return prior == NULL ? NULL : prior->net;
}

int64_t lebm_prior_latent_size(const lebm_prior *prior)
{
    return prior == NULL ? 0 : lebm_net_in_features(prior->net);
}

double lebm_prior_sigma0(const lebm_prior *prior)
{
    return prior == NULL ? 0.0 : prior->sigma0;
}

/* What is wanted of f: its values, which may be added to, and the gradient that starts its way back. */
typedef struct {
    double *f;
    float grad;
} wanted;

static void turn(void *context, int64_t first, int64_t n, float *out)
{
    const wanted *w = context;
    for (int64_t i = 0; i < n; i++) {
        w->f[first + i] += out[i];
        out[i] = w->grad;
    }
}

void *lebm__prior_lay_out(const lebm_prior *prior, int64_t rows, lebm__passes passes, lebm__arena *arena)
{
    lebm__tape counted, *tape = lebm__arena_take(arena, 1, sizeof *tape);
    lebm__tape_lay_out(tape == NULL ? &counted : tape, prior->net, rows, passes, arena);
    return tape;
}

int lebm__prior_prepare(const lebm_prior *prior, lebm__passes passes, lebm__pool *pool)
{
    return lebm__net_prepare(prior->net, passes, pool);
}

void lebm__prior_base(const lebm_prior *prior, const float *z, int64_t n, double *log_density, float *score,
                      double *squares)
{
    const int64_t dims = lebm__numbers(prior->net->in);
    const double precision = 1.0 / (prior->sigma0 * prior->sigma0);
    const double log_norm = 0.5 * (double)dims * log(2.0 * M_PI / precision);
    for (int64_t i = 0; i < n; i++) {
        const double square = lebm__kernels()->squares(dims, z + i * dims);
        log_density[i] = -(0.5 * precision * square + log_norm);
        if (squares != NULL) squares[i] = square;
    }
    const float factor = (float)precision;
    for (int64_t i = 0; score != NULL && i < n * dims; i++) score[i] = -factor * z[i];
}

void lebm__prior_tilt(const lebm_prior *prior, void *workspace, const float *z, int64_t n, double *log_density,
                      float *score)
{
    const lebm__tape *tape = workspace;
    const int64_t dims = lebm__numbers(prior->net->in);
    memcpy(lebm__tape_input(tape), z, (size_t)(n * dims) * sizeof *z);
    if (score == NULL) {
        lebm__tape_forward(tape, n);
        for (int64_t i = 0; i < n; i++) log_density[i] += lebm__tape_output(tape)[i];
        return;
    }
    lebm__tape_run(tape, n, turn, &(wanted){log_density, 1.0f}, NULL);
    const float *df = lebm__tape_input(tape);
    for (int64_t i = 0; i < n * dims; i++) score[i] += df[i];
}

void lebm__prior_learn(const lebm_prior *prior, const lebm__tape *tape, const float *z, int64_t n, float sign,
                       double *f, float *grads)
{
    memset(f, 0, (size_t)n * sizeof *f);
    memcpy(lebm__tape_input(tape), z, (size_t)(n * lebm__numbers(prior->net->in)) * sizeof *z);
    lebm__tape_run(tape, n, turn, &(wanted){f, sign}, grads);
}

/* The work of both public functions; `score` NULL: the log density alone. */
static int evaluate(const lebm_prior *prior, const float *z, int64_t n, float *log_density, float *score)
{
    const int64_t dims = lebm__numbers(prior->net->in);
    const lebm__passes passes = score == NULL ? LEBM__FORWARD : LEBM__SCORE;
    lebm__tape tape;
    void *memory;
    LEBM__TRY(lebm__net_begin(prior->net, n, passes, &tape, &memory));
    for (int64_t first = 0; first < n; first += LEBM__ROWS) {
        const int64_t rows = n - first < LEBM__ROWS ? n - first : LEBM__ROWS;
        const float *from = z + first * dims;
        float *to = score == NULL ? NULL : score + first * dims;
        double values[LEBM__ROWS];
        lebm__prior_base(prior, from, rows, values, to, NULL);
        lebm__prior_tilt(prior, &tape, from, rows, values, to);
        for (int64_t i = 0; log_density != NULL && i < rows; i++) log_density[first + i] = (float)values[i];
    }
    lebm__net_end(prior->net, memory);
    return LEBM_OK;
}

int lebm_prior_log_density(const lebm_prior *prior, const float *z, int64_t n, float *out)
{
    LEBM__REQUIRE(prior);
    LEBM__REQUIRE(z);
    LEBM__REQUIRE(out);
    return evaluate(prior, z, n, out, NULL);
}

int lebm_prior_score(const lebm_prior *prior, const float *z, int64_t n, float *score)
{
    LEBM__REQUIRE(prior);
    LEBM__REQUIRE(z);
    LEBM__REQUIRE(score);
    return evaluate(prior, z, n, NULL, score);
}
