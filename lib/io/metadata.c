#include "io/metadata.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/number.h"
#include "core/status.h"
#include "lebm/model.h"
#include "lebm/version.h"
#include "mcmc/sampler.h"
#include "train/trainer.h"

/* All that the library keeps in metadata, but for the three keys without a group. */
static const struct {
    const char *name;
    const lebm__options *options; /* NULL if it has none; samplers have those of their kernel besides */
    const char *others[6];        /* keys that are no options, then NULL */
} groups[] = {
    {"f", NULL, {"spec"}},
    {"g", NULL, {"spec"}},
    {"prior", NULL, {"sigma0"}},
    {"generator", NULL, {"kind", "likelihood", "sigma", "token_unit", "vocabulary"}},
    {LEBM_TO_PRIOR, &lebm__sampler_table, {"kernel"}},
    {LEBM_TO_POSTERIOR, &lebm__sampler_table, {"kernel"}},
    {"trainer", &lebm__trainer_table, {"steps_done", "epochs_done"}},
    {"adam", NULL, {"f.steps", "g.steps"}},
    {"average", NULL, {"updates"}},
};

enum { GROUPS = sizeof groups / sizeof *groups };

void lebm__make_key(char key[LEBM__KEY_SIZE], const char *group, const char *name)
{
    snprintf(key, LEBM__KEY_SIZE, "%s.%s", group, name);
}

/* ---- Writing ---- */

int lebm__put_text(lebm__st_writer *st, const char *group, const char *name, const char *text)
{
    char key[LEBM__KEY_SIZE];
    lebm__make_key(key, group, name);
    return lebm__st_add_text(st, key, text);
}

static const char *metadata_format_i64(int64_t value, char text[LEBM__NUMBER_SIZE])
{
    snprintf(text, LEBM__NUMBER_SIZE, "%" PRId64, value);
    return text;
}

static const char *metadata_format_f64(double value, char text[LEBM__NUMBER_SIZE])
{
    lebm__format_f64(value, text);
    return text;
}

int lebm__put_f64(lebm__st_writer *st, const char *group, const char *name, double value)
{
    char text[LEBM__NUMBER_SIZE];
    return lebm__put_text(st, group, name, metadata_format_f64(value, text));
}

int lebm__put_i64(lebm__st_writer *st, const char *group, const char *name, int64_t value)
{
    char text[LEBM__NUMBER_SIZE];
    return lebm__put_text(st, group, name, metadata_format_i64(value, text));
}

/* The value of an option as files say it, `number` being room for it. */
static const char *metadata_format_option(lebm__setting s, char number[LEBM__NUMBER_SIZE])
{
    switch (s.option->type) {
    case LEBM__I64:
        return metadata_format_i64(*(const int64_t *)s.value, number);
    case LEBM__F64:
        return metadata_format_f64(*(const double *)s.value, number);
    default:
        return s.value;
    }
}

int lebm__put_options(lebm__st_writer *st, const char *group, const lebm__handle *handle)
{
    lebm__setting s;
    for (int64_t i = 0; (s = lebm__handle_setting(handle, i)).option != NULL; i++) {
        char number[LEBM__NUMBER_SIZE];
        if (s.option->file_default == NULL) continue;
        const char *text = metadata_format_option(s, number);
        if (strcmp(text, s.option->file_default) != 0) LEBM__TRY(lebm__put_text(st, group, s.option->key, text));
    }
    return LEBM_OK;
}

/* ---- Reading ---- */

int lebm__in_file(const lebm__st_reader *st, const char *where, int status)
{
    char text[LEBM__ERROR_SIZE];
    if (status == LEBM_OK || status == LEBM_ERR_NOMEM) return status;
    snprintf(text, sizeof text, "%s", lebm_last_error());
    return lebm__fail(LEBM_ERR_FORMAT, "'%.256s': %s: %s", st->path, where, text);
}

const char *lebm__find_text(const lebm__st_reader *st, const char *group, const char *name)
{
    char key[LEBM__KEY_SIZE];
    lebm__make_key(key, group, name);
    return lebm__st_text(st, key);
}

int lebm__get_text(const lebm__st_reader *st, const char *group, const char *name, const char **text)
{
    *text = lebm__find_text(st, group, name);
    if (*text != NULL) return LEBM_OK;
    return lebm__fail(LEBM_ERR_FORMAT, "'%.256s': metadata '%s.%s' is missing", st->path, group, name);
}

