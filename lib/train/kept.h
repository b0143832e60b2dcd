/* Chains that a trainer keeps from step to step: one for each observation, or those to the prior. */
#ifndef LEBM_TRAIN_KEPT_H
#define LEBM_TRAIN_KEPT_H

#include <stdint.h>

typedef struct {
    int64_t count, dims; /* chains, and numbers of each; 0: none are kept */
    float *z;            /* [count, dims] where they are */
    float *visited;      /* [count] 1 for those that have begun, else 0: as files keep it */
} lebm__kept;

/* Chains none of which has begun. */
int lebm__kept_create(lebm__kept *kept, int64_t count, int64_t dims);
void lebm__kept_destroy(lebm__kept *kept);

/* Let chains be at z[n, dims]: those of the numbers ids[n] or, if that is NULL, the first n. */
void lebm__kept_store(lebm__kept *kept, const int64_t *ids, int64_t n, const float *z);

/* LEBM_ERR_RANGE unless ids[n] are numbers from 0 to count - 1, each there once. */
int lebm__kept_check_ids(const int64_t *ids, int64_t n, int64_t count);

/* Rows of a batch that are run together, in their order. */
typedef struct {
    int64_t n, dims;
    int64_t *rows, *ids; /* [n] their places in the batch, and the numbers of their chains */
    const float *x;      /* [n, D] */
    float *z;            /* [n, dims] where the chains are */
    float *copy;         /* of x; NULL: these are all rows */
} lebm__visits;

/* Those whose chains have begun, or those whose chains have not, of a batch ids[n] and x[n, data_size]. */
int lebm__visits_create(lebm__visits *visits, const lebm__kept *kept, int visited, const int64_t *ids, const float *x,
                        int64_t n, int64_t data_size);
void lebm__visits_destroy(lebm__visits *visits);

/* Put z where it belongs among those of the whole batch. */
void lebm__visits_scatter(const lebm__visits *visits, float *z);

#endif
