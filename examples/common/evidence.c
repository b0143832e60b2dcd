#include "evidence.h"

#include <math.h>
#include <string.h>

static void set_i64(lebm_annealing *a, const char *key, int64_t value)
{
    or_die(lebm_annealing_set_i64(a, key, value), "annealing");
}

static lebm_annealing *make_annealing(const evidence_settings *s, int64_t row, lebm_progress_fn progress, void *user)
{
    lebm_annealing *a;
    or_die(lebm_annealing_create(&a, s->kernel), "annealing");
    set_i64(a, LEBM_ANNEALING_TEMPERATURES, s->temperatures);
    set_i64(a, LEBM_ANNEALING_CHAINS, s->chains);
    set_i64(a, LEBM_ANNEALING_GROUPS, EVIDENCE_GROUPS);
    set_i64(a, LEBM_ANNEALING_SEED, s->seed);
    set_i64(a, LEBM_ANNEALING_FIRST_ROW, row);
    set_i64(a, LEBM_ANNEALING_THREADS, s->threads);
    if (strcmp(s->kernel, LEBM_HMC) == 0) set_i64(a, LEBM_SAMPLER_LEAPFROG_STEPS, s->leapfrog_steps);
    or_die(lebm_annealing_set_progress(a, progress, user), "annealing");
    return a;
}

/* Why the library has no number, which is said of the only row of a run. */
static void refuse(evidence *e)
{
    const char *why = lebm_last_error(), *of_row = "row 0: ";
    fail(&e->refused, "%s", strncmp(why, of_row, strlen(of_row)) == 0 ? why + strlen(of_row) : why);
}

/* A result of the run's only row. What the library refuses, it says why; the first reason stays. */
static double result(const lebm_annealing *a, const char *key, evidence *e)
{
    double value = NAN;
    const int status = lebm_annealing_result(a, 0, key, &value);
    if (status == LEBM_ERR_STATE && !evidence_is_refused(e))
        refuse(e);
    else if (status != LEBM_ERR_STATE)
        or_die(status, key);
    return value;
}

static void read_results(const lebm_annealing *a, evidence *e)
{
    evidence unheeded = {0}; /* groups' R-hat is none where the tilt does not depend on z: nothing is wrong then */
    e->forward = result(a, LEBM_ANNEALING_FORWARD, e);
    e->forward_error = result(a, LEBM_ANNEALING_FORWARD_ERROR, e);
    e->reverse = result(a, LEBM_ANNEALING_REVERSE, e);
    e->reverse_error = result(a, LEBM_ANNEALING_REVERSE_ERROR, e);
    e->ess = fmin(result(a, LEBM_ANNEALING_FORWARD_ESS, e), result(a, LEBM_ANNEALING_REVERSE_ESS, e));
    e->largest = fmax(result(a, LEBM_ANNEALING_FORWARD_LARGEST, e), result(a, LEBM_ANNEALING_REVERSE_LARGEST, e));
    e->groups_rhat = result(a, LEBM_ANNEALING_GROUPS_RHAT, &unheeded);
}

/* Reads off what a run left. A run that fails for its model's or its x's sake leaves a reason alone. */
static int finish(lebm_annealing *a, int status, evidence *e)
{
    *e = (evidence){NAN, NAN, NAN, NAN, NAN, NAN, NAN, {""}};
    if (status == LEBM_OK)
        read_results(a, e);
    else if (status == LEBM_ERR_DIVERGED || status == LEBM_ERR_STATE)
        refuse(e);
    else if (status != LEBM_STOPPED)
        or_die(status, "annealing");
    lebm_annealing_destroy(a);
    return status == LEBM_STOPPED ? status : LEBM_OK;
}

bool evidence_is_refused(const evidence *e)
{
    return e->refused.text[0] != '\0';
}

int evidence_of_prior(const model *m, const evidence_settings *s, lebm_progress_fn progress, void *user, evidence *e)
{
    lebm_annealing *a = make_annealing(s, 0, progress, user);
    return finish(a, lebm_annealing_run_prior(a, m->prior), e);
}

int evidence_of_row(const model *m, const evidence_settings *s, const float *x, int64_t row, lebm_progress_fn progress,
                    void *user, evidence *e)
{
    lebm_annealing *a = make_annealing(s, row, progress, user);
    return finish(a, lebm_annealing_run_posterior(a, m->prior, m->generator, x, 1), e);
}

double evidence_error(const evidence *e)
{
    return hypot(e->forward_error, e->reverse_error) / 2;
}

log_p evidence_log_p(const evidence *of_x, const evidence *of_prior)
{
    const double lower = of_x->forward - of_prior->reverse, upper = of_x->reverse - of_prior->forward;
    return (log_p){lower, upper, (lower + upper) / 2, hypot(evidence_error(of_x), evidence_error(of_prior))};
}
