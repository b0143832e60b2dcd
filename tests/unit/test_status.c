/* Status names and values, the text of the last error, version and build information. */
#include <pthread.h>

#include "lebm.h"
#include "support/approx.h"

static const struct {
    int value, frozen;
    const char *name;
} statuses[] = {
    {LEBM_OK, 0, "LEBM_OK"},
    {LEBM_STOPPED, 1, "LEBM_STOPPED"},
    {LEBM_ERR_INVALID, -1, "LEBM_ERR_INVALID"},
    {LEBM_ERR_NOMEM, -2, "LEBM_ERR_NOMEM"},
    {LEBM_ERR_UNKNOWN_OPTION, -3, "LEBM_ERR_UNKNOWN_OPTION"},
    {LEBM_ERR_RANGE, -4, "LEBM_ERR_RANGE"},
    {LEBM_ERR_SHAPE, -5, "LEBM_ERR_SHAPE"},
    {LEBM_ERR_STATE, -6, "LEBM_ERR_STATE"},
    {LEBM_ERR_IO, -7, "LEBM_ERR_IO"},
    {LEBM_ERR_FORMAT, -8, "LEBM_ERR_FORMAT"},
    {LEBM_ERR_VERSION, -9, "LEBM_ERR_VERSION"},
    {LEBM_ERR_DIVERGED, -10, "LEBM_ERR_DIVERGED"},
    {LEBM_ERR_UNSUPPORTED, -11, "LEBM_ERR_UNSUPPORTED"},
    {LEBM_ERR_INTERNAL, -12, "LEBM_ERR_INTERNAL"},
};

START_TEST(values_are_frozen_and_named)
{
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        ck_assert_int_eq(statuses[i].value, statuses[i].frozen);
        ck_assert_str_eq(lebm_status_name(statuses[i].frozen), statuses[i].name);
    }
}
END_TEST

