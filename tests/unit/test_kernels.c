/* Transition kernels on a density of their own, step by step: against versions in double precision with the same random
 * numbers, what a step costs, what becomes of steps that lead nowhere, and the leapfrog. Laws of chains are in
 * tests/exact. */
#include "lebm.h"
#include "mcmc/hmc.h"
#include "mcmc/sampler.h"
#include "support/approx.h"

enum { M = 5, N = 12 };

/* ---- a density, and chains towards it ---- */

/* log pi = -sum of a_j z_j^2 / 2 + z_j^4 / 10, and z_0 z_1 / 2; beyond `wall` in the first number there is nothing, up to `end`
 * if that is not 0. */
struct density {
    double wall, end;
    float beyond; /* what is found there: NAN, INFINITY */
    int64_t asked, asked_of_nonsense;
};

static double density_at(const double *z, double *score)
{
    double log_density = 0.5 * z[0] * z[1];
    for (int j = 0; j < M; j++) {
        const double a = 0.5 + j;
        log_density -= 0.5 * a * z[j] * z[j] + 0.1 * pow(z[j], 4);
        score[j] = -a * z[j] - 0.4 * pow(z[j], 3) + (j == 0 ? 0.5 * z[1] : j == 1 ? 0.5 * z[0] : 0);
    }
    return log_density;
}

static void base(const void *context, int64_t n, const float *z, double *log_density, float *score, double *squares)
{
    (void)context;
    for (int64_t i = 0; i < n; i++) {
        log_density[i] = squares[i] = 0;
        for (int64_t j = i * M; j < (i + 1) * M; j++) score[j] = 0, squares[i] += (double)z[j] * z[j];
    }
}

static int tilt(const void *context, int64_t n, const float *z, double *log_density, float *score)
{
    struct density *density = (struct density *)context;
    density->asked++;
    for (int64_t i = 0; i < n; i++) {
        double at[M], of_row[M];
        for (int j = 0; j < M; j++) at[j] = z[i * M + j];
        for (int j = 0; j < M; j++) density->asked_of_nonsense += !isfinite(at[j]);
        log_density[i] += density_at(at, of_row);
        for (int j = 0; j < M; j++) score[i * M + j] += (float)of_row[j];
        if (at[0] > density->wall && (density->end == 0 || at[0] < density->end)) log_density[i] = density->beyond;
    }
    return LEBM_OK;
}

/* A tile of chains, with all that it needs. */
struct bench {
    lebm_sampler *sampler;
    struct density density;
    lebm__chain chain;
    lebm__tile tile;
    void *memory;
    float z[N * M], score[N * M], variances[M], roots[M];
    double log_density[N], score_norm[N], squares[N], max_squares[N], acceptance[N], energy_error[N], probability[N],
        energy[N];
};

static int never(void *context)
{
    (void)context;
    return 0;
}

/* M = I, or what is learned of the density, more or less. */
static void bench_precondition(struct bench *b)
{
    for (int j = 0; j < M; j++) {
        b->variances[j] = 1 / (1 + (float)j);
        b->roots[j] = sqrtf(b->variances[j]);
    }
    b->chain.variances = b->variances;
    b->chain.roots = b->roots;
}

static void bench_make(struct bench *b, const char *kernel, double step_size, int64_t steps)
{
    *b = (struct bench){.density = {.wall = INFINITY}};
    LEBM_ASSERT_OK(lebm_sampler_create(&b->sampler, kernel));
    LEBM_ASSERT_OK(lebm_sampler_set_f64(b->sampler, LEBM_SAMPLER_STEP_SIZE, step_size));
    const lebm__run run = lebm__sampler_begin_run(b->sampler);
    lebm__arena arena = {NULL, 0};
    run.kernel->lay_out(N, M, &arena);
    b->memory = lebm__alloc_raw(arena.used, 1);
    arena = (lebm__arena){b->memory, 0};
    b->tile = (lebm__tile){.n = N,
                           .first = 3,
                           .z = b->z,
                           .score = b->score,
                           .log_density = b->log_density,
                           .score_norm = b->score_norm,
                           .squares = b->squares,
                           .max_squares = b->max_squares,
                           .acceptance = b->acceptance,
                           .energy_error = b->energy_error,
                           .probability = b->probability,
                           .energy = b->energy,
                           .workspace = run.kernel->lay_out(N, M, &arena)};
    b->chain = (lebm__chain){.kernel = run.kernel,
                             .options = run.kernel_options,
                             .target = {"density", "no remedy", "no remedy", M, 1, "nothing", base, tilt, &b->density},
                             .steps = steps,
                             .step_sizes = *(const lebm__step_sizes *)run.kernel_options,
                             .temperature = 1,
                             .key = {{5, 6}},
                             .stop = never};
    float *start = test_normal_floats(N * M, 0.6f, 2);
    memcpy(b->z, start, sizeof b->z);
    free(start);
}

