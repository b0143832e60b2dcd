/* A kind of generator that the library does not know samples, learns, is saved and goes on, through the interface alone:
 * a table, whose row is chosen by z and is the mean of x. It has no net. */
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "core/status.h"
#include "lebm.h"
#include "model/generator.h"
#include "nn/tape.h"
#include "support/approx.h"
#include "support/nets.h"

enum { ROWS_OF_TABLE = 6, D = 3, M = 2, N = 37 };

typedef struct {
    lebm_generator base;
    lebm__params params;
} table_generator;

typedef struct {
    int64_t *row;        /* of the table, for each z */
    float *x, *residual; /* [n, D] */
} table_workspace;

static const table_generator *table_of(const lebm_generator *generator)
{
    return (const table_generator *)generator;
}

static void table_destroy(lebm_generator *generator)
{
    table_generator *table = (table_generator *)generator;
    lebm__params_release(&table->params);
    lebm__free(table);
}

static const char *table_spec(const lebm_generator *generator)
{
    (void)generator;
    return "table 6 3";
}

static void table_shape(const lebm_generator *generator, int64_t *chw)
{
    (void)generator;
    chw[0] = D;
    chw[1] = chw[2] = 1;
}

static void table_range(const lebm_generator *generator, double *low, double *high)
{
    (void)generator;
    *low = -INFINITY;
    *high = INFINITY;
}

static double table_work(const lebm_generator *generator)
{
    (void)generator;
    return D;
}

static int table_check(const lebm_generator *generator, const float *x, int64_t n)
{
    (void)generator;
    for (int64_t i = 0; i < n * D; i++) {
        if (!isfinite(x[i])) return lebm__fail(LEBM_ERR_RANGE, "a number of x is not finite");
    }
    return LEBM_OK;
}

static int64_t table_count(const lebm_generator *generator, const float *x, int64_t n)
{
    (void)generator;
    (void)x;
    return n * D;
}

static double table_misfit(const lebm_generator *generator, const float *x, int64_t n, double log_likelihood,
                           double squared_error, const char **what, double *unit)
{
    (void)generator;
    (void)x;
    (void)n;
    (void)log_likelihood;
    *what = "error of the table";
    *unit = 1;
    return sqrt(squared_error);
}

static int table_prepare(const lebm_generator *generator, lebm__passes passes, lebm__pool *pool)
{
    (void)generator;
    (void)passes;
    (void)pool;
    return LEBM_OK;
}

static void *table_lay_out(const lebm_generator *generator, int64_t rows, lebm__passes passes, lebm__arena *arena)
{
    (void)generator;
    (void)passes;
    table_workspace w, *place = lebm__arena_take(arena, 1, sizeof *place);
    w.row = lebm__arena_take(arena, rows, sizeof *w.row);
    w.x = lebm__arena_take(arena, rows * D, sizeof *w.x);
    w.residual = lebm__arena_take(arena, rows * D, sizeof *w.residual);
    if (place) *place = w;
    return place;
}

static void *table_lay_out_view(const lebm_generator *generator, const void *all, int64_t first, int64_t rows,
                                lebm__arena *arena)
{
    (void)generator;
    (void)rows;
    const table_workspace *whole = all;
    table_workspace *view = lebm__arena_take(arena, 1, sizeof *view);
    if (view) *view = (table_workspace){whole->row + first, whole->x + first * D, whole->residual + first * D};
    return view;
}

static void table_observe(const lebm_generator *generator, void *workspace, const float *x, int64_t n,
                          const lebm__dropout *dropout)
{
    (void)dropout;
    (void)generator;
    memcpy(((table_workspace *)workspace)->x, x, (size_t)(n * D) * sizeof *x);
}

static int64_t table_row(const float *z)
{
    const double row = floor(z[0] + ROWS_OF_TABLE / 2);
    return row < 0 ? 0 : row >= ROWS_OF_TABLE ? ROWS_OF_TABLE - 1 : (int64_t)row;
}

