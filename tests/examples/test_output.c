#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#ifdef __linux__
#include <sys/sysmacros.h>
#endif

#include "suite.h"

/* Every test works in a folder of its own. */
static char folder[256];

static void enter_folder(void)
{
    const int length = snprintf(folder, sizeof folder, "%s/lebm-test-output-XXXXXX", scratch_folder());
    ck_assert_msg(length < (int)sizeof folder, "too long a path for the tests: %s", scratch_folder());
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(chdir(folder), 0);
}

static void leave_folder(void)
{
    char command[2 * sizeof folder + 64];
    ck_assert_int_eq(chdir("/"), 0);
    snprintf(command, sizeof command, "chmod -R u+rwx '%s' && rm -rf '%s'", folder, folder);
    ck_assert_int_eq(system(command), 0);
}

static void put(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

static void expect_text(const char *path, const char *text)
{
    char found[64] = "";
    FILE *file = fopen(path, "r");
    ck_assert_msg(file != NULL, "%s: %s", path, strerror(errno));
    found[fread(found, 1, sizeof found - 1, file)] = '\0';
    fclose(file);
    ck_assert_str_eq(found, text);
}

/* How many entries the folder has. */
static int entries(void)
{
    int count = -1;
    FILE *list = popen("ls -A | wc -l", "r");
    ck_assert_ptr_nonnull(list);
    ck_assert_int_eq(fscanf(list, "%d", &count), 1);
    pclose(list);
    return count;
}

/* Writes a text as a program does; returns as output_close(). */
static int write_text(const char *path, const char *text, failure *why)
{
    output o;
    if (output_open(&o, path, why) != 0) return -1;
    fputs(text, o.file);
    return output_close(&o, why);
}

static void expect_written(const char *path, const char *text)
{
    failure why;
    ck_assert_msg(output_check(path, &why) == 0, "%s", why.text);
    ck_assert_msg(write_text(path, text, &why) == 0, "%s", why.text);
}

static void expect_refused(const char *path, const char *reason)
{
    failure why;
    ck_assert_int_eq(output_check(path, &why), -1);
    assert_contains(why.text, reason);
    ck_assert_int_eq(write_text(path, "new", &why), -1);
    assert_contains(why.text, path);
    assert_contains(why.text, reason);
}

static mode_t mode_of(const char *path)
{
    struct stat info;
    ck_assert_int_eq(lstat(path, &info), 0);
    return info.st_mode;
}

START_TEST(a_regular_file_is_replaced_and_keeps_its_mode)
{
    enter_folder();
    expect_written("file", "first");
    expect_text("file", "first");
    ck_assert_int_eq(chmod("file", 0640), 0);
    ck_assert_int_eq(link("file", "old"), 0);
    expect_written("file", "second");
    expect_text("file", "second");
    expect_text("old", "first"); /* so it was replaced, not written over */
    ck_assert_uint_eq(mode_of("file") & 07777, 0640);
    ck_assert_int_eq(entries(), 2);
    leave_folder();
}
END_TEST

START_TEST(nobody_sees_half_a_file)
{
    output o;
    failure why;
    enter_folder();
    put("file", "old");
    ck_assert_int_eq(output_open(&o, "file", &why), 0);
    fputs("half", o.file);
    ck_assert_int_eq(fflush(o.file), 0);
    expect_text("file", "old");
    output_discard(&o);
    expect_text("file", "old");
    ck_assert_int_eq(entries(), 1);

    ck_assert_int_eq(output_open(&o, "file", &why), 0); /* what grows, as metrics.csv does */
    fputs("one ", o.file);
    ck_assert_int_eq(output_put_in_place(&o, &why), 0);
    expect_text("file", "one ");
    fputs("two", o.file);
    ck_assert_int_eq(output_close(&o, &why), 0);
    expect_text("file", "one two");
    ck_assert_int_eq(entries(), 1);
    leave_folder();
}
END_TEST

START_TEST(links_are_followed)
{
    enter_folder();
    ck_assert_int_eq(mkdir("far", 0755), 0);
    put("far/file", "old");
    ck_assert_int_eq(symlink("far/file", "link"), 0);
    ck_assert_int_eq(symlink("far/none", "dangling"), 0);
    ck_assert_int_eq(symlink("nowhere/none", "lost"), 0);
    expect_written("link", "new");
    expect_text("far/file", "new");
    expect_written("dangling", "new");
    expect_text("far/none", "new");
    ck_assert(S_ISLNK(mode_of("link")) && S_ISLNK(mode_of("dangling")));
    failure why;
    ck_assert_int_eq(write_text("lost", "new", &why), -1);
    assert_contains(why.text, "lost: No such file");
    leave_folder();
}
END_TEST

START_TEST(pipes_and_devices_are_written_into)
{
    enter_folder();
    ck_assert_int_eq(mkfifo("pipe", 0600), 0);
    const int reader = open("pipe", O_RDONLY | O_NONBLOCK);
    char text[8] = "";
    ck_assert_int_ge(reader, 0);
    expect_written("pipe", "new");
    ck_assert_int_eq(read(reader, text, sizeof text), 3);
    ck_assert_str_eq(text, "new");
    ck_assert(S_ISFIFO(mode_of("pipe")));
    close(reader);

#ifdef __linux__
    /* A device like /dev/null, where the user may make one and the file system lets him write to it. */
    if (mknod("device", S_IFCHR | 0600, makedev(1, 3)) == 0) {
        failure why;
        const int result = write_text("device", "new", &why);
        ck_assert_msg(result == 0 || strstr(why.text, "Permission denied") != NULL, "%s", why.text);
        ck_assert(S_ISCHR(mode_of("device")));
    }
#endif
    leave_folder();
}
END_TEST

START_TEST(what_cannot_be_written_is_refused_in_words)
{
    enter_folder();
    ck_assert_int_eq(mkdir("folder", 0755), 0);
    put("file", "old");
    expect_refused("folder", "Is a directory");
    expect_refused("file/below", "Not a directory");
    expect_refused("nowhere/at/all", "No such file or directory");
    if (geteuid() != 0) {
        ck_assert_int_eq(chmod("file", 0444), 0);
        expect_refused("file", "Permission denied");
        ck_assert_int_eq(chmod("folder", 0555), 0);
        expect_refused("folder/file", "Permission denied");
    }
    failure why;
    ck_assert_int_eq(mkfifo("pipe", 0600), 0);
    ck_assert_int_eq(output_check("pipe", &why), 0);
    ck_assert_int_eq(output_check_file("file/below", &why), -1);
    ck_assert_int_eq(output_check_file("pipe", &why), -1);
    assert_contains(why.text, "pipe: not a regular file");
    expect_text("file", "old");
    leave_folder();
}
END_TEST

/* The number of a process that has ended. */
static long ended_process(void)
{
    long process = 0;
    FILE *shell = popen("echo $$", "r");
    ck_assert_ptr_nonnull(shell);
    ck_assert_int_eq(fscanf(shell, "%ld", &process), 1);
    pclose(shell);
    return process;
}

START_TEST(leftovers_of_ended_programs_go_and_nothing_else)
{
    char name[64];
    const long ended = ended_process();
    enter_folder();
    put("metrics.csv", "rows");
    put("metrics.csv.tmp", "");
    const char *const go[] = {"metrics.csv.tmp-%ld", "metrics.csv.tmp-%ld-7"};
    const char *const stay[] = {"metrics.csv.tmp-%ldx",   "metrics.csv.tmp-%ld-", "metrics.csv.tmp-x%ld",
                                "metrics.csv.tmp-%ld-7-", "other.csv.tmp-%ld",    "metrics.csv-%ld"};
    for (size_t i = 0; i < sizeof go / sizeof *go; i++) {
        snprintf(name, sizeof name, go[i], ended);
        put(name, "");
    }
    for (size_t i = 0; i < sizeof stay / sizeof *stay; i++) {
        snprintf(name, sizeof name, stay[i], ended);
        put(name, "");
    }
    snprintf(name, sizeof name, "metrics.csv.tmp-%ld", (long)getppid()); /* of one that still writes */
    put(name, "");
    output_clear_leftovers("./metrics.csv");
    ck_assert_int_eq(access(name, F_OK), 0);
    for (size_t i = 0; i < sizeof stay / sizeof *stay; i++) {
        snprintf(name, sizeof name, stay[i], ended);
        ck_assert_msg(access(name, F_OK) == 0, "%s is gone", name);
    }
    ck_assert_int_eq(entries(), 1 + (int)(sizeof stay / sizeof *stay) + 1);
    output_clear_leftovers("nowhere/metrics.csv");
    leave_folder();
}
END_TEST

/* Names of up to 255 bytes are allowed, of fewer on some file systems, and that of the new file must not be longer. */
START_TEST(long_names_are_written)
{
    char name[256] = "";
    enter_folder();
    const long most = pathconf(".", _PC_NAME_MAX);
    ck_assert_int_lt(most, (long)sizeof name);
    memset(name, 'n', (size_t)most);
    expect_written(name, "first");
    expect_written(name, "second");
    expect_text(name, "second");
    for (size_t i = 0; i + 1 < sizeof name - 1; i += 2) memcpy(name + 1 + i, "\xc3\xa4", 2); /* of two bytes each */
    expect_written(name, "third");
    expect_text(name, "third");
    leave_folder();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_regular_file_is_replaced_and_keeps_its_mode,
        nobody_sees_half_a_file,
        links_are_followed,
        pipes_and_devices_are_written_into,
        what_cannot_be_written_is_refused_in_words,
        leftovers_of_ended_programs_go_and_nothing_else,
        long_names_are_written,
    };
    return RUN_SUITE("output", tests);
}
