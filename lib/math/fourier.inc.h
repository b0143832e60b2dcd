/* The pass of a Fourier transform, for math/kernels_isa.c (math/kernels.h says what it does): Stockham's form, which needs no
 * reordering (van Loan 1992, section 1.7). */
#ifndef LEBM_MATH_FOURIER_INC_H
#define LEBM_MATH_FOURIER_INC_H

#include "math/kernels.h"

/* out[4, step] = the transforms of length 4 of `step` series, whose numbers are `apart` from each other; all but the first
 * row are turned by the roots w. */
static inline void fourier_four(int64_t step, int64_t apart, const double w[3][2], const double *restrict re,
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

static void fourier_pass(const lebm__fourier *f)
{
    for (int64_t p = 0; p < f->n / 4; p++) {
        double w[3][2];
        for (int i = 0; i < 3; i++) {
            const int64_t k = (i + 1) * p * (f->length / f->n);
            w[i][0] = f->cosines[k];
            w[i][1] = -f->sines[k];
        }
        const int64_t in = f->step * p, out = 4 * in;
        fourier_four(f->step, f->step * (f->n / 4), w, f->re + in, f->im + in, f->out_re + out, f->out_im + out);
    }
}

#endif
