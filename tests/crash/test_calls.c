/* Each call to the system that saving makes: what if it fails, if the process is killed there, or the power is cut. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>

#include "core/text.h"
#include "crash/child.h"
#include "crash/training.h"
#include "support/files.h"

/* ---- the calls, which the linker directs here ---- */

enum { WIDTH = 20, MOST_CALLS = 256 };

static struct {
    int on;
    int bad;                  /* the call to go wrong, counted from 0 */
    int error;                /* how it fails; 0: the process is killed there, a write being half done */
    const char *only;         /* the letters of all calls that go wrong, and `bad` means nothing; or NULL */
    mode_t mode;              /* of every file, as on file systems that keep none; or 0 */
    int in_bits;              /* whether writes write little, and they and flushes are interrupted now and then */
    int calls;                /* how many there were */
    char created[256];        /* the last name that was created */
    char log[MOST_CALLS + 1]; /* the calls' letters: o open, c create, g group, m mode, w write, f flush a file, F a
                               * folder, x close, r rename */
} plan;

/* Whether the call goes wrong; errno says how. */
static int goes_wrong(char letter)
{
    if (!plan.on) return 0;
    if (plan.calls < MOST_CALLS) plan.log[plan.calls] = letter;
    const int bad = plan.only != NULL ? strchr(plan.only, letter) != NULL : plan.calls == plan.bad;
    plan.calls++;
    if (bad && plan.error == 0) raise(SIGKILL);
    if (bad) errno = plan.error;
    return bad;
}

static int is_interrupted(void)
{
    if (!plan.on || !plan.in_bits || plan.calls % 3 != 0) return 0;
    errno = EINTR;
    return 1;
}

#define WRAP(type, name, ...)                                                                                          \
    type __real_##name(__VA_ARGS__);                                                                                   \
    type __wrap_##name(__VA_ARGS__);                                                                                   \
    type __wrap_##name(__VA_ARGS__)

WRAP(int, open, const char *name, int flags, ...)
{
    mode_t mode = 0;
    va_list more;
    va_start(more, flags);
    if (flags & O_CREAT) mode = va_arg(more, mode_t);
    va_end(more);
    return goes_wrong('o') ? -1 : __real_open(name, flags, mode);
}

WRAP(int, openat, int at, const char *name, int flags, ...)
{
    mode_t mode = 0;
    va_list more;
    va_start(more, flags);
    if (flags & O_CREAT) mode = va_arg(more, mode_t);
    va_end(more);
    if ((flags & O_CREAT) == 0) return __real_openat(at, name, flags, mode);
    if (goes_wrong('c')) return -1;
    if (plan.on) snprintf(plan.created, sizeof plan.created, "%s", name);
    return __real_openat(at, name, flags, plan.on && plan.mode != 0 ? plan.mode : mode);
}

WRAP(int, fchown, int file, uid_t user, gid_t group)
{
    return goes_wrong('g') ? -1 : __real_fchown(file, user, group);
}

WRAP(int, fchmod, int file, mode_t mode)
{
    if (goes_wrong('m')) return -1;
    return plan.on && plan.mode != 0 ? 0 : __real_fchmod(file, mode);
}

WRAP(ssize_t, write, int file, const void *data, size_t size)
{
    if (plan.on && plan.error == 0 && plan.calls == plan.bad) __real_write(file, data, size / 2);
    if (goes_wrong('w') || is_interrupted()) return -1;
    return __real_write(file, data, plan.on && plan.in_bits && size > 7 ? 7 : size);
}

WRAP(int, fsync, int file)
{
    struct stat info;
    const int is_folder = fstat(file, &info) == 0 && S_ISDIR(info.st_mode);
    return goes_wrong(is_folder ? 'F' : 'f') || is_interrupted() ? -1 : __real_fsync(file);
}

WRAP(int, close, int file)
{
    const int wrong = goes_wrong('x'); /* it is closed nevertheless */
    return __real_close(file) != 0 || wrong ? -1 : 0;
}

WRAP(int, renameat, int from_folder, const char *from, int to_folder, const char *to)
{
    return goes_wrong('r') ? -1 : __real_renameat(from_folder, from, to_folder, to);
}

/* ---- saving, with a plan ---- */

