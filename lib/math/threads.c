#define _GNU_SOURCE /* sched_getaffinity() */
#include "math/threads.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "core/environment.h"
#include "core/status.h"

/* A worker's stack, whatever the host's limit or C library would give. The library's own tasks need a few kilobytes; a
 * BLAS that runs on threads of its own after all takes 2 MiB of OpenBLAS's, and the sanitizers some. */
enum { STACK_BYTES = 4 << 20 };

/* One call: which tasks remain, and what went wrong. */
typedef struct {
    lebm__task_fn task;
    void *context;
    int64_t count, next;
    int64_t failed_task; /* lowest that failed; count if none did */
    int status;
    char error[LEBM__ERROR_SIZE];
} call;

typedef struct {
    lebm__pool *pool;
    pthread_t id;
    int thread;    /* its number in the pool */
    int64_t calls; /* that it has seen */
} worker;

struct lebm__pool {
    int threads; /* the caller's included */
    int started; /* workers running, threads 1 to started */
    int forks;   /* before they were started: they are not carried over one */
    int quit;
    int64_t calls; /* calls begun so far: a worker waits for this to change */
    int called;    /* workers that take part in the present call, threads 1 to called */
    int busy;      /* those that have not finished with it */
    call *call;
    pthread_mutex_t mutex;
    pthread_cond_t work, finished;
    worker workers[LEBM__MOST_THREADS];
    struct {
        void *memory;
        int64_t bytes;
    } own[LEBM__MOST_THREADS]; /* each thread's memory */
};

/* The processors that this process may use; 0 if that cannot be told. */
static int64_t threads_count_processors(void)
{
#ifdef __linux__
    cpu_set_t set[64]; /* the kernel refuses one without room for all processors that there might be */
    if (sched_getaffinity(0, sizeof set, set) == 0) return CPU_COUNT_S(sizeof set, set);
#endif
    return 0;
}

int lebm__thread_count(int64_t option)
{
    if (option <= 0) option = lebm__environment()->threads;
    if (option <= 0) option = threads_count_processors();
    if (option <= 0) option = sysconf(_SC_NPROCESSORS_ONLN);
    return option < 1 ? 1 : option > LEBM__MOST_THREADS ? LEBM__MOST_THREADS : (int)option;
}

/* Forks between the first process that had a pool and this one. Their ids would not do: a child that is the first process
 * of a namespace may have its parent's. */
static int forks;
static int forks_go_unnoticed;

static void threads_count_fork(void)
{
    forks++;
}

static void threads_watch_forks(void)
{
    forks_go_unnoticed = pthread_atfork(NULL, NULL, threads_count_fork) != 0;
}

/* Do a task. Holds the mutex on entry and on return. */
static void threads_do_task(lebm__pool *pool, call *c, int64_t task, int thread)
{
    pthread_mutex_unlock(&pool->mutex);
    const int status = c->task(c->context, task, thread);
    pthread_mutex_lock(&pool->mutex);
    if (status == LEBM_OK || task >= c->failed_task) return;
    c->failed_task = task;
    c->status = status;
    snprintf(c->error, sizeof c->error, "%s", lebm_last_error());
}

/* Take tasks until none is left, or one failed: tasks before that one are taken already. */
static void threads_take_tasks(lebm__pool *pool, call *c, int thread)
{
    while (c->next < c->count && c->status == LEBM_OK) threads_do_task(pool, c, c->next++, thread);
}

static void *threads_work(void *argument)
{
    worker *me = argument;
    lebm__pool *pool = me->pool;
    pthread_mutex_lock(&pool->mutex);
    for (;;) {
        while (pool->calls == me->calls && !pool->quit) pthread_cond_wait(&pool->work, &pool->mutex);
        if (pool->quit) break;
        me->calls = pool->calls;
        if (me->thread > pool->called) continue;
        threads_take_tasks(pool, pool->call, me->thread);
        if (--pool->busy == 0) pthread_cond_signal(&pool->finished);
    }
    pthread_mutex_unlock(&pool->mutex);
    return NULL;
}

static void threads_start_state(lebm__pool *pool)
{
    pool->started = 0;
    pool->quit = 0;
    pool->forks = forks;
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->work, NULL);
    pthread_cond_init(&pool->finished, NULL);
}

int lebm__pool_share(const lebm__pool *pool, int64_t count)
{
    return count < pool->threads ? (int)count : pool->threads;
}

/* Signals are for the host's own threads, except those that come to the thread which causes them, of faults and of
 * profilers: a worker has these blocked only if the thread that starts it has. Sets that mask, and returns the one before. */
static sigset_t threads_mask_signals(void)
{
    static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT, SIGPROF, SIGVTALRM};
    sigset_t mask, before;
    sigfillset(&mask);
    pthread_sigmask(SIG_BLOCK, NULL, &before);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        if (!sigismember(&before, own[i])) sigdelset(&mask, own[i]);
    }
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
    return before;
}

