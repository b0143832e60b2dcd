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

/* Why a kernel does not mix. */
static void print_why(FILE *out, const findings *f, int kernel)
{
    const diagnosis *d = &f->diagnoses[kernel];
    switch (d->mixing) {
    case MIXING_FAILED:
        fprintf(out, "%s", f->runs[kernel].why.text);
        break;
    case MIXING_PARTED:
    case MIXING_SHORT:
        fprintf(out, "R-hat %.2f of ", d->rhat);
        print_number(out, d->rhat_at);
        fprintf(out, ", at most %.2f is good", diagnosis_rhat_limit);
        break;
    default:
        fprintf(out, "nested R-hat %.3f of ", d->nested);
        print_number(out, d->nested_at);
        fprintf(out, ", at most %.3f is good", d->limit);
    }
    if (f->of_posterior) fprintf(out, "; %" PRId64 " of %" PRId64 " observations mix", d->good_targets, f->targets);
}

/* The same of the kernel with a test that comes nearest to mixing. */
static void print_why_not(FILE *out, const findings *f)
{
    const int k = least_bad(f);
    fprintf(out, "(%s: ", f->runs[k].kernel);
    print_why(out, f, k);
    fprintf(out, ").\n");
}

static void print_stuck(FILE *out, const findings *f)
{
    const bool starts = f->diagnoses[least_bad(f)].mixing == MIXING_STUCK;
    fprintf(out, "The %s's modes do not mix: chains from %s\n", density(f),
            starts ? "different starts settle apart" : "one start settle apart");
    print_why_not(out, f);
    fprintf(
        out,
        "So no chain here tells how much each mode weighs, and neither do short ones: they have each mode as often\n"
        "as their starts fall to it.\n");
    if (f->of_posterior)
        fprintf(out,
                "What to change: run several chains for each observation and keep the end of the largest log density;\n"
                "train with kept chains (--posterior-chains kept), which begin near.\n");
    else
        fprintf(
            out,
            "What to change: draw with chains that were hot first (option temperature above 1, then 1); train an f "
            "that\n"
            "is smoother (a smaller --prior-learning-rate, some --prior-weight-decay) with prior chains that stride\n"
            "before they settle (--prior-step-size 0.25 --prior-last-step-size 0.01, more --prior-steps).\n");
}

static void print_slow(FILE *out, const findings *f)
{
    fprintf(out, "The %s does not mix in %" PRId64 " steps: chains are on their way from their starts\n", density(f),
            f->steps);
    print_why_not(out, f);
}

static void print_short(FILE *out, const findings *f)
{
    fprintf(out,
            "The %s does not mix in %" PRId64 " steps: the starts are forgotten, but each chain has seen too little\n",
            density(f), f->steps);
    print_why_not(out, f);
}

/* What to change where only steps lack. */
static void print_longer(FILE *out, const findings *f)
{
    fprintf(out, "What to change: run this again with --%s %" PRId64 ". Until then trust no figure above.\n",
            f->of_posterior ? "posterior-steps" : "steps", 4 * f->steps);
}

static void print_bad(FILE *out, const findings *f)
{
    switch (f->diagnoses[least_bad(f)].mixing) {
    case MIXING_FAILED:
        fprintf(out, "The chains to the %s failed\n", density(f));
        print_why_not(out, f);
        fprintf(out, "What to change: see \"Energies explode\" in docs/tuning.md.\n");
        break;
    case MIXING_SLOW:
        print_slow(out, f);
        print_longer(out, f);
        break;
    case MIXING_SHORT:
        print_short(out, f);
        print_longer(out, f);
        break;
    default:
        print_stuck(out, f);
    }
}

static void print_good(FILE *out, const findings *f, int best)
{
    const diagnosis *d = &f->diagnoses[best];
    const int other = best == HMC_ROW ? MALA_ROW : HMC_ROW;
    fprintf(out, "The %s mixes: chains of %s forget their starts (nested R-hat %.3f, at most %.3f is good).\n",
            density(f), f->runs[best].kernel, d->nested, d->limit);
    fprintf(out, "Draw with ");
    print_how(out, f, best);
    fprintf(out, ": %.3g independent draws a second, mean f %.4g +- %.2g.\n", d->ess_per_second, d->f, d->f_mcse);
    if (f->diagnoses[other].mixing == MIXING_GOOD) return;
    fprintf(out, "%s does not mix in as many steps (", f->runs[other].kernel);
    print_why(out, f, other);
    fprintf(out, ").\n");
}

/* What is wrong with langevin, if anything is. */
static void print_langevin(FILE *out, const findings *f, int best)
{
    const diagnosis *d = &f->diagnoses[LANGEVIN_ROW], *truth = &f->diagnoses[best];
    const long_chains *c = &f->runs[LANGEVIN_ROW];
    const double off = d->f - truth->f;
    if (d->mixing == MIXING_FAILED) {
        fprintf(out, "langevin's steps of %.4g are too long: %s.\nWhat to change: smaller ones.\n", c->step_size,
                c->why.text);
    } else if (d->mixing != MIXING_GOOD) {
        fprintf(out, "langevin with steps of %.4g does not mix in as many (", c->step_size);
        print_why(out, f, LANGEVIN_ROW);
        fprintf(out, ").\n");
    } else if (differs(off, hypot(d->f_mcse, truth->f_mcse), truth->f_sd)) {
        fprintf(out,
                "langevin with steps of %.4g is biased: its mean f is %.3g too %s; a test would accept %.0f %% of its "
                "steps.\n"
                "What to change: smaller steps; half of them have half of the bias.\n",
                c->step_size, fabs(off), off < 0 ? "low" : "high", 100 * c->acceptance);
    }
}

static void print_training(FILE *out, const findings *f, int best)
{
    const diagnosis *truth = &f->diagnoses[best];
    const double off = f->training_f - truth->f;
    const char *option = f->of_posterior ? "posterior" : "prior";
    const double temperature = f->training_temperature, weight = f->training_likelihood_weight;
    if (temperature != 1 || weight != 1) {
        fprintf(out, "The training's chains have ");
        if (temperature != 1) fprintf(out, "the temperature %g%s", temperature, weight != 1 ? " and " : "");
        if (weight != 1) fprintf(out, "the likelihood to the power of %g", weight);
        fprintf(out, ": they go to another density\nthan long ones, and their mean f of %.4g is that one's.\n",
                f->training_f);
        return;
    }
    const bool is_near = !differs(off, hypot(f->training_f_mcse, truth->f_mcse), truth->f_sd);
    fprintf(out,
            "The training's chains of %" PRId64 " steps end %s: their mean f of %.4g is %.3g too %s, %.2f deviations "
            "of f.\n",
            f->training_steps, is_near ? "near where long ones rest" : "elsewhere", f->training_f, fabs(off),
            off < 0 ? "low" : "high", fabs(off) / truth->f_sd);
    if (is_near) return;
    fprintf(out,
            "What to change: more --%s-steps, or ones that stride before they settle (--%s-step-size,\n"
            "--%s-last-step-size).\n",
            option, option, option);
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
