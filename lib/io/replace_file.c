#define _GNU_SOURCE /* O_PATH */
#include "io/replace_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/locale.h"
#include "core/memory.h"
#include "core/status.h"
#include "core/text.h"
#include "io/target.h"

enum { NAME_ATTEMPTS = 100 };

static int replace_file_cannot_write(const lebm__replacement *replacement, int error)
{
    return lebm__cannot_write(replacement->path, error);
}

/* Open the folder of the target. All else is done relative to it, whatever becomes of the working directory. */
static int replace_file_open_folder(lebm__replacement *replacement)
{
    const char *folder = ".";
    char *slash = strrchr(replacement->target, '/');
    replacement->name = slash == NULL ? replacement->target : slash + 1;
    if (slash == replacement->target) {
        folder = "/";
    } else if (slash != NULL) {
        folder = replacement->target;
        *slash = '\0';
    }
    replacement->folder = lebm__off_standard_streams(open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
#ifdef O_PATH
    /* One that may be written and not read will do, though it cannot be flushed. */
    if (replacement->folder < 0 && errno == EACCES)
        replacement->folder = lebm__off_standard_streams(open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC));
#endif
    return replacement->folder < 0 ? replace_file_cannot_write(replacement, errno) : LEBM_OK;
}

/* The file to replace; its mode is 0 if there is none. */
static int replace_file_find_old(const lebm__replacement *replacement, struct stat *old)
{
    *old = (struct stat){0};
    if (replacement->name[0] == '\0') return replace_file_cannot_write(replacement, EISDIR);
    if (fstatat(replacement->folder, replacement->name, old, 0) != 0) {
        return errno == ENOENT ? LEBM_OK : replace_file_cannot_write(replacement, errno);
    }
    if (!S_ISREG(old->st_mode)) return lebm__not_regular(replacement->path, old->st_mode);
    /* The folder alone decides whether a file may be replaced; a file marked read-only is meant to stay. */
    if (faccessat(replacement->folder, replacement->name, W_OK, AT_EACCESS) != 0) {
        return replace_file_cannot_write(replacement, errno);
    }
    return LEBM_OK;
}

/* How much of a name there is room for, in bytes: whole characters, where it is UTF-8. */
static int replace_file_kept_length(const char *name, int most)
{
    const int64_t all = (int64_t)strlen(name);
    int64_t kept = 0;
    while (kept < all) {
        const int64_t length = lebm__utf8_length(name + kept, all - kept), step = length == 0 ? 1 : length;
        if (kept + step > most) break;
        kept += step;
    }
    return (int)kept;
}

