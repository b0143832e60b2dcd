/* What a MATLAB 5 file says of its variables X and y. Nothing in the file is trusted. It is read here and not with matio,
 * which reads rubbish where something is missing or damaged, and can be kept busy for minutes by damaged cells. */
#ifndef MAT_FILE_H
#define MAT_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "errors.h"

enum { MAT_DIMENSIONS = 32 }; /* that a variable may have */

/* An array of real numbers. */
typedef struct mat_variable {
    bool is_there;
    uint32_t class, type; /* what the numbers are to MATLAB, and as what they are kept */
    int64_t rank, dims[MAT_DIMENSIONS], count, bytes;
    int64_t at, packed,
        skip; /* where it begins in the file, its size if it is compressed (else 0), and where its numbers
                               * begin in it */
} mat_variable;

typedef struct mat_file {
    FILE *file;
    const char *path;
    int64_t left; /* bytes to come */
    bool big_endian;
    mat_variable x, y;
} mat_file;

/* Opens a file and goes through all of it: its variables must fill it exactly, those that are compressed must unpack
 * without fault, and X and y must be arrays of real numbers, as many as they say. Others may be text, complex or sparse
 * too, but no cells, structures or objects. Returns 0, or -1 with the reason in *why and the file closed. */
int mat_open(mat_file *m, const char *path, failure *why);
void mat_close(mat_file *m);

/* Reads a variable's numbers as they are kept, v->bytes in all. Returns 0, or -1 with the reason in *why. */
int mat_read(mat_file *m, const mat_variable *v, uint8_t *bytes, failure *why);

/* Number i of those that were read. */
double mat_number(const mat_file *m, const mat_variable *v, const uint8_t *bytes, int64_t i);

/* What MATLAB calls the class of the numbers. */
const char *mat_class_name(const mat_variable *v);

#endif
