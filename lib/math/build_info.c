#include <pthread.h>
#include <stdio.h>

#include "core/environment.h"
#include "lebm/version.h"
#include "math/blas.h"
#include "math/kernels.h"

#if defined(__clang__)
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif

static char build_info[768];

static void build_info_write_build_info(void)
{
    snprintf(build_info, sizeof build_info, "liblatentebm %s, %s, %s kernels, %s%s", lebm_version(), COMPILER,
             lebm__kernels()->name, lebm__blas_name(), lebm__environment()->report);
}

const char *lebm_build_info(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, build_info_write_build_info);
    return build_info;
}
