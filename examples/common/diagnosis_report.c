#include "diagnosis_report.h"

#include <inttypes.h>
#include <math.h>

/* "f", or "z[3]". */
static const char *number_name(int64_t index, char room[32])
{
    if (index == 0) return "f";
    snprintf(room, 32, "z[%" PRId64 "]", index - 1);
    return room;
}

static const char *mixing_name(mixing m)
{
    static const char *const names[] = {
        [MIXING_FAILED] = "failed", [MIXING_STUCK] = "stuck", [MIXING_PARTED] = "parted",
        [MIXING_SLOW] = "slow",     [MIXING_SHORT] = "short", [MIXING_GOOD] = "good"};
    return names[m];
}

static void print_row(FILE *out, const long_chains *c, const diagnosis *d)
{
    char nested_of[32], rhat_of[32];
    if (d->mixing == MIXING_FAILED) {
        fprintf(out, "%-9s %9.4g  failed: %s\n", c->kernel, c->step_size, c->why.text);
        return;
    }
    fprintf(out, "%-9s %9.4g %10.3f %9.3g %8.3f %-6s %7.3f %-6s %9.3g %10.4g +- %.2g\n", c->kernel, c->step_size,
            c->acceptance, c->steps_per_second, d->nested, number_name(d->nested_at, nested_of), d->rhat,
            number_name(d->rhat_at, rhat_of), d->ess_per_second, d->f, d->f_mcse);
}

void diagnosis_print(FILE *out, const findings *f)
{
    if (f->of_posterior)
        fprintf(out, "To the posteriors of %" PRId64 " held-out observations, ", f->targets);
    else
        fprintf(out, "To the prior, ");
    fprintf(out, "from %" PRId64 " starts with %" PRId64 " chains each, %" PRId64 " steps:\n", f->superchains,
            f->chains, f->steps);
    fprintf(out, "%-9s %9s %10s %9s %15s %14s %9s %10s\n", "kernel", "step size", "acceptance", "steps/s",
            "nested R-hat of", "R-hat of", "draws/s", "mean f");
    for (int k = 0; k < KERNELS; k++) print_row(out, &f->runs[k], &f->diagnoses[k]);
    char steps[32];
    snprintf(steps, sizeof steps, "as trained, %" PRId64 " steps", f->training_steps);
    fprintf(out, "%-70s %19.4g +- %.2g\n", steps, f->training_f, f->training_f_mcse);
    if (isnan(f->suggested)) return;
    fprintf(out, "Step sizes to begin with, by the curvature: langevin and mala %.2g, hmc %.2g\n", f->suggested,
            sqrt(2 * f->suggested));
}

void diagnosis_csv_header(FILE *out)
{
    fprintf(
        out,
        "density,kernel,mixing,step_size,acceptance,steps_per_second,nested_rhat,nested_rhat_limit,nested_rhat_of,rhat,"
        "rhat_of,ess_per_second,f,f_mcse,f_sd\n");
}

void diagnosis_csv(FILE *out, const findings *f)
{
    const char *density = f->of_posterior ? "posterior" : "prior";
    for (int k = 0; k < KERNELS; k++) {
        const long_chains *c = &f->runs[k];
        const diagnosis *d = &f->diagnoses[k];
        char nested_of[32], rhat_of[32];
        fprintf(out, "%s,%s,%s,%.9g", density, c->kernel, mixing_name(d->mixing), c->step_size);
        if (d->mixing == MIXING_FAILED)
            fprintf(out, ",,,,,,,,,,,\n");
        else
            fprintf(out, ",%.9g,%.9g,%.9g,%.9g,%s,%.9g,%s,%.9g,%.9g,%.9g,%.9g\n", c->acceptance, c->steps_per_second,
                    d->nested, d->limit, number_name(d->nested_at, nested_of), d->rhat,
                    number_name(d->rhat_at, rhat_of), d->ess_per_second, d->f, d->f_mcse, d->f_sd);
    }
    fprintf(out, "%s,as trained,,,,,,,,,,,%.9g,%.9g,\n", density, f->training_f, f->training_f_mcse);
}
