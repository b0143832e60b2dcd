/* The pool of threads: every task once, errors by the lowest task, resizing, nesting and forks. */
#define _GNU_SOURCE /* sched_setaffinity() */
#include "math/threads.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/environment.h"
#include "core/memory.h"
#include "core/status.h"
#include "support/approx.h"

enum { MOST_TASKS = 1000, MOST_THREADS = 16 };

/* ---- the system, as the linker's --wrap lets it be replaced ---- */

static int threads_fail;   /* whether no thread can be started */
static size_t least_stack; /* of those started */
static int processors;     /* that may be used of 2,048 that the kernel has room for; 0: as it is */

int __real_pthread_create(pthread_t *id, const pthread_attr_t *attributes, void *(*start)(void *), void *argument);
int __wrap_pthread_create(pthread_t *id, const pthread_attr_t *attributes, void *(*start)(void *), void *argument);
int __real_sched_getaffinity(pid_t process, size_t size, cpu_set_t *set);
int __wrap_sched_getaffinity(pid_t process, size_t size, cpu_set_t *set);

int __wrap_pthread_create(pthread_t *id, const pthread_attr_t *attributes, void *(*start)(void *), void *argument)
{
    size_t stack = 0;
    if (threads_fail) return EAGAIN;
    if (attributes != NULL) pthread_attr_getstacksize(attributes, &stack);
    if (stack < least_stack) least_stack = stack;
    return __real_pthread_create(id, attributes, start, argument);
}

int __wrap_sched_getaffinity(pid_t process, size_t size, cpu_set_t *set)
{
    if (processors == 0) return __real_sched_getaffinity(process, size, set);
    if (size < 2048 / 8) {
        errno = EINVAL;
        return -1;
    }
    CPU_ZERO_S(size, set);
    for (int i = 0; i < processors; i++) CPU_SET_S(2047 - i, size, set);
    return 0;
}

/* What tasks leave behind. Check must not be called by any thread but the test's own, so tasks take notes. */
typedef struct {
    int threads; /* that there should be */
    atomic_int times[MOST_TASKS], of_thread[MOST_THREADS];
    atomic_int out_of_range;                 /* tasks told of a thread that there is not */
    atomic_int at_once[MOST_THREADS], twice; /* tasks of a thread at this moment; times that there were two */
    int fail[2];                             /* tasks to fail; -1: none */
} notes;

static int take_note(void *context, int64_t task, int thread)
{
    notes *n = context;
    if (thread < 0 || thread >= n->threads) {
        atomic_fetch_add(&n->out_of_range, 1);
        return LEBM_OK;
    }
    if (atomic_fetch_add(&n->at_once[thread], 1) != 0) atomic_fetch_add(&n->twice, 1);
    atomic_fetch_add(&n->times[task], 1);
    atomic_fetch_add(&n->of_thread[thread], 1);
    atomic_fetch_sub(&n->at_once[thread], 1);
    for (int f = 0; f < 2; f++) {
        if (task != n->fail[f]) continue;
        if (f == 0) usleep(200); /* so that the higher of the two is likely to fail first */
        return lebm__fail(LEBM_ERR_RANGE - f, "task %lld failed", (long long)task);
    }
    return LEBM_OK;
}

static void clear(notes *n, int threads)
{
    memset(n, 0, sizeof *n);
    n->threads = threads;
    n->fail[0] = n->fail[1] = -1;
}

static void assert_each_once(const notes *n, int64_t count)
{
    int64_t sum = 0;
    LEBM_ASSERT_MSG(n->out_of_range == 0, "%d tasks were told of a thread outside 0 to %d", n->out_of_range,
                    n->threads - 1);
    LEBM_ASSERT_MSG(n->twice == 0, "%d times a thread was given to two tasks at once", n->twice);
    for (int64_t t = 0; t < MOST_TASKS; t++)
        LEBM_ASSERT_MSG(n->times[t] == (t < count), "task %lld of %lld was done %d times", (long long)t,
                        (long long)count, n->times[t]);
    for (int t = 0; t < n->threads; t++) sum += n->of_thread[t];
    LEBM_ASSERT_MSG(sum == count, "the threads did %lld tasks of %lld", (long long)sum, (long long)count);
}

