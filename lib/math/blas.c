#include "math/blas.h"

#include <pthread.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>

#include <cblas.h>

#include "core/memory.h"
#include "core/status.h"

/* What a provider offers beyond CBLAS, NULL where it does not. A weak reference takes nothing out of an archive; but every
 * OpenBLAS brings the first of these with its products, one with threads the second, and BLIS the setting of its own. */
extern int openblas_get_num_threads(void) __attribute__((weak));
extern int exec_blas(void) __attribute__((weak)); /* which hands work to its threads: to be looked for, not called */
extern void openblas_set_num_threads(int count) __attribute__((weak));
extern int openblas_get_parallel(void) __attribute__((weak));
extern char *openblas_get_config(void) __attribute__((weak));
extern void bli_thread_set_num_threads(int64_t count) __attribute__((weak));
extern int64_t bli_thread_get_num_threads(void) __attribute__((weak));
extern const char *bli_info_get_version_str(void) __attribute__((weak));
extern void omp_set_num_threads(int count) __attribute__((weak));
extern void omp_set_max_active_levels(int count) __attribute__((weak));
extern int omp_get_max_active_levels(void) __attribute__((weak));
extern int omp_get_max_threads(void) __attribute__((weak));

/* How the BLAS is told to use no threads of its own, and how many threads may call it at once. */
typedef struct {
    int of_process;         /* a setting of its own that belongs to the process */
    int of_thread;          /* one that belongs to each thread, of BLIS */
    int omp_threads;        /* OpenMP's number of threads for the calling thread */
    int omp_levels;         /* OpenMP's nesting for the calling thread: BLIS behind libblas.so.3 */
    int one_at_a_time;      /* OpenBLAS built for one thread without locks: wrong numbers when two threads call it */
    int hangs_without_room; /* OpenBLAS asks again and again for the memory of another thread if it gets none */
} provider;

static provider blas;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static int blas_has_openmp(void)
{
    return omp_set_num_threads != NULL && omp_get_max_threads != NULL;
}

static void blas_find_openblas(void)
{
    enum { SERIAL, THREADS, OPENMP, UNKNOWN };
    const int built = openblas_get_parallel != NULL ? openblas_get_parallel() : exec_blas != NULL ? UNKNOWN : SERIAL;
    const int locks = openblas_get_config != NULL && strstr(openblas_get_config(), "USE_LOCKING") != NULL;
    blas.omp_threads = blas_has_openmp() && (built == OPENMP || built == UNKNOWN);
    blas.of_process = built == THREADS || built == UNKNOWN || (built == OPENMP && !blas_has_openmp());
    blas.one_at_a_time = built == SERIAL && !locks;
    blas.hangs_without_room = 1;
}

/* From its version 1 on, each thread has a setting of its own. */
static void blas_find_blis(void)
{
    blas.of_thread = bli_info_get_version_str != NULL && bli_info_get_version_str()[0] != '0';
    blas.of_process = !blas.of_thread;
}

static void blas_find_provider(void)
{
    if (openblas_get_num_threads != NULL) {
        blas_find_openblas();
    } else if (bli_thread_set_num_threads != NULL && bli_thread_get_num_threads != NULL) {
        blas_find_blis();
    } else {
        /* Of OpenBLAS, the levels alone would hang an OpenMP build. */
        blas.omp_threads = blas_has_openmp();
        blas.omp_levels = omp_set_max_active_levels != NULL && omp_get_max_active_levels != NULL;
    }
}

/* Asked of the BLAS, since a host's threads may set it meanwhile, too. */
static int64_t blas_get_threads(void)
{
    return openblas_get_num_threads != NULL ? openblas_get_num_threads() : bli_thread_get_num_threads();
}

static void blas_set_threads(int64_t count)
{
    if (openblas_set_num_threads != NULL) {
        openblas_set_num_threads((int)count);
    } else {
        bli_thread_set_num_threads(count);
    }
}

static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t one_left = PTHREAD_COND_INITIALIZER;
static int64_t inside;           /* threads that the BLAS serves */
static int64_t waiting;          /* and those that wait for one of them to leave */
static int64_t rooms;            /* for how many at once OpenBLAS has memory, or was found to get it */
static int64_t host_threads = 1; /* the host's setting of the process while any are inside */

/* OpenBLAS maps 128 MiB, or 16 on machines of 32 bits, for each thread that it serves at once, and keeps them. For more
 * than one there must be plenty, so that the rest of the program is left something, too. */
static int blas_there_is_room(void)
{
    const size_t size = (size_t)(sizeof(void *) > 4 ? 160 : 24) << (inside == 0 ? 20 : 22);
    void *trial = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (trial == MAP_FAILED) return 0;
    munmap(trial, size);
    return 1;
}

