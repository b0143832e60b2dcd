/* The parameters of nets, or as many numbers, as tensors of files: "f.0.weight" is the first parameter of f. */
#ifndef LEBM_IO_TENSORS_H
#define LEBM_IO_TENSORS_H

#include "io/safetensors.h"
#include "lebm/net.h"

/* Add values[param_total] as tensors with the names and shapes of the net's parameters. LEBM_ERR_INVALID if one is not
 * finite, for nobody could load the file. */
int lebm__put_tensors(lebm__st_writer *st, const char *group, const lebm_net *net, const float *values);

/* Read values[param_total] from tensors with the names and shapes of the net's parameters, all finite and at least
 * `least`. LEBM_ERR_FORMAT with a text that names the file, the tensor and the net. */
int lebm__get_tensors(const lebm__st_reader *st, const char *group, const lebm_net *net, float least, float *values);

#endif