static void assert_runs(lebm__pool *pool, int threads, int64_t count)
{
    notes n;
    clear(&n, threads);
    LEBM_ASSERT_OK(lebm__pool_run(pool, count, take_note, &n));
    assert_each_once(&n, count);
}

static lebm__pool *make_pool(int threads)
{
    lebm__pool *pool = NULL;
    LEBM_ASSERT_OK(lebm__pool_resize(&pool, threads));
    ck_assert_int_eq(lebm__pool_threads(pool), threads);
    return pool;
}

/* ---- tasks ---- */

START_TEST(every_task_is_done_once)
{
    for (int threads = 1; threads <= 8; threads++) {
        lebm__pool *pool = make_pool(threads);
        for (int64_t count = 0; count < 20; count++) assert_runs(pool, threads, count);
        assert_runs(pool, threads, MOST_TASKS);
        lebm__pool_destroy(pool);
    }
}
END_TEST

START_TEST(many_small_runs)
{
    lebm__pool *pool = make_pool(4);
    for (int i = 0; i < 2000; i++) assert_runs(pool, 4, i % 10);
    lebm__pool_destroy(pool);
}
END_TEST

static int note_thread(void *context, int64_t task, int thread)
{
    if (task == 0) *(int *)context = thread;
    return LEBM_OK;
}

START_TEST(the_first_task_is_the_callers)
{
    lebm__pool *pool = make_pool(4);
    for (int i = 0; i < 500; i++) {
        int thread = -1;
        LEBM_ASSERT_OK(lebm__pool_run(pool, 1 + i % 9, note_thread, &thread));
        LEBM_ASSERT_MSG(thread == 0, "task 0 of %d was done by thread %d", 1 + i % 9, thread);
    }
    lebm__pool_destroy(pool);
}
END_TEST

typedef struct {
    pthread_barrier_t barrier;
    pthread_t ids[MOST_THREADS];
    int leaves_signals[MOST_THREADS]; /* which are for the host's threads */
    int takes_faults[MOST_THREADS];   /* and a profiler's signals */
    atomic_int times[MOST_THREADS];
} meeting;

static const int of_host[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD, SIGALRM, SIGUSR1, SIGUSR2, SIGPIPE, SIGWINCH};
static const int of_thread[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT, SIGPROF, SIGVTALRM};

static int is_blocked(int signal)
{
    sigset_t set;
    pthread_sigmask(SIG_BLOCK, NULL, &set);
    return sigismember(&set, signal);
}

/* Ends when all threads of the pool do a task at the same time. */
static int meet(void *context, int64_t task, int thread)
{
    (void)task;
    meeting *m = context;
    m->leaves_signals[thread] = 1;
    m->takes_faults[thread] = 1;
    for (size_t i = 0; i < sizeof of_host / sizeof *of_host; i++)
        if (!is_blocked(of_host[i])) m->leaves_signals[thread] = 0;
    for (size_t i = 0; i < sizeof of_thread / sizeof *of_thread; i++)
        if (is_blocked(of_thread[i])) m->takes_faults[thread] = 0;
    m->ids[thread] = pthread_self();
    atomic_fetch_add(&m->times[thread], 1);
    pthread_barrier_wait(&m->barrier);
    return LEBM_OK;
}

/* Fails unless the pool runs exactly so many threads at once, the caller being number 0. */
static void assert_meets(lebm__pool *pool, int threads)
{
    meeting m;
    memset(&m, 0, sizeof m);
    pthread_barrier_init(&m.barrier, NULL, (unsigned)threads);
    ck_assert_int_eq(lebm__pool_threads(pool), threads);
    LEBM_ASSERT_OK(lebm__pool_run(pool, threads, meet, &m));
    pthread_barrier_destroy(&m.barrier);
    for (int t = 0; t < threads; t++) {
        LEBM_ASSERT_MSG(m.times[t] == 1, "thread %d of %d did %d tasks at once", t, threads, m.times[t]);
        LEBM_ASSERT_MSG(pthread_equal(m.ids[t], pthread_self()) == (t == 0), "thread %d of %d is%s the caller", t,
                        threads, t == 0 ? " not" : "");
        LEBM_ASSERT_MSG(m.leaves_signals[t] == (t != 0), "thread %d of %d has signals %s", t, threads,
                        t == 0 ? "blocked" : "open");
        LEBM_ASSERT_MSG(m.takes_faults[t], "thread %d of %d has the signals of faults and profilers blocked", t,
                        threads);
    }
}

