#include "io/target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/locale.h"
#include "core/memory.h"
#include "core/status.h"

enum { LINKS_MOST = 40, LINK_SIZE = 4096 }; /* as Linux follows; bytes of what a link says, its end included */

int lebm__cannot_write(const char *path, int error)
{
    return lebm__fail(LEBM_ERR_IO, "cannot write '%.256s': %s", path, lebm__error_text(error));
}

const char *lebm__file_kind(mode_t mode)
{
    return S_ISDIR(mode) ? "a folder" : S_ISFIFO(mode) ? "a pipe" : S_ISSOCK(mode) ? "a socket" : "a device";
}

int lebm__not_regular(const char *path, mode_t mode)
{
    return lebm__fail(LEBM_ERR_IO, "cannot write '%.256s': it is %s, not a regular file", path, lebm__file_kind(mode));
}

int lebm__off_standard_streams(int descriptor)
{
    if (descriptor < 0 || descriptor > STDERR_FILENO) return descriptor;
    const int other = fcntl(descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1), error = errno;
    close(descriptor);
    errno = error;
    return other;
}

/* What `text`, which stands in the link at `from`, means as a path. */
static char *target_link_target(const char *from, const char *text)
{
    const char *slash = strrchr(from, '/');
    const size_t folder = text[0] == '/' || slash == NULL ? 0 : (size_t)(slash - from) + 1;
    const size_t size = folder + strlen(text) + 1;
    char *target = lebm__alloc_raw((int64_t)size, 1);
    if (target != NULL) snprintf(target, size, "%.*s%s", (int)folder, from, text);
    return target;
}

/* Follow a link to a file that is not there: like open(), saving makes it. */
static int target_follow_dangling(const char *path, char **target)
{
    *target = lebm__strdup(path);
    for (int links = 0; *target != NULL; links++) {
        char text[LINK_SIZE];
        const ssize_t length = readlink(*target, text, sizeof text - 1);
        if (length < 0) return LEBM_OK; /* no link: the end, or where opening its folder says what is wrong */
        if (links == LINKS_MOST || length == sizeof text - 1) {
            lebm__free(*target);
            *target = NULL;
            return lebm__cannot_write(path, links == LINKS_MOST ? ELOOP : ENAMETOOLONG);
        }
        text[length] = '\0';
        char *next = target_link_target(*target, text);
        lebm__free(*target);
        *target = next;
    }
    return LEBM_ERR_NOMEM;
}

/* Follow a link to a file that is there. Those of /proc/self/fd may lead to one that was deleted. */
static int target_follow(const char *path, char **target)
{
    char *real = realpath(path, NULL);
    if (real == NULL && errno != ENOENT) return lebm__cannot_write(path, errno);
    if (real == NULL) {
        return lebm__fail(LEBM_ERR_IO, "cannot write '%.256s': it leads to a file that has no name any more", path);
    }
    *target = lebm__strdup(real);
    free(real);
    return *target == NULL ? LEBM_ERR_NOMEM : LEBM_OK;
}

int lebm__find_target(const char *path, char **target)
{
    struct stat info;
    *target = NULL;
    if (lstat(path, &info) != 0 || !S_ISLNK(info.st_mode)) {
        *target = lebm__strdup(path);
        return *target == NULL ? LEBM_ERR_NOMEM : LEBM_OK;
    }
    if (stat(path, &info) == 0) {
        return S_ISREG(info.st_mode) ? target_follow(path, target) : lebm__not_regular(path, info.st_mode);
    }
    return errno == ENOENT ? target_follow_dangling(path, target) : lebm__cannot_write(path, errno);
}
