#include "nn/dropout.h"

#include <string.h>

#include "core/arithmetic.h"

/* Steps of the random numbers: two for each step of a sequence. */
enum { OF_INPUTS, OF_OUTPUTS, KINDS };

static uint32_t dropout_step(int64_t step, int kind)
{
    return (uint32_t)(KINDS * step + kind);
}

static int64_t dropout_number(const lebm__dropout *dropout, int64_t row)
{
    return dropout->numbers == NULL ? dropout->first + row : dropout->numbers[row];
}

lebm__dropout lebm__dropout_from(const lebm__dropout *dropout, int64_t row)
{
    lebm__dropout from = *dropout;
    from.first += row;
    if (from.numbers != NULL) from.numbers += row;
    return from;
}

int lebm__dropout_of_inputs(const lebm__dropout *dropout)
{
    return dropout->rate > 0.0 || dropout->word_rate > 0.0;
}

int lebm__dropout_of_outputs(const lebm__dropout *dropout)
{
    return dropout->rate > 0.0;
}

static void dropout_factors(const lebm__dropout *dropout, int64_t number, uint32_t step, int64_t count, float *factors)
{
    const float kept = (float)(1.0 / (1.0 - dropout->rate));
    lebm__uniforms_of(dropout->key, number, step, count, factors);
    for (int64_t i = 0; i < count; i++) factors[i] = (double)factors[i] < dropout->rate ? 0.0f : kept;
}

void lebm__dropout_inputs(const lebm__dropout *dropout, int64_t row, int64_t step, int64_t count, float *factors)
{
    const int64_t number = dropout_number(dropout, row);
    const uint32_t of_inputs = dropout_step(step, OF_INPUTS);
    double chances[2];
    lebm__chances(dropout->key, number, NULL, of_inputs, 1, chances);
    if (step > 0 && chances[0] < dropout->word_rate)
        memset(factors, 0, (size_t)count * sizeof *factors);
    else
        dropout_factors(dropout, number, of_inputs, count, factors);
}

void lebm__dropout_outputs(const lebm__dropout *dropout, int64_t row, int64_t step, int64_t count, float *factors)
{
    dropout_factors(dropout, dropout_number(dropout, row), dropout_step(step, OF_OUTPUTS), count, factors);
}
