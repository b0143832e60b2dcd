/* Files that are read from front to back, plain or compressed by gzip, and not trusted: what they announce is held against
 * what they can hold before memory is taken. */
#ifndef PACKED_FILE_H
#define PACKED_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <zlib.h>

#include "errors.h"

/* NULL with the reason in *why if it cannot be opened; the caller closes it by gzclose_r(). */
gzFile packed_open(const char *path, failure *why);

/* Reads size bytes, which must be there. Returns 0, or -1 with the reason in *why. */
int packed_read(gzFile file, const char *path, uint8_t *bytes, int64_t size, failure *why);

/* The file must end here, and its gzip checksum, if it has one, must be right. Returns as packed_read() does. */
int packed_expect_end(gzFile file, const char *path, failure *why);

/* Whether a file cannot hold so many bytes, however well it is compressed. A pipe may hold any number. */
bool packed_is_too_small(const char *path, int64_t size);

#endif
