/* The gradient of a recurrent net's parameters, block by block, as that of other nets comes (nn/tape.h). */
#ifndef LEBM_NN_RECURRENT_GRAD_H
#define LEBM_NN_RECURRENT_GRAD_H

#include "nn/recurrent_tape.h"

/* Cut the gradient of a net that has its parameters and class blocks into blocks, fixed by its form. */
int lebm__recurrent_cut_gradient(lebm__recurrent *net);

/* So many blocks, of so many floats each; and floats of workspace that the sum of one needs. */
int64_t lebm__recurrent_grad_blocks(const lebm__recurrent *net);
int64_t lebm__recurrent_grad_block_size(const lebm__recurrent *net, int64_t block);
int64_t lebm__recurrent_grad_workspace(const lebm__recurrent *net);

/* sum[block_size] = the gradient of a block, summed over n <= LEBM__CHUNK rows from `first` on of a tape for LEBM__LEARN
 * whose views have been forward and back; in any order, on any thread. lebm__blas_prepare() comes before. */
void lebm__recurrent_grad(const lebm__recurrent_tape *tape, int64_t block, int64_t first, int64_t n, float *workspace,
                          float *sum);

/* Put a block's sum where it belongs in the gradient of the net's parameters. */
void lebm__recurrent_grad_store(const lebm__recurrent *net, int64_t block, const float *sum, float *grads);

#endif
