/* Traces: that they are what the chains were, step by step, whatever kernel, target and threads; what is dropped when they are
 * full; what appends to them and what begins them anew; and that a run that does not succeed leaves them as they were. */
#include "lebm.h"
#include "support/approx.h"
#include "support/nets.h"

enum { D = 3, N = 20, COLUMNS = D + 3 };

/* ---- targets ---- */

/* A density that notes how it is asked, and ends the run at a call. */
struct notes {
    _Atomic int calls;
    int stop_at;
};

static double quartic_at(const double *z)
{
    double sum = 0;
    for (int d = 0; d < D; d++) sum -= 0.5 * z[d] * z[d] + 0.1 * z[d] * z[d] * z[d] * z[d];
    return sum;
}

static int quartic(const float *z, int64_t n, double *log_density, float *score, void *user)
{
    struct notes *notes = user;
    const int call = ++notes->calls;
    for (int64_t i = 0; i < n; i++) {
        double at[D];
        for (int d = 0; d < D; d++) {
            at[d] = (double)z[i * D + d];
            score[i * D + d] = (float)(-at[d] - 0.4 * at[d] * at[d] * at[d]);
        }
        log_density[i] = quartic_at(at);
    }
    return call == notes->stop_at;
}

static lebm_target *make_target(struct notes *notes)
{
    lebm_target *target;
    LEBM_ASSERT_OK(lebm_target_create(&target, D, quartic, notes, 1));
    return target;
}

static const char *const kernels[] = {LEBM_LANGEVIN, LEBM_MALA, LEBM_HMC};

static lebm_sampler *make_kernel(const char *kernel, int64_t steps, int64_t threads)
{
    const double step_size = strcmp(kernel, LEBM_LANGEVIN) == 0 ? 0.1 : 0.5;
    lebm_sampler *sampler;
    LEBM_ASSERT_OK(lebm_sampler_create(&sampler, kernel));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STEPS, steps));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_THREADS, threads));
    LEBM_ASSERT_OK(lebm_sampler_set_f64(sampler, LEBM_SAMPLER_STEP_SIZE, step_size));
    return sampler;
}

static lebm_traces *make_traces(lebm_sampler *sampler, int64_t capacity, int64_t every, int64_t chains)
{
    lebm_traces *traces;
    LEBM_ASSERT_OK(lebm_traces_create(&traces, capacity, every, chains));
    LEBM_ASSERT_OK(lebm_sampler_set_traces(sampler, traces));
    return traces;
}

static void set_steps(lebm_sampler *sampler, int64_t steps)
{
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STEPS, steps));
}

static void go_on_from(lebm_sampler *sampler, const char *start)
{
    LEBM_ASSERT_OK(lebm_sampler_set_str(sampler, LEBM_SAMPLER_START, start));
}

/* ---- what traces hold, as an array of their own ---- */

struct draws {
    int64_t chains, length;
    double (*rows)[COLUMNS]; /* [chains, length] of state, log density, acceptance, energy */
};

static struct draws read_traces(const lebm_traces *traces)
{
    struct draws draws = {lebm_traces_chains(traces), lebm_traces_length(traces), NULL};
    const double *states = lebm_traces_states(traces), *log_densities = lebm_traces_log_densities(traces);
    const double *acceptances = lebm_traces_acceptances(traces), *energies = lebm_traces_energies(traces);
    const int64_t *strides = lebm_traces_strides(traces);
    draws.rows = test_alloc(draws.chains * draws.length, sizeof *draws.rows);
    for (int64_t c = 0; c < draws.chains; c++)
        for (int64_t t = 0; t < draws.length; t++) {
            const int64_t at = c * strides[0] + t * strides[1];
            double *row = draws.rows[c * draws.length + t];
            for (int d = 0; d < D; d++) row[d] = states[at + d * strides[2]];
            row[D] = log_densities[at];
            row[D + 1] = acceptances[at];
            row[D + 2] = energies[at];
        }
    return draws;
}

/* Fails unless draw t of the traces is draw (t + 1) * times - 1 of those that have all steps. */
static void check_draws(const lebm_traces *traces, const struct draws *all, int64_t times, const char *when)
{
    struct draws found = read_traces(traces);
    LEBM_ASSERT_MSG(found.length == all->length / times, "%s: %lld draws, expected %lld", when, (long long)found.length,
                    (long long)(all->length / times));
    for (int64_t c = 0; c < found.chains; c++)
        for (int64_t t = 0; t < found.length; t++) {
            const double *row = found.rows[c * found.length + t];
            const double *expected = all->rows[c * all->length + (t + 1) * times - 1];
            LEBM_ASSERT_MSG(memcmp(row, expected, sizeof *found.rows) == 0,
                            "%s: draw %lld of chain %lld begins with %g, expected %g", when, (long long)t, (long long)c,
                            row[0], expected[0]);
        }
    free(found.rows);
}