START_TEST(all_threads_work_at_once_and_leave_signals_to_the_caller)
{
    for (int threads = 1; threads <= 8; threads++) {
        lebm__pool *pool = make_pool(threads);
        assert_meets(pool, threads);
        assert_meets(pool, threads);
        lebm__pool_destroy(pool);
    }
}
END_TEST

static atomic_int taken; /* signals by the handler */

static void take_signal(int signal)
{
    (void)signal;
    atomic_fetch_add(&taken, 1);
}

/* A signal to each thread, as a fault sends it; and whether it has it blocked. */
static int raise_signal(void *context, int64_t task, int thread)
{
    (void)task;
    meeting *m = context;
    m->takes_faults[thread] = !is_blocked(SIGPROF);
    raise(SIGSEGV);
    pthread_barrier_wait(&m->barrier);
    return LEBM_OK;
}

START_TEST(a_host_sees_faults_of_workers_and_may_block_its_profilers)
{
    enum { THREADS = 3 };
    struct sigaction action = {.sa_handler = take_signal}, usual;
    meeting m;
    sigset_t profilers;
    memset(&m, 0, sizeof m);
    sigemptyset(&profilers);
    sigaddset(&profilers, SIGPROF);
    ck_assert_int_eq(sigaction(SIGSEGV, &action, &usual), 0);
    pthread_sigmask(SIG_BLOCK, &profilers, NULL);
    pthread_barrier_init(&m.barrier, NULL, THREADS);
    lebm__pool *pool = make_pool(THREADS);
    LEBM_ASSERT_OK(lebm__pool_run(pool, THREADS, raise_signal, &m));
    lebm__pool_destroy(pool);
    pthread_barrier_destroy(&m.barrier);
    pthread_sigmask(SIG_UNBLOCK, &profilers, NULL);
    ck_assert_int_eq(sigaction(SIGSEGV, &usual, NULL), 0);
    ck_assert_int_eq(taken, THREADS);
    for (int t = 0; t < THREADS; t++) ck_assert_int_eq(m.takes_faults[t], 0);
}
END_TEST

static int write_stack(void)
{
    volatile char stack[1 << 20];
    for (size_t i = 0; i < sizeof stack; i += 1024) stack[i] = 1;
    return stack[1 << 19] == 1 ? LEBM_OK : LEBM_ERR_INTERNAL;
}

/* Far more than the library's own tasks take. The caller's stack is its own affair. */
static int use_stack(void *barrier, int64_t task, int thread)
{
    (void)task;
    pthread_barrier_wait(barrier);
    return thread == 0 ? LEBM_OK : write_stack();
}

START_TEST(workers_have_a_stack_of_known_size)
{
    enum { THREADS = 3 };
    pthread_barrier_t barrier;
    pthread_barrier_init(&barrier, NULL, THREADS);
    lebm__pool *pool = make_pool(THREADS);
    least_stack = SIZE_MAX;
    LEBM_ASSERT_OK(lebm__pool_run(pool, THREADS, use_stack, &barrier));
    lebm__pool_destroy(pool);
    pthread_barrier_destroy(&barrier);
    ck_assert_uint_ge(least_stack, 4 << 20);
    ck_assert_uint_le(least_stack, 8 << 20); /* address space may be scarce */
}
END_TEST

START_TEST(pools_grow_and_shrink)
{
    static const int sizes[] = {1, 4, 2, 7, 7, 1, 3, 16, 1, 1, 5};
    lebm__pool *pool = NULL;
    for (int with_runs = 1; with_runs >= 0; with_runs--) {
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            LEBM_ASSERT_OK(lebm__pool_resize(&pool, sizes[i]));
            ck_assert_int_eq(lebm__pool_threads(pool), sizes[i]);
            if (!with_runs) continue;
            assert_meets(pool, sizes[i]);
            assert_runs(pool, sizes[i], 50);
        }
    }
    assert_meets(pool, sizes[sizeof sizes / sizeof *sizes - 1]);
    lebm__pool_destroy(pool);
}
END_TEST

enum { OWNERS = 3 };

/* What each thread is to have, and where it got it. */
struct owners {
    int64_t bytes;
    void *memory[OWNERS];
};

static void lay_out(void *context, int thread, lebm__arena *arena)
{
    struct owners *o = context;
    o->memory[thread] = lebm__arena_take(arena, o->bytes, 1);
}

