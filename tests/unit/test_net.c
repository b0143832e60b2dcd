/* Nets: building, specs, parameters, and forward and vjp of whole nets against the double-precision reference;
 * tests/ref/test_layers.c has the layers one by one. */
#include <locale.h>
#include <pthread.h>

#include "lebm.h"
#include "support/approx.h"
#include "support/nets.h"
#include "support/pair.h"

static const char *const kinds[] = {LEBM_RELU, LEBM_LEAKY_RELU, LEBM_GELU,    LEBM_SILU,
                                    LEBM_MISH, LEBM_TANH,       LEBM_SIGMOID, LEBM_SOFTPLUS};
enum { KIND_COUNT = 8 };

static double slope_of(const char *kind)
{
    return strcmp(kind, LEBM_LEAKY_RELU) == 0 ? 0.2 : 0;
}

/* ---- building ---- */

START_TEST(a_net_without_layers_is_the_identity)
{
    lebm_net *net;
    int64_t chw[3];
    const float in[6] = {1, -2, 3, 4, 5, -6};
    float out[6] = {0}, grad_in[6] = {0};
    LEBM_ASSERT_OK(lebm_net_create(&net, 3));
    ck_assert_int_eq(lebm_net_in_features(net), 3);
    ck_assert_int_eq(lebm_net_out_features(net), 3);
    ck_assert_int_eq(lebm_net_param_count(net), 0);
    ck_assert_int_eq(lebm_net_param_total(net), 0);
    LEBM_ASSERT_OK(lebm_net_out_shape(net, chw));
    ck_assert(chw[0] == 3 && chw[1] == 1 && chw[2] == 1);
    ck_assert_str_eq(lebm_net_spec(net), "in 3");
    LEBM_ASSERT_OK(lebm_net_forward(net, in, 2, out));
    LEBM_ASSERT_SAME_BITS(out, in, 6);
    LEBM_ASSERT_OK(lebm_net_vjp(net, in, 2, in, grad_in, NULL));
    LEBM_ASSERT_SAME_BITS(grad_in, in, 6);
    lebm_net_destroy(net);
}
END_TEST

START_TEST(create_checks_its_size)
{
    static const int64_t refused[] = {0, -1, INT64_MIN, INT64_MAX, ((int64_t)1 << 24) + 1};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        lebm_net *net = (lebm_net *)&net;
        LEBM_ASSERT_STATUS(lebm_net_create(&net, refused[i]), LEBM_ERR_RANGE);
        ck_assert_ptr_null(net);
    }
    static const int64_t allowed[] = {1, (int64_t)1 << 24};
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++) {
        lebm_net *net;
        LEBM_ASSERT_OK(lebm_net_create(&net, allowed[i]));
        ck_assert_int_eq(lebm_net_in_features(net), allowed[i]);
        lebm_net_destroy(net);
    }
}
END_TEST

START_TEST(null_nets)
{
    float value = 0;
    int64_t chw[3];
    lebm_net *net = (lebm_net *)&value;
    LEBM_ASSERT_STATUS(lebm_net_create(NULL, 3), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_net_create_from_spec(NULL, "in 3"), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_net_create_from_spec(&net, NULL), LEBM_ERR_INVALID);
    ck_assert_ptr_null(net);
    lebm_net_destroy(NULL);
    LEBM_ASSERT_STATUS(lebm_net_add_linear(NULL, 3, 1), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_net_add_conv_transpose2d(NULL, 3, 1, 1, 0, 1), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_net_add_reshape(NULL, 3, 1, 1), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_net_add_activation(NULL, LEBM_RELU, 0), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_net_init(NULL, LEBM_INIT_PYTORCH, 0), LEBM_ERR_INVALID);
    ck_assert_int_eq(lebm_net_in_features(NULL), 0);
    ck_assert_int_eq(lebm_net_out_features(NULL), 0);
    LEBM_ASSERT_STATUS(lebm_net_out_shape(NULL, chw), LEBM_ERR_INVALID);
    ck_assert_ptr_null(lebm_net_spec(NULL));
    ck_assert_int_eq(lebm_net_param_count(NULL), 0);
    ck_assert_int_eq(lebm_net_param_total(NULL), 0);
    ck_assert_int_eq(lebm_net_param_size(NULL, 0), 0);
    ck_assert_ptr_null(lebm_net_param_name(NULL, 0));
    ck_assert_int_eq(lebm_net_param_ndim(NULL, 0), 0);
    ck_assert_int_eq(lebm_net_param_dim(NULL, 0, 0), 0);
    LEBM_ASSERT_STATUS(lebm_net_get_param(NULL, 0, &value, 1), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_net_set_param(NULL, 0, &value, 1), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_net_forward(NULL, &value, 1, &value), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_net_vjp(NULL, &value, 1, &value, &value, NULL), LEBM_ERR_INVALID);
}
END_TEST

