/* Blocks of parameters, or as many numbers, as tensors of files: "f.0.weight" is the first parameter of f. */
#ifndef LEBM_IO_TENSORS_H
#define LEBM_IO_TENSORS_H

#include "io/safetensors.h"
#include "nn/params.h"

/* Add values[params->total] as tensors with the names and shapes of the parameters. LEBM_ERR_INVALID if one is not
 * finite, for nobody could load the file. */
int lebm__put_tensors(lebm__st_writer *st, const char *group, const lebm__params *params, const float *values);

/* Add or read one tensor that is no parameter, with the same statuses. */
int lebm__put_tensor(lebm__st_writer *st, const char *key, int64_t ndim, const int64_t *dims, const float *values);
int lebm__get_tensor(const lebm__st_reader *st, const char *key, int64_t ndim, const int64_t *dims, float min,
                     float *values);

/* Read values[params->total] from tensors with the names and shapes of the parameters, all finite and at least `min`.
 * LEBM_ERR_FORMAT with a text that names the file, the tensor and, by its spec, the net. */
int lebm__get_tensors(const lebm__st_reader *st, const char *group, const lebm__params *params, const char *spec,
                      float min, float *values);

#endif