/* The traces of a single run with all draws. */
static struct draws draws_of_run(const char *kernel, int64_t steps, const lebm_target *target)
{
    float z[N * D];
    lebm_sampler *sampler = make_kernel(kernel, steps, 1);
    lebm_traces *traces = make_traces(sampler, steps, 1, 0);
    LEBM_ASSERT_OK(lebm_sampler_run_target(sampler, target, N, z));
    struct draws draws = read_traces(traces);
    lebm_sampler_destroy(sampler);
    lebm_traces_destroy(traces);
    return draws;
}

/* ---- what is recorded ---- */

struct model {
    lebm_prior *prior;
    lebm_generator *generator;
    lebm_target *target;
    struct notes notes;
    float x[N * 4];
};

static void model_make(struct model *m)
{
    uint64_t seed = 8;
    m->notes = (struct notes){.calls = 0};
    m->prior = make_prior(make_net("in 3; linear 8; gelu; linear 1", 1), 1);
    m->generator = make_generator(make_net("in 3; linear 4; tanh", 2), LEBM_GAUSSIAN, 0.5);
    m->target = make_target(&m->notes);
    for (int i = 0; i < N * 4; i++) m->x[i] = (float)test_uniform(&seed, -1, 1);
}

static void model_free(struct model *m)
{
    lebm_prior_destroy(m->prior);
    lebm_generator_destroy(m->generator);
    lebm_target_destroy(m->target);
}

/* One run to the prior (0), the posterior (1) or the target (2). */
static int run(lebm_sampler *sampler, const struct model *m, int to, float *z)
{
    if (to == 0) return lebm_sampler_run_prior(sampler, m->prior, N, z);
    if (to == 1) return lebm_sampler_run_posterior(sampler, m->prior, m->generator, m->x, N, z);
    return lebm_sampler_run_target(sampler, m->target, N, z);
}

static void log_densities_at(const struct model *m, int to, const float *z, double *log_density)
{
    float of_prior[N], of_x[N];
    LEBM_ASSERT_OK(lebm_prior_log_density(m->prior, z, N, of_prior));
    LEBM_ASSERT_OK(lebm_generator_log_likelihood(m->generator, z, m->x, N, of_x));
    for (int i = 0; i < N; i++) {
        double at[D];
        for (int d = 0; d < D; d++) at[d] = (double)z[i * D + d];
        log_density[i] = to == 2 ? quartic_at(at) : (double)of_prior[i] + (to == 1 ? (double)of_x[i] : 0);
    }
}

/* Step by step, runs of one step that continue each other are the same chains. */
START_TEST(draws_are_the_states_of_the_steps) /* _i: the kernel, and to what */
{
    enum { STEPS = 12 };
    const char *kernel = kernels[_i % 3];
    const int to = _i / 3, is_langevin = strcmp(kernel, LEBM_LANGEVIN) == 0, is_hmc = strcmp(kernel, LEBM_HMC) == 0;
    struct model m;
    float z[N * D], stepped[N * D];
    double acceptance, log_density[N], before[N], sum = 0;
    model_make(&m);
    lebm_sampler *sampler = make_kernel(kernel, STEPS, 1), *single = make_kernel(kernel, 1, 1);
    lebm_traces *traces = make_traces(sampler, STEPS, 1, 0);
    LEBM_ASSERT_OK(run(sampler, &m, to, z));
    ck_assert_int_eq(lebm_traces_chains(traces), N);
    ck_assert_int_eq(lebm_traces_length(traces), STEPS);
    ck_assert_int_eq(lebm_traces_dims(traces), D);
    ck_assert_int_eq(lebm_traces_every(traces), 1);
    struct draws draws = read_traces(traces);
    for (int t = 0; t < STEPS; t++) {
        LEBM_ASSERT_OK(run(single, &m, to, stepped));
        go_on_from(single, "continue");
        log_densities_at(&m, to, stepped, log_density);
        for (int i = 0; i < N; i++) {
            const double *row = draws.rows[i * STEPS + t];
            for (int d = 0; d < D; d++) LEBM_ASSERT_NEAR(row[d], stepped[i * D + d], 0);
            LEBM_ASSERT_NEAR(row[D], log_density[i], to == 2 ? 0 : 2e-6 * (1 + fabs(log_density[i])));
            ck_assert_int_eq(isnan(row[D + 1]) != 0, is_langevin);
            ck_assert_int_eq(isnan(row[D + 2]) == 0, is_hmc);
            /* What is more than -log p where the step began is the kinetic energy. */
            if (is_hmc && t > 0) ck_assert_double_gt(row[D + 2] + before[i], -1e-5);
            sum += row[D + 1] / (N * STEPS);
        }
        memcpy(before, log_density, sizeof before);
    }
    LEBM_ASSERT_SAME_BITS(z, stepped, N * D);
    if (!is_langevin) {
        LEBM_ASSERT_OK(lebm_sampler_metric(sampler, LEBM_SAMPLER_ACCEPTANCE, &acceptance));
        LEBM_ASSERT_NEAR(sum, acceptance, 1e-12);
    }
    free(draws.rows);
    lebm_sampler_destroy(sampler);
    lebm_sampler_destroy(single);
    lebm_traces_destroy(traces);
    model_free(&m);
}
END_TEST

