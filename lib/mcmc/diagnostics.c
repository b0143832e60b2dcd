#include "lebm/diagnostics.h"

#include <math.h>
#include <stddef.h>

#include "core/environment.h"
#include "core/memory.h"
#include "core/status.h"
#include "math/distribution.h"
#include "math/sort.h"
#include "math/threads.h"
#include "mcmc/column.h"
#include "mcmc/mixing.h"

enum {
    MOST_RESULTS = 3,
    TO_HALVE = 4,                  /* draws of a chain, at least, whose halves have a variance */
    MOST_DRAWS = LEBM__MOST_SORTED /* of a dimension */
};

typedef struct diagnostics_call diagnostics_call;

/* One thread's column, and what it measures with. */
typedef struct {
    lebm__column column;
    lebm__mixing mixing;
} diagnostics_worker;

/* Fill in the results of a column of finite draws: those asked for, at least. They are NaN so far. */
typedef void diagnostics_measure_fn(const diagnostics_call *call, diagnostics_worker *worker, double *results);

struct diagnostics_call {
    lebm__draws draws;
    diagnostics_measure_fn *measure;
    double *out[MOST_RESULTS]; /* [dims] each; NULL: not asked for */
    int has_ess, has_ranks;    /* the transform, and the scores, are needed */
    int64_t superchains;       /* of nested R-hat */
    double probability;        /* of a quantile */
    int64_t ranked;            /* draws of a dimension that have ranks: without those between halves */
    double *scores;            /* [ranked] normal scores of the ranks */
    lebm__fft fft;             /* for half a chain */
    diagnostics_worker *workers;
};

/* ---- what is measured ---- */

/* The effective sample size of what was made of the column last, or of the draws themselves. */
static double diagnostics_ess(const diagnostics_call *call, diagnostics_worker *worker, const double *values)
{
    const lebm__parts parts = lebm__column_parts(&worker->column, values, 2);
    return lebm__ess(&worker->mixing, &call->fft, &parts);
}

/* That of the share of draws up to a quantile. */
static double diagnostics_quantile_ess(const diagnostics_call *call, diagnostics_worker *worker, double quantile)
{
    lebm__column_mark(&worker->column, quantile);
    return diagnostics_ess(call, worker, worker->column.series);
}

static void diagnostics_convergence(const diagnostics_call *call, diagnostics_worker *worker, double *results)
{
    enum { RHAT, ESS_BULK, ESS_TAIL };
    lebm__column *column = &worker->column;
    lebm__column_sort(column);
    if (call->out[ESS_TAIL] != NULL) {
        const double low = lebm__column_quantile(column, 0.05), high = lebm__column_quantile(column, 0.95);
        const double low_ess = diagnostics_quantile_ess(call, worker, low);
        const double high_ess = diagnostics_quantile_ess(call, worker, high);
        results[ESS_TAIL] = fmin(low_ess, high_ess); /* that of one where the other is NaN */
    }
    const lebm__parts scores = lebm__column_parts(column, column->series, 2);
    lebm__column_leave_middles(column);
    lebm__column_rank(column, call->scores);
    if (call->out[ESS_BULK] != NULL) results[ESS_BULK] = diagnostics_ess(call, worker, column->series);
    if (call->out[RHAT] != NULL) {
        const double of_ranks = lebm__rhat(&worker->mixing, &scores);
        lebm__column_fold(column, call->scores);
        results[RHAT] = fmax(of_ranks, lebm__rhat(&worker->mixing, &scores));
    }
}

static void diagnostics_nested_rhat(const diagnostics_call *call, diagnostics_worker *worker, double *results)
{
    enum { RAW, RANKED };
    lebm__column *column = &worker->column;
    const lebm__parts whole = lebm__column_parts(column, column->x, 1);
    results[RAW] = lebm__nested_rhat(&worker->mixing, &whole, call->superchains);
    if (call->out[RANKED] != NULL) {
        lebm__column_sort(column);
        lebm__column_leave_middles(column);
        const lebm__parts scores = lebm__column_parts(column, column->series, 2);
        lebm__column_rank(column, call->scores);
        const double of_ranks = lebm__nested_rhat(&worker->mixing, &scores, call->superchains);
        lebm__column_fold(column, call->scores);
        results[RANKED] = fmax(of_ranks, lebm__nested_rhat(&worker->mixing, &scores, call->superchains));
    }
}

