/* Whether a MATLAB 5 file may be given to matio, which reads rubbish where something is missing or damaged, and can be
 * kept busy for minutes by damaged cells and structures. */
#ifndef MAT_WHOLE_H
#define MAT_WHOLE_H

#include "errors.h"

/* Goes through the whole file: its variables must fill it exactly, those that are compressed must unpack without fault,
 * and X and y must be arrays of real numbers, as many as they say. Others may be text, complex or sparse too, but no
 * cells, structures or objects. Returns 0, or -1 with the reason in *why. */
int mat_check_whole(const char *path, failure *why);

#endif
