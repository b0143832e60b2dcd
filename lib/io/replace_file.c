#include "io/replace_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/locale.h"
#include "core/memory.h"
#include "core/status.h"

enum { NAME_ATTEMPTS = 100 };

static int cannot_write(const lebm__replacement *replacement, int error)
{
    return lebm__fail(LEBM_ERR_IO, "cannot write '%.256s': %s", replacement->path, lebm__error_text(error));
}

/* Set target to `path` or, so that a symbolic link survives, to what it links to. */
static int find_target(lebm__replacement *replacement)
{
    struct stat info;
    if (lstat(replacement->path, &info) == 0 && S_ISLNK(info.st_mode)) {
        char *real = realpath(replacement->path, NULL);
        if (real == NULL) return cannot_write(replacement, errno);
        replacement->target = lebm__strdup(real);
        free(real);
    } else {
        replacement->target = lebm__strdup(replacement->path);
    }
    return replacement->target == NULL ? LEBM_ERR_NOMEM : LEBM_OK;
}

/* Open the folder of the target. All else is done relative to it, whatever becomes of the working directory. */
static int open_folder(lebm__replacement *replacement)
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
    replacement->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return replacement->folder < 0 ? cannot_write(replacement, errno) : LEBM_OK;
}

/* The file to replace; its mode is 0 if there is none. */
static int find_old(const lebm__replacement *replacement, struct stat *old)
{
    *old = (struct stat){0};
    if (replacement->name[0] == '\0') return cannot_write(replacement, EISDIR);
    if (fstatat(replacement->folder, replacement->name, old, 0) != 0) {
        return errno == ENOENT ? LEBM_OK : cannot_write(replacement, errno);
    }
    if (!S_ISREG(old->st_mode)) {
        return lebm__fail(LEBM_ERR_IO, "cannot write '%.256s': not a regular file", replacement->path);
    }
    /* The folder alone decides whether a file may be replaced; a file marked read-only is meant to stay. */
    if (faccessat(replacement->folder, replacement->name, W_OK, AT_EACCESS) != 0) {
        return cannot_write(replacement, errno);
    }
    return LEBM_OK;
}

/* Give the new file the group and the mode of the old one. Where it cannot be of that group, nobody but its owner may do
 * what the old group or all others could not. */
static int copy_mode(const lebm__replacement *replacement, const struct stat *old)
{
    struct stat new;
    mode_t mode = old->st_mode & 07777;
    if (fstat(replacement->file, &new) != 0) return cannot_write(replacement, errno);
    if (new.st_gid != old->st_gid && fchown(replacement->file, (uid_t)-1, old->st_gid) != 0) {
        const mode_t shared = mode & mode >> 3 & S_IRWXO;
        mode = (mode & S_IRWXU) | shared << 3 | shared;
    }
    return fchmod(replacement->file, mode) == 0 ? LEBM_OK : cannot_write(replacement, errno);
}

/* Create the new file under a name that nobody else uses, never more readable than the old one. */
static int open_temporary(lebm__replacement *replacement, const struct stat *old)
{
    enum { NAME_MOST = 255, NAME_KEPT = 200 }; /* bytes that file systems allow, and of the old name */
    static atomic_uint counter;
    const int is_new = old->st_mode == 0;
    replacement->temporary = lebm__alloc_raw(NAME_MOST + 1, 1);
    if (replacement->temporary == NULL) return LEBM_ERR_NOMEM;
    for (int attempt = 0; attempt < NAME_ATTEMPTS && replacement->file < 0; attempt++) {
        snprintf(replacement->temporary, NAME_MOST + 1, "%.*s.tmp-%ld-%u", NAME_KEPT, replacement->name, (long)getpid(),
                 atomic_fetch_add(&counter, 1));
        replacement->file = openat(replacement->folder, replacement->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                                   is_new ? 0666 : old->st_mode & S_IRWXU);
        if (replacement->file < 0 && errno != EEXIST) break;
    }
    if (replacement->file < 0) {
        lebm__free(replacement->temporary); /* it is not ours to remove */
        replacement->temporary = NULL;
        return cannot_write(replacement, errno);
    }
    return is_new ? LEBM_OK : copy_mode(replacement, old);
}

static int begin(lebm__replacement *replacement)
{
    struct stat old;
    LEBM__TRY(find_target(replacement));
    LEBM__TRY(open_folder(replacement));
    LEBM__TRY(find_old(replacement, &old));
    return open_temporary(replacement, &old);
}

int lebm__replace_begin(lebm__replacement *replacement, const char *path)
{
    *replacement = (lebm__replacement){.path = path, .folder = -1, .file = -1};
    if (path[0] == '\0') return lebm__fail(LEBM_ERR_IO, "cannot write: the path is empty");
    const int status = begin(replacement);
    if (status != LEBM_OK) lebm__replace_end(replacement, status);
    return status;
}

int lebm__replace_write(lebm__replacement *replacement, const void *data, int64_t size)
{
    const char *from = data;
    while (size > 0) {
        const ssize_t written = write(replacement->file, from, (size_t)size);
        if (written < 0 && errno != EINTR) return cannot_write(replacement, errno);
        if (written > 0) {
            from += written;
            size -= written;
        }
    }
    return LEBM_OK;
}

static int flush(const lebm__replacement *replacement, int descriptor)
{
    int result;
    do {
        result = fsync(descriptor);
    } while (result != 0 && errno == EINTR);
    /* EINVAL: a file system that does not flush folders. */
    return result == 0 || errno == EINVAL ? LEBM_OK : cannot_write(replacement, errno);
}

/* Bring the new file to disk and then in place: in this order, a crash leaves one of the two files whole. */
static int put_in_place(lebm__replacement *replacement)
{
    LEBM__TRY(flush(replacement, replacement->file));
    const int closed = close(replacement->file);
    replacement->file = -1;
    if (closed != 0) return cannot_write(replacement, errno);
    if (renameat(replacement->folder, replacement->temporary, replacement->folder, replacement->name) != 0) {
        return cannot_write(replacement, errno);
    }
    return flush(replacement, replacement->folder);
}

int lebm__replace_end(lebm__replacement *replacement, int status)
{
    if (status == LEBM_OK) status = put_in_place(replacement);
    if (replacement->file >= 0) close(replacement->file);
    if (status != LEBM_OK && replacement->temporary != NULL) unlinkat(replacement->folder, replacement->temporary, 0);
    if (replacement->folder >= 0) close(replacement->folder);
    lebm__free(replacement->temporary);
    lebm__free(replacement->target);
    return status;
}