static void diagnostics_mean(const diagnostics_call *call, diagnostics_worker *worker, double *results)
{
    enum { MEAN, MCSE, TIME };
    const lebm__column *column = &worker->column;
    const double mean = lebm__mean_of(column->x, column->count);
    const double variance = lebm__squares_about(column->x, column->count, mean) / (double)(column->count - 1);
    const double ess = diagnostics_ess(call, worker, column->x);
    results[MEAN] = ldexp(mean, column->exponent);
    results[MCSE] = ldexp(sqrt(variance / ess), column->exponent);
    results[TIME] = (double)call->ranked / ess;
}

static void diagnostics_sd(const diagnostics_call *call, diagnostics_worker *worker, double *results)
{
    enum { SD, MCSE };
    lebm__column *column = &worker->column;
    const double mean = lebm__mean_of(column->x, column->count), n = (double)column->count;
    const double variance = lebm__squares_about(column->x, column->count, mean) / n;
    lebm__column_square(column, mean);
    const double of_squares = lebm__squares_about(column->series, column->count, variance) / n;
    const double of_variance = of_squares / diagnostics_ess(call, worker, column->series);
    results[SD] = ldexp(sqrt(variance * n / (n - 1.0)), column->exponent);
    if (variance > 0.0) results[MCSE] = ldexp(sqrt(of_variance / (4.0 * variance)), column->exponent);
}

static void diagnostics_quantile(const diagnostics_call *call, diagnostics_worker *worker, double *results)
{
    enum { QUANTILE, MCSE };
    static const double one_below = 0.1586553, one_above = 0.8413447; /* the digits that posterior and ArviZ have */
    lebm__column *column = &worker->column;
    const double p = call->probability, last = (double)(column->count - 1);
    const double quantile = lebm__column_quantile(column, p);
    results[QUANTILE] = ldexp(quantile, column->exponent);
    if (call->out[MCSE] == NULL) return;
    const double ess = diagnostics_quantile_ess(call, worker, quantile);
    if (isnan(ess)) return;
    const double a = ess * p + 1.0, b = ess * (1.0 - p) + 1.0;
    const double low = floor(lebm__beta_quantile(one_below, a, b) * (last + 1.0) - 1.0);
    const double high = ceil(lebm__beta_quantile(one_above, a, b) * (last + 1.0) - 1.0);
    const double from = lebm__column_nth(column, (int64_t)fmax(low, 0.0));
    const double to = lebm__column_nth(column, (int64_t)fmin(high, last));
    results[MCSE] = ldexp(0.5 * (to - from), column->exponent);
}

static void diagnostics_e_bfmi(const diagnostics_call *call, diagnostics_worker *worker, double *results)
{
    const double *energy = worker->column.x;
    const int64_t length = worker->column.count;
    const double spread = lebm__squares_about(energy, length, lebm__mean_of(energy, length));
    double changes = 0.0;
    (void)call;
    for (int64_t t = 1; t < length; t++) changes += (energy[t] - energy[t - 1]) * (energy[t] - energy[t - 1]);
    if (spread > 0.0) results[0] = changes / spread;
}

/* ---- calls ---- */

/* LEBM_ERR_SHAPE unless a machine may have memory that holds all the draws, to either side of the first. */
static int diagnostics_check_reach(const lebm__draws *draws)
{
    const int64_t counts[3] = {draws->chains, draws->length, draws->dims};
    const int64_t most = PTRDIFF_MAX / (int64_t)sizeof(double);
    int64_t reach[2] = {0, 0};
    for (int i = 0; i < 3; i++) {
        int64_t span;
        int too_far = __builtin_mul_overflow(draws->strides[i], counts[i] - 1, &span) || span < -most || span > most;
        if (!too_far) reach[span < 0] += span < 0 ? -span : span;
        too_far = too_far || reach[0] > most || reach[1] > most;
        if (too_far) return lebm__fail(LEBM_ERR_SHAPE, "strides or sizes of the draws lead out of any memory");
    }
    return LEBM_OK;
}

static int diagnostics_check_sizes(const lebm__draws *draws, int64_t least_length)
{
    LEBM__TRY(lebm__check_range("chains", draws->chains, 1, MOST_DRAWS));
    LEBM__TRY(lebm__check_range("length", draws->length, least_length, MOST_DRAWS));
    LEBM__TRY(lebm__check_range("dims", draws->dims, 1, MOST_DRAWS));
    const int64_t count = draws->chains * draws->length;
    if (count <= MOST_DRAWS) return LEBM_OK;
    return lebm__fail(LEBM_ERR_SHAPE, "chains * length is %lld; allowed are up to %lld draws", (long long)count,
                      (long long)MOST_DRAWS);
}

