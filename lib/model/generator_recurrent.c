/* A generator whose decoder is a recurrent net of tokens. */
#include <math.h>
#include <string.h>

#include "core/status.h"
#include "core/text.h"
#include "lebm/tokens.h"
#include "model/beam.h"
#include "model/generator.h"
#include "model/tokens.h"
#include "nn/recurrent_grad.h"
#include "nn/recurrent_pass.h"

typedef struct {
    lebm_generator base;
    lebm__recurrent *net;
} generator_recurrent;

typedef struct {
    lebm__recurrent_tape tape;
    lebm__token_writer writer; /* of a workspace for LEBM__FORWARD */
} generator_recurrent_workspace;

static const lebm__recurrent *generator_recurrent_net(const lebm_generator *generator)
{
    return ((const generator_recurrent *)generator)->net;
}

static int generator_recurrent_create(lebm_generator **out, const char *spec, int64_t max_params,
                                      const char *likelihood, double sigma)
{
    *out = NULL;
    if (strcmp(likelihood, LEBM_CATEGORICAL) != 0) {
        return lebm__fail(LEBM_ERR_UNKNOWN_OPTION, "there is no likelihood '%.64s' of tokens; there is %s", likelihood,
                          LEBM_CATEGORICAL);
    }
    if (sigma != 0.0) {
        return lebm__fail(LEBM_ERR_RANGE, "sigma is %g; for %s it must be 0", sigma, LEBM_CATEGORICAL);
    }
    generator_recurrent *generator = lebm__alloc(1, sizeof *generator);
    if (generator == NULL) return LEBM_ERR_NOMEM;
    int status = lebm__recurrent_create(&generator->net, spec, max_params, &generator->base.head);
    if (status == LEBM_OK) status = lebm__recurrent_cut_gradient(generator->net);
    if (status != LEBM_OK) {
        lebm__recurrent_destroy(generator->net);
        lebm__free(generator);
        return status;
    }
    const lebm__recurrent_form *form = &generator->net->form;
    lebm__generator_init(&generator->base, &lebm__generator_recurrent, &generator->net->params, form->context,
                         form->longest, LEBM_CATEGORICAL, 0.0);
    generator->base.token_count = form->tokens;
    *out = &generator->base;
    return LEBM_OK;
}

static void generator_recurrent_destroy(lebm_generator *generator)
{
    lebm__recurrent_destroy(((generator_recurrent *)generator)->net);
    lebm__free(generator);
}

static const char *generator_recurrent_spec(const lebm_generator *generator)
{
    return generator_recurrent_net(generator)->spec;
}

static uint64_t generator_recurrent_stream(const lebm_generator *generator)
{
    const char *spec = generator_recurrent_spec(generator);
    return lebm__hash_text(LEBM__HASH_START, spec, (int64_t)strlen(spec));
}

static void generator_recurrent_shape(const lebm_generator *generator, int64_t *chw)
{
    chw[0] = 1;
    chw[1] = 1;
    chw[2] = generator->data_size;
}

static void generator_recurrent_range(const lebm_generator *generator, double *low, double *high)
{
    *low = 0.0;
    *high = (double)generator->token_count - 1.0;
}

/* Of a sequence of half the length that there may be. */
static double generator_recurrent_work(const lebm_generator *generator)
{
    return 0.5 * (double)(generator->data_size + 1) * lebm__recurrent_work(generator_recurrent_net(generator));
}

/* ---- Checking x ---- */

/* A whole token, or padding, after which nothing else comes. */
static int generator_recurrent_check(const lebm_generator *generator, const float *x, int64_t n)
{
    const int64_t size = generator->data_size, tokens = generator->token_count;
    for (int64_t i = 0; i < n * size; i++) {
        const int is_token = x[i] >= 0.0f && x[i] < (float)tokens && x[i] == floorf(x[i]);
        const int follows_padding = i % size > 0 && x[i - 1] == LEBM_PADDING;
        if (x[i] == LEBM_PADDING || (is_token && !follows_padding)) continue;
        if (is_token) {
            return lebm__fail(LEBM_ERR_RANGE,
                              "number %lld of row %lld of x is %g, after padding; only padding may follow",
                              (long long)(i % size), (long long)(i / size), (double)x[i]);
        }
        return lebm__fail(LEBM_ERR_RANGE,
                          "number %lld of row %lld of x is %g; allowed are whole tokens from 0 to %lld, then %g to the "
                          "row's end",
                          (long long)(i % size), (long long)(i / size), isnan(x[i]) ? (double)NAN : (double)x[i],
                          (long long)tokens - 1, (double)LEBM_PADDING);
    }
    return LEBM_OK;
}

