/* What long chains tell of a kernel: whether they have forgotten their starts, how many draws count, and mean f.
 *
 * Which statistic decides. Every number that is looked at, f and each of z, is asked twice.
 *
 * 1. Do superchains agree? By the nested R-hat of ranks, which is sqrt(1 + B/W): B is the variance between the means of
 *    superchains, W that within them. Where starts are forgotten, B is what chance leaves of it: a chain's own mean has the
 *    variance v W (v = 1 if the chain stands still, tau / N if N draws are worth N / tau of them), so that of the mean of M chains
 *    is v W / M, and B M / (v W) follows Fisher's F. So starts show if
 *
 *        R-hat > sqrt(1 + max(0.02, F v / M)),
 *
 *    with F its quantile at which one number in 300,000 lies beyond by chance: some hundred numbers and three kernels are looked
 *    at. Beside it 0.02 says what is small enough not to matter, R-hat = 1.01. v is measured: from the means of the chains within
 *    superchains, about which the starts say nothing.
 *
 * 2. Do the chains of a superchain agree? Many chains that began at one place may part at once, half of them to one mode and half
 *    to another, wherever they began: then superchains agree, and no chain has ever seen both. R-hat of all chains one by one
 *    tells, if it is above 1.1: where chains mix it is near sqrt(1 + tau / N), so that N is less than five times tau, too few.
 *
 * Whether it is modes or too few steps is asked of the chains alone. By its own account, its ESS n without the others, a chain that
 * is on its way or has hardly moved makes some five draws, however long it is; one that has settled, in a mode or in the whole, makes
 * many. R-hat says how many they are if the chains mix, 1 / (R-hat^2 - 1), which of autoregressive chains is not four times
 * less. So there are modes where n is 9 or more and R-hat says ten times less. */
#ifndef DIAGNOSIS_H
#define DIAGNOSIS_H

#include <stdint.h>

#include "long_chains.h"

extern const double diagnosis_rhat_limit; /* that of question 2 */

/* From bad to good. */
typedef enum mixing {
    MIXING_FAILED, /* the run did */
    MIXING_STUCK,  /* superchains keep to modes of their own */
    MIXING_PARTED, /* chains of a superchain do */
    MIXING_SLOW,   /* superchains are on their way from their starts */
    MIXING_SHORT,  /* chains have seen too little */
    MIXING_GOOD
} mixing;

typedef struct diagnosis {
    mixing mixing;        /* of the worst target */
    int64_t good_targets; /* of all of them */
    double nested;        /* nested R-hat, where it is the most above its limit */
    double limit;         /* there */
    int64_t nested_at;    /* 0: of f; k: of z k */
    double rhat;          /* the largest, of chains one by one */
    int64_t rhat_at;
    double ess;            /* independent draws of the number that has the fewest, of all targets together */
    double ess_per_second; /* of running time of the chains, after the warm-up */
    double f, f_mcse;      /* the mean of f over all targets, and its standard error */
    double f_sd;           /* the standard deviation of f within a target */
} diagnosis;

/* Diagnoses the second half of the draws. */
diagnosis diagnose(const model *m, const chains_plan *plan, const long_chains *c);

#endif
