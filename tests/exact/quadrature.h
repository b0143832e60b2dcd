/** @file quadrature.h
 * Integrals over z of one or two numbers, as sums over a grid, in double and with the nets of ref.h: the target itself,
 * and the law of a Langevin chain, whose finite steps sample a density near the target. */
#ifndef LEBM_TESTS_QUADRATURE_H
#define LEBM_TESTS_QUADRATURE_H

#include "ref/ref.h"

/** The middles of cells of width `spacing` that fill [-edge, edge]^m. */
struct grid {
    int64_t m, side, count; /* cells: side of each axis, count of all */
    double edge, spacing;
};

struct grid grid_make(int64_t m, double edge, double spacing);
void grid_point(const struct grid *grid, int64_t i, double *z);

/** What a chain is asked to do; it starts at N(0, I). */
struct chain {
    int64_t steps;
    double step_size;
};

/** The probability of each cell under p(z|x), or under the prior if x is NULL; freed by the caller.
 * @param log_integral  receives the log of the integral of exp(log density): log Z, or log (Z p(x)); or NULL */
double *grid_target(const struct grid *grid, const struct ref_model *model, const double *x, double *log_integral);

/** The same from log densities already known; they are replaced. */
double grid_normalise(const struct grid *grid, double *log_density);

/** The probability of each cell after a chain's steps towards that target (eq. 20, 24); freed by the caller. */
double *grid_chain(const struct grid *grid, const struct ref_model *model, const double *x, struct chain chain);

/** log p(x): two integrals. */
double grid_log_p(const struct grid *prior, const struct grid *posterior, const struct ref_model *model,
                  const double *x);

/* ---- gradients by all parameters: those of f, then those of g ---- */

int64_t param_count(const struct ref_model *model);

/** Mean and variance, for each parameter, of the gradient of f(z) + log p(x|z), or of f(z) if x is NULL, with z drawn
 * by cell; both [param_count()]. */
void grid_gradients(const struct grid *grid, const double *probability, const struct ref_model *model, const double *x,
                    double *mean, double *variance);

#endif
