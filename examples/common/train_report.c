#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "errors.h"
#include "files.h"
#include "train_run.h"

static int64_t chain_steps(const lebm_sampler *sampler)
{
    int64_t steps;
    or_die(lebm_sampler_get_i64(sampler, LEBM_SAMPLER_STEPS, &steps), "sampler");
    return steps;
}

/* "100 steps of size 0.3 to 0.02" */
static void print_chain(const lebm_sampler *sampler)
{
    double step_size, last, temperature, weight;
    or_die(lebm_sampler_get_f64(sampler, LEBM_SAMPLER_STEP_SIZE, &step_size), "sampler");
    or_die(lebm_sampler_get_f64(sampler, LEBM_SAMPLER_LAST_STEP_SIZE, &last), "sampler");
    or_die(lebm_sampler_get_f64(sampler, LEBM_SAMPLER_TEMPERATURE, &temperature), "sampler");
    or_die(lebm_sampler_get_f64(sampler, LEBM_SAMPLER_LIKELIHOOD_WEIGHT, &weight), "sampler");
    printf("%" PRId64 " steps of size %g", chain_steps(sampler), step_size);
    if (last > 0) printf(" to %g", last);
    if (temperature != 1) printf(" at temperature %g", temperature);
    if (weight != 1) printf(" with the likelihood to the power of %g", weight);
}

static void print_if_kept(const run *r, const char *key)
{
    const char *chains;
    or_die(lebm_trainer_get_str(r->trainer, key, &chains), "trainer");
    if (strcmp(chains, "kept") == 0) printf(", kept");
}

static int64_t parameters_of(const lebm_generator *g)
{
    int64_t total = 0;
    for (int64_t i = 0; i < lebm_generator_param_count(g); i++) total += lebm_generator_param_size(g, i);
    return total;
}

void report_start(const run *r)
{
    const argument *o = r->options;
    const model *m = &r->model;
    const lebm_net *f = lebm_prior_net(m->prior);
    printf("%s: %s\n", r->program->name, lebm_build_info());
    r->program->kind->report_data(r);
    printf("  prior      %s\n             %" PRId64 " parameters, sigma0 %g\n", lebm_net_spec(f),
           lebm_net_param_total(f), lebm_prior_sigma0(m->prior));
    printf("  generator  %s\n             %" PRId64 " parameters", lebm_generator_spec(m->generator),
           parameters_of(m->generator));
    if (lebm_generator_sigma(m->generator) > 0) printf(", sigma %g", lebm_generator_sigma(m->generator));
    putchar('\n');
    printf("  chains     prior: ");
    print_chain(m->to_prior);
    print_if_kept(r, LEBM_TRAINER_PRIOR_CHAINS);
    printf("; posterior: ");
    print_chain(m->to_posterior);
    print_if_kept(r, LEBM_TRAINER_POSTERIOR_CHAINS);
    putchar('\n');
    printf("  training   %" PRId64 " epochs of %" PRId64 " batches of %" PRId64 ", seed %" PRIu64 ", ",
           o[EPOCHS].value.i64, r->batches.per_epoch, r->batches.size, r->batches.seed);
    if (o[THREADS].value.i64 == 0)
        printf("threads: LEBM_NUM_THREADS or all processors\n");
    else
        printf("%" PRId64 " threads\n", o[THREADS].value.i64);
    printf("  results    %s", o[OUT].value.text);
    if (run_resumes(r)) {
        const char *complete = r->first_step >= run_last_step(r) ? ", which was the last: --epochs asks for more" : "";
        printf(", going on after step %" PRId64 " of %" PRId64 "%s", r->first_step, run_last_step(r), complete);
    }
    printf("\n\n");
}

static bool learns_sigma(const run *r)
{
    double rate;
    or_die(lebm_trainer_get_f64(r->trainer, LEBM_TRAINER_SIGMA_LEARNING_RATE, &rate), "trainer");
    return rate > 0;
}