START_TEST(langevin_has_the_acceptance_that_it_measures)
{
    enum { STEPS = 9 };
    struct notes notes = {.calls = 0};
    float z[N * D];
    double acceptance, sum = 0;
    lebm_target *target = make_target(&notes);
    lebm_sampler *sampler = make_kernel(LEBM_LANGEVIN, STEPS, 1);
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_MEASURE_ACCEPTANCE, 1));
    lebm_traces *traces = make_traces(sampler, STEPS, 1, 0);
    LEBM_ASSERT_OK(lebm_sampler_run_target(sampler, target, N, z));
    struct draws draws = read_traces(traces);
    for (int i = 0; i < N * STEPS; i++) sum += draws.rows[i][D + 1] / (N * STEPS);
    LEBM_ASSERT_OK(lebm_sampler_metric(sampler, LEBM_SAMPLER_ACCEPTANCE, &acceptance));
    LEBM_ASSERT_NEAR(sum, acceptance, 1e-12);
    ck_assert_double_lt(acceptance, 0.99);
    free(draws.rows);
    lebm_sampler_destroy(sampler);
    lebm_traces_destroy(traces);
    lebm_target_destroy(target);
}
END_TEST

/* At any temperature the log density is that of p, and the mean of the kinetic energy T dims / 2. */
START_TEST(densities_and_energies_are_of_the_target_itself)
{
    enum { STEPS = 500 };
    const double temperature = 2.5;
    struct notes notes = {.calls = 0};
    float z[N * D];
    double kinetic = 0, squares = 0, e_bfmi[N];
    lebm_target *target = make_target(&notes);
    lebm_sampler *sampler = make_kernel(LEBM_HMC, STEPS, 1);
    LEBM_ASSERT_OK(lebm_sampler_set_f64(sampler, LEBM_SAMPLER_TEMPERATURE, temperature));
    lebm_traces *traces = make_traces(sampler, STEPS, 1, 0);
    LEBM_ASSERT_OK(lebm_sampler_run_target(sampler, target, N, z));
    struct draws draws = read_traces(traces);
    for (int i = 0; i < N; i++)
        for (int t = 0; t < STEPS; t++) {
            const double *row = draws.rows[i * STEPS + t];
            LEBM_ASSERT_NEAR(row[D], quartic_at(row), 0);
            if (t == 0) continue;
            const double k = row[D + 2] + draws.rows[i * STEPS + t - 1][D];
            kinetic += k / (N * (STEPS - 1));
            squares += k * k / (N * (STEPS - 1));
        }
    const double error = sqrt((squares - kinetic * kinetic) / (N * (STEPS - 1)));
    LEBM_ASSERT_NEAR(kinetic, temperature * D / 2, 4.5 * error);
    LEBM_ASSERT_OK(
        lebm_diagnostics_e_bfmi(lebm_traces_energies(traces), N, STEPS, lebm_traces_strides(traces), 1, e_bfmi));
    for (int i = 0; i < N; i++) LEBM_ASSERT_NEAR(e_bfmi[i], 1.1, 0.5);
    free(draws.rows);
    lebm_sampler_destroy(sampler);
    lebm_traces_destroy(traces);
    lebm_target_destroy(target);
}
END_TEST

START_TEST(traces_do_not_change_what_chains_do) /* _i: the kernel, or langevin in other ways */
{
    enum { STEPS = 10 };
    const char *kernel = kernels[_i < 3 ? _i : 0];
    struct notes notes = {.calls = 0};
    float z[N * D], expected[N * D];
    lebm_target *target = make_target(&notes);
    lebm_sampler *sampler = make_kernel(kernel, STEPS, 1);
    if (_i == 3) LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_MEASURE_ACCEPTANCE, 1));
    if (_i == 4) LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_NOISE, 0));
    if (_i == 5) LEBM_ASSERT_OK(lebm_sampler_set_f64(sampler, LEBM_SAMPLER_LAST_STEP_SIZE, 0.01));
    LEBM_ASSERT_OK(lebm_sampler_run_target(sampler, target, N, expected));
    const int calls = notes.calls;
    lebm_traces *traces = make_traces(sampler, STEPS, 1, 0);
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STREAM, 0));
    LEBM_ASSERT_OK(lebm_sampler_run_target(sampler, target, N, z));
    LEBM_ASSERT_SAME_BITS(z, expected, N * D);
    /* langevin alone does not know where it ends. */
    ck_assert_int_eq(notes.calls - 2 * calls, strcmp(kernel, LEBM_LANGEVIN) == 0 && _i != 3);
    lebm_sampler_destroy(sampler);
    lebm_traces_destroy(traces);
    lebm_target_destroy(target);
}
END_TEST

