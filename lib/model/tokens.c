#include "model/tokens.h"

#include <math.h>
#include <string.h>

#include "lebm/tokens.h"

void lebm__token_writer_lay_out(lebm__token_writer *writer, const lebm__recurrent *net, int64_t rows,
                                lebm__arena *arena)
{
    lebm__recurrent_state_lay_out(&writer->state, net, rows, arena);
    writer->scores = lebm__arena_take(arena, LEBM__CLASS_ROWS * net->class_block_size, sizeof *writer->scores);
    writer->uniforms = lebm__arena_take(arena, rows * 2 * net->class_block_count, sizeof *writer->uniforms);
    writer->choices = lebm__arena_take(arena, rows, sizeof *writer->choices);
    writer->inputs = lebm__arena_take(arena, rows, sizeof *writer->inputs);
    writer->rows = lebm__arena_take(arena, rows, sizeof *writer->rows);
    writer->from = lebm__arena_take(arena, rows, sizeof *writer->from);
}

/* Let the most probable class of a block be the choice, if it is more so than those before; the first of equals. */
static void tokens_choose_probable(const lebm__class_block *block, const float *scores, lebm__token_choice *choice)
{
    for (int64_t c = 0; c < block->count; c++) {
        if (!(choice->class < 0 ? scores[c] == scores[c] : scores[c] > choice->greatest)) continue;
        choice->class = block->first + c;
        choice->greatest = scores[c];
    }
}

/* The class of a block at which the sum of the exponentials comes to `target`. */
static int64_t tokens_find(const lebm__class_block *block, const float *exponentials, double target)
{
    int64_t c = 0;
    for (double sum = exponentials[0]; c + 1 < block->count && sum <= target; sum += exponentials[++c]) {
    }
    return block->first + c;
}

/* Let a class of the block be the choice with the probability that one of its classes has among those seen so far. What
 * is left of the uniform number tells which. Two of 23 bits make one. */
static void tokens_choose_drawn(const lebm__class_block *block, float sharpness, const float *uniforms, float *scores,
                                lebm__token_choice *choice)
{
    lebm__classes_take(block, sharpness, scores, &choice->sum);
    const double uniform = (double)uniforms[0] + ((double)uniforms[1] - 0.5) * 0x1p-23;
    const double target = uniform * choice->sum.sum;
    if (target < choice->sum.of_block) choice->class = tokens_find(block, scores, target);
}

/* The random numbers of a step of the n rows that go on. */
static void tokens_draw_uniforms(const lebm__token_writer *writer, const lebm__token_chance *chance, int64_t step,
                                 int64_t n)
{
    const lebm__recurrent *net = writer->state.net;
    const int64_t count = 2 * net->class_block_count;
    for (int64_t i = 0; i < n; i++) {
        const int64_t number = (chance->first + writer->rows[i]) * net->form.longest + step;
        lebm__uniforms(chance->key, number * count, count, writer->uniforms + i * count);
    }
}

/* Choose a class for each of the n rows that go on, given outputs[n, units]: by chance, unless that is NULL. */
static void tokens_choose(const lebm__token_writer *writer, const lebm__token_chance *chance, int64_t step, int64_t n,
                          const float *outputs)
{
    const lebm__recurrent *net = writer->state.net;
    const int64_t blocks = net->class_block_count;
    if (chance != NULL) tokens_draw_uniforms(writer, chance, step, n);
    for (int64_t i = 0; i < n; i++) writer->choices[i] = (lebm__token_choice){.class = -1};
    for (int64_t i = 0; i < blocks * n; i++) {
        const lebm__class_block *block = &net->class_blocks[i / n];
        const int64_t row = i % n, at = row % LEBM__CLASS_ROWS, left = n - row;
        float *scores = writer->scores + at * block->count;
        if (at == 0) {
            lebm__classes_scores(net, block, left < LEBM__CLASS_ROWS ? left : LEBM__CLASS_ROWS,
                                 outputs + row * net->form.units, writer->scores);
        }
        if (chance == NULL) {
            tokens_choose_probable(block, scores, &writer->choices[row]);
        } else {
            const float *uniforms = writer->uniforms + 2 * (row * blocks + i / n);
            tokens_choose_drawn(block, chance->sharpness, uniforms, scores, &writer->choices[row]);
        }
    }
}

/* Write what was chosen, and keep the rows that go on; returns their number. */
static int64_t tokens_write_step(const lebm__token_writer *writer, int64_t step, int64_t n, float *x)
{
    const lebm__recurrent_form *form = &writer->state.net->form;
    int64_t kept = 0;
    for (int64_t i = 0; i < n; i++) {
        const int64_t row = writer->rows[i], class = writer->choices[i].class;
        if (class < form->tokens) x[row * form->longest + step] = class < 0 ? NAN : (float)class;
        if (class < 0 || class == form->tokens) continue;
        writer->from[kept] = i;
        writer->rows[kept] = row;
        writer->inputs[kept++] = class;
    }
    if (kept < n) lebm__recurrent_state_select(&writer->state, writer->from, kept);
    return kept;
}

static void tokens_write(const lebm__token_writer *writer, const lebm__token_chance *chance, const float *context,
                         int64_t n, float *x)
{
    const lebm__recurrent_form *form = &writer->state.net->form;
    lebm__recurrent_state_begin(&writer->state, context, n);
    for (int64_t i = 0; i < n * form->longest; i++) x[i] = LEBM_PADDING;
    for (int64_t i = 0; i < n; i++) {
        writer->rows[i] = i;
        writer->inputs[i] = form->tokens;
    }
    for (int64_t step = 0; step < form->longest && n > 0; step++) {
        tokens_choose(writer, chance, step, n, lebm__recurrent_state_step(&writer->state, writer->inputs, n));
        n = tokens_write_step(writer, step, n, x);
    }
}

void lebm__write_probable(const lebm__token_writer *writer, const float *context, int64_t n, float *x)
{
    tokens_write(writer, NULL, context, n, x);
}

void lebm__write_drawn(const lebm__token_writer *writer, const lebm__token_chance *chance, const float *context,
                       int64_t n, float *x)
{
    tokens_write(writer, chance, context, n, x);
}
