/* For targets that read compressed files. */
#ifndef STORE_AS_GZIP_H
#define STORE_AS_GZIP_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <zlib.h>

/* The file as gzip makes it of what it cannot compress. Returns the size. */
static inline size_t store_as_gzip(const uint8_t *data, size_t size, uint8_t *out)
{
    static const uint8_t header[10] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3};
    const uint8_t block[5] = {1, (uint8_t)size, (uint8_t)(size >> 8), (uint8_t)~size, (uint8_t)(~size >> 8)};
    const uint32_t end[2] = {(uint32_t)crc32(0, data, (uInt)size), (uint32_t)size};
    memcpy(out, header, sizeof header);
    memcpy(out + sizeof header, block, sizeof block);
    memcpy(out + sizeof header + sizeof block, data, size);
    out += sizeof header + sizeof block + size;
    for (int i = 0; i < 8; i++) out[i] = (uint8_t)(end[i / 4] >> 8 * (i % 4));
    return sizeof header + sizeof block + size + 8;
}

#endif
