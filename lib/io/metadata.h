/* The texts of model files and checkpoints. A key is "GROUP.NAME": "to_prior.steps". Numbers are texts that read back
 * exactly (docs/file-format.md). */
#ifndef LEBM_IO_METADATA_H
#define LEBM_IO_METADATA_H

#include <stdint.h>

#include "core/handle.h"
#include "io/safetensors.h"

enum { LEBM__KEY_SIZE = 64 };

/* "GROUP.NAME", of a text or a tensor. */
void lebm__make_key(char key[LEBM__KEY_SIZE], const char *group, const char *name);

/* ---- Writing ---- */

int lebm__put_text(lebm__st_writer *st, const char *group, const char *name, const char *text);
int lebm__put_f64(lebm__st_writer *st, const char *group, const char *name, double value);
int lebm__put_i64(lebm__st_writer *st, const char *group, const char *name, int64_t value);

/* Add the options that files keep, but for those at their file default. */
int lebm__put_options(lebm__st_writer *st, const char *group, const lebm__handle *handle);

/* ---- Reading: what is missing or wrong is LEBM_ERR_FORMAT with a text that names the file ---- */

/* The text, borrowed, or NULL. */
const char *lebm__find_text(const lebm__st_reader *st, const char *group, const char *name);

int lebm__get_text(const lebm__st_reader *st, const char *group, const char *name, const char **text);
int lebm__get_f64(const lebm__st_reader *st, const char *group, const char *name, double *value);
int lebm__get_i64(const lebm__st_reader *st, const char *group, const char *name, int64_t *value);

/* The text of an option that files keep, borrowed: the file's, or else the file default. */
const char *lebm__option_text(const lebm__st_reader *st, const char *group, const lebm__option *option);

/* Set the options that files keep, within their bounds; others stay as they are. */
int lebm__get_options(const lebm__st_reader *st, const char *group, lebm__handle *handle);

/* Check that this library knows all keys of a group, or of all its groups if `group` is NULL: LEBM_ERR_VERSION. Keys of
 * no group are anybody's. */
int lebm__check_keys(const lebm__st_reader *st, const char *group);

/* Turn what a function said of a value into what is wrong with the file it came from, with `where` in it. */
int lebm__in_file(const lebm__st_reader *st, const char *where, int status);

#endif
