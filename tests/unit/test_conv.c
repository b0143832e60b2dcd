/* The forms of a transposed convolution: both in a deep net against the reference in double and against each other,
 * which layer takes which, and what must not change with them. tests/ref/test_layers.c has single layers of random
 * shapes. */
#include "lebm.h"

#include "support/approx.h"
#include "support/model.h"
#include "support/nets.h"
#include "support/pair.h"

static void use_form(lebm_net *net, const char *form)
{
    LEBM_ASSERT_OK(lebm_net_set_str(net, LEBM_NET_CONVOLUTION, form));
}

/* ---- numbers ---- */

/* Output and both gradients of n rows, each within `tol` of the largest value of the reference. */
static void assert_close_to_reference(const struct pair *pair, int64_t n, double tol, uint64_t seed)
{
    const int64_t in = lebm_net_in_features(pair->net), out = lebm_net_out_features(pair->net);
    const int64_t params = lebm_net_param_total(pair->net);
    float *x = test_normal_floats(n * in, 1, seed), *grad_out = test_normal_floats(n * out, 1, seed + 1);
    float *y = test_floats(n * out), *grad_in = test_floats(n * in), *grad_params = test_floats(params);
    double *ref_y = pair_ref_forward(pair, x, n), *ref_grad_in, *ref_grad_params;
    pair_ref_vjp(pair, x, n, grad_out, &ref_grad_in, &ref_grad_params);
    LEBM_ASSERT_OK(lebm_net_forward(pair->net, x, n, y));
    LEBM_ASSERT_OK(lebm_net_vjp(pair->net, x, n, grad_out, grad_in, grad_params));
    LEBM_ASSERT_CLOSE_TO_LARGEST(y, ref_y, n * out, tol);
    LEBM_ASSERT_CLOSE_TO_LARGEST(grad_in, ref_grad_in, n * in, tol);
    LEBM_ASSERT_CLOSE_TO_LARGEST(grad_params, ref_grad_params, params, tol);
    free(x);
    free(grad_out);
    free(y);
    free(grad_in);
    free(grad_params);
    free(ref_y);
    free(ref_grad_in);
    free(ref_grad_params);
}

/* The paper's net for SVHN with fewer channels, but smooth: where a leaky ReLU bends, a difference in the last bit of
 * its input is a large one of its slope. */
static void make_smooth_svhn(struct pair *pair)
{
    pair_init(pair, 20);
    pair_add_conv_transpose2d(pair, 64, 4, 1, 0, 1);
    pair_add_activation(pair, "gelu", 0);
    pair_add_conv_transpose2d(pair, 32, 4, 2, 1, 1);
    pair_add_activation(pair, "gelu", 0);
    pair_add_conv_transpose2d(pair, 16, 4, 2, 1, 1);
    pair_add_activation(pair, "gelu", 0);
    pair_add_conv_transpose2d(pair, 3, 4, 2, 1, 1);
    pair_add_activation(pair, "tanh", 0);
    pair_randomise(pair, 1, 3);
}

START_TEST(both_forms_of_a_deep_net_equal_the_reference)
{
    struct pair pair;
    make_smooth_svhn(&pair);
    use_form(pair.net, "direct");
    assert_close_to_reference(&pair, 5, 1e-5, 11);
    use_form(pair.net, "filtered");
    assert_close_to_reference(&pair, 5, 1e-5, 11);
    pair_free(&pair);
}
END_TEST

static lebm_trainer *make_trainer(struct model *model, lebm_sampler *to_prior, lebm_sampler *to_posterior)
{
    lebm_trainer *trainer;
    LEBM_ASSERT_OK(lebm_trainer_create(&trainer, model->prior, model->generator, to_prior, to_posterior));
    LEBM_ASSERT_OK(lebm_trainer_set_f64(trainer, LEBM_TRAINER_GENERATOR_LEARNING_RATE, 3e-3));
    return trainer;
}

static void make_smooth_model(struct model *model)
{
    pair_init(&model->f, 20);
    pair_add_linear(&model->f, 16, 1);
    pair_add_activation(&model->f, "gelu", 0);
    pair_add_linear(&model->f, 1, 1);
    pair_randomise(&model->f, 1, 5);
    make_smooth_svhn(&model->g);
    model_join(model, 1, LEBM_GAUSSIAN, 0.3);
}

