#include "math/rng.h"

#include <Random123/philox.h>

#include "math/kernels.h"

static philox4x32_ctr_t philox(lebm__key key, uint32_t block, uint32_t step, uint64_t chain)
{
    const philox4x32_ctr_t counter = {{block, step, (uint32_t)chain, (uint32_t)(chain >> 32)}};
    const philox4x32_key_t k = {{key.word[0], key.word[1]}};
    return philox4x32(counter, k);
}

lebm__key lebm__key_make(uint64_t seed, uint64_t stream, lebm__purpose purpose)
{
    const lebm__key from_seed = {{(uint32_t)seed, (uint32_t)(seed >> 32)}};
    const philox4x32_ctr_t r = philox(from_seed, (uint32_t)purpose, UINT32_MAX, stream);
    return (lebm__key){{r.v[0], r.v[1]}};
}

/* Blocks of four words, turned into normals many at a time. */
enum { BLOCKS = 64 };

void lebm__normals(lebm__key key, int64_t first_chain, uint32_t step, int64_t n, int64_t dims, float *out)
{
    const lebm__kernel_table *kernels = lebm__kernels();
    const int64_t blocks = (dims + 3) / 4; /* of one chain */
    int64_t chain = 0, block = 0;
    while (chain < n) {
        uint32_t bits[4 * BLOCKS]; /* counters, then the random words of their blocks */
        float normals[4 * BLOCKS];
        const int64_t begin_chain = chain, begin_block = block;
        for (int64_t i = 0; i < BLOCKS; i++) {
            bits[i] = (uint32_t)block;
            bits[BLOCKS + i] = step;
            bits[2 * BLOCKS + i] = (uint32_t)(first_chain + chain);
            bits[3 * BLOCKS + i] = (uint32_t)((uint64_t)(first_chain + chain) >> 32);
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

void lebm__uniforms(lebm__key key, int64_t count, float *out)
{
    for (int64_t i = 0; i < count; i++) {
        const philox4x32_ctr_t r = philox(key, 0, 0, (uint64_t)(i / 4));
        /* The middle of one of 2^23 cells: exact, never 0 and never 1. */
        out[i] = ((float)(r.v[i % 4] >> 9) + 0.5f) * 0x1p-23f;
    }
}
