/* Fast Fourier transforms, in double precision, of one series or of several that lie side by side. */
#ifndef LEBM_MATH_FFT_H
#define LEBM_MATH_FFT_H

#include <stdint.h>

#include "core/arithmetic.h"

typedef struct {
    double *re, *im;
} lebm__complexes;

/* The length of a transform, and the roots of unity that it multiplies by. Read-only once it is made. */
typedef struct {
    int64_t length;  /* a power of 2 */
    double *cosines; /* [length] of 2 pi k / length; */
    double *sines;   /* [length] and the sines, in the same memory */
} lebm__fft;

/* The shortest transform that has room for a series of so many numbers. */
int64_t lebm__fft_length(int64_t numbers);

int lebm__fft_create(lebm__fft *fft, int64_t length);
void lebm__fft_destroy(lebm__fft *fft);

/* x[length, lanes] = the sums over t of x_t exp(-2 pi i k t / length) for k = 0 to length - 1, of each lane. `spare` has as
 * much room; the two exchange their memory. */
void lebm__fft_run(const lebm__fft *fft, int64_t lanes, lebm__complexes *x, lebm__complexes *spare);

#endif