/* Tokens, and ends but for those that are certain. */
static int64_t generator_recurrent_count(const lebm_generator *generator, const float *x, int64_t n)
{
    int64_t count = 0;
    for (int64_t i = 0; i < n; i++) {
        count += lebm__recurrent_steps(generator_recurrent_net(generator), x + i * generator->data_size);
    }
    return count;
}

static int64_t generator_recurrent_cost(const lebm_generator *generator, const float *x)
{
    return lebm__recurrent_steps(generator_recurrent_net(generator), x);
}

/* Tokens at random cost the unit's nats each. */
static double generator_recurrent_misfit(const lebm_generator *generator, const float *x, int64_t n,
                                         double log_likelihood, double squared_error, const char **what, double *unit)
{
    (void)x;
    (void)n;
    (void)squared_error;
    *unit = log((double)generator->token_count + 1.0);
    *what = "negative log_likelihood per token";
    return -log_likelihood;
}

/* ---- Passes ---- */

static int generator_recurrent_prepare(const lebm_generator *generator, lebm__passes passes, lebm__pool *pool)
{
    return lebm__recurrent_prepare(generator_recurrent_net(generator), passes, pool);
}

static void *generator_recurrent_lay_out(const lebm_generator *generator, int64_t rows, lebm__passes passes,
                                         lebm__arena *arena)
{
    const lebm__recurrent *net = generator_recurrent_net(generator);
    generator_recurrent_workspace w = {.tape = {.net = net}}, *place = lebm__arena_take(arena, 1, sizeof *place);
    lebm__recurrent_lay_out(&w.tape, net, rows, passes, arena);
    if (passes == LEBM__FORWARD) lebm__token_writer_lay_out(&w.writer, net, rows, arena);
    if (place != NULL) *place = w;
    return place;
}

static void *generator_recurrent_lay_out_view(const lebm_generator *generator, const void *all, int64_t first,
                                              int64_t rows, lebm__arena *arena)
{
    (void)generator;
    const generator_recurrent_workspace *whole = all;
    generator_recurrent_workspace w = {.tape = {.net = NULL}}, *place = lebm__arena_take(arena, 1, sizeof *place);
    lebm__recurrent_lay_out_view(&w.tape, &whole->tape, first, rows, arena);
    if (place != NULL) *place = w;
    return place;
}

static void generator_recurrent_observe(const lebm_generator *generator, void *workspace, const float *x, int64_t n,
                                        const lebm__dropout *dropout)
{
    (void)generator;
    lebm__recurrent_observe(&((generator_recurrent_workspace *)workspace)->tape, x, n, dropout);
}

static void generator_recurrent_log_likelihood(const lebm_generator *generator, void *workspace, const float *z,
                                               int64_t n, double *log_likelihood, float *score)
{
    (void)generator;
    (void)n; /* as many as were observed */
    const lebm__recurrent_tape *tape = &((generator_recurrent_workspace *)workspace)->tape;
    if (score == NULL) {
        lebm__recurrent_forward(tape, z, log_likelihood);
    } else {
        lebm__recurrent_forward_backward(tape, z, log_likelihood);
        lebm__recurrent_context_grad(tape, score);
    }
}

/* Tokens have no squared error. */
static void generator_recurrent_forward_backward(const lebm_generator *generator, void *workspace, const float *z,
                                                 int64_t n, double *log_likelihood, double *squared_error)
{
    (void)generator;
    memset(log_likelihood, 0, (size_t)n * sizeof *log_likelihood);
    memset(squared_error, 0, (size_t)n * sizeof *squared_error);
    lebm__recurrent_forward_backward(&((generator_recurrent_workspace *)workspace)->tape, z, log_likelihood);
}

static void generator_recurrent_mean(const lebm_generator *generator, void *workspace, const float *z, int64_t n,
                                     float *x)
{
    (void)generator;
    lebm__write_probable(&((generator_recurrent_workspace *)workspace)->writer, z, n, x);
}

static void generator_recurrent_draw(const lebm_generator *generator, void *workspace, lebm__key key, int64_t first,
                                     const float *z, int64_t n, float *x)
{
    (void)generator;
    const lebm__token_chance chance = {key, first, 1.0f};
    lebm__write_drawn(&((generator_recurrent_workspace *)workspace)->writer, &chance, z, n, x);
}