START_TEST(other_values_have_no_name)
{
    static const int others[] = {2, -13, 1000, -1000, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        ck_assert_str_eq(lebm_status_name(others[i]), "LEBM_ERR_?");
}
END_TEST

START_TEST(no_error_at_first)
{
    ck_assert_str_eq(lebm_last_error(), "");
}
END_TEST

START_TEST(error_stays_until_the_next)
{
    lebm_net *net = NULL;
    LEBM_ASSERT_STATUS(lebm_net_create(&net, -17), LEBM_ERR_RANGE);
    ck_assert_ptr_null(net);
    LEBM_ASSERT_ERROR_NAMES("-17");
    char *before = strdup(lebm_last_error());
    LEBM_ASSERT_OK(lebm_net_create(&net, 3));
    ck_assert_str_eq(lebm_last_error(), before);
    LEBM_ASSERT_STATUS(lebm_net_add_linear(net, -18, 1), LEBM_ERR_RANGE);
    ck_assert_str_ne(lebm_last_error(), before);
    LEBM_ASSERT_ERROR_NAMES("-18");
    free(before);
    lebm_net_destroy(net);
}
END_TEST

START_TEST(error_is_one_line_whatever_it_quotes)
{
    lebm_net *net;
    LEBM_ASSERT_STATUS(lebm_net_create_from_spec(&net, "in 3; what\nis\rthis\x1b[2J"), LEBM_ERR_UNKNOWN_OPTION);
    ck_assert_msg(strpbrk(lebm_last_error(), "\n\r\x1b") == NULL, "the error controls the terminal: \"%s\"",
                  lebm_last_error());

    LEBM_ASSERT_STATUS(lebm_net_create_from_spec(&net, "in 3; %s%n%s%d"), LEBM_ERR_UNKNOWN_OPTION);
    LEBM_ASSERT_ERROR_NAMES("%s%n%s%d");

    char *spec = malloc(100001);
    ck_assert_ptr_nonnull(spec);
    memset(spec, 'x', 100000);
    spec[100000] = '\0';
    memcpy(spec, "in 3; ", 6);
    ck_assert_int_lt(lebm_net_create_from_spec(&net, spec), 0);
    ck_assert_uint_lt(strlen(lebm_last_error()), 2000);
    free(spec);
}
END_TEST

static void *error_of_another_thread(void *user)
{
    lebm_net *net;
    char **texts = user;
    texts[0] = strdup(lebm_last_error());
    lebm_net_create(&net, -222);
    texts[1] = strdup(lebm_last_error());
    return NULL;
}

START_TEST(error_is_whole_utf8_characters)
{
    /* 40 characters of two bytes, an odd number of bytes before them: somewhere one is cut. */
    char name[128] = "a";
    lebm_sampler *sampler;
    for (int i = 0; i < 40; i++) strcat(name, "\xc3\xa9");
    LEBM_ASSERT_STATUS(lebm_sampler_create(&sampler, name), LEBM_ERR_UNKNOWN_OPTION);
    for (const unsigned char *c = (const unsigned char *)lebm_last_error(); *c != '\0'; c++) {
        if (*c == 0xc3) {
            ck_assert_msg(c[1] == 0xa9, "half a character: %s", lebm_last_error());
            c++;
        } else {
            ck_assert_msg(*c < 0x80, "half a character: %s", lebm_last_error());
        }
    }
    LEBM_ASSERT_STATUS(lebm_sampler_create(&sampler, "caf\xe9"), LEBM_ERR_UNKNOWN_OPTION);
    LEBM_ASSERT_ERROR_NAMES("'caf?'");
    LEBM_ASSERT_STATUS(lebm_sampler_create(&sampler, lebm_last_error()), LEBM_ERR_UNKNOWN_OPTION);
    LEBM_ASSERT_ERROR_NAMES("there is no transition kernel 'there is no transition kernel");
}
END_TEST

START_TEST(each_thread_has_its_own_error)
{
    lebm_net *net;
    char *texts[2];
    pthread_t thread;
    LEBM_ASSERT_STATUS(lebm_net_create(&net, -111), LEBM_ERR_RANGE);
    ck_assert_int_eq(pthread_create(&thread, NULL, error_of_another_thread, texts), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_str_eq(texts[0], "");
    ck_assert_ptr_nonnull(strstr(texts[1], "-222"));
    LEBM_ASSERT_ERROR_NAMES("-111");
    free(texts[0]);
    free(texts[1]);
}
END_TEST

START_TEST(version_is_that_of_the_headers)
{
    char expected[64];
    snprintf(expected, sizeof expected, "%d.%d.%d", LEBM_VERSION_MAJOR, LEBM_VERSION_MINOR, LEBM_VERSION_PATCH);
    ck_assert_str_eq(lebm_version(), expected);
}
END_TEST

START_TEST(build_info_is_one_line_with_the_version)
{
    const char *info = lebm_build_info();
    ck_assert_ptr_nonnull(info);
    ck_assert_ptr_nonnull(strstr(info, lebm_version()));
    ck_assert_ptr_null(strchr(info, '\n'));
    ck_assert_uint_gt(strlen(info), strlen(lebm_version()) + 8);
    ck_assert_ptr_eq(info, lebm_build_info()); /* static */
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("status");
    TCase *names = tcase_create("names");
    tcase_add_test(names, values_are_frozen_and_named);
    tcase_add_test(names, other_values_have_no_name);
    suite_add_tcase(suite, names);

    TCase *errors = tcase_create("last error");
    tcase_add_test(errors, no_error_at_first);
    tcase_add_test(errors, error_stays_until_the_next);
    tcase_add_test(errors, error_is_one_line_whatever_it_quotes);
    tcase_add_test(errors, error_is_whole_utf8_characters);
    tcase_add_test(errors, each_thread_has_its_own_error);
    suite_add_tcase(suite, errors);

    TCase *version = tcase_create("version");
    tcase_add_test(version, version_is_that_of_the_headers);
    tcase_add_test(version, build_info_is_one_line_with_the_version);
    suite_add_tcase(suite, version);
    return suite;
}

int main(void)
{
    return test_run_suite(suite());
}
