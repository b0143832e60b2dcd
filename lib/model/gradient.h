/* The gradient of a block of parameters, one part at a time.
 *
 * After a way forward and back the gradients of the parameters lie in a workspace as what their sums are made of. They
 * are summed over few rows and in fixed blocks of the parameters, so that threads can share the work in any way and an
 * order of adding is nobody's business but the caller's (math/tree.h). */
#ifndef LEBM_MODEL_GRADIENT_H
#define LEBM_MODEL_GRADIENT_H

#include <stdint.h>

typedef struct {
    int64_t (*blocks)(const void *owner);
    int64_t (*block_size)(const void *owner, int64_t block); /* floats; of all blocks, the number of parameters */
    int64_t (*scratch)(const void *owner);                   /* floats that `sum` needs */

    /* sum[block_size] = the gradient of the block summed over n rows from `first` on, at most LEBM__CHUNK. */
    void (*sum)(const void *workspace, int64_t block, int64_t first, int64_t n, float *scratch, float *sum);

    /* Put it where it belongs in grads, all of the parameters. */
    void (*store)(const void *owner, int64_t block, const float *sum, float *grads);
} lebm__gradient;

/* That of a net (the owner) after lebm__tape_forward_backward() (the workspace). */
extern const lebm__gradient lebm__net_gradient;

#endif
