#include "train/learner.h"

#include <math.h>
#include <stddef.h>

#include "core/memory.h"
#include "core/status.h"
#include "math/kernels.h"

int lebm__learner_create(lebm__learner *learner, const char *name, lebm__params *params, const lebm__gradient *gradient,
                         const void *gradient_owner, int terms)
{
    *learner = (lebm__learner){.name = name,
                               .params = params,
                               .gradient = gradient,
                               .gradient_owner = gradient_owner,
                               .terms = terms,
                               .blocks = gradient->blocks(gradient_owner)};
    learner->trees = lebm__alloc(learner->blocks, sizeof *learner->trees);
    learner->grads = lebm__alloc_raw(params->total, sizeof *learner->grads);
    if (learner->trees == NULL || learner->grads == NULL) return LEBM_ERR_NOMEM;
    for (int64_t i = 0; i < learner->blocks; i++) {
        const int64_t size = learner->trees[i].size = gradient->block_size(gradient_owner, i);
        if (size > learner->largest_block) learner->largest_block = size;
    }
    return lebm__adam_create(&learner->adam, params->total);
}

void lebm__learner_destroy(lebm__learner *learner)
{
    lebm__free(learner->trees);
    lebm__free(learner->sums);
    lebm__free(learner->grads);
    lebm__adam_destroy(&learner->adam);
    lebm__average_destroy(&learner->average);
}

int lebm__learner_reserve(lebm__learner *learner, int64_t levels)
{
    if (levels <= learner->levels) return LEBM_OK;
    lebm__free(learner->sums);
    learner->sums = lebm__alloc_raw(levels * learner->params->total, sizeof *learner->sums);
    learner->levels = learner->sums == NULL ? 0 : levels;
    if (learner->sums == NULL) return LEBM_ERR_NOMEM;
    float *next = learner->sums;
    for (int64_t i = 0; i < learner->blocks; i++) {
        learner->trees[i].sums = next;
        next += levels * learner->trees[i].size;
    }
    return LEBM_OK;
}

double lebm__learner_norm(const lebm__learner *learner, int64_t n)
{
    return sqrt(lebm__kernels()->squares(learner->params->total, learner->grads)) / (double)n;
}

void lebm__learner_clip(lebm__learner *learner, double norm, double clip_norm, int64_t n)
{
    const double cut = clip_norm > 0.0 ? fmin(1.0, clip_norm / (norm + 1e-6)) : 1.0;
    learner->scale = -cut / (double)n;
}

/* Numbers that a task of Adam takes: of a few hundred, threads would mostly take tasks; of many, they could not share
 * them evenly. */
enum { PART = 16384 };

static int64_t learner_parts(const lebm__learner *learner)
{
    return (learner->adam.size + PART - 1) / PART;
}

typedef struct {
    const lebm__learner *learners;
    const lebm__adam_settings *settings;
} learner_update;

static int learner_compute_part(void *context, int64_t task, int thread)
{
    (void)thread;
    const learner_update *update = context;
    const lebm__learner *learner = update->learners;
    const lebm__adam_settings *settings = update->settings;
    for (; task >= learner_parts(learner); learner++, settings++) task -= learner_parts(learner);
    const int64_t first = task * PART, left = learner->adam.size - first, count = left < PART ? left : PART;
    const float *params = learner->params->values;
    if (lebm__adam_compute(&learner->adam, settings, learner->scale, first, count, learner->grads, params)) {
        lebm__average_compute(&learner->average, first, count, params, learner->adam.new_params);
        return LEBM_OK;
    }
    return lebm__fail(LEBM_ERR_DIVERGED, "Adam's update of %s is not finite", learner->name);
}

int lebm__learners_compute(lebm__learner *learners, const lebm__adam_settings *settings, double average_decay,
                           int count, lebm__pool *pool)
{
    learner_update update = {learners, settings};
    int64_t parts = 0;
    for (int i = 0; i < count; i++) {
        LEBM__TRY(lebm__average_begin(&learners[i].average, learners[i].adam.size, average_decay));
        parts += learner_parts(&learners[i]);
    }
    return lebm__pool_run(pool, parts, learner_compute_part, &update);
}

void lebm__learners_accept(lebm__learner *learners, int count)
{
    for (int i = 0; i < count; i++) {
        lebm__params *params = learners[i].params;
        lebm__adam_accept(&learners[i].adam, &params->values);
        lebm__average_accept(&learners[i].average);
        params->capacity = params->total; /* of the memory that came by the exchange */
        lebm__params_changed(params);
    }
}
