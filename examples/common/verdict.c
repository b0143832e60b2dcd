#include "verdict.h"

#include <inttypes.h>
#include <math.h>

static const double errors_apart = 3;       /* standard errors, within which two means are the same */
static const double deviations_apart = .25; /* standard deviations of f, within which a difference does not matter */

int verdict_best(const findings *f)
{
    int best = -1;
    for (int k = MALA_ROW; k < KERNELS; k++)
        if (f->diagnoses[k].mixing == MIXING_GOOD &&
            (best < 0 || f->diagnoses[k].ess_per_second > f->diagnoses[best].ess_per_second))
            best = k;
    return best;
}

/* The kernel with a test that comes nearest to mixing. */
static int least_bad(const findings *f)
{
    return f->diagnoses[HMC_ROW].mixing >= f->diagnoses[MALA_ROW].mixing ? HMC_ROW : MALA_ROW;
}

static const char *density(const findings *f)
{
    return f->of_posterior ? "posterior" : "prior";
}

static bool differs(double difference, double error, double sd)
{
    return fabs(difference) > fmax(errors_apart * error, deviations_apart * sd);
}

static void print_number(FILE *out, int64_t index)
{
    if (index == 0)
        fprintf(out, "f");
    else
        fprintf(out, "z[%" PRId64 "]", index - 1);
}

static void print_how(FILE *out, const findings *f, int kernel)
{
    const long_chains *c = &f->runs[kernel];
    fprintf(out, "%s, step_size %.4g", c->kernel, c->step_size);
    if (kernel == HMC_ROW) fprintf(out, ", leapfrog_steps %" PRId64, f->leapfrog_steps);
}

/* Why a kernel does not mix, in half a line. */
static void print_why(FILE *out, const findings *f, int kernel)
{
    const diagnosis *d = &f->diagnoses[kernel];
    switch (d->mixing) {
    case MIXING_FAILED:
        fprintf(out, "%s failed: %s", f->runs[kernel].kernel, f->runs[kernel].why.text);
        break;
    case MIXING_PARTED:
    case MIXING_SHORT:
        fprintf(out, "%s: R-hat %.2f of ", f->runs[kernel].kernel, d->rhat);
        print_number(out, d->rhat_at);
        break;
    default:
        fprintf(out, "%s: nested R-hat %.3f of ", f->runs[kernel].kernel, d->nested);
        print_number(out, d->nested_at);
        fprintf(out, ", at most %.3f is good", d->limit);
    }
}

static void print_stuck(FILE *out, const findings *f)
{
    const int k = least_bad(f);
    fprintf(out, "The %s's modes do not mix: chains from %s come no closer (", density(f),
            f->diagnoses[k].mixing == MIXING_STUCK ? "different starts disagree and" : "one start part and");
    print_why(out, f, k);
    fprintf(out, ").\n"
                 "No kernel crosses between the modes, so no sample tells how much each of them weighs.\n");
    if (f->of_posterior)
        fprintf(
            out,
            "What to change: start several chains for each observation and keep the one of the largest log density,\n"
            "or train with kept chains (--posterior-chains kept), whose starts are near.\n");
    else
        fprintf(out, "What to change: train f so that it digs no valleys which chains cannot cross: a smaller\n"
                     "--prior-learning-rate or some --prior-weight-decay, prior chains that stride first "
                     "(--prior-step-size 0.25\n"
                     "--prior-last-step-size 0.01) and are longer (--prior-steps). To draw from this model, begin with "
                     "chains at a\n"
                     "temperature above 1, or keep to the trained chains, and say so.\n");
}

static void print_slow(FILE *out, const findings *f)
{
    const int k = least_bad(f);
    fprintf(out, "The %s does not mix within %" PRId64 " steps: chains are still on their way from their starts (",
            density(f), f->steps);
    print_why(out, f, k);
    fprintf(out,
            "),\nbut come closer.\nWhat to change: run this again with --steps %" PRId64
            ". No figure above is to be trusted yet.\n",
            4 * f->steps);
}

