/* The gradients of a batch: at z+ and z-, summed over the rows in a fixed binary tree. */
#ifndef LEBM_TRAIN_GRADIENTS_H
#define LEBM_TRAIN_GRADIENTS_H

#include "math/threads.h"
#include "model/model.h"
#include "train/learner.h"

enum { LEBM__PRIOR, LEBM__GENERATOR, LEBM__LEARNERS };

/* A batch, the ends of its chains, and what each row tells. */
typedef struct {
    int64_t n;
    const float *x;                                                   /* [n, D] */
    const lebm__dropout *dropout;                                     /* of its rows; NULL: none */
    float *z_positive, *z_negative;                                   /* [n, M] */
    double *f_positive, *f_negative, *log_likelihood, *squared_error; /* [n] */
} lebm__batch;

/* Memory for the activations of a group of rows, kept from call to call. */
typedef struct {
    void *memory;
    int64_t size;
} lebm__activations;

/* Set the learners' grads to the sums over the batch of df/dalpha at z+ less that at z- (eq. 19), and of
 * d log p(x|z+)/dbeta (eq. 22), and all that the batch tells of its rows. `progress` is told how much is done.
 * @return LEBM_OK, LEBM_STOPPED, LEBM_ERR_NOMEM */
int lebm__gradients_compute(const lebm_prior *prior, const lebm_generator *generator, lebm__learner *learners,
                            lebm__batch *batch, lebm__activations *activations, lebm__pool *pool,
                            lebm__progress progress);

#endif
