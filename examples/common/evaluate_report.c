#include "evaluate_report.h"

#include <inttypes.h>
#include <math.h>

/* Whether a row of the table is one of those asked for: an earlier run may have scored more. */
static bool is_asked_for(const score *row, const evaluate_settings *s, double sigma)
{
    return row->index < s->rows && score_is_at(row, sigma);
}

/* Sums over the rows of one sigma whose value is known. */
typedef struct sums {
    double n, value, square;
} sums;

static void add(sums *s, double value)
{
    if (isnan(value)) return;
    s->n++;
    s->value += value;
    s->square += value * value;
}

static double mean(const sums *s)
{
    return s->value / s->n;
}

/* Standard error of the mean, as another choice of rows would change it; NaN of a single row. */
static double choice_error(const sums *s)
{
    return s->n > 1 ? sqrt(fmax(s->square - s->value * s->value / s->n, 0) / (s->n - 1) / s->n) : NAN;
}

/* What the rows of one sigma say. */
typedef struct summary {
    int64_t refused;
    const score *first_refused;     /* NULL: none */
    sums log_p, lower, upper, size; /* the size of the bracket, whichever way round it is */
    double error;                   /* of the mean of log p, by the estimates */
    double terms;                   /* tokens and ends in all rows; 0: images */
    double terms_error;             /* of nats per token, by the choice of rows */
    double least_ess, most_rhat;
} summary;

/* The standard error of a ratio, sum of nats over sum of terms. */
static double ratio_error(const scores *table, const evaluate_settings *settings, double sigma,
                          const evidence *of_prior, const summary *s)
{
    const double ratio = s->log_p.value / s->terms, n = s->log_p.n;
    double squares = 0;
    for (int64_t i = 0; i < table->count; i++) {
        const score *row = &table->rows[i];
        if (!is_asked_for(row, settings, sigma) || evidence_is_refused(&row->of_x)) continue;
        squares += pow(evidence_log_p(&row->of_x, of_prior).middle - ratio * (double)row->terms, 2);
    }
    return n > 1 ? sqrt(squares * n / (n - 1)) / s->terms : NAN;
}

static summary summarise(const scores *table, const evaluate_settings *settings, double sigma, const evidence *of_prior)
{
    summary s = {.least_ess = INFINITY, .most_rhat = 0};
    double variance = 0; /* of the sum of log Z(x) */
    for (int64_t i = 0; i < table->count; i++) {
        const score *row = &table->rows[i];
        if (!is_asked_for(row, settings, sigma)) continue;
        if (evidence_is_refused(&row->of_x)) {
            if (s.refused++ == 0) s.first_refused = row;
            continue;
        }
        const log_p p = evidence_log_p(&row->of_x, of_prior);
        add(&s.log_p, p.middle);
        add(&s.lower, p.lower);
        add(&s.upper, p.upper);
        add(&s.size, fabs(p.upper - p.lower));
        s.terms += (double)row->terms;
        s.least_ess = fmin(s.least_ess, row->of_x.ess);
        s.most_rhat = fmax(s.most_rhat, row->of_x.groups_rhat);
        variance += pow(evidence_error(&row->of_x), 2);
    }
    s.error = hypot(sqrt(variance) / s.log_p.n, evidence_error(of_prior)); /* log Z is the same in all of them */
    s.terms_error = ratio_error(table, settings, sigma, of_prior, &s);
    return s;
}

/* The end of a line: none of a single row. */
static void print_choice(FILE *out, double of_choice)
{
    if (isnan(of_choice))
        fprintf(out, " %9s\n", "-");
    else
        fprintf(out, " %9.4g\n", of_choice);
}

/* The columns: a value, and its two errors. */
static void print_row(FILE *out, const char *name, double value, double of_estimate, double of_choice)
{
    fprintf(out, "  %-28s %12.4f %9.4g", name, value, of_estimate);
    print_choice(out, of_choice);
}

static void print_reconstruction(FILE *out, const char *name, double value, double of_choice)
{
    fprintf(out, "  %-28s %12.6f", name, value);
    print_choice(out, of_choice);
}

static void print_text(FILE *out, const summary *s)
{
    const double nats = -s->log_p.value / s->terms, of_estimate = s->error * s->log_p.n / s->terms;
    print_row(out, "nats per token", nats, of_estimate, s->terms_error);
    print_row(out, "perplexity", exp(nats), exp(nats) * of_estimate, exp(nats) * s->terms_error);
}

/* Of probabilities; of densities in units of one of 256 levels, which is what bits per dimension are of. */
static void print_bits(FILE *out, const model *m, const dataset *held_out, const summary *s)
{
    if (held_out->missing > 0) return; /* dimensions differ from image to image */
    const bool is_density = lebm_generator_sigma(m->generator) > 0;
    const pixel_range range = model_pixel_range(m);
    const double levels = is_density ? 255 / (double)(range.white - range.black) : 1;
    const double unit = (double)lebm_generator_data_size(m->generator) * log(2);
    print_row(out, "bits per dimension", -mean(&s->log_p) / unit + log2(levels), s->error / unit,
              choice_error(&s->log_p) / unit);
    if (!is_density) {
        fprintf(out, "  These are probabilities of pixels of 0 and 1; those between count as a share of both.\n");
        return;
    }
    fprintf(
        out,
        "  Pixels are %g to %g, so that the bits have log2 %g = %.3f added; nothing was dequantised, and these are\n"
        "  no figures to set beside those of data that were.\n",
        (double)range.black, (double)range.white, levels, log2(levels));
}

