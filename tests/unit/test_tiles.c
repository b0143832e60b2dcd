/* Tiles of a run: what is cut how, and that no bit of a chain tells in which tile it was. */
#include "mcmc/tiles.h"

#include "lebm.h"
#include "mcmc/sampler.h"
#include "support/approx.h"

/* Each row is in one tile, and no tile is empty or too large. */
static void check(const lebm__tiles *tiles, int64_t n, int64_t most)
{
    int64_t largest = 0, *seen = test_alloc(n, sizeof *seen);
    ck_assert_int_eq(tiles->begins[0], 0);
    ck_assert_int_eq(tiles->begins[tiles->count], n);
    for (int64_t i = 0; i < tiles->count; i++) {
        const int64_t rows = tiles->begins[i + 1] - tiles->begins[i];
        LEBM_ASSERT_MSG(rows >= 1 && rows <= most, "tile %lld has %lld rows", (long long)i, (long long)rows);
        if (rows > largest) largest = rows;
    }
    ck_assert_int_eq(largest, tiles->most);
    for (int64_t i = 0; i < n; i++) ck_assert_int_eq(seen[tiles->rows == NULL ? i : tiles->rows[i]]++, 0);
    free(seen);
}

START_TEST(rows_of_one_cost_are_taken_as_they_come)
{
    static const struct {
        int64_t n, shares, most, count, rows;
    } cases[] = {{1, 1, 64, 1, 1}, {1, 7, 64, 1, 1},    {64, 2, 64, 2, 32},  {65, 2, 64, 2, 33},
                 {7, 3, 64, 3, 3}, {100, 8, 1, 100, 1}, {131, 3, 64, 3, 44}, {10, 4, 64, 4, 3}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        lebm__tiles tiles;
        LEBM_ASSERT_OK(lebm__tiles_create(&tiles, cases[i].n, NULL, cases[i].shares, cases[i].most));
        check(&tiles, cases[i].n, cases[i].most);
        ck_assert_ptr_null(tiles.rows);
        ck_assert_int_eq(tiles.count, cases[i].count);
        ck_assert_int_eq(tiles.most, cases[i].rows);
        lebm__tiles_destroy(&tiles);
    }
}
END_TEST

/* The dearest first; and tiles that have not the most rows cost their share, a row more or less. */
START_TEST(rows_are_ordered_and_shared_by_their_cost)
{
    uint64_t seed = 3;
    for (int number = 0; number < 300; number++) {
        const int64_t n = test_integer(&seed, 1, 300), dearest = test_integer(&seed, 1, 90);
        const int64_t shares = test_integer(&seed, 1, 12), most = test_integer(&seed, 1, 70);
        int64_t *costs = test_alloc(n, sizeof *costs), all = 0;
        lebm__tiles tiles;
        for (int64_t i = 0; i < n; i++) all += costs[i] = test_integer(&seed, 1, dearest);
        LEBM_ASSERT_OK(lebm__tiles_create(&tiles, n, costs, shares, most));
        check(&tiles, n, most);
        for (int64_t i = 1; i < n; i++) {
            const int64_t a = tiles.rows[i - 1], b = tiles.rows[i];
            LEBM_ASSERT_MSG(costs[a] > costs[b] || (costs[a] == costs[b] && a < b),
                            "row %lld, which costs %lld, is before row %lld, which costs %lld", (long long)a,
                            (long long)costs[a], (long long)b, (long long)costs[b]);
        }
        for (int64_t k = 0; k < tiles.count; k++) {
            const int64_t rows = tiles.begins[k + 1] - tiles.begins[k];
            double cost = 0;
            for (int64_t i = tiles.begins[k]; i < tiles.begins[k + 1]; i++) cost += (double)costs[tiles.rows[i]];
            const double share = (double)all / (double)shares;
            LEBM_ASSERT_MSG(cost <= share + 1 + (double)dearest, "a tile costs %g, a share %g", cost, share);
            if (rows < most && k + 1 < tiles.count)
                LEBM_ASSERT_MSG(cost >= share, "a tile of %lld rows costs %g, a share %g", (long long)rows, cost,
                                share);
        }
        lebm__tiles_destroy(&tiles);
        free(costs);
    }
}
END_TEST

/* ---- chains of sentences, whatever their order and their tiles ---- */

enum { ROWS = 150, LONGEST = 30, LATENT = 3, STEPS = 5 };

struct chains {
    float x[ROWS][LONGEST], start[ROWS][LATENT], z[ROWS][LATENT];
    int64_t numbers[ROWS];
    double log_density[ROWS];
};

/* Very unequal lengths, in no order. */
static void make_chains(struct chains *c)
{
    uint64_t seed = 11;
    for (int64_t i = 0; i < ROWS; i++) {
        const int64_t length = i % 3 == 0 ? test_integer(&seed, 0, LONGEST) : i % 2;
        c->numbers[i] = 1000 + i * i;
        for (int t = 0; t < LONGEST; t++) c->x[i][t] = t < length ? (float)test_integer(&seed, 0, 39) : LEBM_PADDING;
        for (int m = 0; m < LATENT; m++) c->start[i][m] = (float)test_normal(&seed);
    }
}

struct model {
    lebm_prior *prior;
    lebm_generator *generator;
    lebm_sampler *sampler;
};

/* Runs rows `first` to first + n - 1 of the chains, with these numbers, on so many threads; returns the mean of their log
 * densities. */
