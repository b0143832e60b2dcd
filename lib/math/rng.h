/* Counter-based random numbers (Philox 4x32-10, Salmon et al. 2011): a number is a function of its key and its place,
 * so there is no state to keep and nothing depends on the order in which threads draw. */
#ifndef LEBM_MATH_RNG_H
#define LEBM_MATH_RNG_H

#include <stdint.h>

typedef struct {
    uint32_t word[2];
} lebm__key;

/* Who draws: the same seed means unrelated numbers to each. */
typedef enum {
    LEBM__FOR_INIT,
    LEBM__FOR_PRIOR,
    LEBM__FOR_POSTERIOR,
    LEBM__FOR_TRAINER_POSTERIOR,
    LEBM__FOR_TRAINER_PRIOR,
    LEBM__FOR_DRAW,
    LEBM__FOR_TRAINER_KEPT,
    LEBM__FOR_TRAINER_RENEWAL,
    LEBM__FOR_TARGET,
    LEBM__FOR_TRAINER_DROPOUT,
    LEBM__FOR_CURVATURE,
    LEBM__FOR_ANNEALING /* and what follows: three phases towards a prior, a posterior and a target */
} lebm__purpose;

lebm__key lebm__key_make(uint64_t seed, uint64_t stream, lebm__purpose purpose);

/* out[n, dims] = standard normal numbers; row i holds those of chain first_chain + i at `step`. */
void lebm__normals(lebm__key key, int64_t first_chain, uint32_t step, int64_t n, int64_t dims, float *out);

/* The same with row i of chain chains[i]. */
void lebm__normals_of(lebm__key key, const int64_t *chains, uint32_t step, int64_t n, int64_t dims, float *out);

/* out[n][2] = two uniform numbers in (0, 1) of each of these chains at `step`, beside its normal ones; chains NULL: as
 * in lebm__normals(). */
void lebm__chances(lebm__key key, int64_t first_chain, const int64_t *chains, uint32_t step, int64_t n, double *out);

/* out[count] = uniform numbers in (0, 1) of a chain at `step`, in the place of its normal ones. */
void lebm__uniforms_of(lebm__key key, int64_t chain, uint32_t step, int64_t count, float *out);

/* out[count] = uniform numbers in (0, 1): those of the key from number `first` on. */
void lebm__uniforms(lebm__key key, int64_t first, int64_t count, float *out);

#endif
