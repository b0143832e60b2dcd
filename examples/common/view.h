/* What looking at a model takes, whatever it is of: chains that start on streams of their own, so that the same model gives
 * the same result whatever was drawn before, and latent vectors and rows of x for them. */
#ifndef VIEW_H
#define VIEW_H

#include <stdint.h>

#include "dataset.h"
#include "model.h"

/* Streams of the samplers, and of the starting noise. */
enum {
    STREAM_SAMPLES = 1,
    STREAM_PRIOR,
    STREAM_RECONSTRUCTIONS,
    STREAM_EVALUATION,
    STREAM_INTERPOLATIONS,
    STREAM_JUDGEMENT,
    STREAM_STEP_SIZES,
    STREAM_WATCH,
    STREAM_DIAGNOSIS,
    STREAM_SCORES,
    STREAM_BEST_SIGMA
};

enum { VIEW_CHUNK = 500 /* held-out rows whose chains run together */ };

/* What the held-out data say of a model. */
typedef struct evaluation {
    double error;          /* of images the mean square error per number, in [-1, 1] units; of text the nll per token */
    double error_of_other; /* of text: with the z of another sentence; of images 0 */
    double row;            /* of text: tokens and ends in a sentence, on average; of images 0 */
    double f_positive, f_negative; /* mean f on samples of the posterior and of the prior, as many of each */
} evaluation;

/* Room for n latent vectors, and for n rows of x. */
float *view_latents(const model *m, int64_t n);
float *view_rows(const model *m, int64_t n);

void view_start_stream(lebm_sampler *sampler, int64_t stream);

/* A sampler that goes on uphill from given z: Langevin steps without their noise, as long as the last ones of the sampler that
 * was trained with, to the same target. The caller destroys it. */
lebm_sampler *view_uphill(const lebm_sampler *trained, int64_t steps);

/* The seed of what is drawn: that of the sampler to the prior. */
uint64_t view_seed(const model *m);

void view_decode(const model *m, const float *z, int64_t n, float *x);

/* Draws z from p0. */
void view_noise(const model *m, int64_t stream, int64_t n, float *z);

/* Runs chains to the prior from the z given. Returns a status of the library. */
int view_run_prior_from(const model *m, int64_t stream, int64_t n, float *z);

/* Step sizes that the library suggests where chains end: of the prior, and of the posteriors of the first `count` rows of the
 * data. Returns a status of the library. */
typedef struct step_sizes {
    double prior, posterior; /* NaN: none */
} step_sizes;

/* Makes it NaN if the library suggests none: where a density is flat, or not finite beside the states. Returns other statuses. */
int view_take_suggestion(int status, double *step_size);

int view_step_sizes(const model *m, const dataset *data, int64_t count, step_sizes *suggested);

/* f(z), summed over the rows. */
double view_sum_of_f(const model *m, const float *z, int64_t n);

#endif