static struct training state;
static unsigned char *old_bytes, *new_bytes;
static size_t size;

/* The old state is saved at `path`, the new one is to be. */
static void make_states(void)
{
    make_folder_in_memory();
    training_make(&state, WIDTH, 1);
    LEBM_ASSERT_OK(training_step(&state)); /* Adam's numbers are not 0 */
    LEBM_ASSERT_OK(save_checkpoint(&state, other_path));
    old_bytes = read_bytes(other_path, &size);
    LEBM_ASSERT_OK(training_step(&state));
    LEBM_ASSERT_OK(save_checkpoint(&state, path));
    new_bytes = read_bytes(path, &size);
    ck_assert_mem_ne(old_bytes, new_bytes, size);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(unlink(other_path), 0);
    write_bytes(path, old_bytes, size);
}

static void free_states(void)
{
    training_free(&state);
    free(old_bytes);
    free(new_bytes);
    remove_folder();
}

static int save_with_plan(int bad, int error)
{
    plan.bad = bad;
    plan.error = error;
    plan.calls = 0;
    memset(plan.log, 0, sizeof plan.log);
    plan.on = 1;
    const int status = save_checkpoint(&state, path);
    plan.on = 0;
    ck_assert_int_lt(plan.calls, MOST_CALLS);
    return status;
}

static int open_descriptors(void)
{
    int count = 0;
    for (int i = 0; i < 1024; i++) count += fcntl(i, F_GETFD) != -1;
    return count;
}

/* ---- tests ---- */

/* Whether saving goes on without a call: the mode may be another's to give, and what comes after the renaming is too late
 * to matter. */
static int can_do_without(int call, int renamed)
{
    return plan.log[call] == 'm' || call > renamed;
}

START_TEST(calls_that_fail_leave_the_old_file) /* _i: which error */
{
    static const int errors[] = {EIO, ENOSPC, EDQUOT, EROFS, EPERM};
    const int descriptors = open_descriptors();
    LEBM_ASSERT_OK(save_with_plan(-1, EIO));
    const int calls = plan.calls, renamed = (int)(strchr(plan.log, 'r') - plan.log);
    for (int bad = 0; bad < calls; bad++) {
        write_bytes(path, old_bytes, size);
        const int status = save_with_plan(bad, errors[_i]), saved = can_do_without(bad, renamed);
        LEBM_ASSERT_STATUS(status, saved ? LEBM_OK : LEBM_ERR_IO);
        if (!saved) LEBM_ASSERT_ERROR_NAMES(path);
        if (!saved) LEBM_ASSERT_ERROR_NAMES(strerror(errors[_i]));
        assert_bytes(path, saved ? new_bytes : old_bytes, size);
        LEBM_ASSERT_MSG(count_files() == 1, "after \"%s\" failed there are %d files", plan.log, count_files());
        ck_assert_int_eq(open_descriptors(), descriptors);
    }
    LEBM_ASSERT_MSG(calls >= 15, "there are only %d calls that could fail: %s", calls, plan.log);
    LEBM_ASSERT_OK(save_with_plan(-1, EIO)); /* after them all it can be saved */
    assert_bytes(path, new_bytes, size);
}
END_TEST

/* ---- file systems that keep no modes: SMB, FUSE ---- */

static const int refusals[] = {EPERM, ENOSYS, EOPNOTSUPP};

enum { REFUSALS = sizeof refusals / sizeof *refusals };

static int save_while_failing(const char *letters, int error)
{
    plan.only = letters;
    const int status = save_with_plan(0, error);
    plan.only = NULL;
    return status;
}

static mode_t mode_of(const char *name)
{
    struct stat info;
    ck_assert_int_eq(lstat(name, &info), 0);
    return info.st_mode & 07777;
}

/* However often it is saved, the file's mode stays. */
START_TEST(modes_are_kept_where_they_cannot_be_set) /* _i: which error */
{
    static const mode_t modes[] = {0644, 0600, 0640, 0755};
    const mode_t mask = umask(022);
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        ck_assert_int_eq(chmod(path, modes[i]), 0);
        for (int saves = 0; saves < 3; saves++) LEBM_ASSERT_OK(save_while_failing("gm", refusals[_i]));
        ck_assert_ptr_nonnull(strchr(plan.log, 'm'));
        LEBM_ASSERT_MSG(mode_of(path) == modes[i], "%04o has become %04o", modes[i], mode_of(path));
        assert_bytes(path, new_bytes, size);
        ck_assert_int_eq(count_files(), 1);
    }
    umask(mask);
}
END_TEST