static void print_short(FILE *out, const findings *f)
{
    const int k = least_bad(f);
    fprintf(out,
            "The %s does not mix within %" PRId64
            " steps: the starts are forgotten, but each chain has seen too little (",
            density(f), f->steps);
    print_why(out, f, k);
    fprintf(out,
            ", at most 1.1 is good).\nWhat to change: run this again with --steps %" PRId64
            ". If R-hat stays, there are modes between which no chain moves.\n",
            4 * f->steps);
}

static void print_failed(FILE *out, const findings *f)
{
    fprintf(out, "The %s does not mix: ", density(f));
    print_why(out, f, HMC_ROW);
    fprintf(out, "\nWhat to change: see docs/tuning.md, \"Energies explode\".\n");
}

static void print_bad(FILE *out, const findings *f)
{
    switch (f->diagnoses[least_bad(f)].mixing) {
    case MIXING_FAILED:
        print_failed(out, f);
        break;
    case MIXING_STUCK:
        print_stuck(out, f);
        break;
    case MIXING_SLOW:
        print_slow(out, f);
        break;
    default:
        print_short(out, f);
        break;
    }
}

static void print_good(FILE *out, const findings *f, int best)
{
    const diagnosis *d = &f->diagnoses[best];
    fprintf(out, "The %s mixes: chains of %s forget their starts (nested R-hat %.3f, at most %.3f is good).\n",
            density(f), f->runs[best].kernel, d->nested, d->limit);
    fprintf(out, "Draw with ");
    print_how(out, f, best);
    fprintf(out, ": %.3g independent draws a second, mean f %.4g +- %.2g.\n", d->ess_per_second, d->f, d->f_mcse);
    const int other = best == HMC_ROW ? MALA_ROW : HMC_ROW;
    if (f->diagnoses[other].mixing == MIXING_GOOD) return;
    fprintf(out, "Not with ");
    print_why(out, f, other);
    fprintf(out, ".\n");
}

static void print_langevin(FILE *out, const findings *f, int best)
{
    const diagnosis *d = &f->diagnoses[LANGEVIN_ROW], *truth = &f->diagnoses[best];
    const long_chains *c = &f->runs[LANGEVIN_ROW];
    const double off = d->f - truth->f;
    if (d->mixing == MIXING_FAILED) {
        fprintf(out, "langevin's steps of %.4g are too long: %s\nWhat to change: a smaller step size.\n", c->step_size,
                c->why.text);
    } else if (d->mixing != MIXING_GOOD) {
        fprintf(out, "langevin with steps of %.4g does not get there in %" PRId64 " (", c->step_size, f->steps);
        print_why(out, f, LANGEVIN_ROW);
        fprintf(out, ").\n");
    } else if (differs(off, hypot(d->f_mcse, truth->f_mcse), truth->f_sd)) {
        fprintf(out,
                "langevin with steps of %.4g is biased: its mean f is %.3g too %s, and a test would accept %.0f %% of "
                "its steps.\n"
                "What to change: half the step size halves the bias.\n",
                c->step_size, fabs(off), off < 0 ? "low" : "high", 100 * c->acceptance);
    }
}

static void print_training(FILE *out, const findings *f, int best)
{
    const diagnosis *truth = &f->diagnoses[best];
    const double off = f->training_f - truth->f;
    const char *option = f->of_posterior ? "posterior" : "prior";
    if (!differs(off, hypot(f->training_f_mcse, truth->f_mcse), truth->f_sd)) {
        fprintf(out, "The training's chains of %" PRId64 " steps end where long ones rest: mean f %.4g.\n",
                f->training_steps, f->training_f);
        return;
    }
    fprintf(out,
            "The training's chains of %" PRId64
            " steps do not reach it: their mean f of %.4g is %.3g too %s, %.1f standard deviations.\n"
            "What to change: more --%s-steps, or larger ones that shrink (--%s-step-size, --%s-last-step-size).\n",
            f->training_steps, f->training_f, fabs(off), off < 0 ? "low" : "high", fabs(off) / truth->f_sd, option,
            option, option);
}

void verdict_print(FILE *out, const findings *f)
{
    const int best = verdict_best(f);
    if (best < 0) {
        print_bad(out, f);
        return;
    }
    print_good(out, f, best);
    print_langevin(out, f, best);
    print_training(out, f, best);
}
