#include "diagnosis_files.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chart.h"
#include "errors.h"
#include "files.h"
#include "image.h"
#include "pictures.h"
#include "view.h"
#include "writings.h"

static const int64_t moments[] = {0, 60, 500, 2000}; /* steps */
enum { MOMENTS = sizeof moments / sizeof *moments };

static char *file_path(const chains_plan *plan, const long_chains *c, int64_t target, const char *what,
                       const char *folder)
{
    char name[64];
    if (plan->x == NULL)
        snprintf(name, sizeof name, "prior-%s-%s", c->kernel, what);
    else
        snprintf(name, sizeof name, "posterior-%" PRId64 "-%s-%s", target + 1, c->kernel, what);
    return path_join(folder, name);
}

/* The draw at a moment, counted from 1; 0: the start; -1: the chains did not get there. */
static int64_t draw_at(const long_chains *c, int64_t moment)
{
    const int64_t draw = (moment + c->every - 1) / c->every;
    return draw <= lebm_traces_length(c->traces) ? draw : -1;
}

/* The first chain's state of each superchain at a draw. */
static void states_at(const chains_plan *plan, const long_chains *c, int64_t target, int64_t draw, float *z)
{
    const int64_t dims = lebm_traces_dims(c->traces), *strides = lebm_traces_strides(c->traces);
    for (int64_t k = 0; k < plan->superchains; k++)
        for (int64_t d = 0; d < dims; d++) {
            const int64_t chain = (target * plan->superchains + k) * plan->chains;
            z[k * dims + d] = draw == 0 ? plan->starts[k * dims + d]
                                        : (float)lebm_traces_states(
                                              c->traces)[chain * strides[0] + (draw - 1) * strides[1] + d * strides[2]];
        }
}

/* [superchains, draws] mean log densities. */
static double *mean_log_densities(const chains_plan *plan, const long_chains *c, int64_t target)
{
    const int64_t length = lebm_traces_length(c->traces), *strides = lebm_traces_strides(c->traces);
    const double *log_densities = lebm_traces_log_densities(c->traces);
    double *means = allocate((size_t)(plan->superchains * length), sizeof *means);
    for (int64_t k = 0; k < plan->superchains; k++)
        for (int64_t t = 0; t < length; t++) {
            const int64_t first = (target * plan->superchains + k) * plan->chains;
            double sum = 0;
            for (int64_t i = first; i < first + plan->chains; i++)
                sum += log_densities[i * strides[0] + t * strides[1]];
            means[k * length + t] = sum / (double)plan->chains;
        }
    return means;
}

static void write_chart(const chains_plan *plan, const long_chains *c, int64_t target, const char *folder)
{
    failure why;
    double *means = mean_log_densities(plan, c, target);
    char *path = file_path(plan, c, target, "log-density.png", folder);
    const int64_t length = lebm_traces_length(c->traces);
    if (chart_write(means, plan->superchains, length, (double)c->every, (double)(length * c->every), path, &why) != 0)
        die("%s", why.text);
    free(path);
    free(means);
}

/* Rows of images, one for each moment, after the observation in a column of its own if there is one. */
static void write_images(const model *m, const chains_plan *plan, const long_chains *c, int64_t target,
                         const char *folder)
{
    const int64_t size = lebm_generator_data_size(m->generator), before = plan->x != NULL;
    const int64_t columns = plan->superchains + before;
    float *z = view_latents(m, plan->superchains), *x = view_rows(m, MOMENTS * columns);
    int64_t rows = 0;
    for (int i = 0; i < MOMENTS && draw_at(c, moments[i]) >= 0; i++, rows++) {
        float *row = x + i * columns * size;
        if (plan->x != NULL) memcpy(row, plan->x + target * size, (size_t)size * sizeof *row);
        states_at(plan, c, target, draw_at(c, moments[i]), z);
        view_decode(m, z, plan->superchains, row + before * size);
    }
    char *path = file_path(plan, c, target, "states.png", folder);
    picture_rows(m, x, rows, columns, path);
    free(path);
    free(x);
    free(z);
}

static void write_sentences(const model *m, const chains_plan *plan, const long_chains *c, int64_t target,
                            const char *folder)
{
    const int64_t size = lebm_generator_data_size(m->generator);
    float *z = view_latents(m, plan->superchains), *x = view_rows(m, plan->superchains);
    char *path = file_path(plan, c, target, "states.txt", folder);
    char *text = NULL;
    size_t length;
    FILE *out = open_text(&text, &length);
    if (plan->x != NULL) {
        char *line = writing_lines(m, plan->x + target * size, 1);
        fprintf(out, "The observation:\n%s\n", line);
        free(line);
    }
    for (int i = 0; i < MOMENTS && draw_at(c, moments[i]) >= 0; i++) {
        states_at(plan, c, target, draw_at(c, moments[i]), z);
        view_decode(m, z, plan->superchains, x);
        char *lines = writing_lines(m, x, plan->superchains);
        fprintf(out, "%sAfter %" PRId64 " steps:\n%s", i == 0 ? "" : "\n", draw_at(c, moments[i]) * c->every, lines);
        free(lines);
    }
    if (fclose(out) != 0) die("out of memory");
    writing_save(text, path);
    free(text);
    free(path);
    free(x);
    free(z);
}

void diagnosis_files_write(const model *m, const chains_plan *plan, const long_chains *c, const char *folder)
{
    for (int64_t t = 0; t < plan->targets; t++) {
        write_chart(plan, c, t, folder);
        if (model_is_of_text(m))
            write_sentences(m, plan, c, t, folder);
        else if (picture_is_possible(m))
            write_images(m, plan, c, t, folder);
    }
}