static void bench_free(struct bench *b)
{
    lebm_sampler_destroy(b->sampler);
    lebm__free(b->memory);
}

/* ---- the same in double ---- */

struct reference {
    double z[M], score[M], log_density;
    double energy; /* with which the trajectory to here began, in HMC */
};

static double square_of(const double *v)
{
    double sum = 0;
    for (int j = 0; j < M; j++) sum += v[j] * v[j];
    return sum;
}

/* The log of MALA's ratio by its definition; `to` becomes the proposal. */
static double propose_mala(const struct bench *b, const struct reference *from, const double *e, struct reference *to)
{
    const double s = b->chain.step_sizes.first, t = b->chain.temperature;
    double forth[M], back[M];
    for (int j = 0; j < M; j++) {
        const double v = b->chain.variances ? b->variances[j] : 1;
        to->z[j] = from->z[j] + s * v * from->score[j] + sqrt(2 * s * t * v) * e[j];
    }
    to->log_density = density_at(to->z, to->score);
    to->energy = NAN;
    for (int j = 0; j < M; j++) {
        const double v = b->chain.variances ? b->variances[j] : 1, width = sqrt(2 * s * t * v);
        forth[j] = (to->z[j] - from->z[j] - s * v * from->score[j]) / width;
        back[j] = (from->z[j] - to->z[j] - s * v * to->score[j]) / width;
    }
    return (to->log_density - from->log_density) / t - square_of(back) / 2 + square_of(forth) / 2;
}

/* The same of HMC, of whose momentum p the noise is M^1/2 p / T^1/2. */
static double propose_hmc(const struct bench *b, const struct reference *from, const double *e, double chance,
                          struct reference *to)
{
    int64_t leaps;
    double jitter, p[M], energy = -from->log_density;
    LEBM_ASSERT_OK(lebm_sampler_get_i64(b->sampler, LEBM_SAMPLER_LEAPFROG_STEPS, &leaps));
    LEBM_ASSERT_OK(lebm_sampler_get_f64(b->sampler, LEBM_SAMPLER_JITTER, &jitter));
    const double t = b->chain.temperature, epsilon = b->chain.step_sizes.first * (1 + jitter * (2 * chance - 1));
    *to = *from;
    for (int j = 0; j < M; j++) {
        const double v = b->chain.variances ? b->variances[j] : 1;
        p[j] = sqrt(t / v) * e[j];
        energy += v * p[j] * p[j] / 2;
    }
    to->energy = energy;
    for (int64_t leap = 0; leap < leaps; leap++) {
        for (int j = 0; j < M; j++) {
            p[j] += epsilon / 2 * to->score[j];
            to->z[j] += epsilon * (b->chain.variances ? b->variances[j] : 1) * p[j];
        }
        to->log_density = density_at(to->z, to->score);
        for (int j = 0; j < M; j++) p[j] += epsilon / 2 * to->score[j];
    }
    energy += to->log_density;
    for (int j = 0; j < M; j++) energy -= (b->chain.variances ? b->variances[j] : 1) * p[j] * p[j] / 2;
    return energy / t;
}

/* What is measured of a chain. */
struct measured {
    double acceptance, error;   /* sums over the steps of the probability of acceptance, and of |log r| */
    double probability, energy; /* of the last step */
};

