/* A block of parameters: named tensors, of a net or of whatever else learns. */
#ifndef LEBM_NN_PARAMS_H
#define LEBM_NN_PARAMS_H

#include <stdatomic.h>
#include <stdint.h>

#include "core/handle.h"

/* What PyTorch's initialisation draws a tensor from: U(-b, b) with b = 1/sqrt(fan_in) of the weight, its own or that
 * before a bias, or with b = 1/sqrt(units) for all that a recurrent cell has; or N(0, 1) for an embedding. */
typedef enum { LEBM__BY_FAN_IN, LEBM__BY_UNITS, LEBM__STANDARD_NORMAL } lebm__init_rule;

typedef struct {
    int64_t offset, size; /* in the values of the block */
    int64_t ndim, dims[4];
    lebm__init_rule rule;
    int64_t units; /* of LEBM__BY_UNITS */
    int is_set;    /* by whoever: initialised, copied or loaded; else it is zero */
    char name[32];
} lebm__param;

typedef struct {
    lebm__handle *owner;     /* which is used and claimed for them */
    float *values;           /* all tensors one after the other, in PyTorch's order and layout */
    int64_t total, capacity; /* of values */
    lebm__param *list;       /* NULL, as the values are, in a net without layers */
    int64_t count, list_capacity;
    /* One more with each change: packed copies are of a version. 0: there are no tensors. (With 64 bits it would need
     * libatomic on some 32-bit machines.) */
    _Atomic(unsigned long) version;
} lebm__params;

/* Memory for so many more tensors of so many more numbers. */
int lebm__params_reserve(lebm__params *params, int64_t tensors, int64_t numel);

/* Add a tensor of zeros, for which there is memory. Returns its offset. */
int64_t lebm__params_add(lebm__params *params, const char *name, int64_t ndim, const int64_t *dims);

void lebm__params_release(lebm__params *params);

/* The tensor at `index`, or NULL. */
const lebm__param *lebm__params_find(const lebm__params *params, int64_t index);

/* Its size, name, number of dimensions and each of these; 0 or NULL if there is none. */
int64_t lebm__params_size(const lebm__params *params, int64_t index);
const char *lebm__params_name(const lebm__params *params, int64_t index);
int64_t lebm__params_ndim(const lebm__params *params, int64_t index);
int64_t lebm__params_dim(const lebm__params *params, int64_t index, int64_t axis);

/* The work of lebm_net_get_param() and lebm_net_set_param(), the latter for the public function `function`. */
int lebm__params_get(const lebm__params *params, int64_t index, float *dst, int64_t count);
int lebm__params_set(lebm__params *params, const char *function, int64_t index, const float *src, int64_t count);

/* Initialise all tensors, whose owner the caller has claimed, by a scheme of lebm_net_init(): tensor i draws from the
 * random stream `stream` + i. */
int lebm__params_init(lebm__params *params, const char *scheme, uint64_t seed, uint64_t stream);

/* Let all numbers be values[total], given. */
void lebm__params_assign(lebm__params *params, const float *values);

/* To be called after values changed; and after all of them were given. */
void lebm__params_changed(lebm__params *params);
void lebm__params_set_all(lebm__params *params);

/* LEBM_ERR_STATE if a weight was never set; `name` is for the text: "the prior's net f". */
int lebm__params_require_set(const lebm__params *params, const char *name);

#endif