START_TEST(each_thread_keeps_memory_of_its_own)
{
    enum { FEW = 1000, MANY = 5 << 20 };
    lebm__pool *pool = NULL;
    struct owners many = {.bytes = MANY}, few = {.bytes = FEW}, more = {.bytes = MANY + 1};
    LEBM_ASSERT_OK(lebm__pool_resize(&pool, OWNERS));
    LEBM_ASSERT_OK(lebm__pool_lay_out(pool, OWNERS, lay_out, &many));
    for (int t = 0; t < OWNERS; t++) memset(many.memory[t], t, MANY); /* a sanitizer knows the end */
    LEBM_ASSERT_OK(lebm__pool_lay_out(pool, OWNERS, lay_out, &few));
    for (int t = 0; t < OWNERS; t++) {
        ck_assert_ptr_eq(few.memory[t], many.memory[t]);
        ck_assert_int_eq(((unsigned char *)many.memory[t])[MANY - 1], t);
    }
    lebm__alloc_fail_after(0);
    LEBM_ASSERT_STATUS(lebm__pool_lay_out(pool, OWNERS, lay_out, &more), LEBM_ERR_NOMEM);
    lebm__alloc_fail_after(-1);
    LEBM_ASSERT_OK(lebm__pool_lay_out(pool, OWNERS, lay_out, &few));
    LEBM_ASSERT_OK(lebm__pool_resize(&pool, 1)); /* gives back what the others had */
    LEBM_ASSERT_OK(lebm__pool_resize(&pool, OWNERS));
    LEBM_ASSERT_OK(lebm__pool_lay_out(pool, OWNERS, lay_out, &few));
    for (int t = 0; t < OWNERS; t++) memset(few.memory[t], t, FEW);
    lebm__pool_destroy(pool);
}
END_TEST

START_TEST(pools_may_be_destroyed_unused)
{
    lebm__pool_destroy(NULL);
    lebm__pool_destroy(make_pool(1));
    lebm__pool_destroy(make_pool(8));
    for (int i = 0; i < 100; i++) { /* at once after the threads started */
        lebm__pool *pool = make_pool(4);
        assert_runs(pool, 4, i % 3);
        lebm__pool_destroy(pool);
    }
}
END_TEST

/* ---- failures ---- */

START_TEST(the_lowest_failure_is_reported)
{
    static const int failing[][2] = {{5, -1}, {5, 9}, {0, 1}, {0, 99}, {98, 99}, {50, 53}};
    for (int threads = 1; threads <= 8; threads++) {
        lebm__pool *pool = make_pool(threads);
        for (int round = 0; round < 60; round++) {
            const int *fail = failing[round % 6];
            char text[64];
            notes n;
            clear(&n, threads);
            n.fail[0] = fail[0];
            n.fail[1] = fail[1];
            lebm__fail(LEBM_ERR_INVALID, "an older error");
            LEBM_ASSERT_STATUS(lebm__pool_run(pool, 100, take_note, &n), LEBM_ERR_RANGE);
            snprintf(text, sizeof text, "task %d failed", fail[0]);
            ck_assert_str_eq(lebm_last_error(), text);
            int done = 0;
            for (int t = 0; t < 100; t++) {
                done += n.times[t];
                LEBM_ASSERT_MSG(t > fail[0] || n.times[t] == 1, "task %d before the failed %d was done %d times", t,
                                fail[0], n.times[t]);
            }
            LEBM_ASSERT_MSG(threads > 1 || done == fail[0] + 1, "after task %d failed, %d tasks were done", fail[0],
                            done - fail[0] - 1);
        }
        assert_runs(pool, threads, 100);
        lebm__pool_destroy(pool);
    }
}
END_TEST

typedef struct {
    pthread_barrier_t barrier;
    int64_t slow; /* the task that fails after the other */
} race;

/* Both tasks of a call fail, in this order or that. */
static int fail_both(void *context, int64_t task, int thread)
{
    (void)thread;
    race *r = context;
    pthread_barrier_wait(&r->barrier);
    if (task == r->slow) usleep(2000);
    return lebm__fail(LEBM_ERR_RANGE - (int)task, "task %lld failed", (long long)task);
}

