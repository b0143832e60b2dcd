#include "folder_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "errors.h"

/* The lock is on the folder itself: there is no file that could be left behind. The descriptor stays open; that it is
 * closed when the program ends gives the folder back. */
bool folder_lock(const char *path)
{
    const int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) return false;
    if (flock(folder, LOCK_EX | LOCK_NB) == 0) return true;
    if (errno == EWOULDBLOCK)
        die("another program writes to %s: wait for its end, or give another folder with --out", path);
    close(folder);
    return false;
}
