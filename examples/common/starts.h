/* Starts of chains that lie apart, so that chains which forget them can be told from chains which do not. */
#ifndef STARTS_H
#define STARTS_H

#include <stdint.h>

#include "model.h"

/* Places for `count` superchains: normal, with twice the spread that p0 or the trained chains' ends have, whichever is wider, and in
 * pairs opposite to each other, so that they lie on both sides along every axis. The caller frees them. */
float *starts_apart(const model *m, const float *ends, int64_t n, int64_t count);

#endif