START_TEST(the_lowest_failure_is_reported_whichever_is_first)
{
    lebm__pool *pool = make_pool(2);
    for (int round = 0; round < 20; round++) {
        race r = {.slow = round % 2};
        pthread_barrier_init(&r.barrier, NULL, 2);
        LEBM_ASSERT_STATUS(lebm__pool_run(pool, 2, fail_both, &r), LEBM_ERR_RANGE);
        ck_assert_str_eq(lebm_last_error(), "task 0 failed");
        pthread_barrier_destroy(&r.barrier);
    }
    lebm__pool_destroy(pool);
}
END_TEST

START_TEST(a_good_run_leaves_the_error_alone)
{
    lebm__pool *pool = make_pool(3);
    lebm__fail(LEBM_ERR_INVALID, "an older error");
    assert_runs(pool, 3, 100);
    ck_assert_str_eq(lebm_last_error(), "an older error");
    lebm__pool_destroy(pool);
}
END_TEST

START_TEST(only_making_a_pool_takes_memory)
{
    lebm__pool *pool = NULL, *ready = make_pool(4);
    lebm__alloc_fail_after(0);
    LEBM_ASSERT_STATUS(lebm__pool_resize(&pool, 4), LEBM_ERR_NOMEM);
    assert_meets(ready, 4);
    lebm__alloc_fail_after(-1);
    ck_assert_ptr_null(pool);
    lebm__pool_destroy(ready);
}
END_TEST

START_TEST(without_other_threads_the_caller_does_the_work)
{
    lebm__pool *pool = make_pool(4);
    notes n;
    clear(&n, 4);
    threads_fail = 1;
    const int status = lebm__pool_run(pool, 100, take_note, &n);
    threads_fail = 0;
    LEBM_ASSERT_STATUS(status, LEBM_OK);
    assert_each_once(&n, 100);
    ck_assert_int_eq(n.of_thread[0], 100);
    assert_meets(pool, 4); /* now the others start */
    lebm__pool_destroy(pool);
}
END_TEST

/* A status that is no error, as that of chains which were asked to stop. */
static int stop_at_task_9(void *context, int64_t task, int thread)
{
    take_note(context, task, thread);
    return task == 9 ? LEBM_STOPPED : LEBM_OK;
}

START_TEST(a_stop_drops_what_is_left_and_is_no_error)
{
    for (int threads = 1; threads <= 8; threads++) {
        lebm__pool *pool = make_pool(threads);
        notes n;
        clear(&n, threads);
        lebm__fail(LEBM_ERR_INVALID, "an older error");
        LEBM_ASSERT_STATUS(lebm__pool_run(pool, MOST_TASKS, stop_at_task_9, &n), LEBM_STOPPED);
        ck_assert_str_eq(lebm_last_error(), "an older error");
        int done = 0;
        for (int t = 0; t < MOST_TASKS; t++) {
            done += n.times[t];
            LEBM_ASSERT_MSG(t > 9 || n.times[t] == 1, "task %d before the stop was done %d times", t, n.times[t]);
        }
        LEBM_ASSERT_MSG(threads > 1 || done == 10, "after the stop, %d tasks were done", done - 10);
        assert_runs(pool, threads, 100);
        lebm__pool_destroy(pool);
    }
}
END_TEST

/* ---- pools within tasks, and beside each other ---- */

typedef struct {
    notes inner[8];
    atomic_int bad;
} nest;

static int run_inner(void *context, int64_t task, int thread)
{
    (void)thread;
    nest *n = context;
    lebm__pool *pool = NULL;
    int status = lebm__pool_resize(&pool, 3);
    for (int i = 0; i < 3 && status == LEBM_OK; i++) {
        clear(&n->inner[task], 3);
        status = lebm__pool_run(pool, 200, take_note, &n->inner[task]);
    }
    lebm__pool_destroy(pool);
    return status;
}

START_TEST(pools_nest)
{
    nest *n = test_alloc(1, sizeof *n);
    lebm__pool *pool = make_pool(3);
    LEBM_ASSERT_OK(lebm__pool_run(pool, 8, run_inner, n));
    for (int t = 0; t < 8; t++) assert_each_once(&n->inner[t], 200);
    lebm__pool_destroy(pool);
    free(n);
}
END_TEST

static void *run_alone(void *argument)
{
    return (void *)(intptr_t)run_inner(argument, 0, 0);
}