/* Make chain i's steps: z is its start, then its end. `tests` 0: all are accepted. */
static struct measured reference_chain(const struct bench *b, int64_t i, int tests, double *z)
{
    struct reference at, to;
    struct measured m = {.acceptance = 0};
    memcpy(at.z, z, sizeof at.z);
    at.log_density = density_at(at.z, at.score);
    for (int64_t step = 1; step <= b->chain.steps; step++) {
        float noise[M];
        double chances[2], e[M];
        lebm__normals(b->chain.key, b->tile.first + i, (uint32_t)step, 1, M, noise);
        lebm__chances(b->chain.key, b->tile.first + i, NULL, (uint32_t)step, 1, chances);
        for (int j = 0; j < M; j++) e[j] = noise[j];
        const double log_ratio =
            b->chain.kernel == &lebm__hmc ? propose_hmc(b, &at, e, chances[1], &to) : propose_mala(b, &at, e, &to);
        m.probability = fmin(1, exp(log_ratio));
        m.energy = to.energy;
        m.acceptance += m.probability;
        m.error += fabs(log_ratio);
        if (!tests || chances[0] < exp(log_ratio)) at = to;
    }
    memcpy(z, at.z, sizeof at.z);
    return m;
}

static const struct {
    const char *kernel;
    double step_size, temperature;
    int is_preconditioned;
    int64_t leapfrog_steps;
} settings[] = {{LEBM_MALA, 0.1, 1, 0, 0},    {LEBM_MALA, 0.3, 1, 1, 0}, {LEBM_MALA, 0.1, 0.5, 0, 0},
                {LEBM_MALA, 0.2, 3, 1, 0},    {LEBM_HMC, 0.4, 1, 0, 1},  {LEBM_HMC, 0.35, 1, 0, 7},
                {LEBM_HMC, 0.6, 0.5, 1, 7},   {LEBM_HMC, 0.4, 3, 1, 2},  {LEBM_LANGEVIN, 0.1, 1, 0, 0},
                {LEBM_LANGEVIN, 0.3, 2, 1, 0}};

enum { SETTINGS = sizeof settings / sizeof *settings };

static void bench_make_setting(struct bench *b, int number, int64_t steps)
{
    bench_make(b, settings[number].kernel, settings[number].step_size, steps);
    b->chain.temperature = settings[number].temperature;
    if (settings[number].is_preconditioned) bench_precondition(b);
    if (settings[number].leapfrog_steps)
        LEBM_ASSERT_OK(lebm_sampler_set_i64(b->sampler, LEBM_SAMPLER_LEAPFROG_STEPS, settings[number].leapfrog_steps));
    if (b->chain.kernel == &lebm__langevin)
        LEBM_ASSERT_OK(lebm_sampler_set_i64(b->sampler, LEBM_SAMPLER_MEASURE_ACCEPTANCE, 1));
}

START_TEST(chains_and_acceptance_equal_the_reference) /* _i: the setting */
{
    enum { STEPS = 15 };
    struct bench b;
    bench_make_setting(&b, _i, STEPS);
    double expected[N * M], all = 0;
    struct measured measured[N];
    for (int i = 0; i < N * M; i++) expected[i] = b.z[i];
    for (int64_t i = 0; i < N; i++) {
        measured[i] = reference_chain(&b, i, b.chain.kernel != &lebm__langevin, expected + i * M);
        all += measured[i].acceptance / (N * STEPS);
    }
    LEBM_ASSERT_OK(lebm__chain_run(&b.chain, &b.tile));
    ck_assert_double_gt(all, 0.3); /* so that there is something to be seen: not all are accepted, nor refused */
    ck_assert_double_lt(all, 0.98);
    LEBM_ASSERT_CLOSE(b.z, expected, N * M, 0, 1e-5);
    ck_assert_int_eq(b.tile.tested, STEPS);
    for (int i = 0; i < N; i++) {
        double score[M];
        LEBM_ASSERT_NEAR(b.acceptance[i], measured[i].acceptance, 2e-5);
        LEBM_ASSERT_NEAR(b.energy_error[i], measured[i].error, 5e-5);
        LEBM_ASSERT_NEAR(b.probability[i], measured[i].probability, 2e-5);
        if (b.chain.kernel == &lebm__hmc) LEBM_ASSERT_NEAR(b.energy[i], measured[i].energy, 5e-5);
        LEBM_ASSERT_NEAR(b.log_density[i], density_at(expected + i * M, score), 1e-4);
        LEBM_ASSERT_NEAR(b.score_norm[i], sqrt(square_of(score)), 1e-4);
    }
    bench_free(&b);
}
END_TEST

