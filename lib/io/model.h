/* Models in files. */
#ifndef LEBM_IO_MODEL_H
#define LEBM_IO_MODEL_H

#include "io/safetensors.h"
#include "lebm/generator.h"
#include "lebm/prior.h"

/* ---- Writing ---- */

/* Describe a model with these parameters of f and g, which are borrowed until the file is written. */
int lebm__put_model(lebm__st_writer *st, const lebm_prior *prior, const lebm_generator *generator, const float *f,
                    const float *g);

/* ---- Reading: what is missing or wrong is LEBM_ERR_FORMAT with a text that names the file ---- */

/* Open a file of ours, of a version that we know. */
int lebm__model_open(lebm__st_reader *st, const char *path);

#endif
