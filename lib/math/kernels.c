#include "math/kernels.h"

#include <pthread.h>
#include <string.h>

#include "core/environment.h"

static const lebm__kernel_table *chosen = &lebm__kernels_baseline;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void kernels_choose_table(void)
{
#if defined(__x86_64__) || defined(__i386__)
    /* LEBM_ISA asks for a lesser table than the processor's best: for tests, and for equal bits on unequal machines. */
    const char *asked = lebm__environment()->isa;
    const lebm__kernel_table *const tables[] = {&lebm__kernels_avx512, &lebm__kernels_avx2};
    const int able[] = {__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                            __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"),
                        __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")};
    for (int i = 1; i >= 0; i--) {
        if (!able[i]) continue;
        if (strcmp(asked, chosen->name) == 0) return;
        chosen = tables[i];
    }
#endif
}

const lebm__kernel_table *lebm__kernels(void)
{
    pthread_once(&once, kernels_choose_table);
    return chosen;
}