/* The draws of a call, at the strides given or, if these are NULL, row-major; or why they are none. */
static int diagnostics_set_draws(diagnostics_call *call, lebm__draws draws, const int64_t *strides,
                                 int64_t least_length)
{
    LEBM__TRY(diagnostics_check_sizes(&draws, least_length));
    const int64_t row_major[3] = {draws.length * draws.dims, draws.dims, 1};
    for (int i = 0; i < 3; i++) draws.strides[i] = strides == NULL ? row_major[i] : strides[i];
    call->draws = draws;
    return diagnostics_check_reach(&draws);
}

static int diagnostics_do_column(void *context, int64_t dim, int thread)
{
    const diagnostics_call *call = context;
    diagnostics_worker *worker = &call->workers[thread];
    double results[MOST_RESULTS] = {NAN, NAN, NAN};
    if (lebm__column_read(&worker->column, &call->draws, dim)) call->measure(call, worker, results);
    for (int i = 0; i < MOST_RESULTS; i++)
        if (call->out[i] != NULL) call->out[i][dim] = results[i];
    return LEBM_OK;
}

enum { SCORES_AT_ONCE = 4096 };

/* The scores of some ranks in the lower half, and those of the same ranks from above. */
static int diagnostics_do_scores(void *context, int64_t task, int thread)
{
    const diagnostics_call *call = context;
    const int64_t half = (call->ranked + 1) / 2, first = task * SCORES_AT_ONCE;
    (void)thread;
    for (int64_t i = first; i < first + SCORES_AT_ONCE && i < half; i++) {
        const double score = lebm__normal_score((double)(i + 1), call->ranked);
        call->scores[call->ranked - 1 - i] = -score;
        call->scores[i] = score;
    }
    return LEBM_OK;
}

static void diagnostics_lay_out(void *context, int thread, lebm__arena *arena)
{
    const diagnostics_call *call = context;
    diagnostics_worker *worker = &call->workers[thread];
    lebm__column_lay_out(&worker->column, call->draws.chains, call->draws.length, arena);
    lebm__mixing_lay_out(&worker->mixing, call->draws.chains, &call->fft, arena);
}

static int diagnostics_measure_all(diagnostics_call *call, lebm__pool *pool)
{
    const int64_t half = call->draws.length / 2;
    const int threads = lebm__pool_share(pool, call->draws.dims);
    call->ranked = 2 * call->draws.chains * half;
    LEBM__TRY(lebm__fft_create(&call->fft, lebm__fft_length(call->has_ess ? 2 * half : 1)));
    call->scores = lebm__alloc_raw(call->has_ranks ? call->ranked : 0, sizeof *call->scores);
    call->workers = lebm__alloc(threads, sizeof *call->workers);
    if (call->scores == NULL || call->workers == NULL) return LEBM_ERR_NOMEM;
    LEBM__TRY(lebm__pool_lay_out(pool, threads, diagnostics_lay_out, call));
    if (call->has_ranks) {
        const int64_t tasks = (call->ranked + 2 * SCORES_AT_ONCE - 1) / (2 * SCORES_AT_ONCE);
        LEBM__TRY(lebm__pool_run(pool, tasks, diagnostics_do_scores, call));
    }
    return lebm__pool_run(pool, call->draws.dims, diagnostics_do_column, call);
}

/* No task fails: results are written once there is all the memory that the call needs. */
static int diagnostics_run(diagnostics_call *call, int64_t threads)
{
    lebm__pool *pool = NULL;
    LEBM__TRY(lebm__check_range("threads", threads, 0, LEBM__MOST_THREADS));
    int status = lebm__pool_resize(&pool, lebm__thread_count(threads));
    if (status == LEBM_OK) status = diagnostics_measure_all(call, pool);
    lebm__pool_destroy(pool);
    lebm__fft_destroy(&call->fft);
    lebm__free(call->scores);
    lebm__free(call->workers);
    return status;
}

