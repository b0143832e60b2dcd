#include "math/rng.h"

#include <stddef.h>

#include "math/kernels.h"

/* Blocks of four words, made many at a time: a multiple of the lanes of any kernel. */
enum { BLOCKS = 64 };

/* Set counter i of words[4][BLOCKS]. */
static void rng_set_counter(uint32_t *words, int64_t i, uint32_t block, uint32_t step, uint64_t chain)
{
    words[i] = block;
    words[BLOCKS + i] = step;
    words[2 * BLOCKS + i] = (uint32_t)chain;
    words[3 * BLOCKS + i] = (uint32_t)(chain >> 32);
}

lebm__key lebm__key_make(uint64_t seed, uint64_t stream, lebm__purpose purpose)
{
    const lebm__key from_seed = {{(uint32_t)seed, (uint32_t)(seed >> 32)}};
    uint32_t words[4 * BLOCKS] = {0};
    rng_set_counter(words, 0, (uint32_t)purpose, UINT32_MAX, stream);
    lebm__kernels()->philox(from_seed.word, BLOCKS, words);
    return (lebm__key){{words[0], words[BLOCKS]}};
}

/* Row i is of chain chains[i] or, if that is NULL, of first_chain + i. */
static void rng_normals(lebm__key key, int64_t first_chain, const int64_t *chains, uint32_t step, int64_t n,
                        int64_t dims, float *out)
{
    const lebm__kernel_table *kernels = lebm__kernels();
    const int64_t blocks = (dims + 3) / 4; /* of one chain */
    int64_t chain = 0, block = 0;
    while (chain < n) {
        uint32_t bits[4 * BLOCKS]; /* counters, then the random words of their blocks */
        float normals[4 * BLOCKS];
        const int64_t begin_chain = chain, begin_block = block;
        for (int64_t i = 0; i < BLOCKS; i++) { /* those of no row are of any chain */
            const int64_t number = chains == NULL ? first_chain + chain : chains[chain < n ? chain : 0];
            rng_set_counter(bits, i, (uint32_t)block, step, (uint64_t)number);
            if (++block == blocks) chain++, block = 0;
        }
        kernels->philox(key.word, BLOCKS, bits);
        kernels->box_muller(2 * BLOCKS, bits, normals);
        chain = begin_chain, block = begin_block;
        for (int64_t i = 0; i < BLOCKS && chain < n; i++) {
            float *to = out + chain * dims + 4 * block;
            for (int64_t d = 0; d < 4 && 4 * block + d < dims; d++) to[d] = normals[d * BLOCKS + i];
            if (++block == blocks) chain++, block = 0;
        }
    }
}

void lebm__normals(lebm__key key, int64_t first_chain, uint32_t step, int64_t n, int64_t dims, float *out)
{
    rng_normals(key, first_chain, NULL, step, n, dims, out);
}

void lebm__normals_of(lebm__key key, const int64_t *chains, uint32_t step, int64_t n, int64_t dims, float *out)
{
    rng_normals(key, 0, chains, step, n, dims, out);
}

void lebm__chances(lebm__key key, int64_t first_chain, const int64_t *chains, uint32_t step, int64_t n, double *out)
{
    for (int64_t begin = 0; begin < n; begin += BLOCKS) {
        uint32_t words[4 * BLOCKS];
        for (int64_t i = 0; i < BLOCKS; i++) { /* in a block that the normal numbers of no chain reach */
            const int64_t row = begin + i < n ? begin + i : begin;
            const int64_t number = chains == NULL ? first_chain + row : chains[row];
            rng_set_counter(words, i, UINT32_MAX, step, (uint64_t)number);
        }
        lebm__kernels()->philox(key.word, BLOCKS, words);
        for (int64_t i = 0; i < BLOCKS && begin + i < n; i++) { /* the middle of one of 2^32 cells */
            out[2 * (begin + i)] = ((double)words[i] + 0.5) * 0x1p-32;
            out[2 * (begin + i) + 1] = ((double)words[BLOCKS + i] + 0.5) * 0x1p-32;
        }
    }
}

/* The middle of one of 2^23 cells: exact, never 0 and never 1. */
static float rng_uniform(uint32_t word)
{
    return ((float)(word >> 9) + 0.5f) * 0x1p-23f;
}

void lebm__uniforms_of(lebm__key key, int64_t chain, uint32_t step, int64_t count, float *out)
{
    for (int64_t begin = 0; begin < count; begin += 4 * BLOCKS) {
        uint32_t words[4 * BLOCKS];
        for (int64_t i = 0; i < BLOCKS; i++)
            rng_set_counter(words, i, (uint32_t)(begin / 4 + i), step, (uint64_t)chain);
        lebm__kernels()->philox(key.word, BLOCKS, words);
        for (int64_t i = 0; i < 4 * BLOCKS && begin + i < count; i++) {
            out[begin + i] = rng_uniform(words[i % 4 * BLOCKS + i / 4]);
        }
    }
}

void lebm__uniforms(lebm__key key, int64_t first, int64_t count, float *out)
{
    for (int64_t begin = first / 4 * 4; begin < first + count; begin += 4 * BLOCKS) {
        uint32_t words[4 * BLOCKS];
        for (int64_t i = 0; i < BLOCKS; i++) rng_set_counter(words, i, 0, 0, (uint64_t)(begin / 4 + i));
        lebm__kernels()->philox(key.word, BLOCKS, words);
        for (int64_t i = 0; i < 4 * BLOCKS && begin + i < first + count; i++) {
            if (begin + i >= first) out[begin + i - first] = rng_uniform(words[i % 4 * BLOCKS + i / 4]);
        }
    }
}
