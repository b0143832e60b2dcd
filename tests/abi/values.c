/* The values that programs were compiled with: they never change (docs/abi.md). tests/abi/check_names.sh sees to it that
 * every public macro with a value stands here. */
#include <lebm.h>
#include <stdio.h>
#include <string.h>

/* Statuses. */
_Static_assert(LEBM_OK == 0, "a status has changed its value");
_Static_assert(LEBM_STOPPED == 1, "a status has changed its value");
_Static_assert(LEBM_ERR_INVALID == -1, "a status has changed its value");
_Static_assert(LEBM_ERR_NOMEM == -2, "a status has changed its value");
_Static_assert(LEBM_ERR_UNKNOWN_OPTION == -3, "a status has changed its value");
_Static_assert(LEBM_ERR_RANGE == -4, "a status has changed its value");
_Static_assert(LEBM_ERR_SHAPE == -5, "a status has changed its value");
_Static_assert(LEBM_ERR_STATE == -6, "a status has changed its value");
_Static_assert(LEBM_ERR_IO == -7, "a status has changed its value");
_Static_assert(LEBM_ERR_FORMAT == -8, "a status has changed its value");
_Static_assert(LEBM_ERR_VERSION == -9, "a status has changed its value");
_Static_assert(LEBM_ERR_DIVERGED == -10, "a status has changed its value");
_Static_assert(LEBM_ERR_UNSUPPORTED == -11, "a status has changed its value");
_Static_assert(LEBM_ERR_INTERNAL == -12, "a status has changed its value");

static const int statuses[] = {
    LEBM_OK,          LEBM_STOPPED,      LEBM_ERR_INVALID,     LEBM_ERR_NOMEM,    LEBM_ERR_UNKNOWN_OPTION,
    LEBM_ERR_RANGE,   LEBM_ERR_SHAPE,    LEBM_ERR_STATE,       LEBM_ERR_IO,       LEBM_ERR_FORMAT,
    LEBM_ERR_VERSION, LEBM_ERR_DIVERGED, LEBM_ERR_UNSUPPORTED, LEBM_ERR_INTERNAL,
};
static const char *const status_names[] = {
    "LEBM_OK",          "LEBM_STOPPED",      "LEBM_ERR_INVALID",     "LEBM_ERR_NOMEM",    "LEBM_ERR_UNKNOWN_OPTION",
    "LEBM_ERR_RANGE",   "LEBM_ERR_SHAPE",    "LEBM_ERR_STATE",       "LEBM_ERR_IO",       "LEBM_ERR_FORMAT",
    "LEBM_ERR_VERSION", "LEBM_ERR_DIVERGED", "LEBM_ERR_UNSUPPORTED", "LEBM_ERR_INTERNAL",
};

