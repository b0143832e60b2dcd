/* Replacing a file in one piece: a crash, a full disk or an error leaves the old file whole. */
#ifndef LEBM_IO_REPLACE_FILE_H
#define LEBM_IO_REPLACE_FILE_H

#include <stdint.h>

typedef struct {
    const char *path; /* as the caller gave it, for error texts */
    char *target;     /* the file to replace: `path`, or where it leads to */
    const char *name; /* last part of `target` */
    char *temporary;  /* name of the new file until it takes the place of the old one */
    int folder, file; /* open descriptors, or -1 */
} lebm__replacement;

/* Begin to write the file that will be, or take the place of, `path`, which is borrowed until the end. A symbolic link
 * stays one. A file that exists keeps its group and mode; where the system does not let it, what cannot be kept is let
 * go, but nobody may do more with the new file than with the old one. On failure there is nothing to end. */
int lebm__replace_begin(lebm__replacement *replacement, const char *path);

/* Append to the new file. */
int lebm__replace_write(lebm__replacement *replacement, const void *data, int64_t size);

/* End, if `status` is LEBM_OK with the new file on disk and in place, else, or if that fails, with the old one as it
 * was. Returns `status` or the failure. */
int lebm__replace_end(lebm__replacement *replacement, int status);

#endif
