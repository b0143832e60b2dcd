#include "nn/classes.h"

#include <math.h>
#include <string.h>

#include "math/kernels.h"

void lebm__classes_lay_out(lebm__classes *work, const lebm__recurrent *net, int64_t rows, lebm__arena *arena)
{
    const int64_t at_once = LEBM__CLASS_ROWS;
    work->scores = lebm__arena_take(arena, at_once * net->class_block_size, sizeof *work->scores);
    work->product = lebm__arena_take(arena, at_once * net->form.units, sizeof *work->product);
    work->sum = lebm__arena_take(arena, rows, sizeof *work->sum);
    work->target_score = lebm__arena_take(arena, rows, sizeof *work->target_score);
    work->log_sum = lebm__arena_take(arena, rows, sizeof *work->log_sum);
}

void lebm__classes_scores(const lebm__recurrent *net, const lebm__class_block *block, int64_t n, const float *outputs,
                          float *scores)
{
    lebm__matrix_multiply(&block->weight[0], 0, n, outputs, net->form.units, scores, block->count);
}

/* Scores less the greatest, times the sharpness: differences beyond all exponentials are cut, so that none overflows. */
static void classes_sharpen(int64_t n, float greatest, float sharpness, float *scores)
{
    const float least = -1e30f;
    for (int64_t c = 0; c < n; c++) {
        const float less = scores[c] - greatest;
        scores[c] = sharpness * (less < least ? least : less); /* NaN stays */
    }
}

double lebm__classes_take(const lebm__class_block *block, float sharpness, float *scores, lebm__class_sum *sum)
{
    const lebm__kernel_table *kernels = lebm__kernels();
    const int is_first = block->first == 0;
    const float here = kernels->greatest(block->count, scores), before = is_first ? here : sum->greatest;
    const float greatest = here > before ? here : before;
    const double scale = greatest == before ? 1.0 : exp((double)sharpness * ((double)before - (double)greatest));
    sum->of_block = 0.0;
    if (greatest == -INFINITY) {
        memset(scores, 0, (size_t)block->count * sizeof *scores);
    } else if (sharpness == 1.0f) {
        sum->of_block = kernels->exponentials(block->count, greatest, scores);
    } else {
        classes_sharpen(block->count, greatest, sharpness, scores);
        sum->of_block = kernels->exponentials(block->count, 0.0f, scores);
    }
    sum->greatest = greatest;
    sum->sum = is_first ? sum->of_block : sum->sum * scale + sum->of_block;
    return scale;
}

/* The scores of a block for a row: that of the target, if it is there, and all into the sum. */
static double classes_take_scores(const lebm__class_block *block, const lebm__classes *work, int64_t row,
                                  int64_t target, float *scores)
{
    if (target >= block->first && target < block->first + block->count) {
        work->target_score[row] = scores[target - block->first];
    }
    return lebm__classes_take(block, 1.0f, scores, &work->sum[row]);
}

/* A block of classes for rows `first` to first + n - 1: sums, and in `grad`, unless it is NULL, the sum of the classes'
 * weights times their exponentials. */
static void classes_take_block(const lebm__recurrent *net, const lebm__class_block *block, const lebm__classes *work,
                               int64_t first, int64_t n, const float *outputs, const int64_t *targets, float *grad)
{
    const int64_t units = net->form.units;
    float scale[LEBM__CLASS_ROWS];
    lebm__classes_scores(net, block, n, outputs + first * units, work->scores);
    for (int64_t i = 0; i < n; i++) {
        scale[i] =
            (float)classes_take_scores(block, work, first + i, targets[first + i], work->scores + i * block->count);
    }
    if (grad == NULL) return;
    const int is_first = block->first == 0;
    float *to = is_first ? grad + first * units : work->product;
    lebm__matrix_multiply(&block->weight[1], 0, n, work->scores, block->count, to, units);
    for (int64_t i = 0; i < n && !is_first; i++) {
        lebm__kernels()->scale_add(units, scale[i], work->product + i * units, grad + (first + i) * units);
    }
}

/* log p = score of the target - log sum of exp(scores), of which the gradient by the output is the target's weights less
 * the mean of all weights by their probabilities. */
void lebm__classes_log_probability(const lebm__recurrent *net, const lebm__classes *work, int64_t n,
                                   const float *outputs, const int64_t *targets, double *log_probability, float *grad)
{
    const int64_t units = net->form.units;
    for (int64_t b = 0; b < net->class_block_count; b++) {
        for (int64_t first = 0; first < n; first += LEBM__CLASS_ROWS) {
            const int64_t rows = n - first < LEBM__CLASS_ROWS ? n - first : LEBM__CLASS_ROWS;
            classes_take_block(net, &net->class_blocks[b], work, first, rows, outputs, targets, grad);
        }
    }
    for (int64_t i = 0; i < n; i++) {
        work->log_sum[i] = (double)work->sum[i].greatest + log(work->sum[i].sum);
        log_probability[i] = work->target_score[i] - work->log_sum[i];
        if (grad == NULL) continue;
        const float *weights = net->params.values + net->output_weight + targets[i] * units;
        lebm__kernels()->scale_add(units, (float)(-1.0 / work->sum[i].sum), weights, grad + i * units);
    }
}
