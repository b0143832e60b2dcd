#include "diagnose_run.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "diagnosis_files.h"
#include "errors.h"
#include "interrupt.h"
#include "progress.h"
#include "starts.h"
#include "view.h"

/* What the progress of the present chains is shown with. */
typedef struct display {
    progress bar;
    const char *density, *chains;
    double started_at;
} display;

static int on_progress(double done, void *user)
{
    display *d = user;
    char text[128];
    const double elapsed = seconds_now() - d->started_at;
    const int64_t left = done > 0 ? (int64_t)(elapsed / done - elapsed + .5) : 0;
    snprintf(text, sizeof text, "%3.0f%% of %s to the %s, %" PRId64 ":%02d left", 100 * done, d->chains, d->density,
             left / 60, (int)(left % 60));
    progress_show_text(&d->bar, done, text);
    return interrupt_signal() != 0;
}

static void display_next(display *d, const char *chains)
{
    d->chains = chains;
    d->started_at = seconds_now();
}

/* Mean f of ends, and its standard error, with `each` chains to each target. */
static void measure_f(const model *m, const float *z, int64_t targets, int64_t each, findings *f)
{
    const int64_t n = targets * each;
    float *values = allocate((size_t)n, sizeof *values);
    double sum = 0, variance = 0;
    or_die(lebm_net_forward(lebm_prior_net(m->prior), z, n, values), "prior");
    for (int64_t t = 0; t < targets; t++) {
        double mean = 0, square = 0;
        for (int64_t i = 0; i < each; i++) mean += (double)values[t * each + i] / (double)each;
        for (int64_t i = 0; i < each; i++) square += pow((double)values[t * each + i] - mean, 2);
        sum += mean;
        variance += square / (double)(each - 1) / (double)each;
    }
    f->training_f = sum / (double)targets;
    f->training_f_mcse = sqrt(variance) / (double)targets;
    free(values);
}

/* Suggests a step size to begin with, by the curvature at the ends of the trained chains. Returns a status. */
static int suggest_step_size(const model *m, const chains_plan *plan, const float *x, const float *z, display *d,
                             findings *f)
{
    const int64_t n = chains_count(plan);
    lebm_sampler *s;
    or_die(lebm_sampler_create(&s, LEBM_LANGEVIN), "sampler");
    or_die(lebm_sampler_set_i64(s, LEBM_SAMPLER_THREADS, plan->threads), "sampler");
    display_next(d, "a step size");
    or_die(lebm_sampler_set_progress(s, on_progress, d), "sampler");
    int status = x == NULL ? lebm_sampler_suggest_prior(s, m->prior, z, n, &f->suggested)
                           : lebm_sampler_suggest_posterior(s, m->prior, m->generator, x, z, n, &f->suggested);
    status = view_take_suggestion(status, &f->suggested);
    if (status != LEBM_STOPPED) or_die(status, "a step size by the curvature");
    lebm_sampler_destroy(s);
    return status;
}

/* The chains as the model was trained, from noise and with their own steps. Where they end, starts are made apart. */
static int run_trained(const model *m, const chains_plan *plan, display *d, findings *f, float **starts)
{
    const int64_t n = chains_count(plan);
    lebm_sampler *s = plan->x == NULL ? m->to_prior : m->to_posterior;
    float *z = view_latents(m, n), *x = chains_rows_of_x(m, plan);
    display_next(d, "the chains as trained");
    view_start_stream(s, STREAM_DIAGNOSIS);
    or_die(lebm_sampler_set_progress(s, on_progress, d), "sampler");
    or_die(lebm_sampler_get_i64(s, LEBM_SAMPLER_STEPS, &f->training_steps), "sampler");
    or_die(lebm_sampler_get_f64(s, LEBM_SAMPLER_TEMPERATURE, &f->training_temperature), "sampler");
    or_die(lebm_sampler_get_f64(s, LEBM_SAMPLER_LIKELIHOOD_WEIGHT, &f->training_likelihood_weight), "sampler");
    int status = chains_run(m, s, x, n, z);
    if (status != LEBM_OK && status != LEBM_STOPPED) {
        progress_clear(&d->bar);
        or_die(status, "chains as trained");
    }
    if (status == LEBM_OK) status = suggest_step_size(m, plan, x, z, d, f);
    if (status == LEBM_OK) {
        measure_f(m, z, plan->targets, n / plan->targets, f);
        *starts = starts_apart(m, z, n, plan->superchains);
    }
    free(x);
    free(z);
    return status;
}

static int run_kernels(const model *m, const chains_plan *plan, display *d, findings *f, const char *folder)
{
    static const char *const kernels[KERNELS] = {LEBM_LANGEVIN, LEBM_MALA, LEBM_HMC};
    int status = LEBM_OK;
    for (int k = 0; k < KERNELS && status != LEBM_STOPPED; k++) {
        display_next(d, kernels[k]);
        status = long_chains_run(m, plan, kernels[k], &f->runs[k]);
        if (status == LEBM_STOPPED) break;
        f->diagnoses[k] = diagnose(m, plan, &f->runs[k]);
        if (status == LEBM_OK && folder != NULL) diagnosis_files_write(m, plan, &f->runs[k], folder);
        long_chains_free(&f->runs[k]);
    }
    return status == LEBM_STOPPED ? status : LEBM_OK;
}

int diagnose_run(const model *m, const diagnose_settings *s, findings *f)
{
    display d = {.density = s->x == NULL ? "prior" : "posteriors"};
    float *starts = NULL;
    chains_plan plan = {.targets = s->x == NULL ? 1 : s->observations,
                        .superchains = s->superchains,
                        .chains = s->chains,
                        .warmup = s->warmup,
                        .steps = s->steps,
                        .leapfrog_steps = s->leapfrog_steps,
                        .threads = s->threads,
                        .x = s->x,
                        .progress = on_progress,
                        .user = &d};
    *f = (findings){.of_posterior = s->x != NULL,
                    .targets = plan.targets,
                    .superchains = plan.superchains,
                    .chains = plan.chains,
                    .steps = plan.steps,
                    .leapfrog_steps = plan.leapfrog_steps};
    progress_start(&d.bar);
    int status = run_trained(m, &plan, &d, f, &starts);
    plan.starts = starts;
    if (status == LEBM_OK) status = run_kernels(m, &plan, &d, f, s->folder);
    progress_clear(&d.bar);
    free(starts);
    return status;
}