START_TEST(threads_do_not_matter) /* _i: the kernel */
{
    enum { MANY = 150, STEPS = 9 };
    static const int64_t threads[] = {1, 2, 3, 7};
    struct notes notes = {.calls = 0};
    struct draws all = {0};
    float z[MANY * D];
    char when[32];
    lebm_target *target = make_target(&notes);
    for (int t = 0; t < 4; t++) {
        lebm_sampler *sampler = make_kernel(kernels[_i], STEPS, threads[t]);
        lebm_traces *traces = make_traces(sampler, STEPS, 1, MANY - 1); /* which ends within a tile */
        LEBM_ASSERT_OK(lebm_sampler_run_target(sampler, target, MANY, z));
        ck_assert_int_eq(lebm_traces_chains(traces), MANY - 1);
        if (t == 0) all = read_traces(traces);
        snprintf(when, sizeof when, "%d threads", (int)threads[t]);
        check_draws(traces, &all, 1, when);
        lebm_sampler_destroy(sampler);
        lebm_traces_destroy(traces);
    }
    free(all.rows);
    lebm_target_destroy(target);
}
END_TEST

START_TEST(the_first_chains_alone_are_recorded)
{
    static const int64_t chains[] = {1, 2, N - 1, N, N + 1, INT32_MAX};
    struct notes notes = {.calls = 0};
    float z[N * D];
    lebm_target *target = make_target(&notes);
    struct draws all = draws_of_run(LEBM_MALA, 8, target);
    for (int i = 0; i < 6; i++) {
        lebm_sampler *sampler = make_kernel(LEBM_MALA, 8, 3);
        lebm_traces *traces = make_traces(sampler, 8, 1, chains[i]);
        LEBM_ASSERT_OK(lebm_sampler_run_target(sampler, target, N, z));
        ck_assert_int_eq(lebm_traces_chains(traces), chains[i] < N ? chains[i] : N);
        check_draws(traces, &all, 1, "the first chains");
        lebm_sampler_destroy(sampler);
        lebm_traces_destroy(traces);
    }
    free(all.rows);
    lebm_target_destroy(target);
}
END_TEST

START_TEST(steps_of_a_warm_up_are_not_recorded)
{
    enum { STEPS = 7 };
    struct notes notes = {.calls = 0};
    float z[N * D], first[N * D];
    lebm_target *target = make_target(&notes);
    lebm_sampler *sampler = make_kernel(LEBM_HMC, STEPS, 2), *shorter = make_kernel(LEBM_HMC, 1, 1);
    lebm_traces *traces = make_traces(sampler, 100, 1, 0);
    for (int again = 0; again < 2; again++) { /* the second time the run continues the first one */
        LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_WARMUP, 30));
        LEBM_ASSERT_OK(lebm_sampler_run_target(sampler, target, N, z));
        ck_assert_int_eq(lebm_traces_length(traces), (1 + again) * STEPS);
        go_on_from(sampler, "continue");
    }
    LEBM_ASSERT_OK(lebm_sampler_set_i64(shorter, LEBM_SAMPLER_WARMUP, 30));
    LEBM_ASSERT_OK(lebm_sampler_run_target(shorter, target, N, first));
    struct draws draws = read_traces(traces);
    for (int i = 0; i < N * D; i++) {
        LEBM_ASSERT_NEAR(draws.rows[i / D * 2 * STEPS][i % D], first[i], 0);
        LEBM_ASSERT_NEAR(draws.rows[i / D * 2 * STEPS + 2 * STEPS - 1][i % D], z[i], 0);
    }
    free(draws.rows);
    lebm_sampler_destroy(sampler);
    lebm_sampler_destroy(shorter);
    lebm_traces_destroy(traces);
    lebm_target_destroy(target);
}
END_TEST

/* ---- bounds ---- */

/* The rule by its words: `every` doubles until all draws fit. */
static int64_t every_after(int64_t steps, int64_t every, int64_t capacity)
{
    while (steps / every > capacity) every *= 2;
    return every;
}

