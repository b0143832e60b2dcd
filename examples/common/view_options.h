/* Options that the programs which look at a finished model share. */
#ifndef VIEW_OPTIONS_H
#define VIEW_OPTIONS_H

#include <lebm.h>

#include "arguments.h"

/* Passes the options on; steps and step size of 0 leave the sampler as the model was trained. */
void view_options_apply(lebm_sampler *sampler, const argument *seed, const argument *steps, const argument *step_size,
                        const argument *threads);

#endif
