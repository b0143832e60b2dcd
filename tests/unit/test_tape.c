/* Passes and the blocks of a gradient: any rows at a time, in any order, on any thread. */
#include "nn/tape.h"

#include "core/memory.h"
#include "lebm.h"
#include "math/threads.h"
#include "math/tree.h"
#include "nn/evaluate.h"
#include "support/approx.h"

static const char *const specs[] = {
    "in 7; linear 300; gelu; linear 400; leaky_relu 0.2; linear 5 nobias",
    "in 24; conv_transpose2d 40 4 1 0; silu; conv_transpose2d 130 4 2 1; gelu; conv_transpose2d 600 3 1 1; tanh",
    "in 48; reshape 3 4 4; conv_transpose2d 20 4 2 1 nobias; mish; conv_transpose2d 2 2 2 0; reshape 512; linear 9",
};

enum { SPECS = sizeof specs / sizeof *specs, ROWS = 101, CHUNKS = (ROWS + LEBM__CHUNK - 1) / LEBM__CHUNK };

/* A net with the gradients of its outputs [ROWS], and a tape for all rows at once. */
struct passes {
    lebm_net *net;
    float *in, *grad_out;
    lebm__tape tape;
    void *memory;
    float *sums; /* [CHUNKS][blocks, each as large as the net's gradient] */
};

static void set_up(struct passes *p, int spec)
{
    lebm__arena arena = {NULL, 0};
    LEBM_ASSERT_OK(lebm_net_create_from_spec(&p->net, specs[spec]));
    LEBM_ASSERT_OK(lebm_net_init(p->net, LEBM_INIT_PYTORCH, 5));
    LEBM_ASSERT_OK(lebm__net_prepare(p->net, LEBM__LEARN, NULL));
    p->in = test_normal_floats(ROWS * lebm_net_in_features(p->net), 1, 1);
    p->grad_out = test_normal_floats(ROWS * lebm_net_out_features(p->net), 1, 2);
    p->sums = test_floats(CHUNKS * lebm_net_param_total(p->net));
    lebm__tape_lay_out(&p->tape, p->net, ROWS, LEBM__LEARN, &arena);
    p->memory = lebm__alloc_raw(arena.used, 1);
    ck_assert_ptr_nonnull(p->memory);
    arena = (lebm__arena){p->memory, 0};
    lebm__tape_lay_out(&p->tape, p->net, ROWS, LEBM__LEARN, &arena);
}

static void tear_down(struct passes *p)
{
    lebm_net_destroy(p->net);
    lebm__free(p->memory);
    free(p->in);
    free(p->grad_out);
    free(p->sums);
}

/* A view of `rows` rows from `first` on, which is what is passed. */
struct part {
    const struct passes *p;
    int64_t first;
};

static void copy_grad(void *context, int64_t first, int64_t n, float *output)
{
    const struct part *part = context;
    const lebm__shape shape = part->p->net->out;
    lebm__to_channels_last(n, shape, part->p->grad_out + (part->first + first) * lebm__numel(shape), output);
}

static void pass_rows(const struct passes *p, int64_t first, int64_t rows)
{
    struct part part = {p, first};
    lebm__tape view;
    lebm__arena arena = {NULL, 0};
    lebm__tape_lay_out_view(&view, &p->tape, first, rows, &arena);
    void *memory = lebm__alloc_raw(arena.used, 1);
    ck_assert_ptr_nonnull(memory);
    arena = (lebm__arena){memory, 0};
    lebm__tape_lay_out_view(&view, &p->tape, first, rows, &arena);
    lebm__tape_forward_backward(&view, rows, copy_grad, &part);
    lebm__free(memory);
}

/* The place of a block of a chunk in sums. */
static float *sum_of(const struct passes *p, int64_t chunk, int64_t block)
{
    float *sum = p->sums + chunk * lebm_net_param_total(p->net);
    for (int64_t b = 0; b < block; b++) sum += lebm__net_grad_block_size(p->net, b);
    return sum;
}

/* The last task first. */
static int compute_block(void *context, int64_t task, int thread)
{
    (void)thread;
    const struct passes *p = context;
    const int64_t blocks = lebm__net_grad_blocks(p->net), left = CHUNKS * blocks - 1 - task;
    const int64_t chunk = left / blocks, block = left % blocks, first = chunk * LEBM__CHUNK;
    float *workspace = lebm__alloc_raw(lebm__net_grad_workspace(p->net), sizeof *workspace);
    if (workspace == NULL) return LEBM_ERR_NOMEM;
    lebm__tape_grad(&p->tape, block, first, ROWS - first < LEBM__CHUNK ? ROWS - first : LEBM__CHUNK, workspace,
                    sum_of(p, chunk, block));
    lebm__free(workspace);
    return LEBM_OK;
}

START_TEST(blocks_add_up_to_the_gradient) /* _i: the spec */
{
    struct passes p;
    set_up(&p, _i);
    const int64_t in = lebm_net_in_features(p.net), total = lebm_net_param_total(p.net);
    memcpy(lebm__tape_input(&p.tape), p.in, (size_t)(ROWS * in) * sizeof *p.in);
    for (int64_t first = 0, rows = 1; first < ROWS; first += rows, rows = 2 * rows + 1) {
        pass_rows(&p, first, ROWS - first < rows ? ROWS - first : rows);
    }
    LEBM_ASSERT_SAME_BITS(lebm__tape_input(&p.tape), p.in, _i == 2 ? 0 : ROWS * in); /* kept before a weight */

    lebm__pool *pool = NULL;
    LEBM_ASSERT_OK(lebm__pool_resize(&pool, 3));
    LEBM_ASSERT_OK(lebm__pool_run(pool, CHUNKS * lebm__net_grad_blocks(p.net), compute_block, &p));
    lebm__pool_destroy(pool);

    float *grads = test_floats(total), *grad_in = test_floats(ROWS * in), *expected = test_floats(total);
    LEBM_ASSERT_OK(lebm_net_vjp(p.net, p.in, ROWS, p.grad_out, grad_in, expected));
    LEBM_ASSERT_SAME_BITS(lebm__tape_input_grad(&p.tape), grad_in, ROWS * in);
    int64_t size = 0;
    for (int64_t b = 0; b < lebm__net_grad_blocks(p.net); b++) {
        lebm__tree tree = {.size = lebm__net_grad_block_size(p.net, b)};
        tree.sums = test_floats(lebm__tree_levels(CHUNKS) * tree.size);
        for (int64_t chunk = 0; chunk < CHUNKS; chunk++) {
            memcpy(lebm__tree_leaf(&tree), sum_of(&p, chunk, b), (size_t)tree.size * sizeof *tree.sums);
            lebm__tree_push(&tree);
        }
        lebm__net_grad_store(p.net, b, lebm__tree_total(&tree), grads);
        size += tree.size;
        free(tree.sums);
    }
    ck_assert_int_eq(size, total);
    LEBM_ASSERT_SAME_BITS(grads, expected, total);
    free(grads);
    free(grad_in);
    free(expected);
    tear_down(&p);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("tape");
    TCase *tests = tcase_create("gradients");
    tcase_add_loop_test(tests, blocks_add_up_to_the_gradient, 0, SPECS);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    return test_run_suite(suite());
}
