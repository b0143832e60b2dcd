/* Which file a path that is to be written names. */
#ifndef LEBM_IO_TARGET_H
#define LEBM_IO_TARGET_H

#include <sys/stat.h>

/* Set *target, freed by the caller, to `path` or, so that a symbolic link survives, to the file that it leads to, which
 * need not be there yet. LEBM_ERR_IO if a link leads to what is no regular file, or to one that has no name any more. */
int lebm__find_target(const char *path, char **target);

/* "a folder", "a device": what there is instead of a regular file. */
const char *lebm__file_kind(mode_t mode);

/* Fail with LEBM_ERR_IO and the reason: an errno, or that what is there is no regular file. */
int lebm__cannot_write(const char *path, int error);
int lebm__not_regular(const char *path, mode_t mode);

/* The descriptor, or another of the same file that is not 0, 1 or 2: where a host has closed those, it may go on to write
 * to them. -1, as open() says it, if there is none. */
int lebm__off_standard_streams(int descriptor);

#endif
