/* Random numbers for drawing and shuffling: small, and the same on every machine for a given seed and stream.
 * (The library has its own for the chains.) */
#ifndef RNG_H
#define RNG_H

#include <stdint.h>

typedef struct rng {
    uint64_t state;
} rng;

/* Streams of one seed are independent of each other. */
rng rng_start(uint64_t seed, uint64_t stream);

uint64_t rng_bits(rng *r);

/* Uniform whole number from 0 to bound - 1; bound > 0. */
int64_t rng_below(rng *r, int64_t bound);

double rng_uniform(rng *r, double least, double most);
double rng_normal(rng *r, double mean, double deviation);

#endif