START_TEST(what_is_full_keeps_every_second_draw)
{
    enum { STEPS = 60 };
    static const int64_t capacities[] = {1, 2, 3, 7, 16, STEPS - 1, STEPS, 1000},
                         everies[] = {1, 2, 3, STEPS, STEPS + 1};
    static const int64_t pieces[] = {1, 2, 7, 30, STEPS}; /* a run of so many steps at a time */
    struct notes notes = {.calls = 0};
    float z[N * D];
    char when[96];
    lebm_target *target = make_target(&notes);
    struct draws all = draws_of_run(LEBM_MALA, STEPS, target);
    for (int p = 0; p < 5; p++)
        for (int c = 0; c < 8; c++)
            for (int e = 0; e < 5; e++) {
                lebm_sampler *sampler = make_kernel(LEBM_MALA, 1, 1);
                lebm_traces *traces = make_traces(sampler, capacities[c], everies[e], 0);
                for (int64_t done = 0; done < STEPS;) {
                    const int64_t steps = STEPS - done < pieces[p] ? STEPS - done : pieces[p];
                    set_steps(sampler, steps);
                    LEBM_ASSERT_OK(lebm_sampler_run_target(sampler, target, N, z));
                    go_on_from(sampler, "continue");
                    done += steps;
                    const int64_t every = every_after(done, everies[e], capacities[c]);
                    snprintf(when, sizeof when, "capacity %d, every %d, after %d steps by %d", (int)capacities[c],
                             (int)everies[e], (int)done, (int)pieces[p]);
                    struct draws so_far = {all.chains, all.length, all.rows};
                    LEBM_ASSERT_MSG(lebm_traces_every(traces) == every, "%s: every is %lld, expected %lld", when,
                                    (long long)lebm_traces_every(traces), (long long)every);
                    LEBM_ASSERT_MSG(lebm_traces_length(traces) == done / every, "%s: %lld draws, expected %lld", when,
                                    (long long)lebm_traces_length(traces), (long long)(done / every));
                    if (every > everies[e]) ck_assert_int_ge(2 * lebm_traces_length(traces), capacities[c]);
                    if (done == STEPS) check_draws(traces, &so_far, every, when);
                }
                lebm_sampler_destroy(sampler);
                lebm_traces_destroy(traces);
            }
    free(all.rows);
    lebm_target_destroy(target);
}
END_TEST

/* ---- what appends, and what begins anew ---- */

START_TEST(other_chains_begin_the_traces_anew) /* _i: which */
{
    struct model m;
    float z[N * D];
    model_make(&m);
    lebm_sampler *sampler = make_kernel(LEBM_MALA, 10, 1);
    lebm_traces *traces = make_traces(sampler, 4, 1, 0);
    LEBM_ASSERT_OK(run(sampler, &m, 0, z));
    LEBM_ASSERT_OK(run(sampler, &m, 2, z));
    ck_assert_int_eq(lebm_traces_every(traces), 4);
    go_on_from(sampler, _i == 1 ? "given" : _i == 0 ? "noise" : "continue");
    if (_i == 4) LEBM_ASSERT_OK(lebm_sampler_set_traces(sampler, traces));
    if (_i == 5) LEBM_ASSERT_OK(lebm_traces_clear(traces));
    if (_i == 5) ck_assert_int_eq(lebm_traces_every(traces), 1);
    set_steps(sampler, 3);
    LEBM_ASSERT_OK(
        run(sampler, &m, _i == 2 ? 0 : 2, z)); /* 2 continues, but the run before the last; 3 does continue */
    ck_assert_int_eq(lebm_traces_every(traces), _i == 3 ? 4 : 1);
    ck_assert_int_eq(lebm_traces_length(traces), 3);
    struct draws draws = read_traces(traces);
    if (_i != 3) /* of 13 steps the last draw is after the 12th */
        for (int i = 0; i < N * D; i++) LEBM_ASSERT_NEAR(draws.rows[i / D * 3 + 2][i % D], z[i], 0);
    free(draws.rows);
    lebm_sampler_destroy(sampler);
    lebm_traces_destroy(traces);
    model_free(&m);
}
END_TEST

START_TEST(other_shapes_begin_anew)
{
    struct model m;
    float z[N * 5];
    lebm_prior *wider = make_prior(make_net("in 5; linear 1", 1), 1);
    model_make(&m);
    lebm_sampler *sampler = make_kernel(LEBM_LANGEVIN, 4, 1);
    lebm_traces *traces = make_traces(sampler, 10, 1, 0);
    LEBM_ASSERT_OK(run(sampler, &m, 0, z));
    LEBM_ASSERT_OK(lebm_sampler_run_prior(sampler, wider, 2, z));
    ck_assert_int_eq(lebm_traces_chains(traces), 2);
    ck_assert_int_eq(lebm_traces_dims(traces), 5);
    LEBM_ASSERT_OK(run(sampler, &m, 0, z));
    ck_assert_int_eq(lebm_traces_chains(traces), N);
    ck_assert_int_eq(lebm_traces_dims(traces), D);
    lebm_prior_destroy(wider);
    lebm_sampler_destroy(sampler);
    lebm_traces_destroy(traces);
    model_free(&m);
}
END_TEST