void report_epoch(const run *r)
{
    const double n = (double)r->epoch.steps;
    const double error = r->epoch.error / r->epoch.terms, f_positive = r->epoch.f_positive / n,
                 f_negative = r->epoch.f_negative / n;
    printf("epoch %" PRId64 "/%" PRId64 ": %s %.4f, f+ %.3f, f- %.3f, gap %+.3f, ",
           lebm_trainer_epochs_done(r->trainer), r->options[EPOCHS].value.i64, r->program->kind->error_name, error,
           f_positive, f_negative, f_positive - f_negative);
    if (learns_sigma(r)) printf("sigma %.4f, ", lebm_generator_sigma(r->model.generator));
    printf("%.0f %s/s\n", run_things_per_second(r), r->program->kind->things);
}

void report_watch(const run *r, const prior_watch *seen)
{
    char line[400];
    prior_watch_describe(seen, (r->epoch.f_positive - r->epoch.f_negative) / (double)r->epoch.steps, line, sizeof line);
    if (prior_watch_lags(seen)) printf("  %s\n", line);
}

static void print_option(const char *name, const char *value)
{
    printf(" --%s ", name);
    print_shell_word(stdout, value);
}

void report_option_given(const argument *option)
{
    if (!option->given) return;
    switch (option->kind) {
    case ARGUMENT_FLAG:
        printf(" --%s", option->name);
        break;
    case ARGUMENT_I64:
        printf(" --%s %" PRId64, option->name, option->value.i64);
        break;
    case ARGUMENT_F64:
        printf(" --%s %.15g", option->name, option->value.f64);
        break;
    case ARGUMENT_TEXT:
        print_option(option->name, option->value.text);
        break;
    }
}

/* The command of another program that lies beside this one. */
static void print_command(const run *r, const char *program)
{
    const char *slash = strrchr(r->command, '/');
    const int folder = slash == NULL ? 0 : (int)(slash + 1 - r->command);
    const size_t size = strlen(r->command) + strlen(program) + 1;
    char *path = allocate(size, 1);
    snprintf(path, size, "%.*s%s", folder, r->command, program);
    printf("  ");
    print_shell_word(stdout, path);
    print_option("model", r->model_path);
    free(path);
}

void report_results(const run *r, const results *e)
{
    putchar('\n');
    r->program->kind->report_results(r, e);
    printf("Mean f of posterior samples  %.4f\n", e->all.f_positive);
    printf("Mean f of prior samples      %.4f\n", e->all.f_negative);
    if (learns_sigma(r)) printf("Sigma that was learned       %.4g\n", lebm_generator_sigma(r->model.generator));
    if (!isnan(e->suggested.prior + e->suggested.posterior))
        printf("Step sizes by the curvature  prior %.2g, posterior %.2g (where chains end, see docs/recipes.md)\n",
               e->suggested.prior, e->suggested.posterior);
    if (run_things_per_second(r) > 0) printf("%-29s%.0f\n", r->program->kind->speed_title, run_things_per_second(r));
    printf("Wall time                    %.1f s\n", seconds_now() - r->started_at);
    for (int i = 0; i < TRAIN_VIEWS; i++)
        if (r->view_paths[i] != NULL) printf("%-29s%s\n", r->program->kind->view_titles[i], r->view_paths[i]);
    printf("Model                        %s\n", r->model_path);
    printf("\nMore samples and reconstructions:\n");
    print_command(r, "sample");
    putchar('\n');
    print_command(r, "reconstruct");
    r->program->kind->report_held_out(r);
    putchar('\n');
}

void report_interrupted(const run *r)
{
    printf("\nInterrupted after step %" PRId64 " of %" PRId64 ". Saved %s.\n", lebm_trainer_steps_done(r->trainer),
           run_last_step(r), r->checkpoint_path);
}

void report_resume_command(const run *r)
{
    printf("To go on:\n  ");
    print_shell_word(stdout, r->command);
    printf(" --resume");
    print_option("out", r->options[OUT].value.text);
    for (int option = ANOMALY; option <= MOST_BAD; option++) report_option_given(&r->options[option]);
    report_option_given(&r->options[CONVOLUTION]);
    for (int option = SCORE_STEPS; option <= TEMPERATURES; option++) report_option_given(&r->options[option]);
    putchar('\n');
}
