#include "io/replace_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/memory.h"
#include "core/status.h"

enum { NAME_ATTEMPTS = 100 };

static int cannot_write(const lebm__replacement *replacement, int error)
{
    return lebm__fail(LEBM_ERR_IO, "cannot write '%.256s': %s", replacement->path, strerror(error));
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

/* Mode of the file to replace, -1 if there is none. */
static int find_mode(const lebm__replacement *replacement, int *mode)
{
    struct stat info;
    *mode = -1;
    if (replacement->name[0] == '\0') return cannot_write(replacement, EISDIR);
    if (fstatat(replacement->folder, replacement->name, &info, 0) != 0) {
        return errno == ENOENT ? LEBM_OK : cannot_write(replacement, errno);
    }
    if (!S_ISREG(info.st_mode)) {
        return lebm__fail(LEBM_ERR_IO, "cannot write '%.256s': not a regular file", replacement->path);
    }
    /* The folder alone decides whether a file may be replaced; a file marked read-only is meant to stay. */
    if (faccessat(replacement->folder, replacement->name, W_OK, AT_EACCESS) != 0) {
        return cannot_write(replacement, errno);
    }
    *mode = (int)(info.st_mode & 07777);
    return LEBM_OK;
}

/* Create the new file under a name that nobody else uses, never more readable than the old one. */
static int open_temporary(lebm__replacement *replacement, int mode)
{
    static atomic_uint counter;
    const size_t size = strlen(replacement->name) + 64;
    replacement->temporary = lebm__alloc_raw((int64_t)size, 1);
    if (replacement->temporary == NULL) return LEBM_ERR_NOMEM;
    for (int attempt = 0; attempt < NAME_ATTEMPTS && replacement->file < 0; attempt++) {
        snprintf(replacement->temporary, size, "%s.tmp-%ld-%u", replacement->name, (long)getpid(),
                 atomic_fetch_add(&counter, 1));
        replacement->file = openat(replacement->folder, replacement->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                                   mode < 0 ? 0666 : mode & 0777);
        if (replacement->file < 0 && errno != EEXIST) break;
    }
    if (replacement->file < 0) {
        lebm__free(replacement->temporary); /* it is not ours to remove */
        replacement->temporary = NULL;
        return cannot_write(replacement, errno);
    }
    if (mode >= 0 && fchmod(replacement->file, (mode_t)mode) != 0) return cannot_write(replacement, errno);
    return LEBM_OK;
}

static int begin(lebm__replacement *replacement)
{
    int mode;
    LEBM__TRY(find_target(replacement));
    LEBM__TRY(open_folder(replacement));
    LEBM__TRY(find_mode(replacement, &mode));
    return open_temporary(replacement, mode);
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
