/* The generator's inside: an interface over kinds of decoder, one file each. Samplers, trainers and files know this file
 * alone. */
#ifndef LEBM_MODEL_GENERATOR_H
#define LEBM_MODEL_GENERATOR_H

#include "core/handle.h"
#include "core/memory.h"
#include "lebm/generator.h"
#include "math/rng.h"
#include "math/threads.h"
#include "model/gradient.h"
#include "model/vocabulary.h"
#include "nn/dropout.h"
#include "nn/net.h"

typedef struct {
    char out_of_range[LEBM__TEXT_SIZE], missing[LEBM__TEXT_SIZE];
} lebm__generator_options;

/* A kind of decoder. Each works in a workspace of its own, laid out for up to so many rows; x and z are as the caller of
 * the library gives them. Functions of a pass come after `prepare`. */
typedef struct {
    const char *name; /* as files say it */
    const char *data; /* LEBM_PIXELS or another kind of data */
    int has_nll;      /* how far x is from its reconstruction is told in nats, and not by a squared error */
    int drops;        /* observe() can drop a part */

    /* Make one of a file, or a copy: `spec` as spec() below tells it, with no more than `max_params` parameters. NULL:
     * only a trainer that has one reads it, and it has no copies. */
    int (*create)(lebm_generator **out, const char *spec, int64_t max_params, const char *likelihood, double sigma);
    void (*destroy)(lebm_generator *generator);

    lebm_net *(*net)(const lebm_generator *generator);            /* NULL: it has none */
    const char *(*spec)(const lebm_generator *generator);         /* its architecture as text; NULL: no memory */
    uint64_t (*stream)(const lebm_generator *generator);          /* of random numbers, for its first parameter */
    void (*shape)(const lebm_generator *generator, int64_t *chw); /* of x */
    void (*range)(const lebm_generator *generator, double *low, double *high); /* of the mean of x */
    double (*work)(const lebm_generator *generator); /* multiply-adds of a row forward, roughly */

    /* LEBM_ERR_RANGE if x[n, D] has a number that cannot be. */
    int (*check)(const lebm_generator *generator, const float *x, int64_t n);

    /* Numbers of x[n, D] that have a likelihood. */
    int64_t (*count)(const lebm_generator *generator, const float *x, int64_t n);

    /* What a pass of a row x[D] costs, 1 or more in any unit; NULL: all rows cost the same. */
    int64_t (*cost)(const lebm_generator *generator, const float *x);

    /* How far the decoder is from what x[n, D] wants, from the log likelihood and the squared error of a number of x;
     * `what` receives the name of that, `unit` how far it may be from what x is like. */
    double (*misfit)(const lebm_generator *generator, const float *x, int64_t n, double log_likelihood,
                     double squared_error, const char **what, double *unit);

    int (*prepare)(const lebm_generator *generator, lebm__passes passes, lebm__pool *pool); /* pool NULL: this thread */
    void *(*lay_out)(const lebm_generator *generator, int64_t rows, lebm__passes passes, lebm__arena *arena);

    /* A workspace for rows `first` to first + rows - 1 of one for LEBM__LEARN, `all`, which has memory: threads pass
     * different rows of it at the same time. */
    void *(*lay_out_view)(const lebm_generator *generator, const void *all, int64_t first, int64_t rows,
                          lebm__arena *arena);

    /* Have the workspace hold x[n, D], which the next three mean, and what a training step drops of it (NULL: nothing). */
    void (*observe)(const lebm_generator *generator, void *workspace, const float *x, int64_t n,
                    const lebm__dropout *dropout);

    /* log_likelihood[n] += log p(x|z) (eq. 23), score[n, M] += d log p(x|z)/dz (eq. 25) unless it is NULL. */
    void (*log_likelihood)(const lebm_generator *generator, void *workspace, const float *z, int64_t n,
                           double *log_likelihood, float *score);

    /* log_likelihood[n] = log p(x|z), squared_error[n] = |x - mean of x given z|^2, and the way back, after which the
     * workspace of which it is a view has the gradients by beta (eq. 22), as `gradient` takes them. */
    void (*forward_backward)(const lebm_generator *generator, void *workspace, const float *z, int64_t n,
                             double *log_likelihood, double *squared_error);
    const lebm__gradient *gradient;
    const void *(*gradient_owner)(const lebm_generator *generator);

    /* The mean of x; and x drawn from p(x|z), row i of it with the random numbers of `first` + i. */
    void (*mean)(const lebm_generator *generator, void *workspace, const float *z, int64_t n, float *x);
    void (*draw)(const lebm_generator *generator, void *workspace, lebm__key key, int64_t first, const float *z,
                 int64_t n, float *x);
} lebm__generator_kind;

/* What sigma may be, where there is one. */
#define LEBM__LEAST_SIGMA 1e-6
#define LEBM__MOST_SIGMA  1e6

/* The first member of each kind's own struct. */
struct lebm_generator {
    lebm__handle head;
    const lebm__generator_kind *kind;
    lebm__params *params; /* the kind's */
    int64_t latent_size, data_size;
    const char *likelihood;
    double sigma;
    int64_t token_count;          /* V; 0: x is no tokens */
    lebm__vocabulary *vocabulary; /* of the tokens; NULL: none */
    lebm__generator_options options;
};

extern const lebm__generator_kind lebm__generator_net, lebm__generator_recurrent;

/* The kind of that name, or NULL. */
const lebm__generator_kind *lebm__generator_find_kind(const char *name);

/* Begin one: all members but the kind's own. `likelihood` is a static string. */
void lebm__generator_init(lebm_generator *generator, const lebm__generator_kind *kind, lebm__params *params,
                          int64_t latent_size, int64_t data_size, const char *likelihood, double sigma);

/* Make one of the same form and options with parameters of its own, values[total]; LEBM_ERR_UNSUPPORTED if its kind
 * cannot be made of a spec. */
int lebm__generator_copy(lebm_generator **out, const lebm_generator *generator, const float *values);

/* The work of lebm_generator_set_vocabulary() under a claim that the caller has, or before anybody else has the generator. */
int lebm__generator_put_vocabulary(lebm_generator *generator, const char *unit, const char *words);

/* LEBM_ERR_UNSUPPORTED if x is no tokens. */
int lebm__require_tokens(const lebm_generator *generator, const char *function);

/* Rows that arrays of any form may have. */
#define LEBM__MOST_ROWS (INT64_MAX / (int64_t)sizeof(float) / LEBM__MAX_NUMEL)

/* What a public function on n rows begins and ends with: check n, use and prepare the generator, and lay out a workspace
 * for LEBM__GENERATOR_ROWS rows, which is how many the function takes at a time, in new memory. */
enum { LEBM__GENERATOR_ROWS = 64 }; /* as many as the products want, and as few as stay in the cache */
int lebm__generator_begin(const lebm_generator *generator, int64_t n, lebm__passes passes, void **memory,
                          void **workspace);
void lebm__generator_end(const lebm_generator *generator, void *memory);

int lebm__generator_skips_missing(const lebm_generator *generator);

/* The kind's check, for callers that do not use the parameters yet, whose use keeps the options, too. */
int lebm__generator_check(const lebm_generator *generator, const float *x, int64_t n);

#endif
