#include "model/prior.h"

#include <math.h>
#include <string.h>

#include "core/memory.h"
#include "core/status.h"
#include "nn/evaluate.h"
#include "nn/spec.h"

/* Its outputs are counted once it cannot grow any more. */
static int prior_take_net(lebm_net *f, const char *function)
{
    LEBM__TRY(lebm__net_take(f, function));
    if (lebm_net_out_features(f) == 1) return LEBM_OK;
    const int status = lebm__fail(LEBM_ERR_SHAPE, "the prior's net f has %lld outputs; it must have 1",
                                  (long long)lebm_net_out_features(f));
    lebm__net_let_go(f, LEBM__MODEL);
    return status;
}

int lebm_prior_create(lebm_prior **out, lebm_net *f, double sigma0)
{
    LEBM__REQUIRE(out);
    *out = NULL;
    LEBM__REQUIRE(f);
    if (!(sigma0 >= 1e-6 && sigma0 <= 1e6)) {
        return lebm__fail(LEBM_ERR_RANGE, "sigma0 is %g; allowed are 1e-06 to 1e+06", sigma0);
    }
    lebm_prior *prior = lebm__alloc(1, sizeof *prior);
    if (prior == NULL) return LEBM_ERR_NOMEM;
    const int status = prior_take_net(f, __func__);
    if (status != LEBM_OK) {
        lebm__free(prior);
        return status;
    }
    *prior = (lebm_prior){.net = f, .sigma0 = sigma0};
    lebm__handle_init(&prior->head, "prior");
    *out = prior;
    return LEBM_OK;
}

int lebm__prior_copy(lebm_prior **out, const lebm_prior *prior, const float *values)
{
    lebm_net *f;
    const lebm__params *params = &prior->net->params;
    const char *spec = lebm_net_spec(prior->net);
    *out = NULL;
    if (spec == NULL) return LEBM_ERR_NOMEM;
    LEBM__TRY(lebm__net_from_spec(&f, spec, params->total));
    lebm__handle_assign_options(&f->head, &prior->net->head);
    lebm__params_assign(&f->params, values);
    const int status = lebm_prior_create(out, f, prior->sigma0);
    lebm_net_destroy(f);
    return status;
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

lebm__tape *lebm__prior_lay_out(const lebm_prior *prior, int64_t rows, lebm__passes passes, lebm__arena *arena)
{
    lebm__tape tape, *place = lebm__arena_take(arena, 1, sizeof *place);
    lebm__tape_lay_out(&tape, prior->net, rows, passes, arena);
    if (place != NULL) *place = tape;
    return place;
}

lebm__tape *lebm__prior_lay_out_view(const lebm__tape *all, int64_t first, int64_t rows, lebm__arena *arena)
{
    lebm__tape tape, *place = lebm__arena_take(arena, 1, sizeof *place);
    lebm__tape_lay_out_view(&tape, all, first, rows, arena);
    if (place != NULL) *place = tape;
    return place;
}

void lebm__prior_base(const lebm_prior *prior, const float *z, int64_t n, double *log_density, float *score,
                      double *squares)
{
    const int64_t dims = lebm_prior_latent_size(prior);
    const double precision = 1.0 / (prior->sigma0 * prior->sigma0);
    const double log_norm = 0.5 * (double)dims * log(2.0 * M_PI / precision);
    const float factor = (float)precision;
    for (int64_t i = 0; i < n; i++) {
        squares[i] = lebm__kernels()->squares(dims, z + i * dims);
        log_density[i] = -(0.5 * precision * squares[i] + log_norm);
    }
    for (int64_t i = 0; i < n * dims && score != NULL; i++) score[i] = -factor * z[i];
}

/* What becomes of f's values: they are added to `sum`; and the gradient that starts the way back. */
typedef struct {
    double *sum;
    float weight;
} prior_output;

static void prior_output_grad(void *context, int64_t first, int64_t n, float *output)
{
    const prior_output *to = context;
    for (int64_t i = 0; i < n; i++) {
        to->sum[first + i] += output[i];
        output[i] = to->weight;
    }
}

void lebm__prior_tilt(const lebm_prior *prior, const lebm__tape *tape, const float *z, int64_t n, double *log_density,
                      float *score)
{
    const int64_t numel = n * lebm_prior_latent_size(prior);
    memcpy(lebm__tape_input(tape), z, (size_t)numel * sizeof *z);
    if (score == NULL) {
        lebm__tape_forward(tape, n);
        for (int64_t i = 0; i < n; i++) log_density[i] += lebm__tape_output(tape)[i];
        return;
    }
    lebm__tape_forward_backward(tape, n, prior_output_grad, &(prior_output){log_density, 1.0f});
    lebm__kernels()->add(numel, lebm__tape_input_grad(tape), score);
}

void lebm__prior_forward_backward(const lebm_prior *prior, const lebm__tape *tape, const float *z, int64_t n,
                                  float weight, double *f)
{
    memset(f, 0, (size_t)n * sizeof *f);
    memcpy(lebm__tape_input(tape), z, (size_t)(n * lebm_prior_latent_size(prior)) * sizeof *z);
    lebm__tape_forward_backward(tape, n, prior_output_grad, &(prior_output){f, weight});
}

/* The work of both public functions; either result may be NULL. */
static int prior_evaluate(const lebm_prior *prior, const float *z, int64_t n, float *log_density, float *score)
{
    const int64_t dims = lebm_prior_latent_size(prior);
    lebm__tape tape;
    void *memory;
    LEBM__TRY(lebm__net_begin(prior->net, n, score == NULL ? LEBM__FORWARD : LEBM__SCORE, &tape, &memory));
    for (int64_t first = 0; first < n; first += LEBM__ROWS) {
        const int64_t rows = n - first < LEBM__ROWS ? n - first : LEBM__ROWS;
        double values[LEBM__ROWS], squares[LEBM__ROWS];
        float *score_of_rows = score == NULL ? NULL : score + first * dims;
        lebm__prior_base(prior, z + first * dims, rows, values, score_of_rows, squares);
        lebm__prior_tilt(prior, &tape, z + first * dims, rows, values, score_of_rows);
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
    return prior_evaluate(prior, z, n, out, NULL);
}

int lebm_prior_score(const lebm_prior *prior, const float *z, int64_t n, float *score)
{
    LEBM__REQUIRE(prior);
    LEBM__REQUIRE(z);
    LEBM__REQUIRE(score);
    return prior_evaluate(prior, z, n, NULL, score);
}