static int metadata_not_a_number(const lebm__st_reader *st, const char *group, const char *name, const char *kind,
                                 const char *text)
{
    return lebm__fail(LEBM_ERR_FORMAT, "'%.256s': metadata '%s.%s' is '%.64s', which is not %s", st->path, group, name,
                      text, kind);
}

static int metadata_read_f64(const lebm__st_reader *st, const char *group, const char *name, const char *text,
                             double *value)
{
    return lebm__parse_f64(text, value) ? LEBM_OK
                                        : metadata_not_a_number(st, group, name, "a finite decimal number", text);
}

static int metadata_read_i64(const lebm__st_reader *st, const char *group, const char *name, const char *text,
                             int64_t *value)
{
    return lebm__parse_i64(text, value) ? LEBM_OK
                                        : metadata_not_a_number(st, group, name, "an integer of 64 bits", text);
}

int lebm__get_f64(const lebm__st_reader *st, const char *group, const char *name, double *value)
{
    const char *text;
    LEBM__TRY(lebm__get_text(st, group, name, &text));
    return metadata_read_f64(st, group, name, text, value);
}

int lebm__get_i64(const lebm__st_reader *st, const char *group, const char *name, int64_t *value)
{
    const char *text;
    LEBM__TRY(lebm__get_text(st, group, name, &text));
    return metadata_read_i64(st, group, name, text, value);
}

const char *lebm__option_text(const lebm__st_reader *st, const char *group, const lebm__option *option)
{
    const char *text = lebm__find_text(st, group, option->key);
    return text != NULL ? text : option->file_default;
}

static int metadata_get_option(const lebm__st_reader *st, const char *group, const lebm__option *option,
                               lebm__handle *handle)
{
    const char *key = option->key, *text = lebm__option_text(st, group, option);
    int64_t integer;
    double number;
    switch (option->type) {
    case LEBM__I64:
        LEBM__TRY(metadata_read_i64(st, group, key, text, &integer));
        return lebm__in_file(st, group, lebm__handle_set_i64(handle, __func__, key, integer));
    case LEBM__F64:
        LEBM__TRY(metadata_read_f64(st, group, key, text, &number));
        return lebm__in_file(st, group, lebm__handle_set_f64(handle, __func__, key, number));
    default:
        return lebm__in_file(st, group, lebm__handle_set_str(handle, __func__, key, text));
    }
}

int lebm__get_options(const lebm__st_reader *st, const char *group, lebm__handle *handle)
{
    const lebm__option *option;
    for (int64_t i = 0; (option = lebm__handle_setting(handle, i).option) != NULL; i++) {
        if (option->file_default != NULL) LEBM__TRY(metadata_get_option(st, group, option, handle));
    }
    return LEBM_OK;
}

/* Whether the library writes such a key. */
static int metadata_is_known(int group, const char *name)
{
    for (int i = 0; groups[group].others[i] != NULL; i++) {
        if (strcmp(groups[group].others[i], name) == 0) return 1;
    }
    const lebm__options *options = groups[group].options;
    const lebm__option *option = options == NULL ? NULL : lebm__options_find(options, name);
    if (option == NULL && options == &lebm__sampler_table) option = lebm__kernel_find_option(name);
    return option != NULL && option->file_default != NULL;
}

static int metadata_check_key(const lebm__st_reader *st, int group, const char *key)
{
    const size_t length = strlen(groups[group].name);
    if (strncmp(key, groups[group].name, length) != 0 || key[length] != '.') return LEBM_OK;
    if (metadata_is_known(group, key + length + 1)) return LEBM_OK;
    const char *writer = lebm__st_text(st, "library_version");
    return lebm__fail(LEBM_ERR_VERSION,
                      "'%.256s': metadata '%.64s' is unknown to this library, version %s; the file is of version %.32s",
                      st->path, key, lebm_version(), writer == NULL ? "unknown" : writer);
}

int lebm__check_keys(const lebm__st_reader *st, const char *group)
{
    for (int i = 0; i < GROUPS; i++) {
        const struct cJSON *place = NULL;
        if (group != NULL && strcmp(groups[i].name, group) != 0) continue;
        for (const char *key; (key = lebm__st_next_key(st, &place)) != NULL;) LEBM__TRY(metadata_check_key(st, i, key));
    }
    return LEBM_OK;
}
