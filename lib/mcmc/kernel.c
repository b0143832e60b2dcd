#include "mcmc/kernel.h"

#include <string.h>

#include "core/status.h"
#include "core/text.h"

static const lebm__kernel *const kernel_table[] = {&lebm__langevin, &lebm__mala, &lebm__hmc};

enum { KERNELS = sizeof kernel_table / sizeof *kernel_table };

int lebm__kernel_find(const char *name, const lebm__kernel **kernel)
{
    char names[LEBM__ERROR_SIZE] = "";
    for (int i = 0; i < KERNELS; i++) {
        *kernel = kernel_table[i];
        if (strcmp(name, (*kernel)->name) == 0) return LEBM_OK;
        lebm__list_add(names, sizeof names, (*kernel)->name);
    }
    return lebm__fail(LEBM_ERR_UNKNOWN_OPTION, "there is no transition kernel '%.64s'; there is %s", name, names);
}

int64_t lebm__kernel_evaluations(const lebm__kernel *kernel, const void *options)
{
    return kernel->evaluations == NULL ? 1 : kernel->evaluations(options);
}

const lebm__option *lebm__kernel_find_option(const char *key)
{
    const lebm__option *option = NULL;
    for (int i = 0; i < KERNELS && option == NULL; i++) option = lebm__options_find(&kernel_table[i]->options, key);
    return option;
}
