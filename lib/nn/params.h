/* A block of parameters: named tensors, of a net or of whatever else learns. */
#ifndef LEBM_NN_PARAMS_H
#define LEBM_NN_PARAMS_H

#include <stdatomic.h>
#include <stdint.h>

typedef struct {
    int64_t offset, size; /* in the values of the block */
    int64_t ndim, dims[4];
    int is_set; /* by whoever: initialised, copied or loaded; else it is zero */
    char name[32];
} lebm__param;

typedef struct {
    const char *owner;              /* "net", which lebm_net_init() initialises: for error texts */
    float *values;                  /* all tensors one after the other, in PyTorch's order and layout */
    int64_t total, capacity;        /* of values */
    lebm__param *list;              /* without tensors it may be NULL, as may the values */
    int64_t count, list_capacity;   /* of tensors */
    _Atomic int users;              /* calls that read the values; -1: a call is alone with them */
    _Atomic(unsigned long) version; /* one more with each change: packed copies are of a version. 0: no tensors.
                                        (Of 64 bits it would need libatomic on some 32-bit machines.) */
} lebm__params;

/* Memory for so many more tensors of so many more numbers. */
int lebm__params_reserve(lebm__params *params, int64_t tensors, int64_t numel);

/* Add a tensor of zeros, for which there is memory. Returns its offset. */
int64_t lebm__params_add(lebm__params *params, const char *name, int64_t ndim, const int64_t *dims);

void lebm__params_release(lebm__params *params);

/* The tensor at `index`, or NULL. */
const lebm__param *lebm__params_find(const lebm__params *params, int64_t index);

/* Copy a tensor of `count` numbers out or in. */
int lebm__params_get(const lebm__params *params, int64_t index, float *dst, int64_t count);
int lebm__params_set(lebm__params *params, int64_t index, const float *src, int64_t count);

/* Initialise all tensors, which the caller has claimed, by a scheme of lebm_net_init(): tensor i draws from the random
 * stream `stream` + i. */
int lebm__params_init(lebm__params *params, const char *scheme, uint64_t seed, uint64_t stream);

/* To be called after values changed; and after all of them were given. */
void lebm__params_changed(lebm__params *params);
void lebm__params_set_all(lebm__params *params);

/* LEBM_ERR_STATE if a weight was never set; `name` is for the text: "the prior's net f". */
int lebm__params_require_set(const lebm__params *params, const char *name);

/* Calls that compute with the values begin and end with these; LEBM_ERR_STATE while they are being changed. */
int lebm__params_use(const lebm__params *params);
void lebm__params_leave(const lebm__params *params);

/* Calls that change them begin and end with these; LEBM_ERR_STATE if they are in use, but for `own_uses` of the call
 * itself, which it has again after it yields. */
int lebm__params_claim(lebm__params *params, int own_uses);
void lebm__params_yield(lebm__params *params, int own_uses);

#endif
