#include "model/beam.h"

#include <math.h>
#include <string.h>

#include "lebm/tokens.h"

void lebm__beam_lay_out(lebm__beam *beam, const lebm__recurrent *net, int64_t width, lebm__arena *arena)
{
    const int64_t longest = net->form.longest;
    *beam = (lebm__beam){.width = width};
    lebm__recurrent_state_lay_out(&beam->state, net, width, arena);
    beam->scores = lebm__arena_take(arena, width * net->class_block_size, sizeof *beam->scores);
    beam->sum = lebm__arena_take(arena, width, sizeof *beam->sum);
    beam->log_probability = lebm__arena_take(arena, width, sizeof *beam->log_probability);
    beam->steps = lebm__arena_take(arena, width * width, sizeof *beam->steps);
    beam->chosen = lebm__arena_take(arena, width, sizeof *beam->chosen);
    beam->counts = lebm__arena_take(arena, width, sizeof *beam->counts);
    beam->inputs = lebm__arena_take(arena, width, sizeof *beam->inputs);
    beam->from = lebm__arena_take(arena, width, sizeof *beam->from);
    beam->beginnings = lebm__arena_take(arena, width * longest, sizeof *beam->beginnings);
    beam->beginnings_after = lebm__arena_take(arena, width * longest, sizeof *beam->beginnings_after);
}

/* Put a step into a list of up to `width`, the best first and the first of equals before the others. Returns how many
 * there are now. What is no number is in no list. */
static int64_t beam_insert(lebm__beam_step *list, int64_t count, int64_t width, lebm__beam_step step)
{
    if (!(count < width ? step.value == step.value : step.value > list[width - 1].value)) return count;
    if (count < width) count++;
    int64_t i = count - 1;
    for (; i > 0 && list[i - 1].value < step.value; i--) list[i] = list[i - 1];
    list[i] = step;
    return count;
}

/* The best steps of each of the n beginnings by their scores, and the sums that make probabilities of these. */
static void beam_list_steps(lebm__beam *beam, int64_t n, const float *outputs)
{
    const lebm__recurrent *net = beam->state.net;
    memset(beam->counts, 0, (size_t)n * sizeof *beam->counts);
    for (int64_t b = 0; b < net->class_block_count; b++) {
        const lebm__class_block *block = &net->class_blocks[b];
        lebm__classes_scores(net, block, n, outputs, beam->scores);
        for (int64_t i = 0; i < n; i++) {
            float *scores = beam->scores + i * block->count;
            for (int64_t c = 0; c < block->count; c++) {
                const lebm__beam_step step = {(double)scores[c], i, block->first + c};
                beam->counts[i] = beam_insert(beam->steps + i * beam->width, beam->counts[i], beam->width, step);
            }
            lebm__classes_take(block, 1.0f, scores, &beam->sum[i]);
        }
    }
}

/* The best steps of all beginnings; returns their number. */
static int64_t beam_choose(lebm__beam *beam, int64_t n)
{
    int64_t count = 0;
    for (int64_t i = 0; i < n; i++) {
        const double others = beam->log_probability[i] - (double)beam->sum[i].greatest - log(beam->sum[i].sum);
        for (int64_t k = 0; k < beam->counts[i]; k++) {
            lebm__beam_step step = beam->steps[i * beam->width + k];
            step.value += others;
            count = beam_insert(beam->chosen, count, beam->width, step);
        }
    }
    return count;
}

/* Take the chosen steps: an end makes a whole sequence, which is kept in x if it is the best so far; others make longer
 * beginnings, whose number is returned. */
static int64_t beam_take(lebm__beam *beam, int64_t t, int64_t count, double *best, float *x)
{
    const lebm__recurrent_form *form = &beam->state.net->form;
    const int64_t longest = form->longest;
    int64_t n = 0;
    for (int64_t i = 0; i < count; i++) {
        const lebm__beam_step *step = &beam->chosen[i];
        const float *beginning = beam->beginnings + step->beginning * longest;
        if (step->class == form->tokens) {
            if (step->value > *best) memcpy(x, beginning, (size_t)longest * sizeof *x), *best = step->value;
            continue;
        }
        float *longer = beam->beginnings_after + n * longest;
        memcpy(longer, beginning, (size_t)longest * sizeof *longer);
        longer[t] = (float)step->class;
        beam->log_probability[n] = step->value; /* of beginnings before, nothing is read any more */
        beam->inputs[n] = step->class;
        beam->from[n++] = step->beginning;
    }
    float *after = beam->beginnings_after;
    beam->beginnings_after = beam->beginnings;
    beam->beginnings = after;
    lebm__recurrent_state_select(&beam->state, beam->from, n);
    return n;
}

/* A beginning only loses by what follows, so that the search ends when none is better than the best whole sequence. The
 * first of the beginnings is always the best. */
void lebm__beam_search(lebm__beam *beam, const float *context, float *x)
{
    const lebm__recurrent_form *form = &beam->state.net->form;
    double best = -INFINITY;
    int64_t n = 1;
    lebm__recurrent_state_begin(&beam->state, context, 1);
    for (int64_t i = 0; i < form->longest; i++) beam->beginnings[i] = x[i] = LEBM_PADDING;
    x[0] = NAN;
    beam->inputs[0] = form->tokens;
    beam->log_probability[0] = 0.0;
    for (int64_t t = 0; t < form->longest && n > 0; t++) {
        beam_list_steps(beam, n, lebm__recurrent_state_step(&beam->state, beam->inputs, n));
        n = beam_take(beam, t, beam_choose(beam, n), &best, x);
        if (n > 0 && beam->log_probability[0] <= best) return;
    }
    if (n > 0) memcpy(x, beam->beginnings, (size_t)form->longest * sizeof *x); /* of the longest, the end is certain */
}
