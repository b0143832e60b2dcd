/** @file watch.h
 * A progress function that notes how it is called. */
#ifndef LEBM_TESTS_WATCH_H
#define LEBM_TESTS_WATCH_H

#include <check.h>
#include <pthread.h>

struct watch {
    pthread_t thread;       /* that should call */
    int stop_at, stop_with; /* the call that returns `stop_with`; the others return 0 */
    int calls, elsewhere, backwards, outside;
    double last;
};

/** For the progress of a sampler or a trainer, with a struct watch. */
static inline int watch_progress(double done, void *user)
{
    struct watch *watch = user;
    watch->calls++;
    watch->elsewhere += !pthread_equal(pthread_self(), watch->thread);
    watch->backwards += done < watch->last;
    watch->outside += !(done >= 0 && done <= 1);
    watch->last = done;
    return watch->calls == watch->stop_at ? watch->stop_with : 0;
}

/** Fails unless there were calls, all by the thread and from 0 to 1 without going back. */
static inline void assert_watched(const struct watch *watch)
{
    ck_assert_int_ge(watch->calls, 1);
    ck_assert_int_eq(watch->elsewhere, 0);
    ck_assert_int_eq(watch->backwards, 0);
    ck_assert_int_eq(watch->outside, 0);
}

#endif
