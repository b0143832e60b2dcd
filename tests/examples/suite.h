/* What every test program of this folder needs beside Check. */
#ifndef SUITE_H
#define SUITE_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Where files for a while are made. */
static inline const char *scratch_folder(void)
{
    const char *chosen = getenv("TMPDIR");
    return chosen && *chosen ? chosen : "/tmp";
}

/* A path for a file of this process; the file is removed if it is there. */
static inline const char *scratch_path(const char *name)
{
    static char path[256];
    const int length = snprintf(path, sizeof path, "%s/lebm-test-%ld-%s", scratch_folder(), (long)getpid(), name);
    ck_assert_msg(length < (int)sizeof path, "too long a path for the tests: %s", scratch_folder());
    remove(path);
    return path;
}

/* Runs the tests and returns the exit status of the program. */
static inline int run_suite(const char *name, const TTest *const *tests, size_t count)
{
    Suite *suite = suite_create(name);
    TCase *all = tcase_create(name);
    for (size_t i = 0; i < count; i++) tcase_add_test(all, tests[i]);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#define RUN_SUITE(name, tests) run_suite(name, tests, sizeof(tests) / sizeof *(tests))

/* The text must contain the part. */
#define assert_contains(text, part) ck_assert_msg(strstr(text, part) != NULL, "'%s' does not contain '%s'", text, part)

#endif
