/* What long chains look like, in files of a folder. */
#ifndef DIAGNOSIS_FILES_H
#define DIAGNOSIS_FILES_H

#include "long_chains.h"
#include "model.h"

/* Writes for each target and kernel NAME-KERNEL-log-density.png, the mean log density of each superchain over the steps, and
 * NAME-KERNEL-states.png or .txt: the first chain of each superchain after 0, 60, 500 and 2,000 steps, as far as it went,
 * decoded, if that can be shown. NAME is "prior", or "posterior-1" and so on, where states have the observation before them. Ends the program if it
 * cannot. */
void diagnosis_files_write(const model *m, const chains_plan *plan, const long_chains *c, const char *folder);

#endif
