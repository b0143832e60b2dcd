/** @file child.h
 * Processes that save, and how they end. What they run must not use Check's assertions: only the parent may fail. */
#ifndef LEBM_TESTS_CHILD_H
#define LEBM_TESTS_CHILD_H

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/approx.h"

/** In a child: ends the process unless `status` is LEBM_OK. */
static inline void child_needs(int status)
{
    if (status == LEBM_OK) return;
    fprintf(stderr, "the child's last error is \"%s\"\n", lebm_last_error());
    _exit(1);
}

/** Starts a process that calls `work` and then exits with 0. */
static inline pid_t child_start(void (*work)(void))
{
    fflush(NULL);
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        work();
        _exit(0);
    }
    return child;
}

/** Waits for the end: 0 or the exit status, or 128 and the signal. */
static inline int child_end(pid_t child)
{
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/** The same after SIGKILL; fails unless that was what ended it. */
static inline void child_kill(pid_t child)
{
    ck_assert_int_eq(kill(child, SIGKILL), 0);
    const int end = child_end(child);
    LEBM_ASSERT_MSG(end == 128 + SIGKILL, "the child ended with %d before it was killed", end);
}

#endif