/* Nobody gains by a file of another group whose group and mode are lost. */
START_TEST(files_of_groups_that_cannot_be_kept_become_private) /* _i: which error */
{
    if (chown(path, (uid_t)-1, getegid() + 1) != 0) return; /* only root may */
    ck_assert_int_eq(chmod(path, 0664), 0);
    LEBM_ASSERT_OK(save_while_failing("gm", refusals[_i]));
    ck_assert_ptr_nonnull(strchr(plan.log, 'g'));
    ck_assert_uint_eq(mode_of(path), 0600);
    assert_bytes(path, new_bytes, size);
}
END_TEST

/* Where all files have one mode, whatever is asked for: it must not let anybody read what was private. */
START_TEST(files_that_would_let_others_in_are_refused) /* _i: whether setting the mode fails, or does nothing */
{
    const mode_t mask = umask(0);
    plan.mode = 0644;
    ck_assert_int_eq(chmod(path, 0640), 0);
    LEBM_ASSERT_STATUS(save_while_failing(_i ? "m" : "", EPERM), LEBM_ERR_IO);
    LEBM_ASSERT_ERROR_NAMES(path);
    LEBM_ASSERT_ERROR_NAMES("mode 0644; allowed are 0640");
    assert_bytes(path, old_bytes, size);
    ck_assert_uint_eq(mode_of(path), 0640);
    ck_assert_int_eq(count_files(), 1);
    ck_assert_int_eq(chmod(path, 0644), 0);
    LEBM_ASSERT_OK(save_while_failing(_i ? "m" : "", EPERM));
    assert_bytes(path, new_bytes, size);
    plan.mode = 0;
    umask(mask);
}
END_TEST

/* ---- names ---- */

/* The temporary file's name has what of a long name there is room for, in whole characters. */
START_TEST(long_names_are_cut_between_characters) /* _i: how many bytes come before the first long character */
{
    char name[256], to[512];
    memset(name, 'a', sizeof name);
    for (size_t at = (size_t)_i; at < 250; at += 4) memcpy(name + at, "\xf0\x9f\x98\x80", 5);
    snprintf(to, sizeof to, "%s/%s", folder, name);
    plan.bad = -1;
    plan.on = 1;
    const int status = save_checkpoint(&state, to);
    plan.on = 0;
    LEBM_ASSERT_STATUS(status, LEBM_OK);
    const size_t kept = (size_t)(strstr(plan.created, ".tmp-") - plan.created);
    LEBM_ASSERT_MSG(lebm__is_utf8(plan.created), "the temporary file is called '%s'", plan.created);
    LEBM_ASSERT_MSG(kept > 196 && kept <= 200, "%zu bytes are kept", kept);
    ck_assert_int_eq(unlink(to), 0);
}
END_TEST

/* ---- kills and power cuts ---- */

static void save_till_killed(void)
{
    child_needs(save_with_plan(plan.bad, 0));
}

