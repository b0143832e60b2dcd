/* Whether a MATLAB 5 file may be given to matio, which reads rubbish where something is missing or damaged, and can be
 * kept busy for minutes by damaged cells and structures. */
#ifndef MAT_WHOLE_H
#define MAT_WHOLE_H

#include "errors.h"

/* Goes through the whole file: its variables must fill it exactly, be arrays of real numbers, and have as many of them
 * as they say; those that are compressed must unpack without fault. Returns 0, or -1 with the reason in *why. */
int mat_check_whole(const char *path, failure *why);

#endif