/* Names of options, kinds, schemes, roles and metrics. */
static const struct {
    const char *now, *released;
} names[] = {
    /* lebm/annealing.h */
    {LEBM_ANNEALING_TEMPERATURES, "temperatures"},
    {LEBM_ANNEALING_SCHEDULE, "schedule"},
    {LEBM_ANNEALING_STEPS, "steps"},
    {LEBM_ANNEALING_CHAINS, "chains"},
    {LEBM_ANNEALING_GROUPS, "groups"},
    {LEBM_ANNEALING_REVERSE_CHAINS, "reverse_chains"},
    {LEBM_ANNEALING_SETTLE_STEPS, "settle_steps"},
    {LEBM_ANNEALING_PILOT_CHAINS, "pilot_chains"},
    {LEBM_ANNEALING_PILOT_STEPS, "pilot_steps"},
    {LEBM_ANNEALING_PILOT_ESS, "pilot_ess"},
    {LEBM_ANNEALING_START_STD, "start_std"},
    {LEBM_ANNEALING_DIVERGENCE_THRESHOLD, "divergence_threshold"},
    {LEBM_ANNEALING_FIRST_ROW, "first_row"},
    {LEBM_ANNEALING_SEED, "seed"},
    {LEBM_ANNEALING_STREAM, "stream"},
    {LEBM_ANNEALING_THREADS, "threads"},
    {LEBM_ANNEALING_FORWARD, "forward"},
    {LEBM_ANNEALING_FORWARD_ERROR, "forward_error"},
    {LEBM_ANNEALING_FORWARD_GROUP_ERROR, "forward_group_error"},
    {LEBM_ANNEALING_FORWARD_ESS, "forward_ess"},
    {LEBM_ANNEALING_FORWARD_LARGEST, "forward_largest"},
    {LEBM_ANNEALING_FORWARD_INTEGRAL, "forward_integral"},
    {LEBM_ANNEALING_FORWARD_INTEGRAL_ERROR, "forward_integral_error"},
    {LEBM_ANNEALING_FORWARD_ACCEPTANCE, "forward_acceptance"},
    {LEBM_ANNEALING_REVERSE, "reverse"},
    {LEBM_ANNEALING_REVERSE_ERROR, "reverse_error"},
    {LEBM_ANNEALING_REVERSE_GROUP_ERROR, "reverse_group_error"},
    {LEBM_ANNEALING_REVERSE_ESS, "reverse_ess"},
    {LEBM_ANNEALING_REVERSE_LARGEST, "reverse_largest"},
    {LEBM_ANNEALING_REVERSE_INTEGRAL, "reverse_integral"},
    {LEBM_ANNEALING_REVERSE_INTEGRAL_ERROR, "reverse_integral_error"},
    {LEBM_ANNEALING_REVERSE_ACCEPTANCE, "reverse_acceptance"},
    {LEBM_ANNEALING_GROUPS_RHAT, "groups_rhat"},
    {LEBM_ANNEALING_RUNGS, "rungs"},
    /* lebm/generator.h */
    {LEBM_GAUSSIAN, "gaussian"},
    {LEBM_BERNOULLI, "bernoulli"},
    {LEBM_CATEGORICAL, "categorical"},
    {LEBM_PIXELS, "pixels"},
    {LEBM_TOKENS, "tokens"},
    {LEBM_GENERATOR_OUT_OF_RANGE, "out_of_range"},
    {LEBM_GENERATOR_MISSING, "missing"},
    /* lebm/model.h */
    {LEBM_TO_PRIOR, "to_prior"},
    {LEBM_TO_POSTERIOR, "to_posterior"},
    /* lebm/net.h */
    {LEBM_RELU, "relu"},
    {LEBM_LEAKY_RELU, "leaky_relu"},
    {LEBM_GELU, "gelu"},
    {LEBM_SILU, "silu"},
    {LEBM_MISH, "mish"},
    {LEBM_TANH, "tanh"},
    {LEBM_SIGMOID, "sigmoid"},
    {LEBM_SOFTPLUS, "softplus"},
    {LEBM_INIT_PYTORCH, "pytorch"},
    {LEBM_INIT_XAVIER_NORMAL, "xavier_normal"},
    {LEBM_INIT_UNIFORM, "uniform"},
    {LEBM_NET_CONVOLUTION, "convolution"},
    /* lebm/sampler.h */
    {LEBM_LANGEVIN, "langevin"},
    {LEBM_MALA, "mala"},
    {LEBM_HMC, "hmc"},
    {LEBM_SAMPLER_STEPS, "steps"},
    {LEBM_SAMPLER_STEP_SIZE, "step_size"},
    {LEBM_SAMPLER_LAST_STEP_SIZE, "last_step_size"},
    {LEBM_SAMPLER_NOISE, "noise"},
    {LEBM_SAMPLER_START, "start"},
    {LEBM_SAMPLER_START_STD, "start_std"},
    {LEBM_SAMPLER_TEMPERATURE, "temperature"},
    {LEBM_SAMPLER_LIKELIHOOD_WEIGHT, "likelihood_weight"},
    {LEBM_SAMPLER_SEED, "seed"},
    {LEBM_SAMPLER_STREAM, "stream"},
    {LEBM_SAMPLER_THREADS, "threads"},
    {LEBM_SAMPLER_DIVERGENCE_THRESHOLD, "divergence_threshold"},
    {LEBM_SAMPLER_WARMUP, "warmup"},
    {LEBM_SAMPLER_PRECONDITIONER, "preconditioner"},
    {LEBM_SAMPLER_MEASURE_ACCEPTANCE, "measure_acceptance"},
    {LEBM_SAMPLER_LEAPFROG_STEPS, "leapfrog_steps"},
    {LEBM_SAMPLER_JITTER, "jitter"},
    {LEBM_SAMPLER_TARGET_ACCEPTANCE, "target_acceptance"},
    {LEBM_SAMPLER_LOG_DENSITY, "log_density"},
    {LEBM_SAMPLER_SCORE_NORM, "score_norm"},
    {LEBM_SAMPLER_ACCEPTANCE, "acceptance"},
    {LEBM_SAMPLER_ACCEPTANCE_MIN, "acceptance_min"},
    {LEBM_SAMPLER_ACCEPTANCE_Q10, "acceptance_q10"},
    {LEBM_SAMPLER_ENERGY_ERROR, "energy_error"},
    /* lebm/tokens.h */
    {LEBM_WORDS, "words"},
    {LEBM_CHARACTERS, "characters"},
    {LEBM_UNKNOWN_TOKEN, "<unk>"},
    /* lebm/trainer.h */
    {LEBM_TRAINER_PRIOR_LEARNING_RATE, "prior_learning_rate"},
    {LEBM_TRAINER_GENERATOR_LEARNING_RATE, "generator_learning_rate"},
    {LEBM_TRAINER_BETA1, "beta1"},
    {LEBM_TRAINER_BETA2, "beta2"},
    {LEBM_TRAINER_EPSILON, "epsilon"},
    {LEBM_TRAINER_DECAY_PER_EPOCH, "decay_per_epoch"},
    {LEBM_TRAINER_PRIOR_WEIGHT_DECAY, "prior_weight_decay"},
    {LEBM_TRAINER_GENERATOR_WEIGHT_DECAY, "generator_weight_decay"},
    {LEBM_TRAINER_PRIOR_CLIP_NORM, "prior_clip_norm"},
    {LEBM_TRAINER_GENERATOR_CLIP_NORM, "generator_clip_norm"},
    {LEBM_TRAINER_SEED, "seed"},
    {LEBM_TRAINER_THREADS, "threads"},
    {LEBM_TRAINER_NOTE, "note"},
    {LEBM_TRAINER_DIVERGENCE_THRESHOLD, "divergence_threshold"},
    {LEBM_TRAINER_POSTERIOR_CHAINS, "posterior_chains"},
    {LEBM_TRAINER_OBSERVATIONS, "observations"},
    {LEBM_TRAINER_FIRST_VISIT_STEPS, "first_visit_steps"},
    {LEBM_TRAINER_PRIOR_CHAINS, "prior_chains"},
    {LEBM_TRAINER_PRIOR_RENEWAL, "prior_renewal"},
    {LEBM_TRAINER_AVERAGE_DECAY, "average_decay"},
    {LEBM_TRAINER_DROPOUT, "dropout"},
    {LEBM_TRAINER_WORD_DROPOUT, "word_dropout"},
    {LEBM_TRAINER_SIGMA_LEARNING_RATE, "sigma_learning_rate"},
    {LEBM_TRAINER_RECONSTRUCTION_MSE, "reconstruction_mse"},
    {LEBM_TRAINER_RECONSTRUCTION_NLL, "reconstruction_nll"},
    {LEBM_TRAINER_LOG_LIKELIHOOD, "log_likelihood"},
    {LEBM_TRAINER_F_POSITIVE, "f_positive"},
    {LEBM_TRAINER_F_NEGATIVE, "f_negative"},
    {LEBM_TRAINER_F_GAP, "f_gap"},
    {LEBM_TRAINER_PRIOR_GRAD_NORM, "prior_grad_norm"},
    {LEBM_TRAINER_GENERATOR_GRAD_NORM, "generator_grad_norm"},
    {LEBM_TRAINER_IMAGES_PER_SECOND, "images_per_second"},
};

static int failures;

static void compare(const char *now, const char *released)
{
    if (strcmp(now, released) == 0) return;
    fprintf(stderr, "\"%s\" was released as \"%s\"\n", now, released);
    failures++;
}

int main(void)
{
    char version[40];
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
        compare(lebm_status_name(statuses[i]), status_names[i]);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) compare(names[i].now, names[i].released);

    if (LEBM_PADDING != -1.0f) fprintf(stderr, "LEBM_PADDING is no longer -1\n"), failures++;

    /* The library is that of the headers. */
    snprintf(version, sizeof version, "%d.%d.%d", LEBM_VERSION_MAJOR, LEBM_VERSION_MINOR, LEBM_VERSION_PATCH);
    compare(lebm_version(), version);
    return failures != 0;
}