START_TEST(parameters_are_those_of_pytorch)
{
    static const struct {
        const char *name;
        int64_t ndim, shape[4], size;
    } expected[] = {
        {"0.weight", 2, {72, 10}, 720},     {"0.bias", 1, {72}, 72}, {"3.weight", 4, {8, 5, 4, 4}, 640},
        {"5.weight", 4, {5, 3, 3, 3}, 135}, {"5.bias", 1, {3}, 3},   {"7.weight", 2, {4, 3 * 6 * 6}, 432},
        {"8.weight", 2, {2, 4}, 8},         {"8.bias", 1, {2}, 2},
    };
    enum { COUNT = sizeof expected / sizeof *expected };
    lebm_net *net;
    LEBM_ASSERT_OK(lebm_net_create(&net, 10));
    LEBM_ASSERT_OK(lebm_net_add_linear(net, 72, 1));
    LEBM_ASSERT_OK(lebm_net_add_activation(net, LEBM_LEAKY_RELU, 0.2));
    LEBM_ASSERT_OK(lebm_net_add_reshape(net, 8, 3, 3));
    LEBM_ASSERT_OK(lebm_net_add_conv_transpose2d(net, 5, 4, 2, 1, 0));
    LEBM_ASSERT_OK(lebm_net_add_activation(net, LEBM_GELU, 0));
    LEBM_ASSERT_OK(lebm_net_add_conv_transpose2d(net, 3, 3, 1, 1, -7)); /* any number but 0 asks for a bias */
    LEBM_ASSERT_OK(lebm_net_add_reshape(net, 108, 1, 1));
    LEBM_ASSERT_OK(lebm_net_add_linear(net, 4, 0));
    LEBM_ASSERT_OK(lebm_net_add_linear(net, 2, 1));

    ck_assert_int_eq(lebm_net_param_count(net), COUNT);
    int64_t total = 0;
    for (int64_t i = 0; i < COUNT; i++) {
        ck_assert_str_eq(lebm_net_param_name(net, i), expected[i].name);
        ck_assert_int_eq(lebm_net_param_ndim(net, i), expected[i].ndim);
        for (int64_t axis = 0; axis < expected[i].ndim; axis++)
            ck_assert_int_eq(lebm_net_param_dim(net, i, axis), expected[i].shape[axis]);
        ck_assert_int_eq(lebm_net_param_dim(net, i, expected[i].ndim), 0);
        ck_assert_int_eq(lebm_net_param_dim(net, i, -1), 0);
        ck_assert_int_eq(lebm_net_param_size(net, i), expected[i].size);
        total += expected[i].size;
    }
    ck_assert_int_eq(lebm_net_param_total(net), total);
    for (int64_t i = COUNT; i >= -1; i -= COUNT + 1) {
        ck_assert_ptr_null(lebm_net_param_name(net, i));
        ck_assert_int_eq(lebm_net_param_ndim(net, i), 0);
        ck_assert_int_eq(lebm_net_param_dim(net, i, 0), 0);
        ck_assert_int_eq(lebm_net_param_size(net, i), 0);
    }
    ck_assert_int_eq(lebm_net_out_features(net), 2);
    lebm_net_destroy(net);
}
END_TEST

START_TEST(parameters_go_in_and_out)
{
    lebm_net *net;
    LEBM_ASSERT_OK(lebm_net_create_from_spec(&net, "in 3; linear 2; reshape 2 1 1; conv_transpose2d 2 3 1 0 nobias"));
    for (int64_t t = 0; t < lebm_net_param_count(net); t++) {
        int64_t size = lebm_net_param_size(net, t);
        float *values = test_random_floats(size, -9, 9, (uint64_t)t);
        float *back = test_random_floats(size, -9, 9, 99);
        LEBM_ASSERT_OK(lebm_net_get_param(net, t, back, size));
        for (int64_t i = 0; i < size; i++) ck_assert_float_eq(back[i], 0); /* zero until set */
        LEBM_ASSERT_OK(lebm_net_set_param(net, t, values, size));
        LEBM_ASSERT_OK(lebm_net_get_param(net, t, back, size));
        LEBM_ASSERT_SAME_BITS(back, values, size);

        LEBM_ASSERT_STATUS(lebm_net_set_param(net, t, values, size - 1), LEBM_ERR_SHAPE);
        LEBM_ASSERT_STATUS(lebm_net_set_param(net, t, values, size + 1), LEBM_ERR_SHAPE);
        LEBM_ASSERT_STATUS(lebm_net_set_param(net, t, values, -1), LEBM_ERR_SHAPE);
        LEBM_ASSERT_STATUS(lebm_net_get_param(net, t, back, size - 1), LEBM_ERR_SHAPE);
        LEBM_ASSERT_STATUS(lebm_net_set_param(net, t, NULL, size), LEBM_ERR_INVALID);
        LEBM_ASSERT_STATUS(lebm_net_get_param(net, t, NULL, size), LEBM_ERR_INVALID);
        free(values);
        free(back);
    }
    float value = 0;
    LEBM_ASSERT_STATUS(lebm_net_get_param(net, -1, &value, 1), LEBM_ERR_RANGE);
    LEBM_ASSERT_STATUS(lebm_net_get_param(net, lebm_net_param_count(net), &value, 1), LEBM_ERR_RANGE);
    LEBM_ASSERT_STATUS(lebm_net_set_param(net, lebm_net_param_count(net), &value, 1), LEBM_ERR_RANGE);
    lebm_net_destroy(net);
}
END_TEST

START_TEST(new_parameters_are_used_at_once)
{
    const float in = 3, grad_out = 1;
    float out, grad_in;
    lebm_net *net;
    LEBM_ASSERT_OK(lebm_net_create_from_spec(&net, "in 1; linear 1 nobias"));
    for (int i = 0; i < 2; i++) {
        const float weight = (float)(i + 1);
        LEBM_ASSERT_OK(lebm_net_set_param(net, 0, &weight, 1));
        LEBM_ASSERT_OK(lebm_net_forward(net, &in, 1, &out));
        LEBM_ASSERT_OK(lebm_net_vjp(net, &in, 1, &grad_out, &grad_in, NULL));
        ck_assert_float_eq(out, weight * in);
        ck_assert_float_eq(grad_in, weight);
    }
    LEBM_ASSERT_OK(lebm_net_init(net, LEBM_INIT_PYTORCH, 1));
    LEBM_ASSERT_OK(lebm_net_forward(net, &in, 1, &out));
    ck_assert_float_ne(out, 2 * in);
    lebm_net_destroy(net);
}
END_TEST

START_TEST(layers_keep_the_parameters_before_them)
{
    struct pair pair;
    pair_init(&pair, 4);
    pair_add_linear(&pair, 6, 1);
    pair_randomise(&pair, 1, 5);
    float *before = pair_params(pair.net);
    for (int i = 0; i < 10; i++) LEBM_ASSERT_OK(lebm_net_add_linear(pair.net, 20 + i, 1));
    float *after = pair_params(pair.net);
    LEBM_ASSERT_SAME_BITS(after, before, 30);
    free(before);
    free(after);
    pair_free(&pair);
}
END_TEST

