#include "math/fft.h"

#include <math.h>
#include <stddef.h>

#include "core/memory.h"
#include "core/status.h"
#include "math/kernels.h"

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
        lebm__kernels()->fourier(&(lebm__fourier){.length = fft->length,
                                                  .n = n,
                                                  .step = step,
                                                  .cosines = fft->cosines,
                                                  .sines = fft->sines,
                                                  .re = x->re,
                                                  .im = x->im,
                                                  .out_re = out.re,
                                                  .out_im = out.im});
        *spare = *x;
        *x = out;
        step *= 4;
    }
}
