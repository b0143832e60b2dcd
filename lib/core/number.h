/* Numbers as text, the same in every locale. */
#ifndef LEBM_CORE_NUMBER_H
#define LEBM_CORE_NUMBER_H

#include <stdint.h>

#include "core/arithmetic.h"

enum { LEBM__NUMBER_SIZE = 32 };

/* The shortest text that reads back as exactly `value`, into text[LEBM__NUMBER_SIZE]. */
void lebm__format_f64(double value, char *text);
void lebm__format_f32(float value, char *text);

/* Read a whole text as a number; 0 if it is something else. Overflow, infinities and NaN are something else. */
int lebm__parse_f64(const char *text, double *value);
int lebm__parse_i64(const char *text, int64_t *value);

#endif