START_TEST(out_shapes)
{
    static const struct {
        const char *spec;
        int64_t chw[3];
    } cases[] = {
        {"in 100; conv_transpose2d 512 4 1 0; leaky_relu 0.2; conv_transpose2d 256 4 2 1; leaky_relu 0.2; "
         "conv_transpose2d 128 4 2 1; leaky_relu 0.2; conv_transpose2d 3 4 2 1; tanh",
         {3, 32, 32}},
        {"in 100; linear 7", {7, 1, 1}},
        {"in 12; reshape 2 3 2; conv_transpose2d 5 3 4 2", {5, 7, 3}},
        {"in 12; reshape 2 3 2; reshape 12", {12, 1, 1}},
        {"in 12; reshape 1 12 1", {1, 12, 1}},
        {"in 2; conv_transpose2d 1 64 64 0", {1, 64, 64}},
        {"in 8; reshape 2 2 2; conv_transpose2d 1 64 64 63", {1, 2, 2}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        lebm_net *net;
        int64_t chw[3];
        LEBM_ASSERT_OK(lebm_net_create_from_spec(&net, cases[i].spec));
        LEBM_ASSERT_OK(lebm_net_out_shape(net, chw));
        for (int axis = 0; axis < 3; axis++) ck_assert_int_eq(chw[axis], cases[i].chw[axis]);
        ck_assert_int_eq(lebm_net_out_features(net), chw[0] * chw[1] * chw[2]);
        LEBM_ASSERT_STATUS(lebm_net_out_shape(net, NULL), LEBM_ERR_INVALID);
        lebm_net_destroy(net);
    }
}
END_TEST

/* ---- specs ---- */

START_TEST(spec_of_a_net_built_by_calls)
{
    static const char spec[] =
        "in 10; linear 72; leaky_relu 0.2; reshape 8 3 3; conv_transpose2d 5 4 2 1 nobias; relu; "
        "conv_transpose2d 3 3 1 1; reshape 108; linear 4 nobias; gelu; silu; mish; tanh; sigmoid; "
        "softplus; leaky_relu 0; leaky_relu 1; leaky_relu 0.33333334";
    lebm_net *net;
    LEBM_ASSERT_OK(lebm_net_create(&net, 10));
    LEBM_ASSERT_OK(lebm_net_add_linear(net, 72, 1));
    LEBM_ASSERT_OK(lebm_net_add_activation(net, LEBM_LEAKY_RELU, 0.2));
    LEBM_ASSERT_OK(lebm_net_add_reshape(net, 8, 3, 3));
    LEBM_ASSERT_OK(lebm_net_add_conv_transpose2d(net, 5, 4, 2, 1, 0));
    LEBM_ASSERT_OK(lebm_net_add_activation(net, LEBM_RELU, 0));
    LEBM_ASSERT_OK(lebm_net_add_conv_transpose2d(net, 3, 3, 1, 1, 1));
    LEBM_ASSERT_OK(lebm_net_add_reshape(net, 108, 1, 1));
    LEBM_ASSERT_OK(lebm_net_add_linear(net, 4, 0));
    for (int k = 2; k < KIND_COUNT; k++) LEBM_ASSERT_OK(lebm_net_add_activation(net, kinds[k], 0));
    LEBM_ASSERT_OK(lebm_net_add_activation(net, LEBM_LEAKY_RELU, 0));
    LEBM_ASSERT_OK(lebm_net_add_activation(net, LEBM_LEAKY_RELU, 1));
    LEBM_ASSERT_OK(lebm_net_add_activation(net, LEBM_LEAKY_RELU, 1.0 / 3)); /* a float from here on */
    ck_assert_str_eq(lebm_net_spec(net), spec);

    lebm_net *again;
    LEBM_ASSERT_OK(lebm_net_create_from_spec(&again, lebm_net_spec(net)));
    ck_assert_str_eq(lebm_net_spec(again), spec);
    ck_assert_int_eq(lebm_net_param_count(again), lebm_net_param_count(net));
    for (int64_t t = 0; t < lebm_net_param_count(net); t++) {
        ck_assert_str_eq(lebm_net_param_name(again, t), lebm_net_param_name(net, t));
        ck_assert_int_eq(lebm_net_param_size(again, t), lebm_net_param_size(net, t));
    }
    lebm_net_destroy(again);
    lebm_net_destroy(net);
}
END_TEST

START_TEST(spec_may_be_spaced_freely)
{
    static const char *const specs[] = {"in 12;reshape 3 2 2;conv_transpose2d 2 3 1 1 nobias;leaky_relu 0.25;reshape 8",
                                        "  in   12 ;\n\treshape 3 2  2 ; conv_transpose2d 2 3 1 1  nobias\n; "
                                        "leaky_relu 2.5e-1 ;reshape 8 1 1  "};
    for (size_t i = 0; i < 2; i++) {
        lebm_net *net;
        LEBM_ASSERT_OK(lebm_net_create_from_spec(&net, specs[i]));
        ck_assert_str_eq(lebm_net_spec(net),
                         "in 12; reshape 3 2 2; conv_transpose2d 2 3 1 1 nobias; leaky_relu 0.25; reshape 8");
        lebm_net_destroy(net);
    }
}
END_TEST

START_TEST(spec_does_not_depend_on_the_locale)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "de_DE"};
    size_t i = 0;
    while (i < sizeof names / sizeof *names && !setlocale(LC_ALL, names[i])) i++;
    lebm_net *net; /* without such a locale, this only tests the plain one */
    LEBM_ASSERT_OK(lebm_net_create_from_spec(&net, "in 2; leaky_relu 0.125"));
    ck_assert_str_eq(lebm_net_spec(net), "in 2; leaky_relu 0.125");
    const float in = -8;
    const float pair[2] = {in, in};
    float out[2];
    LEBM_ASSERT_OK(lebm_net_forward(net, pair, 1, out));
    ck_assert_float_eq(out[0], -1);
    lebm_net_destroy(net);
    setlocale(LC_ALL, "C");
}
END_TEST