int lebm_diagnostics_convergence(const double *draws, int64_t chains, int64_t length, int64_t dims,
                                 const int64_t *strides, int64_t threads, double *rhat, double *ess_bulk,
                                 double *ess_tail)
{
    diagnostics_call call = {
        .measure = diagnostics_convergence, .out = {rhat, ess_bulk, ess_tail}, .has_ess = 1, .has_ranks = 1};
    LEBM__REQUIRE(draws);
    LEBM__TRY(diagnostics_set_draws(&call, (lebm__draws){draws, chains, length, dims, {0}}, strides, TO_HALVE));
    return diagnostics_run(&call, threads);
}

int lebm_diagnostics_nested_rhat(const double *draws, int64_t chains, int64_t length, int64_t dims,
                                 const int64_t *strides, int64_t superchains, int64_t threads, double *raw,
                                 double *ranked)
{
    diagnostics_call call = {.measure = diagnostics_nested_rhat,
                             .out = {raw, ranked},
                             .has_ranks = ranked != NULL,
                             .superchains = superchains};
    const lebm__draws given = {draws, chains, length, dims, {0}};
    LEBM__REQUIRE(draws);
    LEBM__TRY(diagnostics_set_draws(&call, given, strides, ranked == NULL ? 1 : TO_HALVE));
    LEBM__TRY(lebm__check_range("superchains", superchains, 2, MOST_DRAWS));
    if (chains % superchains != 0)
        return lebm__fail(LEBM_ERR_SHAPE, "superchains is %lld, which does not divide chains, %lld",
                          (long long)superchains, (long long)chains);
    return diagnostics_run(&call, threads);
}

int lebm_diagnostics_mean(const double *draws, int64_t chains, int64_t length, int64_t dims, const int64_t *strides,
                          int64_t threads, double *mean, double *mcse, double *autocorrelation_time)
{
    diagnostics_call call = {.measure = diagnostics_mean, .out = {mean, mcse, autocorrelation_time}, .has_ess = 1};
    LEBM__REQUIRE(draws);
    LEBM__TRY(diagnostics_set_draws(&call, (lebm__draws){draws, chains, length, dims, {0}}, strides, TO_HALVE));
    return diagnostics_run(&call, threads);
}

int lebm_diagnostics_sd(const double *draws, int64_t chains, int64_t length, int64_t dims, const int64_t *strides,
                        int64_t threads, double *sd, double *mcse)
{
    diagnostics_call call = {.measure = diagnostics_sd, .out = {sd, mcse}, .has_ess = 1};
    LEBM__REQUIRE(draws);
    LEBM__TRY(diagnostics_set_draws(&call, (lebm__draws){draws, chains, length, dims, {0}}, strides, TO_HALVE));
    return diagnostics_run(&call, threads);
}

int lebm_diagnostics_quantile(const double *draws, int64_t chains, int64_t length, int64_t dims, const int64_t *strides,
                              double probability, int64_t threads, double *quantile, double *mcse)
{
    const double least = 1e-9, most = 1.0 - 1e-9;
    diagnostics_call call = {
        .measure = diagnostics_quantile, .out = {quantile, mcse}, .has_ess = 1, .probability = probability};
    LEBM__REQUIRE(draws);
    LEBM__TRY(diagnostics_set_draws(&call, (lebm__draws){draws, chains, length, dims, {0}}, strides, TO_HALVE));
    if (!(probability >= least && probability <= most))
        return lebm__fail(LEBM_ERR_RANGE, "probability is %g; allowed are 1e-9 to 1 - 1e-9", probability);
    return diagnostics_run(&call, threads);
}

int lebm_diagnostics_e_bfmi(const double *energies, int64_t chains, int64_t length, const int64_t *strides,
                            int64_t threads, double *e_bfmi)
{
    diagnostics_call call = {.measure = diagnostics_e_bfmi, .out = {e_bfmi}};
    LEBM__REQUIRE(energies);
    LEBM__REQUIRE(e_bfmi);
    LEBM__TRY(lebm__check_range("chains", chains, 1, MOST_DRAWS));
    LEBM__TRY(lebm__check_range("length", length, TO_HALVE, MOST_DRAWS));
    /* Each chain by itself, as if it were a dimension of a single one. */
    const int64_t chain = strides == NULL ? length : strides[0], draw = strides == NULL ? 1 : strides[1];
    LEBM__TRY(diagnostics_set_draws(&call, (lebm__draws){energies, 1, length, chains, {0}},
                                    (const int64_t[3]){0, draw, chain}, TO_HALVE));
    return diagnostics_run(&call, threads);
}
