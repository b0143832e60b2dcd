/* Draws from densities of one's own, without any net: a banana, whose moments are known, and the eight schools (Rubin 1981),
 * the posterior that most textbooks of Bayesian statistics begin with. A density is a function that gives its log and the
 * gradient of that; hmc finds its step size, and a scale for each number, in a warm-up. */
#include <lebm.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { CHAINS = 2000, SCHOOLS = 8, LATENT = SCHOOLS + 2 };

static void check(int status, const char *what)
{
    if (status == LEBM_OK) return;
    fprintf(stderr, "%s: %s\n", what, lebm_last_error());
    exit(EXIT_FAILURE);
}

/* x ~ N(0, 1), y = (x^2 - 1) / 2 + N(0, 1) */
static int banana(const float *z, int64_t n, double *log_density, float *score, void *user)
{
    (void)user;
    for (int64_t i = 0; i < n; i++) {
        const double x = z[2 * i], y = z[2 * i + 1], off = y - (x * x - 1) / 2;
        log_density[i] = -x * x / 2 - off * off / 2;
        score[2 * i] = (float)(-x + off * x);
        score[2 * i + 1] = (float)-off;
    }
    return 0;
}

/* What coaching gained in each school, in points of a test, and the standard error of that. */
static const double gain[SCHOOLS] = {28, 8, -3, 7, -1, 1, 18, 12}, error[SCHOOLS] = {15, 10, 16, 11, 9, 11, 10, 18};

/* z is mu, log tau and eta_1 to eta_8: the effect in school j is theta_j = mu + tau eta_j, with mu ~ N(0, 25),
 * tau ~ Cauchy(0, 5) where it is positive, eta_j ~ N(0, 1), and gain_j ~ N(theta_j, error_j^2). The density is that of z, so
 * that log tau has the factor tau of the change of variables. */
static int schools(const float *z, int64_t n, double *log_density, float *score, void *user)
{
    (void)user;
    for (; n > 0; n--, z += LATENT, score += LATENT, log_density++) {
        const double mu = z[0], log_tau = z[1], tau = exp(log_tau), share = tau * tau / (25 + tau * tau);
        double by_mu = -mu / 25, by_log_tau = 1 - 2 * share;
        *log_density = -mu * mu / 50 + log_tau - log1p(tau * tau / 25);
        for (int j = 0; j < SCHOOLS; j++) {
            const double eta = z[2 + j], off = (gain[j] - mu - tau * eta) / error[j];
            *log_density -= eta * eta / 2 + off * off / 2;
            by_mu += off / error[j];
            by_log_tau += off / error[j] * tau * eta;
            score[2 + j] = (float)(-eta + off / error[j] * tau);
        }
        score[0] = (float)by_mu;
        score[1] = (float)by_log_tau;
    }
    return 0;
}

/* A draw of each chain; the caller frees them. */
static float *draw(const char *name, lebm_density_fn density, int64_t dims)
{
    lebm_target *target;
    lebm_sampler *sampler;
    double acceptance, least, step_size;
    float *z = calloc((size_t)(CHAINS * dims), sizeof *z);
    if (z == NULL) exit(EXIT_FAILURE);
    check(lebm_target_create(&target, dims, density, NULL, 1), "target");
    check(lebm_sampler_create(&sampler, LEBM_HMC), "sampler");
    check(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_WARMUP, 200), "warm-up");
    check(lebm_sampler_set_str(sampler, LEBM_SAMPLER_PRECONDITIONER, "diagonal"), "preconditioner");
    check(lebm_sampler_set_f64(sampler, LEBM_SAMPLER_TARGET_ACCEPTANCE, .9), "target acceptance");
    check(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_STEPS, 100), "steps");
    check(lebm_sampler_run_target(sampler, target, CHAINS, z), name);
    check(lebm_sampler_metric(sampler, LEBM_SAMPLER_ACCEPTANCE, &acceptance), "acceptance");
    check(lebm_sampler_metric(sampler, LEBM_SAMPLER_ACCEPTANCE_MIN, &least), "least acceptance");
    check(lebm_sampler_metric(sampler, LEBM_SAMPLER_STEP_SIZE, &step_size), "step size");
    printf("%s: %d chains, step size %.2f, acceptance %.2f (least %.2f)\n", name, CHAINS, step_size, acceptance, least);
    lebm_sampler_destroy(sampler);
    lebm_target_destroy(target);
    return z;
}

/* Mean and standard deviation of a number, with the standard error of the mean: each chain is a draw of its own. */
static void report(const char *name, const double *values)
{
    double mean = 0, squares = 0;
    for (int i = 0; i < CHAINS; i++) mean += values[i] / CHAINS;
    for (int i = 0; i < CHAINS; i++) squares += (values[i] - mean) * (values[i] - mean);
    const double deviation = sqrt(squares / (CHAINS - 1));
    printf("  %-8s mean %6.2f +- %.2f  deviation %5.2f\n", name, mean, deviation / sqrt(CHAINS), deviation);
}

int main(void)
{
    static double values[CHAINS];
    float *z = draw("banana", banana, 2);
    for (int i = 0; i < CHAINS; i++) values[i] = z[2 * i];
    report("x", values);
    for (int i = 0; i < CHAINS; i++) values[i] = z[2 * i + 1];
    report("y", values);
    free(z);

    z = draw("eight schools", schools, LATENT);
    for (int i = 0; i < CHAINS; i++) values[i] = z[LATENT * i];
    report("mu", values);
    for (int i = 0; i < CHAINS; i++) values[i] = exp(z[LATENT * i + 1]);
    report("tau", values);
    for (int j = 0; j < SCHOOLS; j++) {
        char name[16];
        snprintf(name, sizeof name, "theta %c", 'A' + j);
        for (int i = 0; i < CHAINS; i++)
            values[i] = z[LATENT * i] + exp(z[LATENT * i + 1]) * (double)z[LATENT * i + 2 + j];
        report(name, values);
    }
    free(z);
    return 0;
}
