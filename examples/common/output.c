#include "output.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"

enum { NAME_KEPT = 200 /* bytes of a file's name in that of the temporary one, which must not be too long */ };

static int cannot_write(const char *path, int error, failure *why)
{
    return fail(why, "cannot write %s: %s", path, strerror(error));
}

/* The files that the program reads: few, a model and its data. */
enum { PROTECTED_MOST = 16 };
static struct {
    dev_t device;
    ino_t file;
} protected[PROTECTED_MOST];
static int protected_count;

void output_protect(const char *path)
{
    struct stat info;
    if (protected_count == PROTECTED_MOST || stat(path, &info) != 0 || !S_ISREG(info.st_mode)) return;
    protected[protected_count].device = info.st_dev;
    protected[protected_count++].file = info.st_ino;
}

static bool is_protected(const struct stat *info)
{
    for (int i = 0; i < protected_count; i++)
        if (protected[i].device == info->st_dev && protected[i].file == info->st_ino) return true;
    return false;
}

/* What is there now; its mode is 0 if there is nothing. A link that leads nowhere counts as no regular file. */
static int find_old(const char *path, struct stat *old, failure *why)
{
    struct stat link;
    *old = (struct stat){0};
    if (stat(path, old) == 0) {
        if (S_ISDIR(old->st_mode)) return cannot_write(path, EISDIR, why);
        if (is_protected(old)) return fail(why, "cannot write %s: it is what is read", path);
        /* The folder alone decides whether a file may be replaced; a file marked read-only is meant to stay. */
        return faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0 ? 0 : cannot_write(path, errno, why);
    }
    if (errno != ENOENT) return cannot_write(path, errno, why);
    if (lstat(path, &link) == 0) *old = link;
    return 0;
}

static bool is_replaced(const struct stat *old)
{
    return old->st_mode == 0 || S_ISREG(old->st_mode);
}

/* The last part of a path. */
static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

/* How much of a name the temporary one keeps: of UTF-8, whole letters, as some file systems take no others. */
static size_t kept_length(const char *name)
{
    size_t length = strlen(name);
    if (length <= NAME_KEPT) return length;
    length = NAME_KEPT;
    while (length > 0 && ((unsigned char)name[length] & 0xc0) == 0x80) length--;
    return length;
}

/* Where the new file grows: beside the target, under a name that tells whose it is. */
static char *temporary_path(const char *target)
{
    const char *name = file_name(target);
    const size_t size = strlen(target) + 32;
    char *path = allocate(size, 1);
    snprintf(path, size, "%.*s%.*s.tmp-%ld", (int)(name - target), target, (int)kept_length(name), name,
             (long)getpid());
    return path;
}

/* Gives the new file the group and the mode of the old one; one of another group gets no rights by it. */
static void copy_mode(int descriptor, const struct stat *old)
{
    mode_t mode = old->st_mode & (S_IRWXU | S_IRWXG | S_IRWXO);
    struct stat new;
    if (fstat(descriptor, &new) != 0) return;
    if (new.st_gid != old->st_gid && fchown(descriptor, (uid_t)-1, old->st_gid) != 0) mode &= ~(mode_t)S_IRWXG;
    (void)fchmod(descriptor, mode); /* where that is not possible, it stays as private as it was created */
}

static int open_temporary(output *o, const struct stat *old)
{
    const bool is_new = old->st_mode == 0;
    o->target = is_new ? path_append(o->path, "") : realpath(o->path, NULL);
    if (o->target == NULL) return -1;
    o->temporary = temporary_path(o->target);
    if (unlink(o->temporary) != 0 && errno != ENOENT) return -1; /* of a process that had our number */
    const int descriptor =
        open(o->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, is_new ? 0666 : old->st_mode & S_IRWXU);
    if (descriptor >= 0 && !is_new) copy_mode(descriptor, old);
    return descriptor;
}

static void forget(output *o)
{
    free(o->target);
    free(o->temporary);
    o->target = o->temporary = NULL;
}

static int fail_and_discard(output *o, int error, failure *why)
{
    output_discard(o);
    return cannot_write(o->path, error, why);
}

int output_open(output *o, const char *path, failure *why)
{
    struct stat old;
    *o = (output){.path = path};
    if (find_old(path, &old, why) != 0) return -1;
    const int descriptor =
        is_replaced(&old) ? open_temporary(o, &old) : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    o->file = descriptor < 0 ? NULL : fdopen(descriptor, "w");
    if (o->file != NULL) return 0;
    const int error = errno;
    if (descriptor >= 0) close(descriptor);
    return fail_and_discard(o, error, why);
}

static int rename_into_place(output *o, failure *why)
{
    if (o->temporary != NULL && rename(o->temporary, o->target) != 0) return fail_and_discard(o, errno, why);
    forget(o);
    return 0;
}

int output_put_in_place(output *o, failure *why)
{
    return fflush(o->file) == 0 ? rename_into_place(o, why) : fail_and_discard(o, errno, why);
}

int output_close(output *o, failure *why)
{
    FILE *file = o->file;
    o->file = NULL;
    return fclose(file) == 0 ? rename_into_place(o, why) : fail_and_discard(o, errno, why);
}

void output_discard(output *o)
{
    if (o->file != NULL) fclose(o->file);
    if (o->temporary != NULL) unlink(o->temporary);
    o->file = NULL;
    forget(o);
}

int output_check(const char *path, failure *why)
{
    struct stat old;
    output o;
    if (find_old(path, &old, why) != 0) return -1;
    if (!is_replaced(&old)) return 0; /* to open a device or a pipe would be noticed at its other end */
    if (output_open(&o, path, why) != 0) return -1;
    output_discard(&o);
    return 0;
}

int output_check_file(const char *path, failure *why)
{
    struct stat old;
    if (find_old(path, &old, why) != 0) return -1;
    return is_replaced(&old) ? output_check(path, why) : fail(why, "cannot write %s: not a regular file", path);
}

/* Whether no process has that number, but for this one, which has left nothing yet. */
static bool is_gone(long process)
{
    return process == (long)getpid() ||
           (process > 0 && (long)(pid_t)process == process && kill((pid_t)process, 0) != 0 && errno == ESRCH);
}

/* Whether that is what temporary_path() or the library makes of the name, NAME.tmp-PROCESS or NAME.tmp-PROCESS-NUMBER, or
 * NAME.tmp as older programs did, and the process has ended. */
static bool is_leftover(const char *entry, const char *name)
{
    static const char mark[] = ".tmp";
    const size_t kept = kept_length(name);
    if (strncmp(entry, name, kept) != 0 || strncmp(entry + kept, mark, strlen(mark)) != 0) return false;
    const char *rest = entry + kept + strlen(mark);
    if (*rest == '\0') return true;
    if (rest[0] != '-' || !isdigit((unsigned char)rest[1])) return false;
    char *end;
    const long process = strtol(rest + 1, &end, 10);
    if (end[0] == '-' && isdigit((unsigned char)end[1])) strtol(end + 1, &end, 10);
    return *end == '\0' && is_gone(process);
}

void output_clear_leftovers(const char *path)
{
    const char *name = file_name(path);
    char *folder = path_append(path, "");
    folder[name - path] = '\0';
    DIR *entries = opendir(*folder == '\0' ? "." : folder);
    free(folder);
    if (entries == NULL) return;
    for (const struct dirent *entry; (entry = readdir(entries)) != NULL;)
        if (is_leftover(entry->d_name, name)) unlinkat(dirfd(entries), entry->d_name, 0);
    closedir(entries);
}