/* A posterior chain of 20 steps without noise, in both forms, of a net that has been trained for some steps. */
START_TEST(chains_of_both_forms_agree)
{
    enum { N = 6, STEPS = 20 };
    struct model model;
    make_smooth_model(&model);
    lebm_net *g = lebm_generator_net(model.generator);
    lebm_sampler *to_prior = make_sampler(5, 0.1), *to_posterior = make_sampler(STEPS, 0.005);
    lebm_sampler *noiseless = make_noiseless_sampler(STEPS, 0.001, 1);
    lebm_trainer *trainer = make_trainer(&model, to_prior, to_posterior);
    float *x = test_random_floats(N * 3072, -1, 1, 13), *start = test_normal_floats(N * 20, 1, 17);
    for (int trained = 0; trained < 2; trained++) {
        float *z[2];
        for (int form = 0; form < 2; form++) {
            z[form] = test_copy(start, N * 20);
            use_form(g, form ? "filtered" : "direct");
            LEBM_ASSERT_OK(lebm_sampler_run_posterior(noiseless, model.prior, model.generator, x, N, z[form]));
        }
        double *expected = test_to_doubles(z[0], N * 20);
        LEBM_ASSERT_CLOSE_TO_LARGEST(z[1], expected, N * 20, 1e-5);
        free(expected);
        free(z[0]);
        free(z[1]);
        if (trained) break;
        for (int step = 0; step < 20; step++) LEBM_ASSERT_OK(lebm_trainer_step(trainer, x, N));
    }
    free(x);
    free(start);
    lebm_trainer_destroy(trainer);
    lebm_sampler_destroy(to_prior);
    lebm_sampler_destroy(to_posterior);
    lebm_sampler_destroy(noiseless);
    model_free(&model);
}
END_TEST

/* ---- bits ---- */

/* A net of filtered layers of both tile sizes, with channels that fill vectors partly. */
static const char spec[] = "in 10; conv_transpose2d 40 3 1 0; gelu; conv_transpose2d 36 4 2 1; gelu; "
                           "conv_transpose2d 5 6 3 2; tanh";

START_TEST(a_rows_bits_do_not_depend_on_the_others)
{
    enum { N = 150 };
    lebm_net *net = make_net(spec, 1);
    use_form(net, "filtered");
    const int64_t out = lebm_net_out_features(net);
    float *x = test_normal_floats(N * 10, 1, 2), *grad_out = test_normal_floats(N * out, 1, 3);
    float *y = test_floats(N * out), *grad_in = test_floats(N * 10);
    float *y_alone = test_floats(out), *grad_in_alone = test_floats(10);
    LEBM_ASSERT_OK(lebm_net_forward(net, x, N, y));
    LEBM_ASSERT_OK(lebm_net_vjp(net, x, N, grad_out, grad_in, NULL));
    for (int64_t i = 0; i < N; i++) {
        LEBM_ASSERT_OK(lebm_net_forward(net, x + i * 10, 1, y_alone));
        LEBM_ASSERT_OK(lebm_net_vjp(net, x + i * 10, 1, grad_out + i * out, grad_in_alone, NULL));
        LEBM_ASSERT_SAME_BITS(y + i * out, y_alone, out);
        LEBM_ASSERT_SAME_BITS(grad_in + i * 10, grad_in_alone, 10);
    }
    free(x);
    free(grad_out);
    free(y);
    free(grad_in);
    free(y_alone);
    free(grad_in_alone);
    lebm_net_destroy(net);
}
END_TEST

/* z of `chains` chains after a run on so many threads; freed by the caller. */
static float *run_posterior(const lebm_prior *prior, const lebm_generator *generator, const float *x, int64_t chains,
                            int threads)
{
    lebm_sampler *sampler = make_sampler(4, 0.002);
    float *z = test_floats(chains * 10);
    LEBM_ASSERT_OK(lebm_sampler_set_i64(sampler, LEBM_SAMPLER_THREADS, threads));
    LEBM_ASSERT_OK(lebm_sampler_run_posterior(sampler, prior, generator, x, chains, z));
    lebm_sampler_destroy(sampler);
    return z;
}

START_TEST(chains_do_not_depend_on_threads_or_batch)
{
    enum { N = 97, FEWER = 30 };
    lebm_net *g = make_net(spec, 4);
    use_form(g, "filtered");
    lebm_prior *prior = make_prior(make_net("in 10; linear 20; gelu; linear 1", 5), 1);
    lebm_generator *generator = make_generator(g, LEBM_GAUSSIAN, 0.3);
    float *x = test_random_floats(N * lebm_net_out_features(g), -1, 1, 6);
    float *z = run_posterior(prior, generator, x, N, 1);
    for (int threads = 2; threads <= 7; threads++) {
        float *again = run_posterior(prior, generator, x, N, threads);
        LEBM_ASSERT_SAME_BITS(again, z, N * 10);
        free(again);
    }
    float *fewer = run_posterior(prior, generator, x, FEWER, 2);
    LEBM_ASSERT_SAME_BITS(fewer, z, FEWER * 10);
    free(fewer);
    free(z);
    free(x);
    lebm_prior_destroy(prior);
    lebm_generator_destroy(generator);
}
END_TEST

