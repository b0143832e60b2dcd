#include "mcmc/column.h"

#include <math.h>
#include <stddef.h>

#include "math/distribution.h"
#include "math/sort.h"

void lebm__column_lay_out(lebm__column *column, int64_t chains, int64_t length, lebm__arena *arena)
{
    const int64_t count = chains * length;
    *column = (lebm__column){.chains = chains, .length = length};
    column->x = lebm__arena_take(arena, count, sizeof *column->x);
    column->order = lebm__arena_take(arena, count, sizeof *column->order);
    for (int i = 0; i < 2; i++) column->words[i] = lebm__arena_take(arena, count, sizeof *column->words[i]);
}

/* Powers of numbers up to the fourth are summed: draws that are far from 1 are multiplied by a power of 2. */
static void column_scale(lebm__column *column, double largest)
{
    enum { FAR = 100 };
    frexp(largest, &column->exponent);
    if (column->exponent >= -FAR && column->exponent <= FAR) column->exponent = 0;
    if (column->exponent == 0) return;
    for (int64_t i = 0; i < column->count; i++) column->x[i] = ldexp(column->x[i], -column->exponent);
}

int lebm__column_read(lebm__column *column, const lebm__draws *draws, int64_t dim)
{
    const double *values = draws->values + dim * draws->strides[2];
    double *x = column->x, largest = 0.0;
    for (int64_t chain = 0; chain < draws->chains; chain++) {
        const double *from = values + chain * draws->strides[0];
        for (int64_t t = 0; t < draws->length; t++, x++) {
            *x = from[t * draws->strides[1]];
            if (!isfinite(*x)) return 0;
            if (fabs(*x) > largest) largest = fabs(*x);
        }
    }
    column->count = draws->chains * draws->length;
    column->sorted = NULL;
    column->series = (void *)column->words[0];
    column_scale(column, largest);
    return 1;
}

lebm__parts lebm__column_parts(const lebm__column *column, const double *values, int64_t halves)
{
    return (lebm__parts){values, column->chains, column->length, halves};
}

void lebm__column_sort(lebm__column *column)
{
    lebm__sort(column->count, column->x, column->words, column->order);
    column->sorted = (void *)column->words[1]; /* which may be the other one by now */
    column->series = (void *)column->words[0];
}

void lebm__column_leave_middles(lebm__column *column)
{
    int64_t kept = 0;
    if (column->length % 2 == 0) return;
    for (int64_t i = 0; i < column->count; i++) {
        if (column->order[i] % column->length == column->length / 2) continue;
        column->sorted[kept] = column->sorted[i];
        column->order[kept++] = column->order[i];
    }
    column->count = kept;
}

double lebm__column_nth(const lebm__column *column, int64_t place)
{
    if (column->sorted != NULL) return column->sorted[place];
    return lebm__nth(column->count, column->x, place, column->words[0]);
}

double lebm__column_quantile(const lebm__column *column, double probability)
{
    const double place = probability * (double)(column->count - 1), below = floor(place), part = place - below;
    const int64_t i = (int64_t)below;
    const double low = lebm__column_nth(column, i), high = lebm__column_nth(column, i + 1 < column->count ? i + 1 : i);
    /* From the nearer end, as NumPy does it: whether a draw that is all but the quantile is below it shows in an ESS. */
    return part < 0.5 ? low + (high - low) * part : high - (high - low) * (1.0 - part);
}

void lebm__column_mark(lebm__column *column, double limit)
{
    for (int64_t i = 0; i < column->chains * column->length; i++) column->series[i] = column->x[i] <= limit;
}

void lebm__column_square(lebm__column *column, double centre)
{
    for (int64_t i = 0; i < column->chains * column->length; i++) {
        const double distance = column->x[i] - centre;
        column->series[i] = distance * distance;
    }
}

double lebm__normal_score(double rank, int64_t count)
{
    return lebm__normal_quantile((rank - 0.375) / ((double)count + 0.25));
}

/* The score that `equal` draws share of which `before` others are smaller. */
static double column_score(const lebm__column *column, const double *scores, int64_t before, int64_t equal)
{
    if (equal % 2 == 1) return scores[before + equal / 2];
    return lebm__normal_score((double)before + 0.5 * (double)(equal + 1), column->count);
}

/* Give the draws that are sorted to places first to end - 1 a score. */
static void column_give(lebm__column *column, int64_t first, int64_t end, double score)
{
    for (int64_t i = first; i < end; i++) column->series[column->order[i]] = score;
}

void lebm__column_rank(lebm__column *column, const double *scores)
{
    const double *sorted = column->sorted;
    for (int64_t i = 0, end = 0; i < column->count; i = end) {
        while (end < column->count && sorted[end] == sorted[i]) end++;
        column_give(column, i, end, column_score(column, scores, i, end - i));
    }
}

/* What is sorted is read from the median outwards, to both sides, which gives the distances in their order. */
void lebm__column_fold(lebm__column *column, const double *scores)
{
    const double *sorted = column->sorted;
    const int64_t count = column->count;
    const double median = 0.5 * (sorted[(count - 1) / 2] + sorted[count / 2]);
    int64_t low = (count + 1) / 2, high = low; /* places from low to high - 1 have their score */
    while (high - low < count) {
        const double down = low > 0 ? median - sorted[low - 1] : INFINITY;
        const double up = high < count ? sorted[high] - median : INFINITY;
        const double distance = down < up ? down : up;
        const int64_t before = high - low, first = low, end = high;
        while (low > 0 && median - sorted[low - 1] == distance) low--;
        while (high < count && sorted[high] - median == distance) high++;
        const double score = column_score(column, scores, before, high - low - before);
        column_give(column, low, first, score);
        column_give(column, end, high, score);
    }
}
