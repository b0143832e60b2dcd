#include "rng.h"

#include <math.h>

static const double two_pi = 6.283185307179586;

/* SplitMix64 (Steele, Lea and Flood 2014): a counter and a mixing function. */
static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

rng rng_start(uint64_t seed, uint64_t stream)
{
    /* Mixing twice keeps neighbouring seeds and streams far apart on the counter's circle. */
    return (rng){mix(mix(seed + 0x9e3779b97f4a7c15u) + stream)};
}

uint64_t rng_bits(rng *r)
{
    r->state += 0x9e3779b97f4a7c15u;
    return mix(r->state);
}

int64_t rng_below(rng *r, int64_t bound)
{
    const uint64_t n = (uint64_t)bound;
    const uint64_t end = UINT64_MAX - UINT64_MAX % n; /* a multiple of n: beyond it some numbers would be favoured */
    uint64_t bits;
    do {
        bits = rng_bits(r);
    } while (bits >= end);
    return (int64_t)(bits % n);
}

double rng_uniform(rng *r, double least, double most)
{
    return least + (most - least) * (double)(rng_bits(r) >> 11) * 0x1p-53;
}

double rng_normal(rng *r, double mean, double deviation)
{
    const double radius = sqrt(-2 * log(1 - rng_uniform(r, 0, 1)));
    return mean + deviation * radius * cos(two_pi * rng_uniform(r, 0, 1));
}
