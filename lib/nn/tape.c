#include "nn/net.h"

static int64_t largest(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* The largest even share of n, 1 or more, that is no larger than `most`. */
static int64_t even_share(int64_t n, int64_t most)
{
    const int64_t shares = (n + most - 1) / most;
    return (n + shares - 1) / shares;
}

static void cut_into_segments(lebm__tape *tape)
{
    lebm__segment *segment = tape->segments;
    int64_t from = 0;
    for (int64_t i = 0; i < tape->net->layer_count; i++) {
        if (tape->net->layers[i].kind->forward.all == NULL) continue;
        *segment++ = (lebm__segment){.from = from, .to = i};
        from = i + 1;
    }
    *segment = (lebm__segment){.from = from, .to = tape->net->layer_count};
}

void lebm__tape_lay_out(lebm__tape *tape, const lebm_net *net, int64_t rows, lebm__passes passes, lebm__arena *arena)
{
    int64_t group = rows, scratch = 0;
    *tape = (lebm__tape){.net = net, .rows = rows};
    tape->at = lebm__arena_take(arena, net->layer_count + 1, sizeof *tape->at);
    tape->segments = lebm__arena_take(arena, net->layer_count + 1, sizeof *tape->segments);
    for (int64_t i = 0; i <= net->layer_count; i++) {
        const lebm__layer *layer = i < net->layer_count ? &net->layers[i] : NULL;
        const lebm__shape shape = layer != NULL ? layer->in : net->out;
        lebm__tape_place place = {.values = lebm__arena_take(arena, rows * lebm__numbers(shape), sizeof(float))};
        /* Groups are cut from the groups of the product before. To learn, gradients of weights want all rows. */
        if (layer != NULL && layer->kind->group != NULL && passes != LEBM__LEARN) {
            group = least(group, layer->kind->group(layer));
        }
        place.points.group = group;
        if (layer != NULL && layer->kind->room != NULL) {
            const lebm__room room = layer->kind->room(layer, group, passes);
            place.points.in = lebm__arena_take(arena, room.points_in, sizeof(float));
            place.points.out = lebm__arena_take(arena, room.points_out, sizeof(float));
            scratch = largest(scratch, room.scratch);
        }
        if (tape->at != NULL) tape->at[i] = place;
    }
    tape->scratch = lebm__arena_take(arena, scratch, sizeof(float));
    if (tape->segments != NULL) cut_into_segments(tape);
}

float *lebm__tape_input(const lebm__tape *tape)
{
    return tape->at[0].values;
}

float *lebm__tape_output(const lebm__tape *tape)
{
    return tape->at[tape->net->layer_count].values;
}

typedef struct {
    const lebm__tape *tape;
    lebm__turn *turn; /* NULL: forward only */
    void *context;
    float *grads; /* NULL: not wanted */
} run;

static lebm__place place(const run *r, int64_t i)
{
    const lebm__tape *tape = r->tape;
    return (lebm__place){.params = tape->net->params.values,
                         .in = tape->at[i].values,
                         .out = tape->at[i + 1].values,
                         .points = tape->at[i].points,
                         .scratch = tape->scratch};
}

static void work(const run *r, int64_t i, lebm__stage *stage, int64_t first, int64_t n)
{
    const lebm__place at = place(r, i);
    if (stage != NULL) stage(&r->tape->net->layers[i], &at, first, n);
}

static void accumulate(const run *r, int64_t i, int64_t first, int64_t n)
{
    const lebm__layer *layer = &r->tape->net->layers[i];
    const lebm__place at = place(r, i);
    if (r->grads != NULL && layer->kind->accumulate != NULL) layer->kind->accumulate(layer, &at, first, n, r->grads);
}

/* From behind the product of layer `from - 1` to before that of layer `to`, and back. */

static void forward_between(const run *r, int64_t from, int64_t to, int64_t first, int64_t n)
{
    const lebm__layer *layers = r->tape->net->layers;
    if (from > 0) work(r, from - 1, layers[from - 1].kind->forward.then, first, n);
    for (int64_t i = from; i < to; i++) work(r, i, layers[i].kind->forward.each, first, n);
    if (to < r->tape->net->layer_count) work(r, to, layers[to].kind->forward.each, first, n);
}

static void backward_between(const run *r, int64_t from, int64_t to, int64_t first, int64_t n)
{
    const lebm__layer *layers = r->tape->net->layers;
    if (to < r->tape->net->layer_count) work(r, to, layers[to].kind->backward.then, first, n);
    for (int64_t i = to - 1; i >= from; i--) {
        accumulate(r, i, first, n);
        work(r, i, layers[i].kind->backward.each, first, n);
    }
    if (from > 0) work(r, from - 1, layers[from - 1].kind->backward.each, first, n);
}

/* Rows to take through layers `from` to `to` at a time, so that what lies between them stays in the cache. */
static int64_t rows_at_once(const run *r, int64_t from, int64_t to, int64_t n)
{
    enum { NUMBERS = 16384 };
    int64_t widest = 1;
    if (r->grads != NULL) return n; /* the gradients of parameters want many rows */
    for (int64_t i = from; i <= to && i < r->tape->net->layer_count; i++) {
        widest = largest(widest, lebm__numbers(r->tape->net->layers[i].in));
    }
    return even_share(n, largest(1, NUMBERS / widest));
}

/* Have a segment begin with n rows from `first` on. */
static void enter(const run *r, lebm__segment *s, int64_t first, int64_t n)
{
    const int ends = s->to == r->tape->net->layer_count;
    s->first = first;
    s->end = first + n;
    s->group = ends ? n : even_share(n, r->tape->at[s->to].points.group);
}

/* Rows of the group at work. */
static int64_t group_rows(const lebm__segment *s)
{
    return least(s->group, s->end - s->first);
}

/* A group of rows, forward through the segment's layers and the product behind them. */
static void forward_through(const run *r, const lebm__segment *s)
{
    const int64_t n = group_rows(s), at_once = rows_at_once(r, s->from, s->to, n);
    r->tape->at[s->to].points.base = s->first;
    for (int64_t i = 0; i < n; i += at_once) {
        forward_between(r, s->from, s->to, s->first + i, least(at_once, n - i));
    }
    work(r, s->to, r->tape->net->layers[s->to].kind->forward.all, s->first, n);
}

static void backward_through(const run *r, const lebm__segment *s)
{
    const int64_t n = group_rows(s), at_once = rows_at_once(r, s->from, s->to, n);
    accumulate(r, s->to, s->first, n);
    work(r, s->to, r->tape->net->layers[s->to].kind->backward.all, s->first, n);
    for (int64_t i = 0; i < n; i += at_once) {
        backward_between(r, s->from, s->to, s->first + i, least(at_once, n - i));
    }
}

/* All rows of the last segment, to the output and back. */
static void turn_around(const run *r, const lebm__segment *s)
{
    const int64_t n = s->end - s->first, at_once = rows_at_once(r, s->from, s->to, n);
    const int64_t size = lebm__numbers(r->tape->net->out);
    for (int64_t i = 0; i < n; i += at_once) {
        const int64_t first = s->first + i, few = least(at_once, n - i);
        forward_between(r, s->from, s->to, first, few);
        if (r->turn == NULL) continue;
        r->turn(r->context, first, few, lebm__tape_output(r->tape) + first * size);
        backward_between(r, s->from, s->to, first, few);
    }
}

/* Take n rows to the output and back again. Products take a group of rows at a time; before and behind them it is a few
 * at a time, and the next product's groups are cut from this one's. No call for each layer: a net may be deeper than
 * the stack of a thread. */
static void there_and_back(const run *r, int64_t n)
{
    lebm__segment *const begin = r->tape->segments, *s = begin;
    enter(r, s, 0, n);
    for (;;) {
        for (; s->to < r->tape->net->layer_count; s++) {
            forward_through(r, s);
            enter(r, s + 1, s->first, group_rows(s));
        }
        turn_around(r, s);
        do { /* back, until there are rows that have not been forward */
            if (s == begin) return;
            s--;
            if (r->turn != NULL) backward_through(r, s);
            s->first += group_rows(s);
        } while (s->first == s->end);
    }
}

void lebm__tape_forward(const lebm__tape *tape, int64_t n)
{
    there_and_back(&(run){.tape = tape}, n);
}

void lebm__tape_run(const lebm__tape *tape, int64_t n, lebm__turn *turn, void *context, float *grads)
{
    there_and_back(&(run){tape, turn, context, grads}, n);
}
