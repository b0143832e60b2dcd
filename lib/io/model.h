/* What model files and checkpoints share. A key is "GROUP.NAME": a tensor "f.0.weight", a text "to_prior.steps".
 * Numbers are texts that read back exactly (docs/file-format.md). */
#ifndef LEBM_IO_MODEL_H
#define LEBM_IO_MODEL_H

#include <stdint.h>

#include "core/options.h"
#include "io/safetensors.h"
#include "lebm/generator.h"
#include "lebm/prior.h"

/* ---- Writing ---- */

/* Describe a model, whose nets are borrowed until the file is written. */
int lebm__put_model(lebm__st_writer *st, const lebm_prior *prior, const lebm_generator *generator);

int lebm__put_text(lebm__st_writer *st, const char *group, const char *name, const char *text);
int lebm__put_i64(lebm__st_writer *st, const char *group, const char *name, int64_t value);

/* Add the options that checkpoints keep. */
int lebm__put_options(lebm__st_writer *st, const char *group, const lebm__options *table, const void *values);

/* Add values[param_total] as tensors with the names and shapes of the net's parameters. LEBM_ERR_INVALID if one is not
 * finite, for nobody could load the file. */
int lebm__put_tensors(lebm__st_writer *st, const char *group, const lebm_net *net, const float *values);

/* ---- Reading: what is missing or wrong is LEBM_ERR_FORMAT with a text that names the file ---- */

/* Open a file of ours, of a version that we know. */
int lebm__model_open(lebm__st_reader *st, const char *path);

/* The text, borrowed, or NULL. */
const char *lebm__find_text(const lebm__st_reader *st, const char *group, const char *name);

int lebm__get_text(const lebm__st_reader *st, const char *group, const char *name, const char **text);
int lebm__get_f64(const lebm__st_reader *st, const char *group, const char *name, double *value);
int lebm__get_i64(const lebm__st_reader *st, const char *group, const char *name, int64_t *value);

/* Set the options that checkpoints keep, within the bounds of their table; others stay as they are. */
int lebm__get_options(const lebm__st_reader *st, const char *group, const lebm__options *table, void *values);

/* Read values[param_total] from tensors with the names and shapes of the net's parameters, all finite and at least
 * `least`. */
int lebm__get_tensors(const lebm__st_reader *st, const char *group, const lebm_net *net, float least, float *values);

#endif
