#include "train/average.h"

#include <math.h>
#include <stddef.h>

#include "core/memory.h"
#include "core/status.h"

void lebm__average_destroy(lebm__average *average)
{
    lebm__free(average->values);
    lebm__free(average->next);
    *average = (lebm__average){0};
}

int lebm__average_begin(lebm__average *average, int64_t size, double decay)
{
    const double t = (double)average->updates;
    average->weight = decay > 0.0 ? (float)(1.0 - fmin(decay, (1.0 + t) / (10.0 + t))) : 0.0f;
    if (average->weight == 0.0f) return LEBM_OK;
    if (average->values == NULL) average->values = lebm__alloc_raw(size, sizeof *average->values);
    if (average->next == NULL) average->next = lebm__alloc_raw(size, sizeof *average->next);
    return average->values == NULL || average->next == NULL ? LEBM_ERR_NOMEM : LEBM_OK;
}

void lebm__average_compute(const lebm__average *average, int64_t first, int64_t count, const float *params,
                           const float *new_params)
{
    if (average->weight == 0.0f) return;
    const float *from = average->updates == 0 ? params : average->values;
    for (int64_t i = first; i < first + count; i++) {
        average->next[i] = from[i] + average->weight * (new_params[i] - from[i]);
    }
}

void lebm__average_accept(lebm__average *average)
{
    if (average->weight == 0.0f) {
        lebm__average_destroy(average);
        return;
    }
    float *const was = average->values;
    average->values = average->next;
    average->next = was;
    average->updates++;
}
