#include "standard_streams.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "errors.h"

static void open_all(void)
{
    for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; descriptor++)
        if (fcntl(descriptor, F_GETFD) < 0 && open("/dev/null", O_RDWR) != descriptor) /* the lowest that is free */
            die("cannot open /dev/null: %s", strerror(errno));
}

/* When the program ends, since the last of what was printed is written only then. */
static void close_output(void)
{
    const int failed = ferror(stdout);
    errno = 0;
    if (fclose(stdout) == 0 && !failed) return;
    complain("cannot write to standard output%s%s", errno != 0 ? ": " : "", errno != 0 ? strerror(errno) : "");
    _exit(EXIT_FAILURE);
}

void standard_streams_guard(void)
{
    open_all();
    if (atexit(close_output) != 0) die("out of memory");
}