static double table_residual(const lebm_generator *generator, table_workspace *w, const float *z, int64_t i)
{
    double sum = 0;
    w->row[i] = table_row(z + i * M);
    for (int d = 0; d < D; d++) {
        const float r = w->x[i * D + d] - table_of(generator)->params.values[w->row[i] * D + d];
        w->residual[i * D + d] = r;
        sum += (double)r * r;
    }
    return sum;
}

/* sigma is 1, and the constant left out; in z the table is flat. */
static void table_log_likelihood(const lebm_generator *generator, void *workspace, const float *z, int64_t n,
                                 double *log_likelihood, float *score)
{
    (void)score;
    for (int64_t i = 0; i < n; i++) log_likelihood[i] -= 0.5 * table_residual(generator, workspace, z, i);
}

static void table_forward_backward(const lebm_generator *generator, void *workspace, const float *z, int64_t n,
                                   double *log_likelihood, double *squared_error)
{
    for (int64_t i = 0; i < n; i++) {
        squared_error[i] = table_residual(generator, workspace, z, i);
        log_likelihood[i] = -0.5 * squared_error[i];
    }
}

/* A block is a row of the table. */

static int64_t table_blocks(const void *owner)
{
    (void)owner;
    return ROWS_OF_TABLE;
}

static int64_t table_block_size(const void *owner, int64_t block)
{
    (void)owner;
    (void)block;
    return D;
}

static int64_t table_scratch(const void *owner)
{
    (void)owner;
    return 0;
}

static void table_sum(const void *workspace, int64_t block, int64_t first, int64_t n, float *scratch, float *sum)
{
    (void)scratch;
    const table_workspace *w = workspace;
    memset(sum, 0, D * sizeof *sum);
    for (int64_t i = first; i < first + n; i++) {
        for (int d = 0; d < D && w->row[i] == block; d++) sum[d] += w->residual[i * D + d];
    }
}

static void table_store(const void *owner, int64_t block, const float *sum, float *grads)
{
    (void)owner;
    memcpy(grads + block * D, sum, D * sizeof *sum);
}

static const lebm__gradient table_gradient = {table_blocks, table_block_size, table_scratch, table_sum, table_store};

static const void *table_gradient_owner(const lebm_generator *generator)
{
    return generator;
}

static void table_mean(const lebm_generator *generator, void *workspace, const float *z, int64_t n, float *x)
{
    (void)workspace;
    for (int64_t i = 0; i < n; i++) {
        memcpy(x + i * D, table_of(generator)->params.values + table_row(z + i * M) * D, D * sizeof *x);
    }
}

static void table_draw(const lebm_generator *generator, void *workspace, lebm__key key, int64_t first, const float *z,
                       int64_t n, float *x)
{
    (void)key;
    (void)first;
    table_mean(generator, workspace, z, n, x);
}

static int table_create(lebm_generator **out, const char *spec, int64_t max_params, const char *likelihood,
                        double sigma);

static const lebm__generator_kind table_kind = {
    .name = "table",
    .data = "rows",
    .create = table_create,
    .destroy = table_destroy,
    .spec = table_spec,
    .shape = table_shape,
    .range = table_range,
    .work = table_work,
    .check = table_check,
    .count = table_count,
    .misfit = table_misfit,
    .prepare = table_prepare,
    .lay_out = table_lay_out,
    .lay_out_view = table_lay_out_view,
    .observe = table_observe,
    .log_likelihood = table_log_likelihood,
    .forward_backward = table_forward_backward,
    .gradient = &table_gradient,
    .gradient_owner = table_gradient_owner,
    .mean = table_mean,
    .draw = table_draw,
};

static lebm_generator *make_table_of(const lebm__generator_kind *kind)
{
    table_generator *table = lebm__alloc(1, sizeof *table);
    const int64_t dims[] = {ROWS_OF_TABLE, D};
    ck_assert_ptr_nonnull(table);
    lebm__generator_init(&table->base, kind, &table->params, M, D, "unit gaussian", 1);
    table->params.owner = &table->base.head;
    LEBM_ASSERT_OK(lebm__params_reserve(&table->params, 1, ROWS_OF_TABLE * D));
    ck_assert_int_eq(lebm__params_add(&table->params, "table", 2, dims), 0);
    return &table->base;
}