START_TEST(wrong_specs)
{
    static const struct {
        const char *spec;
        int status;
        const char *named; /* a part of the error's text */
    } cases[] = {
        {"", LEBM_ERR_FORMAT, ""},
        {"   ", LEBM_ERR_FORMAT, ""},
        {";", LEBM_ERR_FORMAT, ""},
        {"linear 3", LEBM_ERR_FORMAT, "linear"},
        {"in", LEBM_ERR_FORMAT, "in"},
        {"in x", LEBM_ERR_FORMAT, "x"},
        {"in 3.5", LEBM_ERR_FORMAT, "3.5"},
        {"in 3 4", LEBM_ERR_FORMAT, "4"},
        {"in3", LEBM_ERR_FORMAT, "in3"},
        {"in 0", LEBM_ERR_RANGE, "0"},
        {"in -1", LEBM_ERR_RANGE, "-1"},
        {"in 16777217", LEBM_ERR_RANGE, "16777217"},
        {"in 3; linear", LEBM_ERR_FORMAT, "linear"},
        {"in 3; linear two", LEBM_ERR_FORMAT, "two"},
        {"in 3; linear 2 3", LEBM_ERR_FORMAT, "linear"},
        {"in 3; linear 2 no", LEBM_ERR_FORMAT, "linear"},
        {"in 3; linear 2 nobias nobias", LEBM_ERR_FORMAT, "linear"},
        {"in 3; linear 0", LEBM_ERR_RANGE, "0"},
        {"in 3; linear -2", LEBM_ERR_RANGE, "-2"},
        {"in 3; lin 2", LEBM_ERR_UNKNOWN_OPTION, "lin"},
        {"in 3; Linear 2", LEBM_ERR_UNKNOWN_OPTION, "Linear"},
        {"in 3; relu; elu; relu", LEBM_ERR_UNKNOWN_OPTION, "elu"},
        {"in 3; conv_transpose2d 2 3 1", LEBM_ERR_FORMAT, "conv_transpose2d"},
        {"in 3; conv_transpose2d 2 3 1 0 1", LEBM_ERR_FORMAT, "conv_transpose2d"},
        {"in 3; conv_transpose2d 0 3 1 0", LEBM_ERR_RANGE, "0"},
        {"in 3; conv_transpose2d 2 0 1 0", LEBM_ERR_RANGE, "0"},
        {"in 3; conv_transpose2d 2 65 1 0", LEBM_ERR_RANGE, "65"},
        {"in 3; conv_transpose2d 2 3 0 0", LEBM_ERR_RANGE, "0"},
        {"in 3; conv_transpose2d 2 3 65 0", LEBM_ERR_RANGE, "65"},
        {"in 3; conv_transpose2d 2 3 1 -1", LEBM_ERR_RANGE, "-1"},
        {"in 3; conv_transpose2d 2 3 1 3", LEBM_ERR_RANGE, "3"},
        {"in 3; conv_transpose2d 2 2 1 1", LEBM_ERR_SHAPE, ""},
        {"in 3; conv_transpose2d 2 5 1 4", LEBM_ERR_SHAPE, ""},
        {"in 3; reshape", LEBM_ERR_FORMAT, "reshape"},
        {"in 4; reshape 2 2", LEBM_ERR_FORMAT, "reshape"},
        {"in 4; reshape 2 2 1 1", LEBM_ERR_FORMAT, "reshape"},
        {"in 3; reshape 2 2 1", LEBM_ERR_SHAPE, ""},
        {"in 3; reshape 4", LEBM_ERR_SHAPE, ""},
        {"in 12; reshape 3 2 2; linear 5", LEBM_ERR_SHAPE, ""},
        {"in 3; leaky_relu", LEBM_ERR_FORMAT, "leaky_relu"},
        {"in 3; leaky_relu x", LEBM_ERR_FORMAT, "x"},
        {"in 3; leaky_relu 0.2 0.2", LEBM_ERR_FORMAT, "leaky_relu"},
        {"in 3; leaky_relu 1.5", LEBM_ERR_RANGE, "1.5"},
        {"in 3; leaky_relu -0.1", LEBM_ERR_RANGE, "-0.1"},
        {"in 3; relu 1", LEBM_ERR_FORMAT, "relu"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        lebm_net *net = (lebm_net *)&net;
        int status = lebm_net_create_from_spec(&net, cases[i].spec);
        ck_assert_msg(status == cases[i].status, "spec \"%s\" returned %s, expected %s (\"%s\")", cases[i].spec,
                      lebm_status_name(status), lebm_status_name(cases[i].status), lebm_last_error());
        ck_assert_msg(strstr(lebm_last_error(), cases[i].named) != NULL, "spec \"%s\": the error \"%s\" lacks \"%s\"",
                      cases[i].spec, lebm_last_error(), cases[i].named);
        ck_assert_ptr_null(net);
    }
}
END_TEST

START_TEST(hostile_specs)
{
    static const char *const specs[] = {
        "in 99999999999999999999999999",
        "in 3; linear 99999999999999999999999999",
        "in 16777216; linear 16777216",
        "in 3; linear 9223372036854775807",
        "in 0x10",
        "in 3; leaky_relu nan",
        "in 3; leaky_relu inf",
        "in 3; in 3",
        "in 3 linear 2",
        "in 1; reshape -1 -1 1",
        "in 3; reshape 4294967296 4294967296 3",
        "in 16777216; conv_transpose2d 16777216 64 64 0",
        "in 1; conv_transpose2d 1 64 64 0; conv_transpose2d 1 64 64 0; conv_transpose2d 1 64 64 0; conv_transpose2d 1 "
        "64 64 0; conv_transpose2d 1 64 64 0; conv_transpose2d 1 64 64 0; conv_transpose2d 1 64 64 0; conv_transpose2d "
        "1 64 64 0; conv_transpose2d 1 64 64 0; conv_transpose2d 1 64 64 0; conv_transpose2d 1 64 64 0",
        "\xff\xfe",
        "in 3; \xc3\x28",
    };
    for (size_t i = 0; i < sizeof specs / sizeof *specs; i++) {
        lebm_net *net = (lebm_net *)&net;
        int status = lebm_net_create_from_spec(&net, specs[i]);
        ck_assert_msg(status < 0 && status != LEBM_ERR_INTERNAL, "spec \"%s\" returned %s", specs[i],
                      lebm_status_name(status));
        ck_assert_ptr_null(net);
    }
}
END_TEST

START_TEST(a_net_has_1024_layers_at_most)
{
    lebm_net *net;
    LEBM_ASSERT_OK(lebm_net_create(&net, 3));
    for (int i = 0; i < 1024; i++) LEBM_ASSERT_OK(lebm_net_add_activation(net, LEBM_TANH, 0));
    LEBM_ASSERT_STATUS(lebm_net_add_linear(net, 2, 1), LEBM_ERR_RANGE);
    LEBM_ASSERT_ERROR_NAMES("1024 layers");
    ck_assert_int_eq(lebm_net_layer_count(net), 1024);
    ck_assert_int_eq(lebm_net_out_features(net), 3);
    lebm_net_destroy(net);
}
END_TEST

START_TEST(refused_layers_leave_the_net_as_it_was)
{
    static const int64_t in_count = 12;
    struct pair pair;
    pair_init(&pair, in_count);
    pair_add_linear(&pair, 12, 1);
    pair_add_reshape(&pair, 3, 2, 2);
    pair_randomise(&pair, 1, 3);
    lebm_net *net = pair.net;
    char *spec = strdup(lebm_net_spec(net));
    float *in = test_random_floats(in_count, -1, 1, 4);
    float before[12], after[12];
    LEBM_ASSERT_OK(lebm_net_forward(net, in, 1, before));

    LEBM_ASSERT_STATUS(lebm_net_add_linear(net, 5, 1), LEBM_ERR_SHAPE); /* not flat */
    LEBM_ASSERT_STATUS(lebm_net_add_reshape(net, 3, 2, 3), LEBM_ERR_SHAPE);
    LEBM_ASSERT_STATUS(lebm_net_add_reshape(net, 0, 2, 2), LEBM_ERR_RANGE);
    LEBM_ASSERT_STATUS(lebm_net_add_reshape(net, -3, -2, 2), LEBM_ERR_RANGE);
    LEBM_ASSERT_STATUS(lebm_net_add_conv_transpose2d(net, 0, 3, 1, 1, 1), LEBM_ERR_RANGE);
    LEBM_ASSERT_STATUS(lebm_net_add_conv_transpose2d(net, 2, 0, 1, 0, 1), LEBM_ERR_RANGE);
    LEBM_ASSERT_STATUS(lebm_net_add_conv_transpose2d(net, 2, 65, 1, 0, 1), LEBM_ERR_RANGE);
    LEBM_ASSERT_STATUS(lebm_net_add_conv_transpose2d(net, 2, 3, 0, 0, 1), LEBM_ERR_RANGE);
    LEBM_ASSERT_STATUS(lebm_net_add_conv_transpose2d(net, 2, 3, 65, 0, 1), LEBM_ERR_RANGE);
    LEBM_ASSERT_STATUS(lebm_net_add_conv_transpose2d(net, 2, 3, 1, 3, 1), LEBM_ERR_RANGE);
    LEBM_ASSERT_STATUS(lebm_net_add_conv_transpose2d(net, 2, 3, 1, -1, 1), LEBM_ERR_RANGE);
    LEBM_ASSERT_STATUS(lebm_net_add_conv_transpose2d(net, 2, 7, 1, 6, 1), LEBM_ERR_SHAPE); /* 1 - 12 + 7 < 1 */
    LEBM_ASSERT_STATUS(lebm_net_add_activation(net, "swish", 0), LEBM_ERR_UNKNOWN_OPTION);
    LEBM_ASSERT_ERROR_NAMES("swish");
    LEBM_ASSERT_STATUS(lebm_net_add_activation(net, NULL, 0), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_net_add_activation(net, LEBM_LEAKY_RELU, -0.1), LEBM_ERR_RANGE);
    LEBM_ASSERT_STATUS(lebm_net_add_activation(net, LEBM_LEAKY_RELU, 1.1), LEBM_ERR_RANGE);
    LEBM_ASSERT_STATUS(lebm_net_add_activation(net, LEBM_LEAKY_RELU, NAN), LEBM_ERR_RANGE);
    LEBM_ASSERT_STATUS(lebm_net_add_activation(net, LEBM_RELU, 0.5), LEBM_ERR_RANGE);

    ck_assert_str_eq(lebm_net_spec(net), spec);
    ck_assert_int_eq(lebm_net_out_features(net), 12);
    ck_assert_int_eq(lebm_net_param_count(net), 2);
    LEBM_ASSERT_OK(lebm_net_forward(net, in, 1, after));
    LEBM_ASSERT_SAME_BITS(after, before, 12);
    LEBM_ASSERT_OK(lebm_net_add_reshape(net, 12, 1, 1)); /* and it can still grow */
    LEBM_ASSERT_STATUS(lebm_net_add_linear(net, 0, 1), LEBM_ERR_RANGE);
    LEBM_ASSERT_OK(lebm_net_add_linear(net, 1, 1));
    free(spec);
    free(in);
    pair_free(&pair);
}
END_TEST

START_TEST(a_net_of_a_model_cannot_grow)
{
    lebm_net *net;
    LEBM_ASSERT_OK(lebm_net_create_from_spec(&net, "in 3; linear 1"));
    lebm_prior *prior = make_prior(net, 1);
    LEBM_ASSERT_STATUS(lebm_net_add_linear(net, 1, 1), LEBM_ERR_STATE);
    LEBM_ASSERT_STATUS(lebm_net_add_conv_transpose2d(net, 1, 1, 1, 0, 1), LEBM_ERR_STATE);
    LEBM_ASSERT_STATUS(lebm_net_add_reshape(net, 1, 1, 1), LEBM_ERR_STATE);
    LEBM_ASSERT_STATUS(lebm_net_add_activation(net, LEBM_TANH, 0), LEBM_ERR_STATE);
    ck_assert_str_eq(lebm_net_spec(net), "in 3; linear 1");
    lebm_prior_destroy(prior);
}
END_TEST

/* ---- numbers ---- */

/* Forward and vjp of n random rows against the reference, to 1e-5 of the largest value. */
static void assert_equals_reference(const struct pair *pair, int64_t n, uint64_t seed)
{
    const double tolerance = 1e-5;
    int64_t in_count = pair->ref.in_features;
    int64_t out_count = pair->ref.out_features;
    int64_t total = pair->ref.param_total;
    ck_assert_int_eq(lebm_net_out_features(pair->net), out_count);
    ck_assert_int_eq(lebm_net_param_total(pair->net), total);
    float *in = test_random_floats(n * in_count, -1.5, 1.5, seed);
    float *grad_out = test_random_floats(n * out_count, -1, 1, seed + 1);
    float *out = test_random_floats(n * out_count, -9, 9, 1); /* all outputs are overwritten */
    float *grad_in = test_random_floats(n * in_count, -9, 9, 2);
    float *grad_params = test_random_floats(total, -9, 9, 3);
    double *ref_out = pair_ref_forward(pair, in, n);
    double *ref_grad_in, *ref_grad_params;
    pair_ref_vjp(pair, in, n, grad_out, &ref_grad_in, &ref_grad_params);

    char what[3][700];
    static const char *const names[] = {"out", "grad_in", "grad_params"};
    for (int i = 0; i < 3; i++)
        snprintf(what[i], sizeof what[i], "%s of \"%s\" for %lld rows", names[i], lebm_net_spec(pair->net),
                 (long long)n);
    LEBM_ASSERT_OK(lebm_net_forward(pair->net, in, n, out));
    approx_assert_close(out, ref_out, n * out_count, 0, tolerance * approx_largest(ref_out, n * out_count), what[0],
                        __FILE__, __LINE__);
    LEBM_ASSERT_OK(lebm_net_vjp(pair->net, in, n, grad_out, grad_in, grad_params));
    approx_assert_close(grad_in, ref_grad_in, n * in_count, 0, tolerance * approx_largest(ref_grad_in, n * in_count),
                        what[1], __FILE__, __LINE__);
    approx_assert_close(grad_params, ref_grad_params, total, 0, tolerance * approx_largest(ref_grad_params, total),
                        what[2], __FILE__, __LINE__);

    float *alone = test_random_floats(n * in_count > total ? n * in_count : total, -9, 9, 4);
    LEBM_ASSERT_OK(lebm_net_vjp(pair->net, in, n, grad_out, alone, NULL));
    LEBM_ASSERT_SAME_BITS(alone, grad_in, n * in_count);
    LEBM_ASSERT_OK(lebm_net_vjp(pair->net, in, n, grad_out, NULL, alone));
    LEBM_ASSERT_SAME_BITS(alone, grad_params, total);

    free(alone);
    free(in);
    free(grad_out);
    free(out);
    free(grad_in);
    free(grad_params);
    free(ref_out);
    free(ref_grad_in);
    free(ref_grad_params);
}

START_TEST(activations_pass_nan_on)
{
    lebm_net *net;
    const float in[5] = {1, NAN, -1, NAN, 0};
    float out[5];
    LEBM_ASSERT_OK(lebm_net_create(&net, 5));
    LEBM_ASSERT_OK(lebm_net_add_activation(net, kinds[_i], slope_of(kinds[_i])));
    LEBM_ASSERT_OK(lebm_net_forward(net, in, 1, out));
    for (int i = 0; i < 5; i++)
        ck_assert_msg(isnan(out[i]) == isnan(in[i]), "%s(%g) is %g", kinds[_i], (double)in[i], (double)out[i]);
    lebm_net_destroy(net);
}
END_TEST

static void make_svhn(struct pair *pair)
{
    pair_init(pair, 100);
    pair_add_conv_transpose2d(pair, 64, 4, 1, 0, 1);
    pair_add_activation(pair, LEBM_LEAKY_RELU, 0.2);
    pair_add_conv_transpose2d(pair, 32, 4, 2, 1, 1);
    pair_add_activation(pair, LEBM_LEAKY_RELU, 0.2);
    pair_add_conv_transpose2d(pair, 16, 4, 2, 1, 1);
    pair_add_activation(pair, LEBM_LEAKY_RELU, 0.2);
    pair_add_conv_transpose2d(pair, 3, 4, 2, 1, 1);
    pair_add_activation(pair, LEBM_TANH, 0);
    pair_randomise(pair, 1, 51);
}

static void make_mnist(struct pair *pair)
{
    pair_init(pair, 16);
    pair_add_linear(pair, 7 * 7 * 24, 1);
    pair_add_activation(pair, LEBM_GELU, 0);
    pair_add_reshape(pair, 24, 7, 7);
    pair_add_conv_transpose2d(pair, 12, 4, 2, 1, 0);
    pair_add_activation(pair, LEBM_RELU, 0);
    pair_add_conv_transpose2d(pair, 1, 4, 2, 1, 1);
    pair_add_activation(pair, LEBM_TANH, 0);
    pair_randomise(pair, 1, 52);
}

static void make_mnist_convolutional(struct pair *pair)
{
    pair_init(pair, 32);
    pair_add_conv_transpose2d(pair, 40, 7, 1, 0, 1);
    pair_add_activation(pair, LEBM_SILU, 0);
    pair_add_conv_transpose2d(pair, 17, 4, 2, 1, 1);
    pair_add_activation(pair, LEBM_SILU, 0);
    pair_add_conv_transpose2d(pair, 9, 4, 2, 1, 1);
    pair_add_activation(pair, LEBM_MISH, 0);
    pair_add_conv_transpose2d(pair, 1, 3, 1, 1, 1);
    pair_randomise(pair, 1, 53);
}

static void make_net_of_prior(struct pair *pair)
{
    pair_init(pair, 100);
    pair_add_linear(pair, 200, 1);
    pair_add_activation(pair, LEBM_GELU, 0);
    pair_add_linear(pair, 200, 1);
    pair_add_activation(pair, LEBM_LEAKY_RELU, 0.2);
    pair_add_linear(pair, 1, 1);
    pair_randomise(pair, 1, 54);
}

static void make_flattening(struct pair *pair)
{
    pair_init(pair, 10);
    pair_add_conv_transpose2d(pair, 6, 3, 1, 0, 1);
    pair_add_activation(pair, LEBM_SOFTPLUS, 0);
    pair_add_conv_transpose2d(pair, 4, 3, 2, 1, 1);
    pair_add_reshape(pair, 4 * 5 * 5, 1, 1);
    pair_add_activation(pair, LEBM_SIGMOID, 0);
    pair_add_linear(pair, 7, 1);
    pair_randomise(pair, 1, 55);
}

/* A tap of its first weight is more than a block of its gradient, as is the whole of its second one. */
static void make_wide(struct pair *pair)
{
    pair_init(pair, 130);
    pair_add_conv_transpose2d(pair, 600, 2, 1, 0, 1);
    pair_add_activation(pair, LEBM_GELU, 0);
    pair_add_conv_transpose2d(pair, 20, 3, 2, 1, 1);
    pair_randomise(pair, 1, 56);
}

static void (*const make_whole_net[])(struct pair *) = {make_svhn,         make_mnist,      make_mnist_convolutional,
                                                        make_net_of_prior, make_flattening, make_wide};
enum { WHOLE_NETS = 6 };

START_TEST(whole_nets)
{
    static const int64_t rows[] = {1, 2, 9};
    struct pair pair;
    make_whole_net[_i](&pair);
    for (int i = 0; i < 3; i++) assert_equals_reference(&pair, rows[i], 60 + (uint64_t)i);
    pair_free(&pair);
}
END_TEST

START_TEST(random_nets)
{
    uint64_t seed = 5000 + (uint64_t)_i;
    for (int i = 0; i < 10; i++) {
        struct pair pair;
        pair_init(&pair, test_integer(&seed, 1, 12));
        for (int layers = 0; layers < 6; layers++) {
            int64_t kernel = test_integer(&seed, 1, 5), stride = test_integer(&seed, 1, 2);
            int64_t padding = (kernel - 1) / 2;
            const char *kind = kinds[2 + test_random(&seed) % (KIND_COUNT - 2)]; /* the smooth ones */
            switch (test_random(&seed) % 4) {
            case 0:
                pair_add_activation(&pair, kind, 0);
                break;
            case 1:
                pair_add_reshape(&pair, pair.ref.out_features, 1, 1);
                pair_add_linear(&pair, test_integer(&seed, 1, 12), (int)(test_random(&seed) & 1));
                break;
            default:
                if (pair.ref.out[1] * pair.ref.out[2] > 30) stride = 1;
                if (pair.ref.out[1] * stride > 12 || pair.ref.out[2] * stride > 12) padding = kernel / 2;
                pair_add_conv_transpose2d(&pair, test_integer(&seed, 1, 8), kernel, stride, padding,
                                          (int)(test_random(&seed) & 1));
                pair_add_activation(&pair, kind, 0);
                break;
            }
        }
        pair_randomise(&pair, 1, test_random(&seed));
        assert_equals_reference(&pair, test_integer(&seed, 1, 5), test_random(&seed));
        pair_free(&pair);
    }
}
END_TEST

START_TEST(rows_do_not_depend_on_each_other)
{
    enum { MANY = 100, FEW = 30 };
    struct pair pair;
    make_whole_net[_i](&pair);
    int64_t in_count = pair.ref.in_features, out_count = pair.ref.out_features;
    float *in = test_random_floats(MANY * in_count, -1, 1, 71);
    float *grad_out = test_random_floats(MANY * out_count, -1, 1, 72);
    float *many = test_floats(MANY * out_count), *few = test_floats(MANY * out_count);
    float *grad_many = test_floats(MANY * in_count), *grad_few = test_floats(MANY * in_count);
    LEBM_ASSERT_OK(lebm_net_forward(pair.net, in, MANY, many));
    LEBM_ASSERT_OK(lebm_net_vjp(pair.net, in, MANY, grad_out, grad_many, NULL));
    static const int64_t from[] = {0, 0, 13, 99}, rows[] = {FEW, 1, 41, 1};
    for (int i = 0; i < 4; i++) {
        LEBM_ASSERT_OK(lebm_net_forward(pair.net, in + from[i] * in_count, rows[i], few));
        LEBM_ASSERT_SAME_BITS(few, many + from[i] * out_count, rows[i] * out_count);
        LEBM_ASSERT_OK(
            lebm_net_vjp(pair.net, in + from[i] * in_count, rows[i], grad_out + from[i] * out_count, grad_few, NULL));
        LEBM_ASSERT_SAME_BITS(grad_few, grad_many + from[i] * in_count, rows[i] * in_count);
    }
    free(in);
    free(grad_out);
    free(many);
    free(few);
    free(grad_many);
    free(grad_few);
    pair_free(&pair);
}
END_TEST

START_TEST(sums_over_many_rows_keep_their_precision)
{
    /* The same gradient for each row, as in a mean over the rows: a running sum in single precision drifts off. */
    enum { N = 5000 };
    struct pair pair;
    pair_init(&pair, 6);
    pair_add_linear(&pair, 8, 1);
    pair_add_activation(&pair, LEBM_SIGMOID, 0);
    pair_add_reshape(&pair, 2, 2, 2);
    pair_add_conv_transpose2d(&pair, 3, 3, 2, 1, 1);
    pair_randomise(&pair, 1, 81);
    for (int64_t i = 0; i < pair.ref.param_total; i++) pair.ref.params[i] = fabs(pair.ref.params[i]);
    pair_push(&pair);
    float *in = test_random_floats(N * 6, 0.5, 1, 82), *grad_out = test_random_floats(N * 27, 0.1, 0.1, 83);
    float *grad_params = test_floats(pair.ref.param_total);
    double *ref_grad_in, *ref_grad_params;
    pair_ref_vjp(&pair, in, N, grad_out, &ref_grad_in, &ref_grad_params);
    LEBM_ASSERT_OK(lebm_net_vjp(pair.net, in, N, grad_out, NULL, grad_params));
    LEBM_ASSERT_CLOSE(grad_params, ref_grad_params, pair.ref.param_total, 1e-5, 0);
    free(in);
    free(grad_out);
    free(grad_params);
    free(ref_grad_in);
    free(ref_grad_params);
    pair_free(&pair);
}
END_TEST

struct worker {
    const lebm_net *net;
    const float *in;
    int64_t n;
    float *out;
    int status;
};

static void *run_worker(void *user)
{
    struct worker *worker = user;
    worker->status = LEBM_OK;
    for (int i = 0; i < 3 && worker->status == LEBM_OK; i++)
        worker->status = lebm_net_forward(worker->net, worker->in, worker->n, worker->out);
    return NULL;
}

START_TEST(one_net_serves_many_threads)
{
    enum { THREADS = 4, ROWS = 20 };
    struct pair pair;
    make_mnist(&pair);
    int64_t out_count = pair.ref.out_features;
    float *in = test_random_floats(ROWS * pair.ref.in_features, -1, 1, 73);
    float *expected = test_floats(ROWS * out_count);
    LEBM_ASSERT_OK(lebm_net_forward(pair.net, in, ROWS, expected));
    struct worker workers[THREADS];
    pthread_t threads[THREADS];
    for (int t = 0; t < THREADS; t++) {
        workers[t] = (struct worker){pair.net, in, ROWS, test_floats(ROWS * out_count), 0};
        ck_assert_int_eq(pthread_create(&threads[t], NULL, run_worker, &workers[t]), 0);
    }
    for (int t = 0; t < THREADS; t++) ck_assert_int_eq(pthread_join(threads[t], NULL), 0);
    for (int t = 0; t < THREADS; t++) {
        ck_assert_int_eq(workers[t].status, LEBM_OK);
        LEBM_ASSERT_SAME_BITS(workers[t].out, expected, ROWS * out_count);
        free(workers[t].out);
    }
    free(in);
    free(expected);
    pair_free(&pair);
}
END_TEST

START_TEST(no_rows)
{
    struct pair pair;
    make_flattening(&pair);
    float in[10] = {0}, out[7] = {5, 5, 5, 5, 5, 5, 5}, grad_in[10] = {5};
    float *grad_params = test_random_floats(pair.ref.param_total, 1, 2, 1);
    double *zeros = test_doubles(pair.ref.param_total);
    LEBM_ASSERT_OK(lebm_net_forward(pair.net, in, 0, out));
    ck_assert_float_eq(out[0], 5);
    LEBM_ASSERT_OK(lebm_net_vjp(pair.net, in, 0, out, grad_in, grad_params));
    ck_assert_float_eq(grad_in[0], 5);
    LEBM_ASSERT_CLOSE(grad_params, zeros, pair.ref.param_total, 0, 0); /* a sum over no rows */
    free(grad_params);
    free(zeros);
    pair_free(&pair);
}
END_TEST

/* A net as deep as any may be, on a stack that has no room for a call for each of its products. */
static void *pass_deep_net(void *net)
{
    const float in[2 * 2] = {1, 2, 3, 4}, grad_out[2] = {1, 1};
    float out[2], grad_in[2 * 2];
    float *grad_params = test_floats(lebm_net_param_total(net));
    LEBM_ASSERT_OK(lebm_net_forward(net, in, 2, out));
    LEBM_ASSERT_OK(lebm_net_vjp(net, in, 2, grad_out, grad_in, grad_params));
    free(grad_params);
    return NULL;
}

START_TEST(a_deep_net_needs_no_deep_stack)
{
    pthread_attr_t attributes;
    pthread_t thread;
    lebm_net *net;
    LEBM_ASSERT_OK(lebm_net_create(&net, 2));
    for (int i = 0; i < 1023; i++) LEBM_ASSERT_OK(lebm_net_add_linear(net, i < 1022 ? 2 : 1, 1));
    LEBM_ASSERT_OK(lebm_net_init(net, LEBM_INIT_XAVIER_NORMAL, 1));
    ck_assert_int_eq(pthread_attr_init(&attributes), 0);
    ck_assert_int_eq(pthread_attr_setstacksize(&attributes, 192 * 1024), 0);
    ck_assert_int_eq(pthread_create(&thread, &attributes, pass_deep_net, net), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    pthread_attr_destroy(&attributes);
    lebm_net_destroy(net);
}
END_TEST

START_TEST(wrong_rows_and_null_buffers)
{
    lebm_net *net;
    float in[4] = {0}, out[4] = {5, 5, 5, 5}, grad_params[20];
    LEBM_ASSERT_OK(lebm_net_create_from_spec(&net, "in 4; linear 4"));
    LEBM_ASSERT_STATUS(lebm_net_forward(net, in, -1, out), LEBM_ERR_RANGE);
    LEBM_ASSERT_STATUS(lebm_net_forward(net, in, INT64_MAX, out), LEBM_ERR_RANGE);
    LEBM_ASSERT_STATUS(lebm_net_forward(net, NULL, 1, out), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_net_forward(net, in, 1, NULL), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_net_vjp(net, in, -1, in, out, grad_params), LEBM_ERR_RANGE);
    LEBM_ASSERT_STATUS(lebm_net_vjp(net, NULL, 1, in, out, grad_params), LEBM_ERR_INVALID);
    LEBM_ASSERT_STATUS(lebm_net_vjp(net, in, 1, NULL, out, grad_params), LEBM_ERR_INVALID);
    ck_assert_float_eq(out[0], 5);
    LEBM_ASSERT_OK(lebm_net_vjp(net, in, 1, in, NULL, NULL)); /* nothing asked for */
    lebm_net_destroy(net);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("net");
    TCase *building = tcase_create("building");
    tcase_add_test(building, a_net_without_layers_is_the_identity);
    tcase_add_test(building, create_checks_its_size);
    tcase_add_test(building, null_nets);
    tcase_add_test(building, parameters_are_those_of_pytorch);
    tcase_add_test(building, parameters_go_in_and_out);
    tcase_add_test(building, new_parameters_are_used_at_once);
    tcase_add_test(building, layers_keep_the_parameters_before_them);
    tcase_add_test(building, out_shapes);
    tcase_add_test(building, a_net_has_1024_layers_at_most);
    tcase_add_test(building, refused_layers_leave_the_net_as_it_was);
    tcase_add_test(building, a_net_of_a_model_cannot_grow);
    suite_add_tcase(suite, building);

    TCase *specs = tcase_create("specs");
    tcase_add_test(specs, spec_of_a_net_built_by_calls);
    tcase_add_test(specs, spec_may_be_spaced_freely);
    tcase_add_test(specs, spec_does_not_depend_on_the_locale);
    tcase_add_test(specs, wrong_specs);
    tcase_add_test(specs, hostile_specs);
    suite_add_tcase(suite, specs);

    TCase *nets = tcase_create("nets");
    tcase_set_timeout(nets, 30);
    tcase_add_loop_test(nets, whole_nets, 0, WHOLE_NETS);
    tcase_add_loop_test(nets, random_nets, 0, 10);
    tcase_add_loop_test(nets, rows_do_not_depend_on_each_other, 0, WHOLE_NETS);
    tcase_add_loop_test(nets, activations_pass_nan_on, 0, KIND_COUNT);
    tcase_add_test(nets, sums_over_many_rows_keep_their_precision);
    tcase_add_test(nets, one_net_serves_many_threads);
    tcase_add_test(nets, no_rows);
    tcase_add_test(nets, a_deep_net_needs_no_deep_stack);
    tcase_add_test(nets, wrong_rows_and_null_buffers);
    suite_add_tcase(suite, nets);
    return suite;
}

int main(void)
{
    return test_run_suite(suite());
}
