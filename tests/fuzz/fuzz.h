/* What the fuzz targets share. A target is a fuzz_NAME.c with LLVMFuzzerTestOneInput(), which is given any bytes and
 * ends the process if a promise is broken. libFuzzer calls it (run.sh), or replay.c, which any compiler can build.
 *
 * The allocations of the code under test are counted: the linker gives its calls of malloc() and the like to fuzz.c.
 * Those within zlib are not. */
#ifndef LEBM_TESTS_FUZZ_H
#define LEBM_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "lebm/status.h"

/* Ends the process, saying why, unless the condition holds. */
#define FUZZ_ASSERT(condition, ...)                                                                                    \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, #condition);                                            \
            fprintf(stderr, __VA_ARGS__);                                                                              \
            fputc('\n', stderr);                                                                                       \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

/* Ends the process unless the call of the library returns LEBM_OK. */
#define FUZZ_ASSERT_OK(call)                                                                                           \
    do {                                                                                                               \
        const int status_ = (call);                                                                                    \
        FUZZ_ASSERT(status_ == LEBM_OK, "%s returned %s: %s", #call, lebm_status_name(status_), lebm_last_error());    \
    } while (0)

/* ---- what libFuzzer calls and offers; replay.c stands in for it ---- */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

/* A target may have its own, which knows what its inputs look like. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

/* ---- one input ---- */

void fuzz_begin(void);

/* From here to the end at most so many bytes of memory may be held at a time. To ask for more ends the process or, if
 * `refuse` is not 0, fails. */
void fuzz_limit(int64_t most_bytes, int refuse);

/* Whether memory was refused since the limit was set. */
int fuzz_was_refused(void);

/* Fails unless all memory and file descriptors have been given back, and no file was left behind. */
void fuzz_end(void);

/* ---- failures ---- */

/* Empties the error text, so that fuzz_check_failure() sees whether a new one was set. */
void fuzz_forget_failure(void);

/* Fails unless the status is one of the `count` allowed, and the error text one line of UTF-8. */
void fuzz_check_failure(int status, const int *allowed, size_t count);

#define FUZZ_CHECK_FAILURE(status, ...)                                                                                \
    fuzz_check_failure(status, (const int[]){__VA_ARGS__}, sizeof((const int[]){__VA_ARGS__}) / sizeof(int))

/* Fails unless the text is one line, and not empty. */
void fuzz_check_line(const char *text);

/* ---- files, in a folder in memory where there is one ---- */

enum { FUZZ_INPUT, FUZZ_OUTPUT, FUZZ_OTHER, FUZZ_PATHS };

const char *fuzz_path(int which);

/* Writes bytes there; returns the path. Not for a path that the library replaces. */
const char *fuzz_write(int which, const void *bytes, size_t size);

/* Fails unless the two files hold the same bytes. */
void fuzz_check_same_files(int which, int other);

#endif
