/* A block of parameters, of something that is no net. */
#include "nn/params.h"

#include <stdlib.h>

#include "core/memory.h"
#include "lebm.h"
#include "support/approx.h"

typedef struct {
    lebm__handle head;
    lebm__params params;
} cell;

static const int64_t weight_dims[] = {3, 2}, bias_dims[] = {3};
enum { WEIGHT = 6, BIAS = 3 };

static void make(cell *c)
{
    *c = (cell){.params.owner = &c->head};
    lebm__handle_init(&c->head, "cell");
    LEBM_ASSERT_OK(lebm__params_reserve(&c->params, 2, WEIGHT + BIAS));
    ck_assert_int_eq(lebm__params_add(&c->params, "in.weight", 2, weight_dims), 0);
    ck_assert_int_eq(lebm__params_add(&c->params, "in.bias", 1, bias_dims), WEIGHT);
}

START_TEST(tensors_lie_one_after_the_other)
{
    cell c;
    make(&c);
    const lebm__param *weight = lebm__params_find(&c.params, 0), *bias = lebm__params_find(&c.params, 1);
    ck_assert_int_eq(c.params.count, 2);
    ck_assert_int_eq(c.params.total, WEIGHT + BIAS);
    ck_assert_str_eq(weight->name, "in.weight");
    ck_assert_int_eq(weight->size, WEIGHT);
    ck_assert_int_eq(weight->dims[1], 2);
    ck_assert_int_eq(bias->offset, WEIGHT);
    ck_assert_int_eq(bias->size, BIAS);
    for (int i = 0; i < WEIGHT + BIAS; i++) ck_assert(c.params.values[i] == 0);
    ck_assert_ptr_null(lebm__params_find(&c.params, -1));
    ck_assert_ptr_null(lebm__params_find(&c.params, 2));
    lebm__params_release(&c.params);
}
END_TEST

START_TEST(what_is_set_is_got_and_is_a_new_version)
{
    static const float bias[BIAS] = {1, -2, 3};
    float copy[BIAS];
    cell c;
    make(&c);
    const unsigned long before = c.params.version;
    LEBM_ASSERT_OK(lebm__params_get(&c.params, 1, copy, BIAS));
    ck_assert(c.params.version == before);
    LEBM_ASSERT_OK(lebm__params_set(&c.params, "cell_set", 1, bias, BIAS));
    ck_assert(c.params.version != before);
    LEBM_ASSERT_OK(lebm__params_get(&c.params, 1, copy, BIAS));
    LEBM_ASSERT_SAME_BITS(copy, bias, BIAS);
    ck_assert(c.params.values[WEIGHT - 1] == 0);
    LEBM_ASSERT_STATUS(lebm__params_get(&c.params, 2, copy, BIAS), LEBM_ERR_RANGE);
    LEBM_ASSERT_ERROR_NAMES("index is 2; the cell has 2 parameter tensors");
    LEBM_ASSERT_STATUS(lebm__params_set(&c.params, "cell_set", 1, bias, 2), LEBM_ERR_SHAPE);
    LEBM_ASSERT_ERROR_NAMES("count is 2; tensor in.bias has 3 numbers");
    lebm__params_release(&c.params);
}
END_TEST

START_TEST(the_owner_guards_them)
{
    float bias[BIAS] = {0};
    cell c;
    make(&c);
    LEBM_ASSERT_OK(lebm__handle_use(&c.head));
    LEBM_ASSERT_OK(lebm__params_get(&c.params, 1, bias, BIAS));
    LEBM_ASSERT_STATUS(lebm__params_set(&c.params, "cell_set", 1, bias, BIAS), LEBM_ERR_STATE);
    LEBM_ASSERT_ERROR_NAMES("cell_set: a call is running on the cell");
    lebm__handle_leave(&c.head);
    LEBM_ASSERT_OK(lebm__handle_claim(&c.head, "cell_change", 0));
    LEBM_ASSERT_STATUS(lebm__params_get(&c.params, 1, bias, BIAS), LEBM_ERR_STATE);
    lebm__handle_yield(&c.head, 0);
    LEBM_ASSERT_OK(lebm__params_set(&c.params, "cell_set", 1, bias, BIAS));
    lebm__params_release(&c.params);
}
END_TEST

START_TEST(a_weight_that_was_never_set_is_named)
{
    static const float weight[WEIGHT] = {1};
    cell c;
    make(&c);
    LEBM_ASSERT_STATUS(lebm__params_require_set(&c.params, "the cell h"), LEBM_ERR_STATE);
    LEBM_ASSERT_ERROR_NAMES("the cell h: in.weight was never set");
    LEBM_ASSERT_ERROR_NAMES("initialise or set it");
    LEBM_ASSERT_OK(lebm__params_set(&c.params, "cell_set", 0, weight, WEIGHT));
    LEBM_ASSERT_OK(lebm__params_require_set(&c.params, "the cell h"));
    lebm__params_release(&c.params);
    make(&c);
    LEBM_ASSERT_OK(lebm__params_init(&c.params, LEBM_INIT_PYTORCH, 1, 2));
    LEBM_ASSERT_OK(lebm__params_require_set(&c.params, "the cell h"));
    lebm__params_release(&c.params);
}
END_TEST

START_TEST(without_memory_the_block_is_as_it_was)
{
    cell c;
    make(&c);
    c.params.values[0] = 5;
    for (int k = 0; k < 2; k++) {
        lebm__alloc_fail_after(k);
        LEBM_ASSERT_STATUS(lebm__params_reserve(&c.params, 100, 1000), LEBM_ERR_NOMEM);
        lebm__alloc_fail_after(-1);
        ck_assert_int_eq(c.params.total, WEIGHT + BIAS);
        ck_assert(c.params.values[0] == 5);
        ck_assert_str_eq(c.params.list[1].name, "in.bias");
    }
    LEBM_ASSERT_OK(lebm__params_reserve(&c.params, 100, 1000));
    ck_assert(c.params.values[0] == 5);
    lebm__params_release(&c.params);
}
END_TEST

START_TEST(a_spec_is_written_once_and_needs_memory)
{
    lebm_net *net;
    LEBM_ASSERT_OK(lebm_net_create_from_spec(&net, "in 2; linear 1"));
    lebm__alloc_fail_after(0);
    ck_assert_ptr_null(lebm_net_spec(net));
    LEBM_ASSERT_ERROR_NAMES("out of memory");
    lebm__alloc_fail_after(1);
    const char *spec = lebm_net_spec(net);
    ck_assert_str_eq(spec, "in 2; linear 1");
    ck_assert_ptr_eq(lebm_net_spec(net), spec);
    lebm__alloc_fail_after(-1);
    LEBM_ASSERT_OK(lebm_net_add_activation(net, LEBM_TANH, 0));
    ck_assert_str_eq(lebm_net_spec(net), "in 2; linear 1; tanh");
    lebm_net_destroy(net);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("params");
    TCase *tests = tcase_create("params");
    tcase_add_test(tests, tensors_lie_one_after_the_other);
    tcase_add_test(tests, what_is_set_is_got_and_is_a_new_version);
    tcase_add_test(tests, the_owner_guards_them);
    tcase_add_test(tests, a_weight_that_was_never_set_is_named);
    tcase_add_test(tests, without_memory_the_block_is_as_it_was);
    tcase_add_test(tests, a_spec_is_written_once_and_needs_memory);
    suite_add_tcase(suite, tests);
    return test_run_suite(suite);
}
