#include "math/fft.h"

#include <math.h>
#include <stddef.h>

#include "core/memory.h"
#include "core/status.h"

int64_t lebm__fft_length(int64_t numbers)
{
    int64_t length = 1;
    while (length < numbers) length *= 2;
    return length;
}

int lebm__fft_create(lebm__fft *fft, int64_t length)
{
    *fft = (lebm__fft){.length = length, .cosines = lebm__alloc_raw(2 * length, sizeof(double))};
    if (fft->cosines == NULL) return LEBM_ERR_NOMEM;
    fft->sines = fft->cosines + length;
    for (int64_t k = 0; k < length; k++) {
        const double angle = 2.0 * M_PI * (double)k / (double)length;
        fft->cosines[k] = cos(angle);
        fft->sines[k] = sin(angle);
    }
    return LEBM_OK;
}

void lebm__fft_destroy(lebm__fft *fft)
{
    lebm__free(fft->cosines);
    fft->cosines = NULL;
}

/* The parts of a pass (Stockham's form, which needs no reordering: van Loan 1992, section 1.7): `step` series side by side,
 * of which each becomes four, or two, of a fourth or half of their length. */

/* y[4, step] = the four transforms of length 4 of x[4, step], whose rows are `apart` numbers from each other; those but the
 * first are turned by the roots w. */
static void fft_four(int64_t step, int64_t apart, const double w[3][2], const double *restrict re,
                     const double *restrict im, double *restrict out_re, double *restrict out_im)
{
    for (int64_t q = 0; q < step; q++) {
        const double a = re[q], b = re[q + apart], c = re[q + 2 * apart], d = re[q + 3 * apart];
        const double ai = im[q], bi = im[q + apart], ci = im[q + 2 * apart], di = im[q + 3 * apart];
        const double even = a + c, odd = b + d, even_i = ai + ci, odd_i = bi + di;
        const double across = a - c, across_i = ai - ci, turned = bi - di, turned_i = d - b; /* -i (b - d) */
        const double one = across + turned, one_i = across_i + turned_i;
        const double two = even - odd, two_i = even_i - odd_i;
        const double three = across - turned, three_i = across_i - turned_i;
        out_re[q] = even + odd;
        out_im[q] = even_i + odd_i;
        out_re[q + step] = one * w[0][0] - one_i * w[0][1];
        out_im[q + step] = one * w[0][1] + one_i * w[0][0];
        out_re[q + 2 * step] = two * w[1][0] - two_i * w[1][1];
        out_im[q + 2 * step] = two * w[1][1] + two_i * w[1][0];
        out_re[q + 3 * step] = three * w[2][0] - three_i * w[2][1];
        out_im[q + 3 * step] = three * w[2][1] + three_i * w[2][0];
    }
}

/* The last pass of lengths that are no power of 4. */
static void fft_two(int64_t step, const double *restrict x, double *restrict out)
{
    for (int64_t q = 0; q < step; q++) {
        out[q] = x[q] + x[q + step];
        out[q + step] = x[q] - x[q + step];
    }
}

void lebm__fft_run(const lebm__fft *fft, int64_t lanes, lebm__complexes *x, lebm__complexes *spare)
{
    int64_t step = lanes;
    for (int64_t n = fft->length; n > 1; n = n < 4 ? 1 : n / 4) {
        const lebm__complexes out = *spare;
        if (n == 2) {
            fft_two(step, x->re, out.re);
            fft_two(step, x->im, out.im);
        }
        for (int64_t p = 0; p < n / 4; p++) {
            double w[3][2];
            for (int i = 0; i < 3; i++) {
                const int64_t k = (i + 1) * p * (fft->length / n);
                w[i][0] = fft->cosines[k];
                w[i][1] = -fft->sines[k];
            }
            const int64_t in = step * p, to = 4 * in;
            fft_four(step, step * (n / 4), w, x->re + in, x->im + in, out.re + to, out.im + to);
        }
        *spare = *x;
        *x = out;
        step *= 4;
    }
}