START_TEST(trainings_are_not_recorded)
{
    struct model m;
    float z[N * D];
    lebm_trainer *trainer;
    model_make(&m);
    lebm_sampler *sampler = make_kernel(LEBM_LANGEVIN, 4, 1);
    lebm_traces *traces = make_traces(sampler, 10, 1, 0);
    LEBM_ASSERT_OK(run(sampler, &m, 1, z));
    struct draws draws = read_traces(traces);
    LEBM_ASSERT_OK(lebm_trainer_create(&trainer, m.prior, m.generator, sampler, sampler));
    LEBM_ASSERT_OK(lebm_trainer_step(trainer, m.x, N));
    check_draws(traces, &draws, 1, "after a step of training");
    free(draws.rows);
    lebm_trainer_destroy(trainer);
    lebm_sampler_destroy(sampler);
    lebm_traces_destroy(traces);
    model_free(&m);
}
END_TEST

/* ---- runs that do not succeed ---- */

static int stop(double done, void *user)
{
    (void)done, (void)user;
    return 1;
}

/* Stopped by the target early, at the end by the caller, or diverged; when the draws would have been appended where there is
 * room, or others dropped, or begun anew. Afterwards the run that goes on gives what it would have given. */
START_TEST(a_run_that_does_not_succeed_leaves_them_as_they_were) /* _i: how it ends, and what it would have done */
{
    enum { STEPS = 6 };
    const int how = _i % 3, what = _i / 3;
    const int64_t capacity = what == 1 ? STEPS : 100;
    struct notes notes = {.calls = 0};
    float z[N * D], before[N * D];
    lebm_target *target = make_target(&notes);
    struct draws all = draws_of_run(LEBM_MALA, 4 * STEPS, target);
    lebm_sampler *sampler = make_kernel(LEBM_MALA, STEPS, 2);
    lebm_traces *traces = make_traces(sampler, capacity, 1, 0);
    for (int i = 0; i < 3; i++) { /* the third leaves room behind what the second made grow */
        LEBM_ASSERT_OK(lebm_sampler_run_target(sampler, target, N, z));
        go_on_from(sampler, "continue");
        if (i == 1) set_steps(sampler, 1);
    }
    struct draws draws = read_traces(traces);
    const double *states = lebm_traces_states(traces);
    const int64_t every = lebm_traces_every(traces);
    memcpy(before, z, sizeof z);
    if (what == 2) go_on_from(sampler, "given");
    if (how == 0) notes.stop_at = notes.calls + 3;
    if (how == 1) LEBM_ASSERT_OK(lebm_sampler_set_progress(sampler, stop, NULL));
    if (how == 2) {
        z[N * D - 1] = NAN;
        LEBM_ASSERT_STATUS(lebm_sampler_run_target(sampler, target, N, z), LEBM_ERR_DIVERGED);
    } else {
        LEBM_ASSERT_STATUS(lebm_sampler_run_target(sampler, target, N, z), LEBM_STOPPED);
    }
    ck_assert_int_eq(lebm_traces_every(traces), every);
    ck_assert_ptr_eq(lebm_traces_states(traces), states);
    check_draws(traces, &draws, 1, "after the failure");
    LEBM_ASSERT_OK(lebm_sampler_set_progress(sampler, NULL, NULL));
    go_on_from(sampler, "continue");
    set_steps(sampler, 2 * STEPS - 1);
    LEBM_ASSERT_OK(lebm_sampler_run_target(sampler, target, N, before));
    check_draws(traces, &all, what == 1 ? 4 : 1, "at the end");
    free(draws.rows);
    free(all.rows);
    lebm_sampler_destroy(sampler);
    lebm_traces_destroy(traces);
    lebm_target_destroy(target);
}
END_TEST

START_TEST(what_no_memory_holds_is_refused)
{
    struct notes notes = {.calls = 0};
    float z[N * D];
    lebm_target *target = make_target(&notes);
    lebm_sampler *sampler = make_kernel(LEBM_MALA, 1000000000, 1);
    lebm_traces *traces = make_traces(sampler, INT32_MAX, 1, 0);
    LEBM_ASSERT_STATUS(lebm_sampler_run_target(sampler, target, INT32_MAX, z), LEBM_ERR_NOMEM);
    ck_assert_int_eq(lebm_traces_length(traces), 0);
    ck_assert_ptr_null(lebm_traces_states(traces));
    ck_assert_int_eq(notes.calls, 0);
    LEBM_ASSERT_OK(lebm_sampler_set_traces(sampler, NULL));
    set_steps(sampler, 2);
    LEBM_ASSERT_OK(lebm_sampler_run_target(sampler, target, N, z));
    lebm_sampler_destroy(sampler);
    lebm_traces_destroy(traces);
    lebm_target_destroy(target);
}
END_TEST

/* ---- use and ownership ---- */

struct watcher {
    lebm_sampler *sampler, *other;
    lebm_traces *traces;
    const struct draws *expected;
    int calls, destroys;
};

