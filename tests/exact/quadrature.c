#include "exact/quadrature.h"

#include "support/approx.h"

struct grid grid_make(int64_t m, double edge, double spacing)
{
    const int64_t side = (int64_t)lround(2 * edge / spacing);
    ck_assert_msg(m == 1 || m == 2, "there is no grid for z of %lld numbers", (long long)m);
    ck_assert_double_eq_tol((double)side * spacing, 2 * edge, 1e-9);
    return (struct grid){.m = m, .side = side, .count = m == 1 ? side : side * side, .edge = edge, .spacing = spacing};
}

static double middle(const struct grid *grid, int64_t cell)
{
    return -grid->edge + ((double)cell + 0.5) * grid->spacing;
}

void grid_point(const struct grid *grid, int64_t i, double *z)
{
    z[0] = middle(grid, i % grid->side);
    if (grid->m == 2) z[1] = middle(grid, i / grid->side);
}

static int is_at_the_edge(const struct grid *grid, int64_t i)
{
    const int64_t column = i % grid->side, row = i / grid->side;
    return column == 0 || column == grid->side - 1 || (grid->m == 2 && (row == 0 || row == grid->side - 1));
}

/* Fails if anything of weight lies where the grid ends. */
static void assert_all_is_inside(const struct grid *grid, const double *probability)
{
    double outermost = 0;
    for (int64_t i = 0; i < grid->count; i++)
        if (is_at_the_edge(grid, i)) outermost += probability[i];
    ck_assert_msg(outermost < 1e-9, "the cells at the edges of the grid hold a probability of %g", outermost);
}

double grid_normalise(const struct grid *grid, double *log_density)
{
    double largest = -INFINITY, sum = 0;
    for (int64_t i = 0; i < grid->count; i++) largest = fmax(largest, log_density[i]);
    for (int64_t i = 0; i < grid->count; i++) sum += log_density[i] = exp(log_density[i] - largest);
    for (int64_t i = 0; i < grid->count; i++) log_density[i] /= sum;
    assert_all_is_inside(grid, log_density);
    return largest + log(sum) + (double)grid->m * log(grid->spacing);
}

double *grid_target(const struct grid *grid, const struct ref_model *model, const double *x, double *log_integral)
{
    double *cells = test_doubles(grid->count), z[2];
    for (int64_t i = 0; i < grid->count; i++) {
        grid_point(grid, i, z);
        cells[i] = ref_log_density(model, z, x);
    }
    const double log_sum = grid_normalise(grid, cells);
    if (log_integral) *log_integral = log_sum;
    return cells;
}

double grid_log_p(const struct grid *prior, const struct grid *posterior, const struct ref_model *model,
                  const double *x)
{
    double log_joint, log_z;
    free(grid_target(posterior, model, x, &log_joint));
    free(grid_target(prior, model, NULL, &log_z));
    return log_joint - log_z;
}

/* The cells of an axis that N(mean, std^2) reaches, with their probabilities. */
enum { WIDEST = 1024 };

struct reach {
    int64_t first, count;
    double probability[WIDEST];
};

static void reach_of(const struct grid *grid, double mean, double std, struct reach *reach)
{
    const double left = (mean - 6.5 * std + grid->edge) / grid->spacing;
    const double right = (mean + 6.5 * std + grid->edge) / grid->spacing;
    reach->first = left > 0 ? (int64_t)left : 0;
    const int64_t end = right < (double)grid->side ? (int64_t)right + 1 : grid->side;
    reach->count = end > reach->first ? end - reach->first : 0;
    LEBM_ASSERT_MSG(reach->count <= WIDEST, "the noise reaches %lld cells", (long long)reach->count);
    for (int64_t i = 0; i < reach->count; i++) {
        const double away = (middle(grid, reach->first + i) - mean) / std;
        reach->probability[i] = grid->spacing / (std * sqrt(2 * M_PI)) * exp(-away * away / 2);
    }
}

/* Adds `probability`, spread as N(mean, std^2 I), to the cells. */
static void spread(const struct grid *grid, double probability, const double *mean, double std, double *cells)
{
    struct reach columns, rows;
    reach_of(grid, mean[0], std, &columns);
    if (grid->m == 2) {
        reach_of(grid, mean[1], std, &rows);
    } else {
        rows.first = 0;
        rows.count = 1;
        rows.probability[0] = 1;
    }
    for (int64_t r = 0; r < rows.count; r++) {
        const double share = probability * rows.probability[r];
        double *to = cells + (rows.first + r) * grid->side + columns.first;
        for (int64_t c = 0; c < columns.count; c++) to[c] += share * columns.probability[c];
    }
}

double *grid_chain(const struct grid *grid, const struct ref_model *model, const double *x, struct chain chain)
{
    const double zero[2] = {0, 0}, std = sqrt(2 * chain.step_size);
    double *before = test_doubles(grid->count), *after = test_doubles(grid->count);
    double *drifted = test_doubles(grid->m * grid->count); /* z + s score(z) */
    for (int64_t i = 0; i < grid->count; i++) {
        double *z = drifted + grid->m * i, score[2];
        grid_point(grid, i, z);
        ref_score(model, z, x, score);
        for (int64_t j = 0; j < grid->m; j++) z[j] += chain.step_size * score[j];
    }
    spread(grid, 1, zero, 1, after);
    for (int64_t step = 0; step < chain.steps; step++) {
        double *swap = before;
        before = after;
        after = swap;
        memset(after, 0, (size_t)grid->count * sizeof *after);
        for (int64_t i = 0; i < grid->count; i++)
            if (before[i] > 1e-13) spread(grid, before[i], drifted + grid->m * i, std, after);
    }
    double total = 0;
    for (int64_t i = 0; i < grid->count; i++) total += after[i];
    LEBM_ASSERT_NEAR(total, 1, 1e-6); /* nothing was lost on the way */
    assert_all_is_inside(grid, after);
    free(before);
    free(drifted);
    return after;
}

int64_t param_count(const struct ref_model *model)
{
    return model->f->param_total + model->g->param_total;
}

void grid_gradients(const struct grid *grid, const double *probability, const struct ref_model *model, const double *x,
                    double *mean, double *variance)
{
    const double one = 1;
    const int64_t count = param_count(model);
    double *gradient = test_doubles(count), z[2];
    for (int64_t p = 0; p < count; p++) mean[p] = variance[p] = 0;
    for (int64_t i = 0; i < grid->count; i++) {
        if (probability[i] < 1e-18) continue;
        memset(gradient, 0, (size_t)count * sizeof *gradient);
        grid_point(grid, i, z);
        ref_net_vjp(model->f, z, &one, NULL, gradient);
        if (x) ref_likelihood_grad_params(model, z, x, gradient + model->f->param_total);
        for (int64_t p = 0; p < count; p++) {
            mean[p] += probability[i] * gradient[p];
            variance[p] += probability[i] * gradient[p] * gradient[p];
        }
    }
    for (int64_t p = 0; p < count; p++) variance[p] = fmax(0, variance[p] - mean[p] * mean[p]);
    free(gradient);
}
