/* What the header of an .npy file says (NumPy's format, versions 1 to 3). It is read here: there is no library for it in C
 * that is kept up, and the header is one short line: a Python dictionary of three entries. Nothing in it is trusted. */
#ifndef NPY_HEADER_H
#define NPY_HEADER_H

#include <stdbool.h>
#include <stdint.h>
#include <zlib.h>

#include "errors.h"

enum { NPY_AXES = 8 /* that an array may have; more are refused */ };

typedef enum npy_type { NPY_UINT8, NPY_FLOAT16, NPY_FLOAT32, NPY_FLOAT64 } npy_type;

typedef struct npy_header {
    npy_type type;
    bool big_endian;
    bool fortran_order; /* the first axis is the one that varies fastest */
    int64_t axes, shape[NPY_AXES];
} npy_header;

/* Reads the header, after which the numbers follow. Returns 0, or -1 with the reason in *why. */
int npy_header_read(gzFile file, const char *path, npy_header *h, failure *why);

/* Reads the text of a header. Returns as npy_header_read() does. */
int npy_header_parse(const char *text, const char *path, npy_header *h, failure *why);

/* Bytes of a number. */
int64_t npy_type_size(npy_type type);

#endif