static int watch(double done, void *user)
{
    struct watcher *w = user;
    (void)done;
    if (w->calls++ > 0) return 0;
    check_draws(w->traces, w->expected, 1, "in a callback");
    LEBM_ASSERT_STATUS(lebm_traces_clear(w->traces), LEBM_ERR_STATE);
    LEBM_ASSERT_ERROR_NAMES("lebm_traces_clear: a call is running");
    LEBM_ASSERT_STATUS(lebm_sampler_set_traces(w->sampler, NULL), LEBM_ERR_STATE);
    LEBM_ASSERT_STATUS(lebm_sampler_set_traces(w->sampler, w->traces), LEBM_ERR_STATE);
    LEBM_ASSERT_STATUS(lebm_sampler_set_traces(w->other, w->traces), LEBM_ERR_STATE);
    LEBM_ASSERT_ERROR_NAMES("lebm_sampler_set_traces: the traces belong to another sampler");
    if (w->destroys) lebm_traces_destroy(w->traces);
    return 0;
}

START_TEST(callbacks_read_them_as_they_were) /* _i: whether the last one gives them up */
{
    enum { STEPS = 5 };
    struct notes notes = {.calls = 0};
    float z[N * D];
    lebm_target *target = make_target(&notes);
    lebm_sampler *sampler = make_kernel(LEBM_HMC, STEPS, 1), *other = make_kernel(LEBM_MALA, STEPS, 1);
    lebm_traces *traces = make_traces(sampler, 1000, 1, 0);
    for (int i = 0; i < 5; i++) { /* where there is room behind the draws, and where not */
        struct draws draws = i == 0 ? (struct draws){0} : read_traces(traces);
        struct watcher w = {sampler, other, traces, &draws, 0, _i && i == 4};
        LEBM_ASSERT_OK(lebm_sampler_set_progress(sampler, watch, &w));
        LEBM_ASSERT_OK(lebm_sampler_run_target(sampler, target, N, z));
        ck_assert_int_gt(w.calls, 0);
        go_on_from(sampler, "continue");
        free(draws.rows);
    }
    LEBM_ASSERT_OK(lebm_sampler_set_progress(sampler, NULL, NULL));
    LEBM_ASSERT_OK(lebm_sampler_run_target(sampler, target, N, z)); /* which fills what nobody can read, if _i */
    if (!_i) ck_assert_int_eq(lebm_traces_length(traces), 6 * STEPS);
    if (!_i) lebm_traces_destroy(traces);
    lebm_sampler_destroy(sampler);
    lebm_sampler_destroy(other);
    lebm_target_destroy(target);
}
END_TEST

START_TEST(samplers_hold_traces_one_at_a_time)
{
    struct notes notes = {.calls = 0};
    float z[N * D];
    lebm_sampler *copy;
    lebm_traces *second;
    lebm_target *target = make_target(&notes);
    lebm_sampler *sampler = make_kernel(LEBM_MALA, 3, 1), *other = make_kernel(LEBM_MALA, 3, 1);
    lebm_traces *first = make_traces(sampler, 10, 1, 0);
    LEBM_ASSERT_OK(lebm_traces_create(&second, 10, 1, 0));
    LEBM_ASSERT_STATUS(lebm_sampler_set_traces(other, first), LEBM_ERR_STATE);
    LEBM_ASSERT_OK(lebm_sampler_copy(&copy, sampler)); /* which has none */
    LEBM_ASSERT_OK(lebm_sampler_run_target(copy, target, N, z));
    ck_assert_int_eq(lebm_traces_length(first), 0);
    LEBM_ASSERT_OK(lebm_sampler_run_target(sampler, target, N, z));
    LEBM_ASSERT_OK(
        lebm_sampler_set_traces(sampler, second)); /* in place of the first, which may go to another one now */
    LEBM_ASSERT_OK(lebm_sampler_set_traces(other, first));
    LEBM_ASSERT_STATUS(lebm_sampler_set_traces(other, second), LEBM_ERR_STATE); /* and keeps what it has */
    ck_assert_int_eq(lebm_traces_length(first), 3);
    LEBM_ASSERT_OK(lebm_sampler_run_target(sampler, target, N, z));
    ck_assert_int_eq(lebm_traces_length(second), 3);
    set_steps(other, 4);
    LEBM_ASSERT_OK(lebm_sampler_run_target(other, target, N, z));
    ck_assert_int_eq(lebm_traces_length(first), 4);
    lebm_traces_destroy(second); /* before its sampler */
    LEBM_ASSERT_OK(lebm_sampler_run_target(sampler, target, N, z));
    lebm_sampler_destroy(sampler);
    lebm_sampler_destroy(other); /* before its traces */
    ck_assert_int_eq(lebm_traces_length(first), 4);
    lebm_sampler_destroy(copy);
    lebm_traces_destroy(first);
    lebm_target_destroy(target);
}
END_TEST

