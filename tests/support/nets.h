/** @file nets.h
 * Nets from a spec, what is made of them, and whether two are the same. */
#ifndef LEBM_TESTS_NETS_H
#define LEBM_TESTS_NETS_H

#include "lebm.h"
#include "support/approx.h"

static inline lebm_net *make_net_by(const char *spec, const char *scheme, uint64_t seed)
{
    lebm_net *net;
    LEBM_ASSERT_OK(lebm_net_create_from_spec(&net, spec));
    LEBM_ASSERT_OK(lebm_net_init(net, scheme, seed));
    return net;
}

/** With PyTorch's initialisation. */
static inline lebm_net *make_net(const char *spec, uint64_t seed)
{
    return make_net_by(spec, LEBM_INIT_PYTORCH, seed);
}

/** A prior, or generator, that alone holds its net. */
static inline lebm_prior *make_prior(lebm_net *f, double sigma0)
{
    lebm_prior *prior;
    LEBM_ASSERT_OK(lebm_prior_create(&prior, f, sigma0));
    lebm_net_destroy(f);
    return prior;
}

static inline lebm_generator *make_generator(lebm_net *g, const char *likelihood, double sigma)
{
    lebm_generator *generator;
    LEBM_ASSERT_OK(lebm_generator_create(&generator, g, likelihood, sigma));
    lebm_net_destroy(g);
    return generator;
}

/** Fails unless the layers are the same and the parameters equal bit for bit. */
static inline void assert_same_nets(const lebm_net *a, const lebm_net *b)
{
    ck_assert_str_eq(lebm_net_spec(a), lebm_net_spec(b));
    for (int64_t i = 0; i < lebm_net_param_count(a); i++) {
        const int64_t size = lebm_net_param_size(a, i);
        float *x = test_floats(size), *y = test_floats(size);
        LEBM_ASSERT_OK(lebm_net_get_param(a, i, x, size));
        LEBM_ASSERT_OK(lebm_net_get_param(b, i, y, size));
        LEBM_ASSERT_SAME_BITS(x, y, size);
        free(x);
        free(y);
    }
}

#endif
