#include "judgement.h"

#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "view.h"
#include "writings.h"

/* Judges rows of x. `topics`, if it is not NULL, receives the topic of each. */
static grammar_shares judge_rows(const model *m, const float *x, int64_t n, int *topics)
{
    grammar_shares shares = {0};
    char *lines = writing_lines(m, x, n);
    const char *at = lines;
    for (int64_t i = 0; i < n; i++) {
        const char *end = strchr(at, '\n');
        const int topic = grammar_topic(at, end);
        shares.grammatical += grammar_accepts(at, end) / (double)n;
        shares.topics[topic] += 1 / (double)n;
        if (topics != NULL) topics[i] = topic;
        at = end + 1;
    }
    free(lines);
    return shares;
}

static int judge_samples(const model *m, judgement *j)
{
    const int64_t n = j->samples;
    float *z = view_latents(m, n), *x = view_rows(m, n);
    view_noise(m, STREAM_JUDGEMENT, n, z);
    writing_draw(m, z, n, 1, STREAM_JUDGEMENT, x);
    j->of_p0 = judge_rows(m, x, n, NULL);
    view_start_stream(m->to_prior, STREAM_JUDGEMENT);
    const int status = lebm_sampler_run_prior(m->to_prior, m->prior, n, z);
    if (status == LEBM_OK) {
        writing_draw(m, z, n, 1, STREAM_JUDGEMENT, x);
        j->of_prior = judge_rows(m, x, n, NULL);
        view_decode(m, z, n, x);
        j->greedy = judge_rows(m, x, n, NULL).grammatical;
    }
    free(x);
    free(z);
    return status;
}

static int judge_held_out(const model *m, const dataset *data, judgement *j)
{
    const int64_t n = data->count;
    float *z = view_latents(m, n), *x = view_rows(m, n);
    int *topics = allocate((size_t)n, sizeof *topics);
    for (int64_t i = 0; i < n; i++) dataset_row(data, i, (pixel_range){0, 0}, x + i * dataset_row_size(data));
    j->data = judge_rows(m, x, n, NULL);
    view_start_stream(m->to_posterior, STREAM_JUDGEMENT);
    const int status = lebm_sampler_run_posterior(m->to_posterior, m->prior, m->generator, x, n, z);
    if (status == LEBM_OK) {
        view_decode(m, z, n, x);
        judge_rows(m, x, n, topics);
        for (int64_t i = 0; i < n; i++) j->topics_kept += (topics[i] == data->labels[i]) / (double)n;
    }
    free(topics);
    free(x);
    free(z);
    return status;
}

int judge(const model *m, const dataset *held_out, int64_t samples, judgement *j)
{
    *j = (judgement){.samples = samples, .held_out = held_out->count};
    const int status = judge_samples(m, j);
    return status == LEBM_OK ? judge_held_out(m, held_out, j) : status;
}