START_TEST(pools_of_several_callers_do_not_mix)
{
    enum { CALLERS = 4 };
    nest *n = test_alloc(CALLERS, sizeof *n);
    pthread_t callers[CALLERS];
    for (int i = 0; i < CALLERS; i++) ck_assert_int_eq(pthread_create(&callers[i], NULL, run_alone, &n[i]), 0);
    for (int i = 0; i < CALLERS; i++) {
        void *status;
        ck_assert_int_eq(pthread_join(callers[i], &status), 0);
        LEBM_ASSERT_OK((int)(intptr_t)status);
        assert_each_once(&n[i].inner[0], 200);
    }
    free(n);
}
END_TEST

static void *use_pool(void *pool)
{
    notes n;
    clear(&n, 4);
    return (void *)(intptr_t)lebm__pool_run(pool, 100, take_note, &n);
}

START_TEST(a_pool_may_change_its_caller)
{
    lebm__pool *pool = make_pool(4);
    for (int i = 0; i < 20; i++) {
        pthread_t caller;
        void *status;
        ck_assert_int_eq(pthread_create(&caller, NULL, use_pool, pool), 0);
        ck_assert_int_eq(pthread_join(caller, &status), 0);
        LEBM_ASSERT_OK((int)(intptr_t)status);
        assert_meets(pool, 4);
    }
    lebm__pool_destroy(pool);
}
END_TEST

/* ---- forks; ThreadSanitizer does not follow them ---- */

#if !defined(__SANITIZE_THREAD__)

/* The exit status of a child that resizes the pool of its parent and uses it: 0 if all is well. */
static int use_in_child(lebm__pool **pool, int threads, int destroy_only)
{
    const pid_t child = fork();
    int status;
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        notes n;
        int64_t done = 0;
        for (int i = 0; i < 3 && !destroy_only; i++) {
            clear(&n, threads);
            if (lebm__pool_resize(pool, threads) != LEBM_OK) _exit(1);
            if (lebm__pool_threads(*pool) != threads) _exit(2);
            if (lebm__pool_run(*pool, 100, take_note, &n) != LEBM_OK) _exit(3);
            for (int t = 0; t < 100; t++) done += n.times[t] == 1;
        }
        if (!destroy_only && (done != 300 || n.out_of_range || n.twice)) _exit(4);
        lebm__pool_destroy(*pool);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

START_TEST(a_child_may_use_the_pool_of_its_parent)
{
    static const int sizes[] = {4, 1, 2, 8};
    for (int used = 0; used < 2; used++) {
        lebm__pool *pool = make_pool(4);
        if (used) assert_meets(pool, 4);
        for (int i = 0; i < 4; i++) {
            const int status = use_in_child(&pool, sizes[i], 0);
            LEBM_ASSERT_MSG(status == 0, "a child that wants %d threads of a pool %s ended with %d", sizes[i],
                            used ? "in use" : "not used yet", status);
        }
        const int status = use_in_child(&pool, 4, 1);
        LEBM_ASSERT_MSG(status == 0, "a child that destroys the pool ended with %d", status);
        assert_meets(pool, 4); /* the parent does not notice */
        lebm__pool_destroy(pool);
    }
}
END_TEST

#endif

/* ---- how many ---- */

#define REFUSED " (not understood: allowed are 0 to 1024; 0 is taken)"

START_TEST(the_number_of_threads_follows_option_environment_and_processors)
{
    static const struct {
        const char *environment;
        int64_t option;
        int threads; /* 0: all processors */
        const char *report;
    } cases[] = {{NULL, 1, 1, ""},
                 {NULL, 7, 7, ""},
                 {NULL, 1024, 1024, ""},
                 {NULL, 5000, 1024, ""},
                 {NULL, 0, 0, ""},
                 {"5", 0, 5, ", LEBM_NUM_THREADS=5"},
                 {"5", 3, 3, ", LEBM_NUM_THREADS=5"},
                 {"5", -1, 5, ", LEBM_NUM_THREADS=5"},
                 {"99999", 0, 1024, ", LEBM_NUM_THREADS=99999 (1024 is taken)"},
                 {"0", 0, 0, ", LEBM_NUM_THREADS=0"},
                 {"-3", 0, 0, ", LEBM_NUM_THREADS=-3" REFUSED},
                 {"many", 0, 0, ", LEBM_NUM_THREADS=many" REFUSED},
                 {"", 0, 0, ""},
                 {"7\nof 8", 0, 0, ", LEBM_NUM_THREADS=7?of 8" REFUSED},
                 {"2.9", 0, 0, ", LEBM_NUM_THREADS=2.9" REFUSED}};
    cpu_set_t all, one;
    ck_assert_int_eq(sched_getaffinity(0, sizeof all, &all), 0);
    unsetenv("LEBM_ISA"); /* which the report would tell as well */
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (cases[i].environment)
            setenv("LEBM_NUM_THREADS", cases[i].environment, 1);
        else
            unsetenv("LEBM_NUM_THREADS");
        lebm__environment_read();
        ck_assert_str_eq(lebm__environment()->report, cases[i].report);
        const int threads = lebm__thread_count(cases[i].option);
        const int expected = cases[i].threads ? cases[i].threads : CPU_COUNT(&all);
        LEBM_ASSERT_MSG(threads == expected, "option %lld with LEBM_NUM_THREADS %s means %d threads, not %d",
                        (long long)cases[i].option, cases[i].environment ? cases[i].environment : "unset", threads,
                        expected);
    }
    unsetenv("LEBM_NUM_THREADS");
    lebm__environment_read();
    CPU_ZERO(&one);
    for (int cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; cpu++)
        if (CPU_ISSET(cpu, &all)) CPU_SET(cpu, &one);
    ck_assert_int_eq(sched_setaffinity(0, sizeof one, &one), 0);
    const int threads = lebm__thread_count(0);
    ck_assert_int_eq(sched_setaffinity(0, sizeof all, &all), 0);
    LEBM_ASSERT_MSG(threads == 1, "a process that may use one processor gets %d threads", threads);
}
END_TEST