START_TEST(one_leapfrog_step_is_mala) /* _i: at what temperature, and with M = I or not */
{
    enum { STEPS = 30 };
    static const double temperatures[] = {1, 0.4, 2.5};
    struct bench mala, hmc;
    const double epsilon = 0.6;
    bench_make(&mala, LEBM_MALA, epsilon * epsilon / 2, STEPS);
    bench_make(&hmc, LEBM_HMC, epsilon, STEPS);
    LEBM_ASSERT_OK(lebm_sampler_set_i64(hmc.sampler, LEBM_SAMPLER_LEAPFROG_STEPS, 1));
    LEBM_ASSERT_OK(lebm_sampler_set_f64(hmc.sampler, LEBM_SAMPLER_JITTER, 0));
    mala.chain.temperature = hmc.chain.temperature = temperatures[_i / 2];
    if (_i % 2) bench_precondition(&mala), bench_precondition(&hmc);
    LEBM_ASSERT_OK(lebm__chain_run(&mala.chain, &mala.tile));
    LEBM_ASSERT_OK(lebm__chain_run(&hmc.chain, &hmc.tile));
    for (int i = 0; i < N * M; i++) LEBM_ASSERT_NEAR(hmc.z[i], mala.z[i], 1e-5);
    double refused = 0;
    for (int i = 0; i < N; i++) {
        LEBM_ASSERT_NEAR(hmc.acceptance[i], mala.acceptance[i], 5e-5);
        refused += STEPS - mala.acceptance[i];
    }
    ck_assert_double_gt(refused, 10);
    bench_free(&mala);
    bench_free(&hmc);
}
END_TEST

/* ---- cost ---- */

START_TEST(a_step_costs_what_it_says)
{
    enum { STEPS = 9 };
    static const struct {
        const char *kernel;
        double step_size;
        int64_t asked;
    } cases[] = {{LEBM_LANGEVIN, 0.01, STEPS},
                 {LEBM_MALA, 0.1, STEPS + 1},
                 {LEBM_MALA, 1000, STEPS + 1},
                 {LEBM_HMC, 0.3, 10 * STEPS + 1}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct bench b;
        bench_make(&b, cases[c].kernel, cases[c].step_size, STEPS);
        LEBM_ASSERT_OK(lebm__chain_run(&b.chain, &b.tile));
        LEBM_ASSERT_MSG(b.density.asked == cases[c].asked, "%s asks the target %lld times, expected %lld",
                        cases[c].kernel, (long long)b.density.asked, (long long)cases[c].asked);
        bench_free(&b);
    }
}
END_TEST

START_TEST(measuring_leaves_langevin_its_bits)
{
    enum { STEPS = 9 };
    struct bench plain, measured;
    bench_make(&plain, LEBM_LANGEVIN, 0.1, STEPS);
    bench_make(&measured, LEBM_LANGEVIN, 0.1, STEPS);
    LEBM_ASSERT_OK(lebm_sampler_set_i64(measured.sampler, LEBM_SAMPLER_MEASURE_ACCEPTANCE, 1));
    LEBM_ASSERT_OK(lebm__chain_run(&plain.chain, &plain.tile));
    LEBM_ASSERT_OK(lebm__chain_run(&measured.chain, &measured.tile));
    LEBM_ASSERT_SAME_BITS(measured.z, plain.z, N * M);
    ck_assert_int_eq(measured.density.asked, STEPS + 1);
    ck_assert_int_eq(measured.tile.tested, STEPS);
    ck_assert_int_eq(plain.tile.tested, 0);
    bench_free(&plain);
    bench_free(&measured);
}
END_TEST

START_TEST(a_chain_that_is_refused_keeps_all_that_it_has)
{
    static const char *const kernels[] = {LEBM_MALA, LEBM_HMC};
    for (int k = 0; k < 2; k++) {
        struct bench b;
        bench_make(&b, kernels[k], 1000, 6);
        float start[N * M], score[N * M];
        double log_density[N];
        memcpy(start, b.z, sizeof start);
        LEBM_ASSERT_OK(lebm__chain_begin(&b.chain, &b.tile));
        memcpy(score, b.score, sizeof score);
        memcpy(log_density, b.log_density, sizeof log_density);
        for (int64_t step = 1; step <= 6; step++) LEBM_ASSERT_OK(lebm__chain_step(&b.chain, &b.tile, step));
        LEBM_ASSERT_SAME_BITS(b.z, start, N * M);
        LEBM_ASSERT_SAME_BITS(b.score, score, N * M);
        ck_assert_mem_eq(b.log_density, log_density, sizeof log_density);
        for (int i = 0; i < N; i++) ck_assert_double_eq(b.acceptance[i], 0);
        bench_free(&b);
    }
}
END_TEST

