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
    const int64_t blocks = (dims + 3) / 4; /* of one chain */
    uint32_t bits[4 * BLOCKS] = {0};
    float normals[4 * BLOCKS];
    for (int64_t first = 0; first < n * blocks; first += BLOCKS) {
        const int64_t count = n * blocks - first < BLOCKS ? n * blocks - first : BLOCKS;
        for (int64_t i = 0; i < count; i++) {
            const int64_t chain = (first + i) / blocks, block = (first + i) % blocks;
            const philox4x32_ctr_t r = philox(key, (uint32_t)block, step, (uint64_t)(first_chain + chain));
            for (int w = 0; w < 4; w++) bits[w * BLOCKS + i] = r.v[w];
        }
        lebm__kernels()->box_muller(2 * BLOCKS, bits, normals);
        for (int64_t i = 0; i < count; i++) {
            const int64_t chain = (first + i) / blocks, block = (first + i) % blocks;
            for (int64_t d = 4 * block; d < dims && d < 4 * block + 4; d++) {
                out[chain * dims + d] = normals[(d - 4 * block) * BLOCKS + i];
            }
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
