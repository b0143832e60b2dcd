/* Samplers in files. */
#ifndef LEBM_IO_SAMPLERS_H
#define LEBM_IO_SAMPLERS_H

#include "io/safetensors.h"
#include "mcmc/sampler.h"

/* Describe the sampler of that role, whose variances are borrowed until the file is written. */
int lebm__put_sampler(lebm__st_writer *st, const char *role, const lebm_sampler *sampler);

/* Variances of a sampler, in memory of their own. */
typedef struct {
    float *values; /* [count]; NULL if there are none */
    int64_t count;
} lebm__variances;

/* Read those of the sampler of that role; what is wrong is LEBM_ERR_FORMAT with a text that names the file. */
int lebm__get_variances(const lebm__st_reader *st, const char *role, lebm__variances *variances);

/* Make the sampler of that role. LEBM_ERR_STATE if the file has none. */
int lebm__get_sampler(const lebm__st_reader *st, const char *role, lebm_sampler **sampler);

#endif