/* ---- what leads nowhere ---- */

/* Beyond the wall the density is 0, or no number: chains with a test stay before it, whatever they meet. */
START_TEST(chains_with_a_test_stay_where_the_density_is) /* _i: kernel and what is found beyond */
{
    static const float beyond[] = {-INFINITY, NAN, INFINITY};
    enum { STEPS = 200 };
    struct bench b;
    double most = -INFINITY, lost = 0;
    bench_make(&b, _i / 3 ? LEBM_HMC : LEBM_MALA, 0.3, STEPS);
    b.density.wall = 0.5;
    b.density.beyond = beyond[_i % 3];
    for (int i = 0; i < N; i++) b.z[i * M] = 0;
    LEBM_ASSERT_OK(lebm__chain_begin(&b.chain, &b.tile));
    for (int64_t step = 1; step <= STEPS; step++) {
        LEBM_ASSERT_OK(lebm__chain_step(&b.chain, &b.tile, step));
        for (int i = 0; i < N; i++) most = fmax(most, b.z[i * M]);
    }
    for (int i = 0; i < N; i++) lost += b.energy_error[i];
    ck_assert_double_gt(most, 0.4);
    ck_assert_double_le(most, 0.5);
    ck_assert_double_ge(lost, 20 * LEBM__MOST_ENERGY_ERROR);
    bench_free(&b);
}
END_TEST

START_TEST(the_target_is_asked_of_numbers_only) /* _i: the kernel */
{
    struct bench b;
    bench_make(&b, _i ? LEBM_HMC : LEBM_MALA, 1e6, 3);
    for (int i = 0; i < N * M; i++) b.z[i] *= 1e10f; /* where the score is 1e30 */
    LEBM_ASSERT_OK(lebm__chain_run(&b.chain, &b.tile));
    ck_assert_int_eq(b.density.asked_of_nonsense, 0);
    for (int i = 0; i < N; i++) ck_assert_double_eq(b.acceptance[i], 0);
    bench_free(&b);
}
END_TEST

/* A trajectory that was beyond the wall is lost, though it comes to where there is a density again. */
START_TEST(a_lost_trajectory_stays_lost)
{
    enum { LEAPS = 40 };
    struct bench b;
    int lost = 0, back = 0;
    bench_make(&b, LEBM_HMC, 0.1, 1);
    b.density.wall = 0.5;
    b.density.end = 0.8;
    b.density.beyond = -INFINITY;
    lebm__hmc_moves *moves = b.tile.workspace;
    memset(b.z, 0, sizeof b.z);
    LEBM_ASSERT_OK(lebm__chain_begin(&b.chain, &b.tile));
    lebm__proposals_begin(&b.chain, &b.tile, 1, &moves->to);
    memcpy(moves->to.score, b.score, sizeof b.score);
    memset(moves->momentum, 0, sizeof b.z);
    for (int i = 0; i < N; i++) {
        moves->momentum[i * M] = i % 2 ? 1.5f : 0.1f; /* every second one gets there */
        moves->epsilon[i] = 0.1f;
    }
    for (int leap = 0; leap < LEAPS; leap++) {
        LEBM_ASSERT_OK(lebm__hmc_leapfrog(&b.chain, &b.tile, 1, moves));
        lost += moves->to.z[M] > 0.5f;
        back += moves->to.z[M] > 0.8f;
        for (int i = 0; i < N; i++) ck_assert_int_eq(moves->to.log_density[i] == -INFINITY, i % 2 == 1 && lost > 0);
    }
    ck_assert_int_gt(back, 0);
    bench_free(&b);
}
END_TEST