/* Create the new file under a name that nobody else uses. */
static int replace_file_create_temporary(lebm__replacement *replacement, mode_t mode)
{
    enum { NAME_MOST = 255, NAME_KEPT = 200 }; /* bytes that file systems allow, and of the old name */
    static atomic_uint counter;
    const int kept = replace_file_kept_length(replacement->name, NAME_KEPT);
    char *name = lebm__alloc_raw(NAME_MOST + 1, 1);
    if (name == NULL) return LEBM_ERR_NOMEM;
    for (int attempt = 0; attempt < NAME_ATTEMPTS && replacement->file < 0; attempt++) {
        snprintf(name, NAME_MOST + 1, "%.*s.tmp-%ld-%u", kept, replacement->name, (long)getpid(),
                 atomic_fetch_add(&counter, 1));
        replacement->file = lebm__off_standard_streams(
            openat(replacement->folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
        if (replacement->file < 0 && errno != EEXIST) break;
    }
    if (replacement->file < 0) {
        const int error = errno;
        lebm__free(name); /* it is not ours to remove */
        return replace_file_cannot_write(replacement, error);
    }
    replacement->temporary = name;
    return LEBM_OK;
}

static void replace_file_remove_temporary(lebm__replacement *replacement)
{
    if (replacement->file >= 0) close(replacement->file);
    if (replacement->temporary != NULL) unlinkat(replacement->folder, replacement->temporary, 0);
    lebm__free(replacement->temporary);
    replacement->file = -1;
    replacement->temporary = NULL;
}

/* The mode that the new file is to have. If it cannot be of the old one's group, nobody but its owner may do what the old
 * group or all others could not. */
static mode_t replace_file_wanted_mode(const struct stat *old, int same_group)
{
    const mode_t mode = old->st_mode & 07777, shared = mode & mode >> 3 & S_IRWXO;
    return same_group ? mode : (mode & S_IRWXU) | shared << 3 | shared;
}

/* Check that the new file lets nobody do more than `wanted`, whatever the file system made of its mode. */
static int replace_file_check_mode(const lebm__replacement *replacement, mode_t wanted)
{
    struct stat new;
    if (fstat(replacement->file, &new) != 0) return replace_file_cannot_write(replacement, errno);
    if ((new.st_mode & 07777 & ~wanted) == 0) return LEBM_OK;
    return lebm__fail(LEBM_ERR_IO,
                      "cannot write '%.256s': the new file would have the mode %04o; allowed are %04o and less",
                      replacement->path, (unsigned)new.st_mode & 07777u, (unsigned)wanted);
}

/* Create the file that takes the place of an old one: private at first, then with the group and the mode of the old one
 * as far as the system lets it. */
static int replace_file_create_like(lebm__replacement *replacement, const struct stat *old)
{
    struct stat new;
    LEBM__TRY(replace_file_create_temporary(replacement, old->st_mode & S_IRWXU));
    if (fstat(replacement->file, &new) != 0) return replace_file_cannot_write(replacement, errno);
    const int was_same = new.st_gid == old->st_gid;
    const mode_t wanted =
        replace_file_wanted_mode(old, was_same || fchown(replacement->file, (uid_t)-1, old->st_gid) == 0);
    if (fchmod(replacement->file, wanted) != 0 && was_same) { /* SMB, FUSE: the mode may be given only at the start */
        replace_file_remove_temporary(replacement);
        LEBM__TRY(replace_file_create_temporary(replacement, wanted & 0777));
    }
    return replace_file_check_mode(replacement, wanted);
}

static int replace_file_begin(lebm__replacement *replacement)
{
    struct stat old;
    LEBM__TRY(lebm__find_target(replacement->path, &replacement->target));
    LEBM__TRY(replace_file_open_folder(replacement));
    LEBM__TRY(replace_file_find_old(replacement, &old));
    return old.st_mode == 0 ? replace_file_create_temporary(replacement, 0666)
                            : replace_file_create_like(replacement, &old);
}

int lebm__replace_begin(lebm__replacement *replacement, const char *path)
{
    *replacement = (lebm__replacement){.path = path, .folder = -1, .file = -1};
    if (path[0] == '\0') return lebm__fail(LEBM_ERR_IO, "cannot write: the path is empty");
    const int status = replace_file_begin(replacement);
    if (status != LEBM_OK) lebm__replace_end(replacement, status);
    return status;
}

int lebm__replace_write(lebm__replacement *replacement, const void *data, int64_t size)
{
    const char *from = data;
    while (size > 0) {
        const ssize_t written = write(replacement->file, from, (size_t)size);
        if (written < 0 && errno != EINTR) return replace_file_cannot_write(replacement, errno);
        if (written > 0) {
            from += written;
            size -= written;
        }
    }
    return LEBM_OK;
}

/* Wait until a file or a folder is on disk; 0 if it cannot be. EINVAL: a file system that does not flush. */
static int replace_file_flush(int descriptor)
{
    int result;
    do {
        result = fsync(descriptor);
    } while (result != 0 && errno == EINTR);
    return result == 0 || errno == EINVAL;
}

/* Bring the new file to disk and then in place: in this order, a crash leaves one of the two files whole. */
static int replace_file_put_in_place(lebm__replacement *replacement)
{
    if (!replace_file_flush(replacement->file)) return replace_file_cannot_write(replacement, errno);
    const int closed = close(replacement->file);
    replacement->file = -1;
    if (closed != 0) return replace_file_cannot_write(replacement, errno);
    if (renameat(replacement->folder, replacement->temporary, replacement->folder, replacement->name) != 0) {
        return replace_file_cannot_write(replacement, errno);
    }
    lebm__free(replacement->temporary);
    replacement->temporary = NULL;
    replace_file_flush(
        replacement->folder); /* the new file is saved, though after a power cut the old one may be back */
    return LEBM_OK;
}

int lebm__replace_end(lebm__replacement *replacement, int status)
{
    if (status == LEBM_OK) status = replace_file_put_in_place(replacement);
    replace_file_remove_temporary(replacement);
    if (replacement->folder >= 0) close(replacement->folder);
    lebm__free(replacement->target);
    return status;
}
