/* How libFuzzer is to change safetensors files. */
#ifndef LEBM_TESTS_FUZZ_MUTATE_H
#define LEBM_TESTS_FUZZ_MUTATE_H

#include <string.h>

#include "fuzz.h"

enum { LENGTH_SIZE = 8, MOST = 1 << 16 };

/* Changes the header and keeps its length right, or changes the numbers, or anything. */
static inline size_t mutate_safetensors(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    static uint8_t header[MOST], rest[MOST];
    uint64_t length = 0;
    for (int i = LENGTH_SIZE - 1; i >= 0 && size >= LENGTH_SIZE; i--) length = length << 8 | data[i];
    if (size < LENGTH_SIZE + 2 || length == 0 || length > size - LENGTH_SIZE || max_size > MOST || seed % 16 == 0)
        return LLVMFuzzerMutate(data, size, max_size);
    const size_t rest_size = size - LENGTH_SIZE - length;
    if (seed % 16 == 1 && rest_size > 0) { /* the numbers; the size of the file stays */
        LLVMFuzzerMutate(data + LENGTH_SIZE + length, rest_size, rest_size);
        return size;
    }
    memcpy(header, data + LENGTH_SIZE, length);
    memcpy(rest, data + LENGTH_SIZE + length, rest_size);
    length = LLVMFuzzerMutate(header, length, max_size - LENGTH_SIZE - rest_size);
    for (int i = 0; i < LENGTH_SIZE; i++) data[i] = (uint8_t)(length >> 8 * i);
    memcpy(data + LENGTH_SIZE, header, length);
    memcpy(data + LENGTH_SIZE + length, rest, rest_size);
    return LENGTH_SIZE + length + rest_size;
}

#endif
