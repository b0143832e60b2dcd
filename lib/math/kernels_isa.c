/* The kernels for one instruction set: this file is compiled several times, with the flags of each and the table's name
 * in LEBM__TABLE. */
#include "math/cells.inc.h"
#include "math/elementwise.inc.h"
#include "math/filter.inc.h"
#include "math/fourier.inc.h"
#include "math/patches.inc.h"
#include "math/product.inc.h"

#define TEXT_OF(name) #name
#define TEXT(name)    TEXT_OF(name)

const lebm__kernel_table LEBM__TABLE = {
    .name = TEXT(LEBM__ISA),
    .lanes = LANES,
    .product = product,
    .activate = elementwise_activate,
    .multiply = elementwise_multiply,
    .add = elementwise_add,
    .add_patches = patches_add,
    .cut_patches = patches_cut,
    .filter_evaluate = filter_evaluate,
    .filter_evaluate_transposed = filter_evaluate_transposed,
    .filter_interpolate = filter_interpolate,
    .filter_interpolate_transposed = filter_interpolate_transposed,
    .filter_weights = filter_weights,
    .langevin = elementwise_langevin,
    .add_scaled = elementwise_add_scaled,
    .reverse_noise = elementwise_reverse_noise,
    .philox = elementwise_philox,
    .box_muller = elementwise_box_muller,
    .squares = elementwise_squares,
    .residual = elementwise_residual,
    .bernoulli = elementwise_bernoulli,
    .lstm = cells_lstm,
    .lstm_back = cells_lstm_back,
    .gru = cells_gru,
    .gru_back = cells_gru_back,
    .greatest = cells_greatest,
    .exponentials = cells_exponentials,
    .scale_add = cells_scale_add,
    .fourier = fourier_pass,
    .adam = elementwise_adam,
};
