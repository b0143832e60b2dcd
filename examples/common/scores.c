#include "scores.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* In the order of the file; the reason of a refusal comes last, in quotes. Of text the errors are nll. */
enum {
    SIGMA,
    INDEX,
    LABEL,
    TERMS,
    ERROR,
    ERROR_NOISE_FREE,
    LOG_P,
    LOG_P_ERROR,
    LOG_P_LOWER,
    LOG_P_UPPER,
    FORWARD,
    FORWARD_ERROR,
    REVERSE,
    REVERSE_ERROR,
    ESS,
    LARGEST,
    GROUPS_RHAT,
    COLUMNS
};

static const char header_of_images[] = "sigma,index,label,tokens,mse,mse_noise_free";
static const char header_of_text[] = "sigma,index,label,tokens,nll,nll_noise_free";
static const char header_of_all[] = ",log_p,log_p_error,log_p_lower,log_p_upper,log_zx_forward,log_zx_forward_error,"
                                    "log_zx_reverse,log_zx_reverse_error,ess,largest,groups_rhat,refused\n";

/* Ends the program, and leaves no half table beside the old one. */
_Noreturn static void give_up(scores *s, const failure *why)
{
    output_discard(&s->out);
    die("%s", why->text);
}

static void check(scores *s, int worked)
{
    if (worked) return;
    failure why;
    fail(&why, "cannot write %s: %s", s->out.path, strerror(errno));
    give_up(s, &why);
}

static void keep(scores *s, const score *row)
{
    if (s->count == s->room) {
        s->room = 2 * s->room + 64;
        score *larger = allocate((size_t)s->room, sizeof *larger);
        if (s->count > 0) memcpy(larger, s->rows, (size_t)s->count * sizeof *larger);
        free(s->rows);
        s->rows = larger;
    }
    s->rows[s->count++] = *row;
}

static void put(FILE *out, double value, char behind)
{
    if (!isnan(value)) fprintf(out, "%.9g", value);
    fputc(behind, out);
}

static void write_row(FILE *out, const score *row, const evidence *of_prior)
{
    const bool refused = evidence_is_refused(&row->of_x);
    const log_p p = refused ? (log_p){NAN, NAN, NAN, NAN} : evidence_log_p(&row->of_x, of_prior);
    const evidence *e = &row->of_x;
    const double values[COLUMNS] = {[SIGMA] = row->sigma > 0 ? row->sigma : NAN,
                                    [INDEX] = (double)row->index,
                                    [LABEL] = row->label >= 0 ? (double)row->label : NAN,
                                    [TERMS] = row->terms > 0 ? (double)row->terms : NAN,
                                    [ERROR] = row->error,
                                    [ERROR_NOISE_FREE] = row->error_noise_free,
                                    [LOG_P] = p.middle,
                                    [LOG_P_ERROR] = p.error,
                                    [LOG_P_LOWER] = p.lower,
                                    [LOG_P_UPPER] = p.upper,
                                    [FORWARD] = e->forward,
                                    [FORWARD_ERROR] = e->forward_error,
                                    [REVERSE] = e->reverse,
                                    [REVERSE_ERROR] = e->reverse_error,
                                    [ESS] = e->ess,
                                    [LARGEST] = e->largest,
                                    [GROUPS_RHAT] = e->groups_rhat};
    for (int c = 0; c < COLUMNS; c++) put(out, values[c], ',');
    if (refused) {
        fputc('"', out);
        for (const char *c = e->refused.text; *c != '\0'; c++) fputc(*c == '"' ? '\'' : *c, out);
        fputc('"', out);
    }
    fputc('\n', out);
}

/* Whether it is a whole number from 0 on, or none. */
static bool counts(double value)
{
    return isnan(value) || (value >= 0 && value < 0x1p53 && value == floor(value));
}