START_TEST(what_is_empty_has_nothing)
{
    struct notes notes = {.calls = 0};
    float z[N * D];
    lebm_target *target = make_target(&notes);
    lebm_sampler *sampler = make_kernel(LEBM_MALA, 3, 1);
    lebm_traces *traces = make_traces(sampler, 10, 4, 0);
    for (int i = 0; i < 3; i++) { /* before a run, after one that is too short, after one that was dropped */
        ck_assert_int_eq(lebm_traces_chains(traces) + lebm_traces_length(traces) + lebm_traces_dims(traces), 0);
        ck_assert_int_eq(lebm_traces_every(traces), 4);
        ck_assert_ptr_null(lebm_traces_strides(traces));
        ck_assert_ptr_null(lebm_traces_states(traces));
        ck_assert_ptr_null(lebm_traces_log_densities(traces));
        ck_assert_ptr_null(lebm_traces_acceptances(traces));
        ck_assert_ptr_null(lebm_traces_energies(traces));
        LEBM_ASSERT_OK(lebm_sampler_run_target(sampler, target, N, z));
        go_on_from(sampler, "continue");
        if (i == 1) {
            ck_assert_int_eq(lebm_traces_length(traces), 1); /* after 6 steps */
            LEBM_ASSERT_OK(lebm_traces_clear(traces));
        }
    }
    lebm_sampler_destroy(sampler);
    lebm_traces_destroy(traces);
    lebm_target_destroy(target);
}
END_TEST

/* ---- on their way to the diagnostics ---- */

START_TEST(diagnostics_read_them_where_they_lie)
{
    enum { STEPS = 200 };
    struct notes notes = {.calls = 0};
    float z[N * D];
    double rhat[COLUMNS], bulk[COLUMNS], tail[COLUMNS], found[3][D];
    lebm_target *target = make_target(&notes);
    struct draws all = draws_of_run(LEBM_HMC, STEPS, target);
    lebm_sampler *sampler = make_kernel(LEBM_HMC, STEPS, 2);
    lebm_traces *traces = make_traces(sampler, STEPS, 1, 0);
    LEBM_ASSERT_OK(lebm_sampler_run_target(sampler, target, N, z));
    LEBM_ASSERT_OK(
        lebm_diagnostics_convergence(all.rows[0], N, STEPS, COLUMNS, NULL, 1, rhat, bulk, tail)); /* row-major */
    LEBM_ASSERT_OK(lebm_diagnostics_convergence(lebm_traces_states(traces), lebm_traces_chains(traces),
                                                lebm_traces_length(traces), lebm_traces_dims(traces),
                                                lebm_traces_strides(traces), 2, found[0], found[1], found[2]));
    for (int d = 0; d < D; d++) {
        LEBM_ASSERT_NEAR(found[0][d], rhat[d], 0);
        LEBM_ASSERT_NEAR(found[1][d], bulk[d], 0);
        LEBM_ASSERT_NEAR(found[2][d], tail[d], 0);
        LEBM_ASSERT_NEAR(rhat[d], 1, 0.05);
    }
    LEBM_ASSERT_OK(lebm_diagnostics_convergence(lebm_traces_log_densities(traces), N, STEPS, 1,
                                                lebm_traces_strides(traces), 1, found[0], NULL, NULL));
    LEBM_ASSERT_NEAR(found[0][0], rhat[D], 0);
    free(all.rows);
    lebm_sampler_destroy(sampler);
    lebm_traces_destroy(traces);
    lebm_target_destroy(target);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("traces");
    TCase *tests = tcase_create("traces");
    tcase_add_loop_test(tests, draws_are_the_states_of_the_steps, 0, 9);
    tcase_add_test(tests, langevin_has_the_acceptance_that_it_measures);
    tcase_add_test(tests, densities_and_energies_are_of_the_target_itself);
    tcase_add_loop_test(tests, traces_do_not_change_what_chains_do, 0, 6);
    tcase_add_loop_test(tests, threads_do_not_matter, 0, 3);
    tcase_add_test(tests, the_first_chains_alone_are_recorded);
    tcase_add_test(tests, steps_of_a_warm_up_are_not_recorded);
    tcase_add_test(tests, what_is_full_keeps_every_second_draw);
    tcase_add_loop_test(tests, other_chains_begin_the_traces_anew, 0, 6);
    tcase_add_test(tests, other_shapes_begin_anew);
    tcase_add_test(tests, trainings_are_not_recorded);
    tcase_add_loop_test(tests, a_run_that_does_not_succeed_leaves_them_as_they_were, 0, 9);
    tcase_add_test(tests, what_no_memory_holds_is_refused);
    tcase_add_loop_test(tests, callbacks_read_them_as_they_were, 0, 2);
    tcase_add_test(tests, samplers_hold_traces_one_at_a_time);
    tcase_add_test(tests, what_is_empty_has_nothing);
    tcase_add_test(tests, diagnostics_read_them_where_they_lie);
    suite_add_tcase(suite, tests);
    return test_run_suite(suite);
}
