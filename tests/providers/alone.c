/* Multiplies matrices on the four threads of a pool, as training does, and fails if the BLAS has threads of its own work
 * on them: if it starts any, or wakes one of those that it started when it was loaded. Prints the seconds that took. */
#define _GNU_SOURCE /* RTLD_NEXT */
#include <dirent.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "math/blas.h"
#include "math/threads.h"
#include "support/approx.h"

enum { THREADS = 4, SIDE = 256 };

/* ---- threads of others ---- */

static atomic_int started; /* threads, by whichever library */

/* Takes the place of the C library's in all of the process. */
__attribute__((visibility("default"))) int pthread_create(pthread_t *id, const pthread_attr_t *attributes,
                                                          void *(*start)(void *), void *argument)
{
    typedef int create_fn(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    create_fn *real;
    *(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
    const int status = real(id, attributes, start, argument);
    if (status == 0) atomic_fetch_add(&started, 1);
    return status;
}

static char others[1000][24]; /* ids of the threads there were before the pool's, but for the main one */
static int other_count;

static void find_others(void)
{
    DIR *tasks = opendir("/proc/self/task");
    for (struct dirent *entry; tasks != NULL && other_count < 1000 && (entry = readdir(tasks)) != NULL;)
        if (entry->d_name[0] != '.' && atol(entry->d_name) != getpid())
            snprintf(others[other_count++], sizeof others[0], "%.20s", entry->d_name);
    if (tasks != NULL) closedir(tasks);
}

/* How often a thread has gone to sleep or lost the processor, which stays while it sleeps; counts it if it is awake. */
static int64_t switches(const char *id, int *awake)
{
    char path[64], line[256];
    int64_t sum = 0;
    snprintf(path, sizeof path, "/proc/self/task/%.20s/status", id);
    FILE *status = fopen(path, "r");
    while (status != NULL && fgets(line, sizeof line, status) != NULL) {
        char state;
        long long count;
        if (sscanf(line, "State: %c", &state) == 1) *awake += state != 'S';
        if (sscanf(line, "voluntary_ctxt_switches: %lld", &count) == 1) sum += count;
        if (sscanf(line, "nonvoluntary_ctxt_switches: %lld", &count) == 1) sum += count;
    }
    if (status != NULL) fclose(status);
    return sum;
}

static int64_t switches_of_others(int *awake)
{
    int64_t sum = 0;
    *awake = 0;
    for (int i = 0; i < other_count; i++) sum += switches(others[i], awake);
    return sum;
}

/* OpenBLAS's own turn round for a while before they sleep. */
static int64_t let_others_fall_asleep(void)
{
    int awake;
    for (;;) {
        const int64_t sum = switches_of_others(&awake);
        usleep(20000);
        if (awake == 0 && switches_of_others(&awake) == sum && awake == 0) return sum;
    }
}

/* ---- products ---- */

static int do_nothing(void *unused, int64_t task, int thread)
{
    (void)unused, (void)task, (void)thread;
    return 0;
}

static int multiply(void *context, int64_t task, int thread)
{
    (void)task, (void)thread;
    const float *a = context;
    float *c = test_floats(SIDE * SIDE);
    lebm__blas_add_transposed(SIDE, SIDE, SIDE, a, SIDE, a, SIDE, c, SIDE);
    free(c);
    return 0;
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

int main(int argc, char **argv)
{
    float *a = test_normal_floats(SIDE * SIDE, 1, 1);
    lebm__pool *pool = NULL;
    int awake;
    const int64_t products = argc == 2 ? atol(argv[1]) : 0;
    if (products < 1) {
        fprintf(stderr, "usage: %s PRODUCTS\n", argv[0]);
        return 2;
    }
    find_others();
    if (lebm__pool_resize(&pool, THREADS) != 0 || lebm__pool_run(pool, THREADS, do_nothing, NULL) != 0) return 1;
    if (lebm__blas_prepare() != 0) {
        fprintf(stderr, "%s\n", lebm_last_error());
        return 1;
    }
    const int64_t before = let_others_fall_asleep();
    started = 0;
    const double begin = seconds();
    if (lebm__pool_run(pool, products, multiply, a) != 0) return 1;
    const double took = seconds() - begin;
    const int64_t woken = switches_of_others(&awake) - before;
    lebm__pool_destroy(pool);
    free(a);
    printf("%.3f\n", took);
    if (started == 0 && woken == 0) return 0;
    fprintf(stderr, "the BLAS started %d threads, and threads that it had were woken %lld times\n", started,
            (long long)woken);
    return 1;
}