/* ---- which form ---- */

START_TEST(a_layer_takes_the_faster_form)
{
    static const struct {
        const char *spec, *direct, *filtered, *automatic; /* what each choice makes of the last layer */
    } cases[] = {
        {"in 64; reshape 64 1 1; conv_transpose2d 64 4 2 1", "direct", "filtered", "direct"}, /* of one pixel */
        {"in 256; reshape 64 2 2; conv_transpose2d 64 4 2 1", "direct", "filtered", "filtered"},
        {"in 1024; reshape 64 4 4; conv_transpose2d 64 4 2 1", "direct", "filtered", "filtered"},
        {"in 1600; reshape 64 5 5; conv_transpose2d 64 4 2 1", "direct", "filtered", "direct"}, /* just over a tile */
        {"in 3136; reshape 64 7 7; conv_transpose2d 64 4 2 1", "direct", "filtered", "filtered"},
        {"in 1024; reshape 64 4 4; conv_transpose2d 3 4 2 1", "direct", "filtered", "direct"}, /* few channels */
        {"in 16; reshape 1 4 4; conv_transpose2d 64 4 2 1", "direct", "filtered", "direct"},
        {"in 1024; reshape 64 4 4; conv_transpose2d 64 6 3 2", "direct", "filtered", "filtered"},
        {"in 1024; reshape 64 4 4; conv_transpose2d 64 3 2 1", "direct", "direct", "direct"}, /* not twice the stride */
        {"in 1024; reshape 64 4 4; conv_transpose2d 64 5 2 1", "direct", "direct", "direct"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        lebm_net *net = make_net(cases[i].spec, 1);
        const int64_t last = lebm_net_layer_count(net) - 1;
        ck_assert_str_eq(lebm_net_layer_form(net, last), cases[i].automatic);
        use_form(net, "direct");
        ck_assert_str_eq(lebm_net_layer_form(net, last), cases[i].direct);
        use_form(net, "filtered");
        ck_assert_str_eq(lebm_net_layer_form(net, last), cases[i].filtered);
        use_form(net, "auto");
        ck_assert_str_eq(lebm_net_layer_form(net, last), cases[i].automatic);
        lebm_net_destroy(net);
    }
}
END_TEST

START_TEST(layers_added_later_take_the_form_asked_for)
{
    lebm_net *net;
    LEBM_ASSERT_OK(lebm_net_create_from_spec(&net, "in 16; reshape 4 2 2"));
    use_form(net, "filtered");
    LEBM_ASSERT_OK(lebm_net_add_conv_transpose2d(net, 3, 4, 2, 1, 1));
    ck_assert_str_eq(lebm_net_layer_form(net, 1), "filtered");
    lebm_net_destroy(net);
}
END_TEST

START_TEST(a_change_of_form_is_seen_at_once_and_kept_out_of_the_spec)
{
    lebm_net *net = make_net(spec, 8), *filtered = make_net(spec, 8);
    const int64_t out = lebm_net_out_features(net);
    float *x = test_normal_floats(10, 1, 9), *y = test_floats(out), *expected = test_floats(out);
    use_form(net, "direct");
    LEBM_ASSERT_OK(lebm_net_forward(net, x, 1, y)); /* packs the weights of the direct form */
    use_form(net, "filtered");
    use_form(filtered, "filtered");
    LEBM_ASSERT_OK(lebm_net_forward(net, x, 1, y));
    LEBM_ASSERT_OK(lebm_net_forward(filtered, x, 1, expected));
    LEBM_ASSERT_SAME_BITS(y, expected, out);
    ck_assert_str_eq(lebm_net_spec(net), spec);
    free(x);
    free(y);
    free(expected);
    lebm_net_destroy(net);
    lebm_net_destroy(filtered);
}
END_TEST

typedef struct {
    lebm_net *net;
    int called, refused;
} attempt;

static int try_to_change(double done, void *user)
{
    (void)done;
    attempt *a = user;
    a->called++;
    a->refused += lebm_net_set_str(a->net, LEBM_NET_CONVOLUTION, "direct") == LEBM_ERR_STATE;
    return 0;
}

/* The chains use what a change of form would release. */
START_TEST(callbacks_must_not_change_the_form)
{
    enum { N = 4 };
    struct model model;
    make_smooth_model(&model);
    lebm_sampler *to_prior = make_sampler(3, 0.01), *to_posterior = make_sampler(3, 0.001);
    lebm_trainer *trainer = make_trainer(&model, to_prior, to_posterior);
    attempt a = {lebm_generator_net(model.generator), 0, 0};
    float *x = test_random_floats(N * 3072, -1, 1, 19), *z = test_floats(N * 20);
    use_form(a.net, "filtered");
    LEBM_ASSERT_OK(lebm_sampler_set_progress(to_posterior, try_to_change, &a));
    LEBM_ASSERT_OK(lebm_sampler_run_posterior(to_posterior, model.prior, model.generator, x, N, z));
    ck_assert_int_gt(a.called, 0);
    ck_assert_int_eq(a.refused, a.called);
    ck_assert_str_eq(lebm_net_layer_form(a.net, 2), "filtered");
    LEBM_ASSERT_OK(lebm_trainer_set_progress(trainer, try_to_change, &a));
    LEBM_ASSERT_OK(lebm_trainer_step(trainer, x, N)); /* between its chains a change is harmless */
    use_form(a.net, "direct");
    LEBM_ASSERT_OK(lebm_trainer_step(trainer, x, N));
    free(x);
    free(z);
    lebm_trainer_destroy(trainer);
    lebm_sampler_destroy(to_prior);
    lebm_sampler_destroy(to_posterior);
    model_free(&model);
}
END_TEST

START_TEST(the_option_is_listed_and_checked)
{
    const char *value = "untouched";
    lebm_net *net = make_net(spec, 1);
    ck_assert_int_eq(lebm_net_option_count(net), 1);
    ck_assert_str_eq(lebm_net_option_key(net, 0), LEBM_NET_CONVOLUTION);
    ck_assert_ptr_null(lebm_net_option_key(net, 1));
    ck_assert_str_eq(lebm_net_option_type(net, LEBM_NET_CONVOLUTION), "str");
    ck_assert_str_eq(lebm_net_option_choices(net, LEBM_NET_CONVOLUTION), "auto|direct|filtered");
    ck_assert_ptr_nonnull(lebm_net_option_help(net, LEBM_NET_CONVOLUTION));
    LEBM_ASSERT_OK(lebm_net_get_str(net, LEBM_NET_CONVOLUTION, &value));
    ck_assert_str_eq(value, "auto");
    LEBM_ASSERT_STATUS(lebm_net_set_str(net, LEBM_NET_CONVOLUTION, "fast"), LEBM_ERR_RANGE);
    LEBM_ASSERT_ERROR_NAMES("auto|direct|filtered");
    LEBM_ASSERT_STATUS(lebm_net_set_str(net, "convolutions", "auto"), LEBM_ERR_UNKNOWN_OPTION);
    LEBM_ASSERT_STATUS(lebm_net_set_str(NULL, LEBM_NET_CONVOLUTION, "auto"), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_net_set_str(net, NULL, "auto"), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_net_set_str(net, LEBM_NET_CONVOLUTION, NULL), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_net_get_str(net, LEBM_NET_CONVOLUTION, NULL), LEBM_ERR_INVALID);
    ck_assert_int_eq(lebm_net_layer_count(NULL), 0);
    ck_assert_int_eq(lebm_net_layer_count(net), 6);
    ck_assert_ptr_null(lebm_net_layer_form(net, 1)); /* an activation */
    ck_assert_ptr_null(lebm_net_layer_form(net, 6));
    ck_assert_ptr_null(lebm_net_layer_form(net, -1));
    ck_assert_ptr_null(lebm_net_layer_form(NULL, 0));
    lebm_net_destroy(net);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("conv");
    TCase *numbers = tcase_create("numbers");
    tcase_set_timeout(numbers, 60);
    tcase_add_test(numbers, both_forms_of_a_deep_net_equal_the_reference);
    tcase_add_test(numbers, chains_of_both_forms_agree);
    suite_add_tcase(suite, numbers);
    TCase *bits = tcase_create("bits");
    tcase_set_timeout(bits, 60);
    tcase_add_test(bits, a_rows_bits_do_not_depend_on_the_others);
    tcase_add_test(bits, chains_do_not_depend_on_threads_or_batch);
    suite_add_tcase(suite, bits);
    TCase *forms = tcase_create("forms");
    tcase_add_test(forms, a_layer_takes_the_faster_form);
    tcase_add_test(forms, layers_added_later_take_the_form_asked_for);
    tcase_add_test(forms, a_change_of_form_is_seen_at_once_and_kept_out_of_the_spec);
    tcase_add_test(forms, callbacks_must_not_change_the_form);
    tcase_add_test(forms, the_option_is_listed_and_checked);
    suite_add_tcase(suite, forms);
    return test_run_suite(suite);
}
