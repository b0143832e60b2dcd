#include "nn/tape.h"

static int64_t tape_max(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t tape_min(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* The largest even share of n, 1 or more, that is no larger than `max`. */
static int64_t tape_even_share(int64_t n, int64_t max)
{
    const int64_t shares = (n + max - 1) / max;
    return (n + shares - 1) / shares;
}

static void tape_cut_into_segments(lebm__tape *tape)
{
    lebm__segment *segment = tape->segments;
    int64_t from = 0;
    for (int64_t i = 0; i < tape->net->layer_count; i++) {
        if (tape->net->layers[i].kind->forward.gemm == NULL) continue;
        *segment++ = (lebm__segment){.from = from, .to = i};
        from = i + 1;
    }
    *segment = (lebm__segment){.from = from, .to = tape->net->layer_count};
}

static int64_t tape_numel(const lebm_net *net, int64_t i)
{
    return lebm__numel(i < net->layer_count ? net->layers[i].in : net->out);
}

/* What passes need but for the activations. Groups are cut from the groups of the product before. */
static void tape_lay_out_work(lebm__tape *tape, lebm__arena *arena)
{
    const lebm_net *net = tape->net;
    int64_t group = tape->rows, workspace = 0;
    tape->segments = lebm__arena_take(arena, net->layer_count + 1, sizeof *tape->segments);
    for (int64_t i = 0; i <= net->layer_count; i++) {
        const lebm__layer *layer = i < net->layer_count ? &net->layers[i] : NULL;
        lebm__transform_domain transform = {.in = NULL};
        if (layer != NULL && layer->kind->group != NULL) group = tape_min(group, layer->kind->group(layer));
        transform.group = group;
        if (layer != NULL && layer->kind->workspace_size != NULL) {
            const lebm__workspace_size size = layer->kind->workspace_size(layer, group);
            transform.in = lebm__arena_take(arena, size.transform_in, sizeof(float));
            transform.out = lebm__arena_take(arena, size.transform_out, sizeof(float));
            workspace = tape_max(workspace, size.workspace);
        }
        if (tape->at != NULL) tape->at[i].transform = transform;
    }
    tape->workspace = lebm__arena_take(arena, workspace, sizeof(float));
    if (tape->segments != NULL) tape_cut_into_segments(tape);
}

void lebm__tape_lay_out(lebm__tape *tape, const lebm_net *net, int64_t rows, lebm__passes passes, lebm__arena *arena)
{
    *tape = (lebm__tape){.net = net, .rows = rows};
    tape->at = lebm__arena_take(arena, net->layer_count + 1, sizeof *tape->at);
    for (int64_t i = 0; i <= net->layer_count; i++) {
        const int64_t numel = rows * tape_numel(net, i);
        const int keeps_both = passes == LEBM__LEARN && i < net->layer_count && net->layers[i].weight >= 0;
        lebm__tape_node node = {.activations = lebm__arena_take(arena, numel, sizeof(float))};
        node.grads = keeps_both ? lebm__arena_take(arena, numel, sizeof(float)) : node.activations;
        if (tape->at != NULL) tape->at[i] = node;
    }
    if (passes != LEBM__LEARN) tape_lay_out_work(tape, arena);
}

void lebm__tape_lay_out_view(lebm__tape *view, const lebm__tape *all, int64_t first, int64_t rows, lebm__arena *arena)
{
    *view = (lebm__tape){.net = all->net, .rows = rows};
    view->at = lebm__arena_take(arena, all->net->layer_count + 1, sizeof *view->at);
    for (int64_t i = 0; i <= all->net->layer_count && view->at != NULL; i++) {
        const int64_t offset = first * tape_numel(all->net, i);
        view->at[i] =
            (lebm__tape_node){.activations = all->at[i].activations + offset, .grads = all->at[i].grads + offset};
    }
    tape_lay_out_work(view, arena);
}

float *lebm__tape_input(const lebm__tape *tape)
{
    return tape->at[0].activations;
}

float *lebm__tape_input_grad(const lebm__tape *tape)
{
    return tape->at[0].grads;
}

float *lebm__tape_output(const lebm__tape *tape)
{
    return tape->at[tape->net->layer_count].activations;
}

/* A stage of layer i, with activations or, of the backward pass, with their gradients. */
static void tape_run(const lebm__tape *tape, int64_t i, lebm__stage *stage, int backward, int64_t first, int64_t n)
{
    const lebm__tape_node *in = &tape->at[i], *out = in + 1;
    const lebm__buffers at = {.params = tape->net->params.values,
                              .in = backward ? in->grads : in->activations,
                              .out = backward ? out->grads : out->activations,
                              .transform = in->transform,
                              .workspace = tape->workspace};
    if (stage != NULL) stage(&tape->net->layers[i], &at, first, n);
}

/* From behind the product of layer `from - 1` to before that of layer `to`, and back. */

static void tape_forward_rows(const lebm__tape *tape, const lebm__segment *s, int64_t first, int64_t n)
{
    const lebm__layer *layers = tape->net->layers;
    if (s->from > 0) tape_run(tape, s->from - 1, layers[s->from - 1].kind->forward.post, 0, first, n);
    for (int64_t i = s->from; i < s->to; i++) tape_run(tape, i, layers[i].kind->forward.pre, 0, first, n);
    if (s->to < tape->net->layer_count) tape_run(tape, s->to, layers[s->to].kind->forward.pre, 0, first, n);
}

static void tape_backward_rows(const lebm__tape *tape, const lebm__segment *s, int64_t first, int64_t n)
{
    const lebm__layer *layers = tape->net->layers;
    if (s->to < tape->net->layer_count) tape_run(tape, s->to, layers[s->to].kind->backward.post, 1, first, n);
    for (int64_t i = s->to - 1; i >= s->from; i--) tape_run(tape, i, layers[i].kind->backward.pre, 1, first, n);
    if (s->from > 0) tape_run(tape, s->from - 1, layers[s->from - 1].kind->backward.pre, 1, first, n);
}

/* Rows to take through the segment's layers at a time, so that what lies between them stays in the cache: the widest
 * layer's input and output are 128 KiB, of a second-level cache of 256 or more. */
static int64_t tape_rows_at_once(const lebm__tape *tape, const lebm__segment *s, int64_t n)
{
    enum { MAX_NUMEL = 16384 };
    int64_t widest = 1;
    for (int64_t i = s->from; i <= s->to && i < tape->net->layer_count; i++) {
        widest = tape_max(widest, lebm__numel(tape->net->layers[i].in));
    }
    return tape_even_share(n, tape_max(1, MAX_NUMEL / widest));
}

/* Have a segment begin with n rows from `first` on. */
static void tape_enter(const lebm__tape *tape, lebm__segment *s, int64_t first, int64_t n)
{
    const int is_last = s->to == tape->net->layer_count;
    s->first = first;
    s->end = first + n;
    s->group = is_last ? n : tape_even_share(n, tape->at[s->to].transform.group);
}

/* Rows of the group at work. */
static int64_t tape_group_rows(const lebm__segment *s)
{
    return tape_min(s->group, s->end - s->first);
}

/* A group of rows, forward through the segment's layers and the product behind them. */
static void tape_forward_segment(const lebm__tape *tape, const lebm__segment *s)
{
    const int64_t n = tape_group_rows(s), at_once = tape_rows_at_once(tape, s, n);
    tape->at[s->to].transform.base = s->first;
    for (int64_t i = 0; i < n; i += at_once) tape_forward_rows(tape, s, s->first + i, tape_min(at_once, n - i));
    tape_run(tape, s->to, tape->net->layers[s->to].kind->forward.gemm, 0, s->first, n);
}

static void tape_backward_segment(const lebm__tape *tape, const lebm__segment *s)
{
    const int64_t n = tape_group_rows(s), at_once = tape_rows_at_once(tape, s, n);
    tape_run(tape, s->to, tape->net->layers[s->to].kind->backward.gemm, 1, s->first, n);
    for (int64_t i = 0; i < n; i += at_once) tape_backward_rows(tape, s, s->first + i, tape_min(at_once, n - i));
}

/* All rows of the last segment, to the output and back. */
static void tape_last_segment(const lebm__tape *tape, const lebm__segment *s, lebm__output_grad_fn *output_grad,
                              void *context)
{
    const int64_t rows = s->end - s->first, at_once = tape_rows_at_once(tape, s, rows);
    const int64_t size = lebm__numel(tape->net->out);
    for (int64_t i = 0; i < rows; i += at_once) {
        const int64_t first = s->first + i, n = tape_min(at_once, rows - i);
        tape_forward_rows(tape, s, first, n);
        if (output_grad == NULL) continue;
        output_grad(context, first, n, lebm__tape_output(tape) + first * size);
        tape_backward_rows(tape, s, first, n);
    }
}

/* Products take a group of rows at a time; before and behind them it is a few at a time, and the next product's groups
 * are cut from this one's. No call for each layer: a net may be deeper than the stack of a thread. */
void lebm__tape_forward_backward(const lebm__tape *tape, int64_t n, lebm__output_grad_fn *output_grad, void *context)
{
    lebm__segment *const begin = tape->segments, *s = begin;
    tape_enter(tape, s, 0, n);
    for (;;) {
        for (; s->to < tape->net->layer_count; s++) {
            tape_forward_segment(tape, s);
            tape_enter(tape, s + 1, s->first, tape_group_rows(s));
        }
        tape_last_segment(tape, s, output_grad, context);
        do { /* back, until there are rows that have not been forward */
            if (s == begin) return;
            s--;
            if (output_grad != NULL) tape_backward_segment(tape, s);
            s->first += tape_group_rows(s);
        } while (s->first == s->end);
    }
}

void lebm__tape_forward(const lebm__tape *tape, int64_t n)
{
    lebm__tape_forward_backward(tape, n, NULL, NULL);
}