START_TEST(a_start_where_there_is_no_density_is_refused) /* _i: the kernel */
{
    static const char *const kernels[] = {LEBM_LANGEVIN, LEBM_MALA, LEBM_HMC};
    struct bench b;
    bench_make(&b, kernels[_i], 0.1, 3);
    b.density.wall = -100;
    b.density.beyond = NAN;
    LEBM_ASSERT_STATUS(lebm__chain_run(&b.chain, &b.tile), LEBM_ERR_DIVERGED);
    LEBM_ASSERT_ERROR_NAMES("the log density is nan at step 1 of chain 3 to the density");
    bench_free(&b);
}
END_TEST

/* ---- the leapfrog ---- */

START_TEST(the_leapfrog_comes_back) /* _i: with M = I or not */
{
    enum { LEAPS = 50 };
    struct bench b;
    bench_make(&b, LEBM_HMC, 0.2, 1);
    if (_i) bench_precondition(&b);
    lebm__hmc_moves *moves = b.tile.workspace;
    float *momentum = test_normal_floats(N * M, 1, 7);
    double farthest = 0;
    LEBM_ASSERT_OK(lebm__chain_begin(&b.chain, &b.tile));
    lebm__proposals_begin(&b.chain, &b.tile, 1, &moves->to);
    memcpy(moves->to.score, b.score, sizeof b.score);
    memcpy(moves->momentum, momentum, sizeof b.z);
    for (int i = 0; i < N; i++) moves->epsilon[i] = 0.2f;
    LEBM_ASSERT_OK(lebm__hmc_leapfrog(&b.chain, &b.tile, LEAPS, moves));
    for (int i = 0; i < N * M; i++) farthest = fmax(farthest, fabs((double)moves->to.z[i] - (double)b.z[i]));
    for (int i = 0; i < N * M; i++) moves->momentum[i] = -moves->momentum[i];
    LEBM_ASSERT_OK(lebm__hmc_leapfrog(&b.chain, &b.tile, LEAPS, moves));
    ck_assert_double_gt(farthest, 1);
    for (int i = 0; i < N * M; i++) {
        LEBM_ASSERT_NEAR(moves->to.z[i], b.z[i], 1e-5);
        LEBM_ASSERT_NEAR(moves->momentum[i], -momentum[i], 1e-5);
    }
    free(momentum);
    bench_free(&b);
}
END_TEST

/* Over the same time the error in the energy is a fourth with half the step size. */
START_TEST(the_energy_error_is_of_second_order)
{
    double errors[3] = {0};
    for (int halvings = 0; halvings < 3; halvings++) {
        struct bench b;
        bench_make(&b, LEBM_HMC, 0.2 / (1 << halvings), 1);
        LEBM_ASSERT_OK(lebm_sampler_set_i64(b.sampler, LEBM_SAMPLER_LEAPFROG_STEPS, 5 << halvings));
        LEBM_ASSERT_OK(lebm_sampler_set_f64(b.sampler, LEBM_SAMPLER_JITTER, 0));
        LEBM_ASSERT_OK(lebm__chain_run(&b.chain, &b.tile));
        for (int i = 0; i < N; i++) errors[halvings] += b.energy_error[i] / N;
        bench_free(&b);
    }
    LEBM_ASSERT_NEAR(errors[0] / errors[1], 4, 0.4);
    LEBM_ASSERT_NEAR(errors[1] / errors[2], 4, 0.1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("kernels");
    TCase *tests = tcase_create("kernels");
    tcase_add_loop_test(tests, chains_and_acceptance_equal_the_reference, 0, SETTINGS);
    tcase_add_loop_test(tests, one_leapfrog_step_is_mala, 0, 6);
    tcase_add_test(tests, a_step_costs_what_it_says);
    tcase_add_test(tests, measuring_leaves_langevin_its_bits);
    tcase_add_test(tests, a_chain_that_is_refused_keeps_all_that_it_has);
    tcase_add_loop_test(tests, chains_with_a_test_stay_where_the_density_is, 0, 6);
    tcase_add_test(tests, a_lost_trajectory_stays_lost);
    tcase_add_loop_test(tests, the_target_is_asked_of_numbers_only, 0, 2);
    tcase_add_loop_test(tests, a_start_where_there_is_no_density_is_refused, 0, 3);
    tcase_add_loop_test(tests, the_leapfrog_comes_back, 0, 2);
    tcase_add_test(tests, the_energy_error_is_of_second_order);
    suite_add_tcase(suite, tests);
    return test_run_suite(suite);
}