static lebm_generator *make_table(void)
{
    return make_table_of(&table_kind);
}

static int table_create(lebm_generator **out, const char *spec, int64_t max_params, const char *likelihood,
                        double sigma)
{
    ck_assert_str_eq(spec, "table 6 3");
    ck_assert_str_eq(likelihood, "unit gaussian");
    ck_assert_int_eq(max_params, ROWS_OF_TABLE * D);
    ck_assert_double_eq(sigma, 1);
    *out = make_table();
    return LEBM_OK;
}

struct world {
    lebm_prior *prior;
    lebm_generator *generator;
    lebm_sampler *to_prior, *to_posterior;
    lebm_trainer *trainer;
};

static void make_world_of(struct world *w, const lebm__generator_kind *kind)
{
    lebm_net *f;
    float start[ROWS_OF_TABLE * D] = {0};
    LEBM_ASSERT_OK(lebm_net_create_from_spec(&f, "in 2; linear 8; gelu; linear 1"));
    LEBM_ASSERT_OK(lebm_net_init(f, LEBM_INIT_PYTORCH, 1));
    LEBM_ASSERT_OK(lebm_prior_create(&w->prior, f, 1));
    lebm_net_destroy(f);
    w->generator = make_table_of(kind);
    LEBM_ASSERT_OK(lebm_generator_set_param(w->generator, 0, start, ROWS_OF_TABLE * D));
    LEBM_ASSERT_OK(lebm_sampler_create(&w->to_prior, LEBM_LANGEVIN));
    LEBM_ASSERT_OK(lebm_sampler_create(&w->to_posterior, LEBM_LANGEVIN));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(w->to_prior, LEBM_SAMPLER_STEPS, 7));
    LEBM_ASSERT_OK(lebm_sampler_set_i64(w->to_posterior, LEBM_SAMPLER_STEPS, 5));
    LEBM_ASSERT_OK(lebm_trainer_create(&w->trainer, w->prior, w->generator, w->to_prior, w->to_posterior));
    LEBM_ASSERT_OK(lebm_trainer_set_f64(w->trainer, LEBM_TRAINER_GENERATOR_LEARNING_RATE, 0.05));
}

static void make_world(struct world *w)
{
    make_world_of(w, &table_kind);
}

static void free_world(struct world *w)
{
    lebm_trainer_destroy(w->trainer);
    lebm_sampler_destroy(w->to_prior);
    lebm_sampler_destroy(w->to_posterior);
    lebm_generator_destroy(w->generator);
    lebm_prior_destroy(w->prior);
}

static void get_table(const struct world *w, float *values)
{
    LEBM_ASSERT_OK(lebm_generator_get_param(w->generator, 0, values, ROWS_OF_TABLE * D));
}

static void make_x(float x[N * D])
{
    for (int i = 0; i < N * D; i++) x[i] = (float)(i % D) - 0.5f;
}

START_TEST(a_kind_without_a_net_tells_what_it_is)
{
    lebm_generator *table = make_table();
    int64_t chw[3];
    ck_assert_ptr_null(lebm_generator_net(table));
    ck_assert_str_eq(lebm_generator_data_kind(table), "rows");
    ck_assert_str_eq(lebm_generator_likelihood(table), "unit gaussian");
    ck_assert_int_eq(lebm_generator_latent_size(table), M);
    ck_assert_int_eq(lebm_generator_data_size(table), D);
    LEBM_ASSERT_OK(lebm_generator_data_shape(table, chw));
    ck_assert(chw[0] == D && chw[1] == 1 && chw[2] == 1);
    ck_assert_int_eq(lebm_generator_param_count(table), 1);
    ck_assert_int_eq(lebm_generator_param_size(table, 0), ROWS_OF_TABLE * D);
    ck_assert_int_eq(lebm_generator_param_ndim(table, 0), 2);
    ck_assert_int_eq(lebm_generator_param_dim(table, 0, 1), D);
    ck_assert_str_eq(lebm_generator_param_name(table, 0), "table");
    lebm_generator_destroy(table);
}
END_TEST