int lebm_generator_draw_tempered(const lebm_generator *generator, const float *z, int64_t n, double temperature,
                                 uint64_t seed, uint64_t stream, float *x)
{
    LEBM__REQUIRE(generator);
    LEBM__REQUIRE(z);
    LEBM__REQUIRE(x);
    LEBM__TRY(lebm__require_tokens(generator, __func__));
    if (!(temperature >= 1e-3 && temperature <= 1e3)) {
        return lebm__fail(LEBM_ERR_RANGE, "temperature is %g; allowed are 0.001 to 1000", temperature);
    }
    lebm__token_chance chance = {lebm__key_make(seed, stream, LEBM__FOR_DRAW), 0, (float)(1.0 / temperature)};
    void *memory, *workspace;
    LEBM__TRY(lebm__generator_begin(generator, n, LEBM__FORWARD, &memory, &workspace));
    for (; chance.first < n; chance.first += LEBM__GENERATOR_ROWS) {
        const generator_recurrent_workspace *w = workspace;
        const int64_t left = n - chance.first, rows = left < LEBM__GENERATOR_ROWS ? left : LEBM__GENERATOR_ROWS;
        lebm__write_drawn(&w->writer, &chance, z + chance.first * generator->latent_size, rows,
                          x + chance.first * generator->data_size);
    }
    lebm__generator_end(generator, memory);
    return LEBM_OK;
}

/* Rows are searched one after the other. */
static int generator_recurrent_search(const lebm_generator *generator, const float *z, int64_t n, int64_t width,
                                      float *x)
{
    const lebm__recurrent *net = generator_recurrent_net(generator);
    lebm__beam beam;
    lebm__arena arena = {NULL, 0};
    LEBM__TRY(lebm__recurrent_prepare(net, LEBM__FORWARD, NULL));
    lebm__beam_lay_out(&beam, net, width, &arena);
    void *memory = lebm__alloc_raw(arena.used, 1);
    if (memory == NULL) return LEBM_ERR_NOMEM;
    arena = (lebm__arena){memory, 0};
    lebm__beam_lay_out(&beam, net, width, &arena);
    for (int64_t i = 0; i < n; i++) {
        lebm__beam_search(&beam, z + i * generator->latent_size, x + i * generator->data_size);
    }
    lebm__free(memory);
    return LEBM_OK;
}

int lebm_generator_search(const lebm_generator *generator, const float *z, int64_t n, int64_t beam_width, float *x)
{
    enum { WIDEST = 64 };
    LEBM__REQUIRE(generator);
    LEBM__REQUIRE(z);
    LEBM__REQUIRE(x);
    LEBM__TRY(lebm__require_tokens(generator, __func__));
    LEBM__TRY(lebm__check_range("n", n, 0, LEBM__MOST_ROWS));
    LEBM__TRY(lebm__check_range("beam_width", beam_width, 1, WIDEST));
    LEBM__TRY(lebm__handle_use(generator->params->owner));
    const int status = generator_recurrent_search(generator, z, n, beam_width, x);
    lebm__handle_leave(generator->params->owner);
    return status;
}

/* ---- Gradients: the owner is the net, the workspace ours ---- */

static int64_t generator_recurrent_blocks(const void *owner)
{
    return lebm__recurrent_grad_blocks(owner);
}

static int64_t generator_recurrent_block_size(const void *owner, int64_t block)
{
    return lebm__recurrent_grad_block_size(owner, block);
}

static int64_t generator_recurrent_scratch(const void *owner)
{
    return lebm__recurrent_grad_workspace(owner);
}

static void generator_recurrent_sum(const void *workspace, int64_t block, int64_t first, int64_t n, float *scratch,
                                    float *sum)
{
    lebm__recurrent_grad(&((const generator_recurrent_workspace *)workspace)->tape, block, first, n, scratch, sum);
}

static void generator_recurrent_store(const void *owner, int64_t block, const float *sum, float *grads)
{
    lebm__recurrent_grad_store(owner, block, sum, grads);
}

static const lebm__gradient generator_recurrent_gradient = {generator_recurrent_blocks, generator_recurrent_block_size,
                                                            generator_recurrent_scratch, generator_recurrent_sum,
                                                            generator_recurrent_store};

static const void *generator_recurrent_gradient_owner(const lebm_generator *generator)
{
    return generator_recurrent_net(generator);
}

const lebm__generator_kind lebm__generator_recurrent = {
    .name = "recurrent",
    .data = LEBM_TOKENS,
    .has_nll = 1,
    .drops = 1,
    .create = generator_recurrent_create,
    .destroy = generator_recurrent_destroy,
    .spec = generator_recurrent_spec,
    .stream = generator_recurrent_stream,
    .shape = generator_recurrent_shape,
    .range = generator_recurrent_range,
    .work = generator_recurrent_work,
    .check = generator_recurrent_check,
    .count = generator_recurrent_count,
    .cost = generator_recurrent_cost,
    .misfit = generator_recurrent_misfit,
    .prepare = generator_recurrent_prepare,
    .lay_out = generator_recurrent_lay_out,
    .lay_out_view = generator_recurrent_lay_out_view,
    .observe = generator_recurrent_observe,
    .log_likelihood = generator_recurrent_log_likelihood,
    .forward_backward = generator_recurrent_forward_backward,
    .gradient = &generator_recurrent_gradient,
    .gradient_owner = generator_recurrent_gradient_owner,
    .mean = generator_recurrent_mean,
    .draw = generator_recurrent_draw,
};