/* Whether a row is as one that was written: numbers count what there is, and its evidence is there or refused. */
static bool makes_sense(const double values[COLUMNS], bool refused)
{
    for (int c = INDEX; c <= TERMS; c++)
        if (!counts(values[c])) return false;
    for (int c = FORWARD; c <= LARGEST; c++)
        if (isnan(values[c]) && !refused) return false;
    return !isnan(values[INDEX]) && !(values[SIGMA] <= 0) && !(values[LABEL] > UINT8_MAX);
}

/* Reads a row back from its line; false if it is none. */
static bool read_row(char *line, score *row)
{
    double values[COLUMNS];
    for (int c = 0; c < COLUMNS; c++) {
        char *field = strsep(&line, ","), *end;
        if (line == NULL) return false;
        values[c] = *field == '\0' ? NAN : strtod(field, &end);
        if (*field != '\0' && *end != '\0') return false;
    }
    const size_t length = strlen(line);
    const bool refused = length > 2;
    if (!makes_sense(values, refused)) return false;
    *row = (score){.sigma = isnan(values[SIGMA]) ? 0 : values[SIGMA],
                   .index = (int64_t)values[INDEX],
                   .label = isnan(values[LABEL]) ? -1 : (int)values[LABEL],
                   .terms = isnan(values[TERMS]) ? 0 : (int64_t)values[TERMS],
                   .error = values[ERROR],
                   .error_noise_free = values[ERROR_NOISE_FREE],
                   .of_x = {values[FORWARD],
                            values[FORWARD_ERROR],
                            values[REVERSE],
                            values[REVERSE_ERROR],
                            values[ESS],
                            values[LARGEST],
                            values[GROUPS_RHAT],
                            {""}}};
    if (refused) snprintf(row->of_x.refused.text, sizeof row->of_x.refused.text, "%.*s", (int)length - 2, line + 1);
    return true;
}

/* Copies the rows of an earlier run to the new table. One that was cut off ends the copy. */
static void take_rows(scores *s, FILE *old)
{
    char *line = NULL;
    size_t size = 0;
    failure why;
    ssize_t length = getline(&line, &size, old); /* the header */
    while (length > 0 && (length = getline(&line, &size, old)) > 0) {
        score row;
        if (line[length - 1] != '\n') break;
        check(s, fputs(line, s->out.file) >= 0);
        line[length - 1] = '\0';
        if (!read_row(line, &row) || scores_find(s, row.sigma, row.index) != NULL) {
            fail(&why, "%s is no table of this program: give another --out", s->out.path);
            give_up(s, &why);
        }
        keep(s, &row);
    }
    free(line);
}

static void flush(scores *s)
{
    check(s, fflush(s->out.file) == 0);
    check(s, fsync(fileno(s->out.file)) == 0 || errno == EINVAL); /* EINVAL: a device or a pipe */
}

void scores_open(scores *s, const char *path, bool of_text, bool resume)
{
    failure why;
    *s = (scores){.of_text = of_text};
    if (output_open(&s->out, path, &why) != 0) die("%s", why.text);
    fputs(of_text ? header_of_text : header_of_images, s->out.file);
    fputs(header_of_all, s->out.file);
    if (resume) {
        FILE *old = fopen(path, "r");
        if (old == NULL && errno != ENOENT) {
            fail(&why, "cannot read %s: %s", path, strerror(errno));
            give_up(s, &why);
        }
        if (old != NULL) {
            take_rows(s, old);
            fclose(old);
        }
    }
    flush(s);
    if (output_put_in_place(&s->out, &why) != 0) die("%s", why.text);
}

bool score_is_at(const score *row, double sigma)
{
    return fabs(row->sigma - sigma) <= 1e-8 * sigma;
}

const score *scores_find(const scores *s, double sigma, int64_t index)
{
    for (int64_t i = 0; i < s->count; i++)
        if (s->rows[i].index == index && score_is_at(&s->rows[i], sigma)) return &s->rows[i];
    return NULL;
}

void scores_add(scores *s, const score *row, const evidence *of_prior)
{
    write_row(s->out.file, row, of_prior);
    flush(s);
    keep(s, row);
}

void scores_close(scores *s)
{
    failure why;
    if (output_close(&s->out, &why) != 0) die("%s", why.text);
    free(s->rows);
}
