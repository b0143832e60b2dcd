/* Quantile functions of distributions. */
#ifndef LEBM_MATH_DISTRIBUTION_H
#define LEBM_MATH_DISTRIBUTION_H

#include "core/arithmetic.h"

/* x with Phi(x) = p of the standard normal distribution, for p in (0, 1), to 1e-15 of x. */
double lebm__normal_quantile(double p);

/* x with I_x(a, b) = p of the beta distribution, for p in (0, 1) and a and b from 1, to 2^-64 or 1e-12
 * of x. */
double lebm__beta_quantile(double p, double a, double b);

#endif
