/* A net made ready for passes, and what public functions that pass rows through one share. */
#ifndef LEBM_NN_EVALUATE_H
#define LEBM_NN_EVALUATE_H

#include "math/threads.h"
#include "nn/tape.h"

/* Make sure that the weights are packed for the passes, on the threads of the pool or, if it is NULL, on this one.
 * Every use of a net for passes starts with this. */
int lebm__net_prepare(const lebm_net *net, lebm__passes passes, lebm__pool *pool);

/* What a public function on n rows begins and ends with: check n, use and prepare the net, and lay out a tape for
 * LEBM__ROWS rows, which is how many the function passes at a time, in new memory. */
enum { LEBM__ROWS = 64 }; /* enough for the products, few enough for the cache; a multiple of LEBM__CHUNK */
int lebm__net_begin(const lebm_net *net, int64_t n, lebm__passes passes, lebm__tape *tape, void **memory);
void lebm__net_end(const lebm_net *net, void *memory);

#endif