START_TEST(it_must_be_set_before_chains_run)
{
    struct world w;
    float z[M];
    make_world(&w);
    lebm_generator *unset = make_table();
    const float x[D] = {0};
    LEBM_ASSERT_STATUS(lebm_sampler_run_posterior(w.to_posterior, w.prior, unset, x, 1, z), LEBM_ERR_STATE);
    lebm_generator_destroy(unset);
    free_world(&w);
}
END_TEST

START_TEST(it_learns_the_mean_of_x)
{
    struct world w;
    float x[N * D], table[ROWS_OF_TABLE * D], decoded[D];
    const float z[M] = {0.5f, 0};
    double mse;
    make_x(x);
    make_world(&w);
    for (int i = 0; i < 200; i++) LEBM_ASSERT_OK(lebm_trainer_step(w.trainer, x, N));
    LEBM_ASSERT_OK(lebm_trainer_metric(w.trainer, LEBM_TRAINER_RECONSTRUCTION_MSE, &mse));
    LEBM_ASSERT_MSG(mse < 0.01, "reconstruction_mse is %g after 200 steps", mse);
    get_table(&w, table);
    LEBM_ASSERT_OK(lebm_generator_decode(w.generator, z, 1, decoded));
    LEBM_ASSERT_SAME_BITS(decoded, table + 3 * D, D); /* floor(0.5 + 3) */
    for (int d = 0; d < D; d++) LEBM_ASSERT_NEAR(decoded[d], x[d], 0.02);
    free_world(&w);
}
END_TEST

START_TEST(threads_change_no_bit)
{
    float x[N * D], table[2][ROWS_OF_TABLE * D];
    make_x(x);
    for (int many = 0; many < 2; many++) {
        struct world w;
        make_world(&w);
        LEBM_ASSERT_OK(lebm_trainer_set_i64(w.trainer, LEBM_TRAINER_THREADS, many ? 5 : 1));
        for (int i = 0; i < 3; i++) LEBM_ASSERT_OK(lebm_trainer_step(w.trainer, x, N));
        get_table(&w, table[many]);
        free_world(&w);
    }
    LEBM_ASSERT_SAME_BITS(table[0], table[1], ROWS_OF_TABLE * D);
}
END_TEST

START_TEST(it_is_saved_and_goes_on)
{
    static const char path[] = "generator_kind.safetensors", model_path[] = "generator_kind.model.safetensors";
    float x[N * D], straight[ROWS_OF_TABLE * D], resumed[ROWS_OF_TABLE * D];
    struct world w, again;
    lebm_prior *prior;
    lebm_generator *generator;
    make_x(x);
    make_world(&w);
    for (int i = 0; i < 2; i++) LEBM_ASSERT_OK(lebm_trainer_step(w.trainer, x, N));
    LEBM_ASSERT_OK(lebm_trainer_save(w.trainer, path));
    for (int i = 0; i < 2; i++) LEBM_ASSERT_OK(lebm_trainer_step(w.trainer, x, N));
    get_table(&w, straight);

    make_world(&again);
    LEBM_ASSERT_OK(lebm_trainer_load(again.trainer, path));
    for (int i = 0; i < 2; i++) LEBM_ASSERT_OK(lebm_trainer_step(again.trainer, x, N));
    get_table(&again, resumed);
    LEBM_ASSERT_SAME_BITS(straight, resumed, ROWS_OF_TABLE * D);

    /* Only a trainer that has such a generator can read it. */
    lebm_trainer *of_net;
    lebm_generator *net = make_generator(make_net("in 2; linear 3", 2), LEBM_GAUSSIAN, 1);
    LEBM_ASSERT_OK(lebm_trainer_create(&of_net, w.prior, net, w.to_prior, w.to_posterior));
    LEBM_ASSERT_STATUS(lebm_trainer_load(of_net, path), LEBM_ERR_SHAPE);
    LEBM_ASSERT_ERROR_NAMES("of the kind 'table', but the trainer's is 'net'");
    lebm_trainer_destroy(of_net);
    lebm_generator_destroy(net);
    LEBM_ASSERT_OK(lebm_model_save(model_path, w.prior, w.generator));
    LEBM_ASSERT_STATUS(lebm_model_load(model_path, &prior, &generator), LEBM_ERR_VERSION);
    LEBM_ASSERT_ERROR_NAMES("no generator of kind 'table'");
    free_world(&w);
    free_world(&again);
    unlink(path);
    unlink(model_path);
}
END_TEST