static void print_quality(FILE *out, const summary *s)
{
    fprintf(out, "  The bracket: %.4f to %.4f, of one row %.3f nats wide; ESS of the weights at least %.1f chains,\n",
            mean(&s->lower), mean(&s->upper), mean(&s->size), s->least_ess);
    fprintf(out, "  nested R-hat of the starts of reverse chains up to %.3f.\n", s->most_rhat);
}

static void print_refusals(FILE *out, const summary *s)
{
    const score *first = s->first_refused;
    if (first == NULL) return;
    fprintf(out, "  %" PRId64 " %s refused (\"refused\" in the table)%s. The first, %" PRId64 ":\n  %s\n", s->refused,
            s->log_p.n > 0 ? "more were" : "were", s->log_p.n > 0 ? ", and the mean is that of the others" : "",
            first->index, first->of_x.refused.text);
}

static void print_sigma(FILE *out, const evaluate_settings *s, const evaluate_results *r, double sigma)
{
    if (sigma == 0)
        fputc('\n', out);
    else if (sigma == r->best.sigma)
        fprintf(out, " at sigma %.4g, the best for the last %" PRId64 " held-out images, which are not scored%s\n",
                sigma, s->sigma_rows, r->best.drift > .02 ? ", but which had not settled" : "");
    else
        fprintf(out, " at sigma %.4g, the model's\n", sigma);
}

static void print_log_p(FILE *out, const model *m, const dataset *held_out, const evaluate_settings *s,
                        const scores *table, const evaluate_results *r, double sigma)
{
    const summary of = summarise(table, s, sigma, &r->of_prior);
    if (of.log_p.n + (double)of.refused == 0) return;
    fprintf(out, "\nlog p(x) of %.0f %s", of.log_p.n, model_is_of_text(m) ? "sentences" : "images");
    print_sigma(out, s, r, sigma);
    if (of.log_p.n > 0) {
        fprintf(out, "  %-28s %12s %9s %9s\n", "", "mean", "estimate", "choice");
        print_row(out, "nats", mean(&of.log_p), of.error, choice_error(&of.log_p));
        if (model_is_of_text(m))
            print_text(out, &of);
        else
            print_bits(out, m, held_out, &of);
        print_quality(out, &of);
    }
    print_refusals(out, &of);
}

/* Means over rows; of text over tokens. */
static void print_reconstructions(FILE *out, const model *m, const evaluate_settings *s, const scores *table,
                                  double sigma)
{
    sums at_end = {0}, noise_free = {0};
    double terms = 0;
    for (int64_t i = 0; i < table->count; i++) {
        const score *row = &table->rows[i];
        const double of_one = row->terms > 0 ? (double)row->terms : 1;
        if (!is_asked_for(row, s, sigma)) continue;
        add(&at_end, row->error * of_one);
        add(&noise_free, row->error_noise_free * of_one);
        terms += of_one;
    }
    if (at_end.n == 0) return;
    const double unit = at_end.n / terms;
    fprintf(out, "\nReconstruction, %s\n",
            model_is_of_text(m) ? "-log p(x|z) in nats per token and end"
                                : "mean square error per pixel in [-1,1] units");
    fprintf(out, "  %-28s %12s %9s\n", "", "mean", "choice");
    print_reconstruction(out, "end of the chain", mean(&at_end) * unit, choice_error(&at_end) * unit);
    print_reconstruction(out, "10 steps more, noise-free", mean(&noise_free) * unit, choice_error(&noise_free) * unit);
}

void evaluate_report(FILE *out, const model *m, const dataset *held_out, const evaluate_settings *s,
                     const scores *table, const evaluate_results *r)
{
    const evidence *z = &r->of_prior;
    fprintf(out, "%" PRId64 " of %" PRId64 " held-out %s\n", s->rows, held_out->count, held_out->name);
    fprintf(out, "\nlog Z %.4f (forward, from below, +- %.3f) to %.4f (reverse, from above, +- %.3f)\n", z->forward,
            z->forward_error, z->reverse, z->reverse_error);
    fprintf(out, "by %" PRId64 " temperatures with %" PRId64 " chains each way; for each %s %" PRId64 ", of %s\n",
            s->evidence.temperatures, s->prior_chains, model_is_of_text(m) ? "sentence" : "image", s->evidence.chains,
            s->evidence.kernel);
    if (r->sigma_count > 0) print_reconstructions(out, m, s, table, r->sigmas[0]);
    for (int i = 0; i < r->sigma_count; i++) print_log_p(out, m, held_out, s, table, r, r->sigmas[i]);
    if (r->why.text[0] != '\0') fprintf(out, "\n%s.\n", r->why.text);
    fprintf(out,
            "\nErrors are standard errors: of the estimate by annealing, and of the mean by the choice of rows.\n");
}