static double run_of(const struct model *m, struct chains *c, const int64_t *numbers, int64_t first, int64_t n,
                     int threads, int is_kept)
{
    lebm__run_metrics metrics;
    lebm__pool *pool = NULL;
    LEBM_ASSERT_OK(lebm__pool_resize(&pool, threads));
    lebm__run run = lebm__sampler_begin_run(m->sampler);
    run.pool = pool;
    run.key = lebm__key_make(1, 2, LEBM__FOR_POSTERIOR);
    run.prior = m->prior;
    run.generator = m->generator;
    run.x = c->x[first];
    run.n = n;
    run.numbers = numbers;
    run.start = is_kept ? c->start[first] : NULL;
    run.z = c->z[first];
    run.metrics = &metrics;
    LEBM_ASSERT_OK(lebm__sampler_run(&run));
    lebm__pool_destroy(pool);
    return metrics.log_density;
}

static void make_model(struct model *m, const char *kernel)
{
    LEBM_ASSERT_OK(lebm_model_create(&m->prior, &m->generator, "in 3; linear 8; gelu; linear 1", 1,
                                     "in 3; embedding 9; lstm 20; tokens 40 30", LEBM_CATEGORICAL, 0, LEBM_INIT_PYTORCH,
                                     1));
    LEBM_ASSERT_OK(lebm_sampler_create(&m->sampler, kernel));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(m->sampler, LEBM_SAMPLER_STEPS, STEPS));
}

static void free_model(const struct model *m)
{
    lebm_sampler_destroy(m->sampler);
    lebm_generator_destroy(m->generator);
    lebm_prior_destroy(m->prior);
}

static double run(const struct model *m, struct chains *c, int64_t first, int64_t n, int threads, int is_kept)
{
    return run_of(m, c, c->numbers + first, first, n, threads, is_kept);
}

START_TEST(no_chain_depends_on_its_tile) /* _i: from given states */
{
    static const int threads[] = {1, 2, 3, 7};
    static struct chains plain, c, as_they_come;
    struct model m;
    make_model(&m, _i ? LEBM_MALA : LEBM_LANGEVIN);
    make_chains(&plain);
    const double mean = run(&m, &plain, 0, ROWS, 1, _i);
    for (int k = 0; k < 4; k++) {
        make_chains(&c);
        ck_assert_double_eq(run(&m, &c, 0, ROWS, threads[k], _i), mean);
        LEBM_ASSERT_SAME_BITS(c.z[0], plain.z[0], ROWS * LATENT);

        make_chains(&as_they_come); /* without numbers they have those of their rows */
        for (int i = 0; i < ROWS; i++) c.numbers[i] = i;
        run(&m, &c, 0, ROWS, threads[k], _i);
        run_of(&m, &as_they_come, NULL, 0, ROWS, threads[k], _i);
        LEBM_ASSERT_SAME_BITS(as_they_come.z[0], c.z[0], ROWS * LATENT);

        make_chains(&c); /* in two batches */
        run(&m, &c, 0, 61, threads[k], _i);
        run(&m, &c, 61, ROWS - 61, threads[k], _i);
        LEBM_ASSERT_SAME_BITS(c.z[0], plain.z[0], ROWS * LATENT);

        for (int i = 0; i < ROWS; i++) { /* 7 and the number of rows have no divisor in common */
            const int from = (7 * i + 3) % ROWS;
            memcpy(c.x[i], plain.x[from], sizeof c.x[i]);
            memcpy(c.start[i], plain.start[from], sizeof c.start[i]);
            c.numbers[i] = plain.numbers[from];
        }
        run(&m, &c, 0, ROWS, threads[k], _i);
        for (int i = 0; i < ROWS; i++) LEBM_ASSERT_SAME_BITS(c.z[i], plain.z[(7 * i + 3) % ROWS], LATENT);
    }
    free_model(&m);
}
END_TEST

/* Traces have the chains in the order of the rows, and the first ones are the first rows. */
START_TEST(traces_are_of_rows)
{
    static const int64_t recorded[] = {0, 20};
    static struct chains c;
    struct model m;
    make_model(&m, LEBM_HMC);
    make_chains(&c);
    for (int k = 0; k < 2; k++) {
        lebm_traces *traces;
        LEBM_ASSERT_OK(lebm_traces_create(&traces, STEPS, 1, recorded[k]));
        LEBM_ASSERT_OK(lebm_sampler_set_traces(m.sampler, traces));
        LEBM_ASSERT_OK(lebm_sampler_run_posterior(m.sampler, m.prior, m.generator, c.x[0], ROWS, c.z[0]));
        ck_assert_int_eq(lebm_traces_chains(traces), k == 0 ? ROWS : recorded[k]);
        const int64_t *strides = lebm_traces_strides(traces);
        for (int64_t i = 0; i < lebm_traces_chains(traces); i++) {
            const double *last = lebm_traces_states(traces) + i * strides[0] + (STEPS - 1) * strides[1];
            for (int d = 0; d < LATENT; d++) ck_assert_double_eq(last[d], (double)c.z[i][d]);
        }
        lebm_traces_destroy(traces);
    }
    free_model(&m);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tiles");
    TCase *tests = tcase_create("tiles");
    tcase_add_test(tests, rows_of_one_cost_are_taken_as_they_come);
    tcase_add_test(tests, rows_are_ordered_and_shared_by_their_cost);
    tcase_add_loop_test(tests, no_chain_depends_on_its_tile, 0, 2);
    tcase_add_test(tests, traces_are_of_rows);
    suite_add_tcase(suite, tests);
    return test_run_suite(suite);
}
