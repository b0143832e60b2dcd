#include "model/gradient.h"

#include "nn/tape.h"

static int64_t gradient_blocks(const void *owner)
{
    return lebm__net_grad_blocks(owner);
}

static int64_t gradient_block_size(const void *owner, int64_t block)
{
    return lebm__net_grad_block_size(owner, block);
}

static int64_t gradient_scratch(const void *owner)
{
    return lebm__net_grad_workspace(owner);
}

static void gradient_sum(const void *workspace, int64_t block, int64_t first, int64_t n, float *scratch, float *sum)
{
    lebm__tape_grad(workspace, block, first, n, scratch, sum);
}

static void gradient_store(const void *owner, int64_t block, const float *sum, float *grads)
{
    lebm__net_grad_store(owner, block, sum, grads);
}

const lebm__gradient lebm__net_gradient = {gradient_blocks, gradient_block_size, gradient_scratch, gradient_sum,
                                           gradient_store};