/* The file of before, if there is one, or the new one, from the call on that puts it in place. */
START_TEST(there_is_a_whole_file_wherever_it_is_killed) /* _i: whether there is a file before */
{
    int killed = 0, renamed = 0;
    for (int end = -1; end != 0; killed++) {
        unlink(path);
        if (_i) write_bytes(path, old_bytes, size);
        plan.bad = killed;
        end = child_end(child_start(save_till_killed));
        LEBM_ASSERT_MSG(end == 0 || end == 128 + SIGKILL, "killed at call %d, the child ended with %d", killed, end);
        if (access(path, F_OK) == 0) {
            size_t found_size;
            unsigned char *found = read_bytes(path, &found_size);
            const int is_new = found_size == size && memcmp(found, new_bytes, size) == 0;
            LEBM_ASSERT_MSG(is_new || renamed == 0, "killed at call %d, the old file is back", killed);
            LEBM_ASSERT_MSG(is_new || (_i && found_size == size && memcmp(found, old_bytes, size) == 0),
                            "killed at call %d, the file is neither old nor new", killed);
            renamed += is_new;
            LEBM_ASSERT_OK(lebm_trainer_load(state.trainer, path));
            LEBM_ASSERT_OK(lebm_model_load(path, NULL, NULL));
            while (lebm_trainer_steps_done(state.trainer) < 2) LEBM_ASSERT_OK(training_step(&state));
            free(found);
        } else {
            LEBM_ASSERT_MSG(!_i && renamed == 0, "killed at call %d, there is no file", killed);
        }
        DIR *listing = opendir(folder); /* what is left may be deleted */
        for (struct dirent *entry; (entry = readdir(listing)) != NULL;)
            if (strstr(entry->d_name, ".tmp-")) unlinkat(dirfd(listing), entry->d_name, 0);
        closedir(listing);
        ck_assert_int_le(count_files(), 1);
    }
    LEBM_ASSERT_MSG(killed >= 15, "only %d calls to be killed at", killed);
    LEBM_ASSERT_MSG(renamed >= 2, "killed at the last %d calls, it was in place", renamed);
}
END_TEST

/* After a power cut, what was not flushed may be lost, and what was done last may be on disk first. */
START_TEST(flushes_come_in_an_order_that_survives_a_power_cut)
{
    LEBM_ASSERT_OK(save_with_plan(-1, EIO));
    const char *last_write = strrchr(plan.log, 'w'), *flush = strchr(plan.log, 'f'), *renamed = strchr(plan.log, 'r');
    const char *folder_flush = strchr(plan.log, 'F');
    LEBM_ASSERT_MSG(last_write && flush && renamed && folder_flush, "the calls are \"%s\"", plan.log);
    LEBM_ASSERT_MSG(last_write < flush && flush < renamed && renamed < folder_flush,
                    "the calls are \"%s\"; needed are writes, flush, rename and flush of the folder", plan.log);
}
END_TEST

START_TEST(folders_that_cannot_be_flushed_will_do) /* _i: which error */
{
    static const int errors[] = {EINVAL, EIO, EBADF};
    LEBM_ASSERT_OK(save_while_failing("F", errors[_i]));
    ck_assert_ptr_nonnull(strchr(plan.log, 'F'));
    assert_bytes(path, new_bytes, size);
    ck_assert_int_eq(count_files(), 1);
}
END_TEST

START_TEST(short_writes_and_interruptions_do_not_matter)
{
    plan.in_bits = 1;
    plan.bad = -1;
    plan.error = EIO;
    plan.on = 1;
    const int status = save_checkpoint(&state, path);
    plan.on = plan.in_bits = 0;
    LEBM_ASSERT_STATUS(status, LEBM_OK);
    LEBM_ASSERT_MSG(plan.calls > (int)size / 7, "only %d calls for %zu bytes", plan.calls, size);
    assert_bytes(path, new_bytes, size);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("calls");
    TCase *calls = tcase_create("calls");
    tcase_add_checked_fixture(calls, make_states, free_states);
    tcase_set_timeout(calls, 60);
    tcase_add_loop_test(calls, calls_that_fail_leave_the_old_file, 0, 5);
    tcase_add_loop_test(calls, there_is_a_whole_file_wherever_it_is_killed, 0, 2);
    tcase_add_test(calls, flushes_come_in_an_order_that_survives_a_power_cut);
    tcase_add_loop_test(calls, folders_that_cannot_be_flushed_will_do, 0, 3);
    tcase_add_test(calls, short_writes_and_interruptions_do_not_matter);
    suite_add_tcase(suite, calls);

    TCase *modes = tcase_create("modes and names");
    tcase_add_checked_fixture(modes, make_states, free_states);
    tcase_add_loop_test(modes, modes_are_kept_where_they_cannot_be_set, 0, REFUSALS);
    tcase_add_loop_test(modes, files_of_groups_that_cannot_be_kept_become_private, 0, REFUSALS);
    tcase_add_loop_test(modes, files_that_would_let_others_in_are_refused, 0, 2);
    tcase_add_loop_test(modes, long_names_are_cut_between_characters, 196, 201);
    suite_add_tcase(suite, modes);
    return test_run_suite(suite);
}
