#include "metrics.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "errors.h"

static const char perplexity[] = "perplexity"; /* per token: exp(reconstruction_nll) */

/* The first two of images and of text, those of both, and what the speed is called. */
static const char *const first_columns[][2] = {{LEBM_TRAINER_RECONSTRUCTION_MSE, NULL},
                                               {LEBM_TRAINER_RECONSTRUCTION_NLL, perplexity}};
static const char *const columns[] = {
    LEBM_TRAINER_LOG_LIKELIHOOD, LEBM_TRAINER_F_POSITIVE,      LEBM_TRAINER_F_NEGATIVE,
    LEBM_TRAINER_F_GAP,          LEBM_TRAINER_PRIOR_GRAD_NORM, LEBM_TRAINER_GENERATOR_GRAD_NORM,
};
static const char *const speeds[] = {LEBM_TRAINER_IMAGES_PER_SECOND, "sentences_per_second"};
enum { COLUMNS = sizeof columns / sizeof *columns };

static void check(const metrics *m, int worked)
{
    if (!worked) die("cannot write %s: %s", m->out.path, strerror(errno));
}

/* Copies the rows of steps up to `keep` to the new table. A row that was cut off by a crash ends the copy. */
static void copy_rows(metrics *m, FILE *old, int64_t keep)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t length = getline(&line, &size, old); /* the header */
    while (length > 0 && (length = getline(&line, &size, old)) > 0) {
        if (line[length - 1] != '\n' || strtoll(line, NULL, 10) > keep) break;
        check(m, fputs(line, m->out.file) >= 0);
    }
    free(line);
}

static const char *first_column(const metrics *m, int i)
{
    return i < 2 ? first_columns[m->of_text][i] : NULL;
}

void metrics_open(metrics *m, const char *path, bool of_text, int64_t keep)
{
    failure why;
    m->of_text = of_text;
    if (output_open(&m->out, path, &why) != 0) die("%s", why.text);
    fputs("step,epoch", m->out.file);
    for (int i = 0; first_column(m, i) != NULL; i++) fprintf(m->out.file, ",%s", first_column(m, i));
    for (int i = 0; i < COLUMNS; i++) fprintf(m->out.file, ",%s", columns[i]);
    fprintf(m->out.file, ",%s\n", speeds[of_text]);
    if (m->out.target != NULL) { /* what is no regular file keeps no rows */
        FILE *old = fopen(path, "r");
        if (old == NULL && errno != ENOENT) die("cannot read %s: %s", path, strerror(errno));
        if (old != NULL) {
            copy_rows(m, old, keep);
            fclose(old);
        }
    }
    metrics_flush(m);
    if (output_put_in_place(&m->out, &why) != 0) die("%s", why.text);
}

static void append_value(metrics *m, const lebm_trainer *trainer, const char *column)
{
    double value;
    const bool derived = column == perplexity;
    or_die(lebm_trainer_metric(trainer, derived ? LEBM_TRAINER_RECONSTRUCTION_NLL : column, &value), column);
    fprintf(m->out.file, ",%.9g", derived ? exp(value) : value);
}

void metrics_append(metrics *m, const lebm_trainer *trainer, int64_t epoch)
{
    fprintf(m->out.file, "%" PRId64 ",%" PRId64, lebm_trainer_steps_done(trainer), epoch);
    for (int i = 0; first_column(m, i) != NULL; i++) append_value(m, trainer, first_column(m, i));
    for (int i = 0; i < COLUMNS; i++) append_value(m, trainer, columns[i]);
    append_value(m, trainer, LEBM_TRAINER_IMAGES_PER_SECOND);
    check(m, fputc('\n', m->out.file) != EOF);
}

void metrics_flush(metrics *m)
{
    check(m, fflush(m->out.file) == 0);
    check(m, fsync(fileno(m->out.file)) == 0 || errno == EINVAL); /* EINVAL: a device or a pipe */
}

void metrics_close(metrics *m)
{
    failure why;
    metrics_flush(m);
    if (output_close(&m->out, &why) != 0) die("%s", why.text);
}
