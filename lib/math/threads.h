/* Our own pool of threads: tasks 0, 1, 2, ... of one call are taken in order by the calling thread and its workers. */
#ifndef LEBM_MATH_THREADS_H
#define LEBM_MATH_THREADS_H

#include <stdint.h>

#include "core/memory.h"

typedef struct lebm__pool lebm__pool;

/* Do task `task` of a call on thread `thread` of the pool, 0 (the caller) to threads - 1. Returns a status; a failure
 * sets the error text, and tasks not yet begun are dropped. */
typedef int (*lebm__task_fn)(void *context, int64_t task, int thread);

/* How many threads an option `threads` of this value means: 0 is the environment's LEBM_NUM_THREADS or else all
 * processors that this process may use. */
int lebm__thread_count(int64_t option);

/* Make a pool of this many threads, the caller's included, or make *pool one: threads start when first needed. To be
 * called before each use, since a fork may have taken the threads away. */
int lebm__pool_resize(lebm__pool **pool, int threads);

void lebm__pool_destroy(lebm__pool *pool);

int lebm__pool_threads(const lebm__pool *pool);

/* Have threads 0 to count - 1 lay out what they need for their tasks, in memory of their own, which stays from call to call
 * (and is lost when it grows). Thread 0 is asked first without memory, to learn how much all need. */
typedef void lebm__lay_out_fn(void *context, int thread, lebm__arena *arena);
int lebm__pool_lay_out(lebm__pool *pool, int count, lebm__lay_out_fn *lay_out, void *context);

/* How many of them take part in a call of so many tasks: those numbered 0 to one less. */
int lebm__pool_share(const lebm__pool *pool, int64_t count);

/* Do tasks 0 to count - 1, the first of them on the calling thread, and return when all are done, with LEBM_OK or the
 * status (and error text) of the failed task of lowest number. */
int lebm__pool_run(lebm__pool *pool, int64_t count, lebm__task_fn task, void *context);

#endif