START_TEST(processors_are_counted_where_there_might_be_thousands)
{
    unsetenv("LEBM_NUM_THREADS");
    lebm__environment_read();
    const int expected = sysconf(_SC_NPROCESSORS_ONLN) == 2 ? 3 : 2; /* not all of the machine's */
    processors = expected;
    const int threads = lebm__thread_count(0);
    processors = 0;
    ck_assert_int_eq(threads, expected);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("threads");
    TCase *tasks = tcase_create("tasks");
    tcase_set_timeout(tasks, 20);
    tcase_add_test(tasks, every_task_is_done_once);
    tcase_add_test(tasks, many_small_runs);
    tcase_add_test(tasks, the_first_task_is_the_callers);
    tcase_add_test(tasks, all_threads_work_at_once_and_leave_signals_to_the_caller);
    tcase_add_test(tasks, a_host_sees_faults_of_workers_and_may_block_its_profilers);
    tcase_add_test(tasks, workers_have_a_stack_of_known_size);
    tcase_add_test(tasks, pools_grow_and_shrink);
    tcase_add_test(tasks, pools_may_be_destroyed_unused);
    tcase_add_test(tasks, each_thread_keeps_memory_of_its_own);
    suite_add_tcase(suite, tasks);

    TCase *failures = tcase_create("failures");
    tcase_set_timeout(failures, 20);
    tcase_add_test(failures, the_lowest_failure_is_reported);
    tcase_add_test(failures, the_lowest_failure_is_reported_whichever_is_first);
    tcase_add_test(failures, a_good_run_leaves_the_error_alone);
    tcase_add_test(failures, a_stop_drops_what_is_left_and_is_no_error);
    tcase_add_test(failures, only_making_a_pool_takes_memory);
    tcase_add_test(failures, without_other_threads_the_caller_does_the_work);
    suite_add_tcase(suite, failures);

    TCase *several = tcase_create("several");
    tcase_set_timeout(several, 60);
    tcase_add_test(several, pools_nest);
    tcase_add_test(several, pools_of_several_callers_do_not_mix);
    tcase_add_test(several, a_pool_may_change_its_caller);
#if !defined(__SANITIZE_THREAD__)
    tcase_add_test(several, a_child_may_use_the_pool_of_its_parent);
#endif
    suite_add_tcase(suite, several);

    TCase *number = tcase_create("number");
    tcase_add_test(number, the_number_of_threads_follows_option_environment_and_processors);
    tcase_add_test(number, processors_are_counted_where_there_might_be_thousands);
    suite_add_tcase(suite, number);
    return suite;
}

int main(void)
{
    return test_run_suite(suite());
}
