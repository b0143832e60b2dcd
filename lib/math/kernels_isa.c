/* The kernels for one instruction set: this file is compiled several times, with the flags of each and the table's name
 * in LEBM__TABLE. */
#include "math/elementwise.h"
#include "math/filter.h"
#include "math/patches.h"
#include "math/product.h"

#define TEXT_OF(name) #name
#define TEXT(name)    TEXT_OF(name)

const lebm__kernel_table LEBM__TABLE = {
    .name = TEXT(LEBM__ISA),
    .lanes = LANES,
    .product = product,
    .activate = activate,
    .multiply = multiply,
    .add = add,
    .add_patches = add_patches,
    .cut_patches = cut_patches,
    .filter_evaluate = filter_evaluate,
    .filter_evaluate_transposed = filter_evaluate_transposed,
    .filter_interpolate = filter_interpolate,
    .filter_interpolate_transposed = filter_interpolate_transposed,
    .filter_weights = filter_weights,
    .langevin = langevin,
    .philox = philox,
    .box_muller = box_muller,
    .squares = squares,
    .residual = residual,
    .bernoulli = bernoulli,
    .adam = adam,
    .adam_is_finite = adam_is_finite,
};