/* Start what is missing of `count` workers; fewer of them still do all the work. */
static void threads_start_workers(lebm__pool *pool, int count)
{
    pthread_attr_t attributes;
    if (pool->started >= count || pthread_attr_init(&attributes) != 0) return;
    const int sized = pthread_attr_setstacksize(&attributes, STACK_BYTES) == 0;
    const sigset_t before = threads_mask_signals();
    while (sized && pool->started < count) {
        worker *w = &pool->workers[pool->started];
        *w = (worker){.pool = pool, .thread = pool->started + 1, .calls = pool->calls};
        if (pthread_create(&w->id, &attributes, threads_work, w) != 0) break;
        pool->started++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
}

static void threads_stop_workers(lebm__pool *pool)
{
    if (pool->forks == forks) {
        pthread_mutex_lock(&pool->mutex);
        pool->quit = 1;
        pthread_cond_broadcast(&pool->work);
        pthread_mutex_unlock(&pool->mutex);
        for (int i = 0; i < pool->started; i++) pthread_join(pool->workers[i].id, NULL);
        pthread_cond_destroy(&pool->finished);
        pthread_cond_destroy(&pool->work);
        pthread_mutex_destroy(&pool->mutex);
    }
}

/* Threads from `thread` on give their memory back. */
static void threads_release_memory(lebm__pool *pool, int thread)
{
    for (; thread < pool->threads; thread++) {
        lebm__free(pool->own[thread].memory);
        pool->own[thread].memory = NULL;
        pool->own[thread].bytes = 0;
    }
}

int lebm__pool_resize(lebm__pool **pool, int threads)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, threads_watch_forks);
    if (forks_go_unnoticed) return lebm__fail(LEBM_ERR_NOMEM, "no memory to watch for forks");
    if (*pool == NULL) {
        *pool = lebm__alloc(1, sizeof **pool);
        if (*pool == NULL) return LEBM_ERR_NOMEM;
        threads_start_state(*pool);
    } else if ((*pool)->forks != forks) {
        threads_start_state(*pool); /* in a child the parent's workers, and who held the mutex, are gone */
    } else if ((*pool)->threads > threads) {
        threads_stop_workers(*pool);
        threads_start_state(*pool);
    }
    threads_release_memory(*pool, threads);
    (*pool)->threads = threads;
    return LEBM_OK;
}

static int threads_reserve(lebm__pool *pool, int count, int64_t bytes)
{
    for (int i = 0; i < count; i++) {
        if (pool->own[i].bytes >= bytes) continue;
        lebm__free(pool->own[i].memory);
        pool->own[i].bytes = 0;
        pool->own[i].memory = lebm__alloc_raw(bytes, 1);
        if (pool->own[i].memory == NULL) return LEBM_ERR_NOMEM;
        pool->own[i].bytes = bytes;
    }
    return LEBM_OK;
}

int lebm__pool_lay_out(lebm__pool *pool, int count, lebm__lay_out_fn *lay_out, void *context)
{
    lebm__arena arena = {NULL, 0};
    lay_out(context, 0, &arena);
    LEBM__TRY(threads_reserve(pool, count, arena.used));
    for (int i = 0; i < count; i++) {
        arena = (lebm__arena){pool->own[i].memory, 0};
        lay_out(context, i, &arena);
    }
    return LEBM_OK;
}

void lebm__pool_destroy(lebm__pool *pool)
{
    if (pool == NULL) return;
    threads_stop_workers(pool);
    threads_release_memory(pool, 0);
    lebm__free(pool);
}

int lebm__pool_threads(const lebm__pool *pool)
{
    return pool->threads;
}

int lebm__pool_run(lebm__pool *pool, int64_t count, lebm__task_fn task, void *context)
{
    call c = {.task = task, .context = context, .count = count, .failed_task = count, .status = LEBM_OK};
    if (count < 1) return LEBM_OK;
    const int helpers = lebm__pool_share(pool, count) - 1;
    threads_start_workers(pool, helpers);
    pthread_mutex_lock(&pool->mutex);
    c.next = 1;
    pool->call = &c;
    pool->called = pool->busy = helpers < pool->started ? helpers : pool->started;
    pool->calls++;
    if (pool->called > 0) pthread_cond_broadcast(&pool->work);
    threads_do_task(pool, &c, 0, 0);
    threads_take_tasks(pool, &c, 0);
    while (pool->busy > 0) pthread_cond_wait(&pool->finished, &pool->mutex);
    pool->call = NULL;
    pthread_mutex_unlock(&pool->mutex);
    if (c.status < 0) lebm__set_last_error(c.error);
    return c.status;
}