START_TEST(it_keeps_chains_and_averages)
{
    float x[N * D], table[ROWS_OF_TABLE * D], average[ROWS_OF_TABLE * D];
    int64_t ids[N];
    struct world w;
    lebm_prior *prior;
    lebm_generator *generator;
    const char *missing;
    make_x(x);
    make_world(&w);
    for (int i = 0; i < N; i++) ids[i] = N - i;
    LEBM_ASSERT_OK(lebm_trainer_set_str(w.trainer, LEBM_TRAINER_POSTERIOR_CHAINS, "kept"));
    LEBM_ASSERT_OK(lebm_trainer_set_i64(w.trainer, LEBM_TRAINER_OBSERVATIONS, N + 1));
    LEBM_ASSERT_OK(lebm_trainer_set_f64(w.trainer, LEBM_TRAINER_AVERAGE_DECAY, 0.9));
    LEBM_ASSERT_OK(lebm_generator_set_str(w.generator, LEBM_GENERATOR_MISSING, "skip"));
    LEBM_ASSERT_OK(lebm_trainer_step_of(w.trainer, x, ids, N));
    LEBM_ASSERT_OK(lebm_trainer_average(w.trainer, &prior, &generator));
    get_table(&w, table);
    LEBM_ASSERT_OK(lebm_generator_get_param(generator, 0, average, ROWS_OF_TABLE * D));
    for (int i = 0; i < ROWS_OF_TABLE * D; i++)
        LEBM_ASSERT_NEAR(average[i], 0.9 * table[i], 1e-6); /* it was 0 before */
    LEBM_ASSERT_OK(lebm_generator_get_str(generator, LEBM_GENERATOR_MISSING, &missing));
    ck_assert_str_eq(missing, "skip");
    lebm_prior_destroy(prior);
    lebm_generator_destroy(generator);
    free_world(&w);
}
END_TEST

START_TEST(a_kind_that_cannot_be_made_has_no_copies)
{
    float x[N * D];
    struct world w;
    lebm_prior *prior;
    lebm_generator *generator;
    lebm__generator_kind only_one = table_kind;
    only_one.create = NULL;
    make_x(x);
    make_world_of(&w, &only_one);
    LEBM_ASSERT_OK(lebm_trainer_set_f64(w.trainer, LEBM_TRAINER_AVERAGE_DECAY, 0.9));
    LEBM_ASSERT_OK(lebm_trainer_step(w.trainer, x, N));
    LEBM_ASSERT_STATUS(lebm_trainer_average(w.trainer, &prior, &generator), LEBM_ERR_UNSUPPORTED);
    LEBM_ASSERT_ERROR_NAMES("kind 'table' cannot be copied");
    ck_assert_ptr_null(prior);
    ck_assert_ptr_null(generator);
    free_world(&w);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("generator_kind");
    TCase *kind = tcase_create("table");
    tcase_add_test(kind, a_kind_without_a_net_tells_what_it_is);
    tcase_add_test(kind, it_must_be_set_before_chains_run);
    tcase_add_test(kind, it_learns_the_mean_of_x);
    tcase_add_test(kind, threads_change_no_bit);
    tcase_add_test(kind, it_is_saved_and_goes_on);
    tcase_add_test(kind, it_keeps_chains_and_averages);
    tcase_add_test(kind, a_kind_that_cannot_be_made_has_no_copies);
    suite_add_tcase(suite, kind);
    return suite;
}

int main(void)
{
    return test_run_suite(suite());
}