/* Whether the BLAS can serve one thread more. */
static int blas_may_enter(void)
{
    if (blas.one_at_a_time && inside > 0) return 0;
    if (!blas.hangs_without_room || inside < rooms) return 1;
    if (!blas_there_is_room()) return 0;
    rooms = inside + 1;
    return 1;
}

/* Settings of the calling thread to which it goes back. */
typedef struct {
    int64_t threads;
    int omp_threads, omp_levels;
} thread_setting;

static thread_setting blas_enter(void)
{
    thread_setting before = {1, 1, 0};
    pthread_once(&once, blas_find_provider);
    if (blas.omp_threads) before.omp_threads = omp_get_max_threads();
    pthread_mutex_lock(&guard);
    waiting++;
    while (inside > 0 && !blas_may_enter()) pthread_cond_wait(&one_left, &guard);
    waiting--;
    inside++;
    if (blas.of_process && blas_get_threads() != 1) {
        host_threads = blas_get_threads();
        blas_set_threads(1); /* in an OpenMP build the calling thread's as well */
    }
    pthread_mutex_unlock(&guard);
    if (blas.of_thread) before.threads = blas_get_threads();
    if (before.threads != 1) blas_set_threads(1);
    if (blas.omp_threads) omp_set_num_threads(1);
    if (blas.omp_levels) before.omp_levels = omp_get_max_active_levels();
    if (before.omp_levels != 0) omp_set_max_active_levels(0);
    return before;
}

static void blas_leave(thread_setting before)
{
    if (before.omp_levels != 0) omp_set_max_active_levels(before.omp_levels);
    if (before.threads != 1) blas_set_threads(before.threads);
    pthread_mutex_lock(&guard);
    inside--;
    if (inside == 0 && host_threads != 1) {
        if (blas_get_threads() == 1) blas_set_threads(host_threads); /* else the host has set it meanwhile */
        host_threads = 1;
    }
    if (waiting > 0) pthread_cond_signal(&one_left);
    pthread_mutex_unlock(&guard);
    if (blas.omp_threads) omp_set_num_threads(before.omp_threads);
}

void lebm__blas_add_transposed(int64_t m, int64_t n, int64_t k, const float *a, int64_t lda, const float *b,
                               int64_t ldb, float *c, int64_t ldc)
{
    const thread_setting before = blas_enter();
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)m, (int)n, (int)k, 1.0f, a, (int)lda, b, (int)ldb, 1.0f,
                c, (int)ldc);
    blas_leave(before);
}

/* A product too large to do without the memory, which OpenBLAS then keeps: whoever comes alone later finds it there,
 * whatever else has become of the room that there was. */
static int blas_take_memory(void)
{
    enum { SIDE = 256 }; /* OpenBLAS multiplies smaller ones without its memory */
    float *matrices = lebm__alloc(3 * SIDE * SIDE, sizeof *matrices);
    if (matrices == NULL) {
        pthread_mutex_lock(&guard);
        rooms = 0; /* it is still to be taken */
        pthread_mutex_unlock(&guard);
        return LEBM_ERR_NOMEM;
    }
    const float *a = matrices, *b = a + SIDE * SIDE;
    lebm__blas_add_transposed(SIDE, SIDE, SIDE, a, SIDE, b, SIDE, matrices + 2 * SIDE * SIDE, SIDE);
    lebm__free(matrices);
    return LEBM_OK;
}

int lebm__blas_prepare(void)
{
    pthread_once(&once, blas_find_provider);
    pthread_mutex_lock(&guard);
    const int has_memory = !blas.hangs_without_room || inside > 0 || rooms > 0;
    const int may_take_it = has_memory || blas_may_enter();
    pthread_mutex_unlock(&guard);
    if (has_memory) return LEBM_OK;
    if (may_take_it) return blas_take_memory();
    return lebm__fail(LEBM_ERR_NOMEM, "out of memory: OpenBLAS needs 128 MiB to work in");
}

/* OpenBLAS reads the environment when it is loaded; BLIS and some OpenMP runtimes do at the first call, when a thread of
 * the host may be changing it. So here is one, of nothing, while the library is loaded. */
__attribute__((constructor)) static void blas_read_environment(void)
{
    float unused = 0;
    if (blas_has_openmp()) omp_get_max_threads();
    if (openblas_get_num_threads != NULL) return;
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, 0, 0, 0, 1.0f, &unused, 1, &unused, 1, 1.0f, &unused, 1);
}

const char *lebm__blas_name(void)
{
    if (openblas_get_config != NULL) return openblas_get_config();
    if (openblas_get_num_threads != NULL) return "OpenBLAS";
    if (bli_thread_set_num_threads != NULL) return "BLIS";
    return "BLAS of the system";
}
