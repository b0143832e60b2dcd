/* Paths that cannot be saved to, and folders that change meanwhile: a status, a text that names the path, and nothing
 * that was there before is touched. */
#include <errno.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

#include "crash/child.h"
#include "crash/training.h"
#include "support/files.h"

enum { WIDTH = 200 /* files of 25 to 110 kB */ };

static struct training state; /* of which a child has its own copy */

static void make_state(void)
{
    make_folder_in_memory();
    training_make(&state, WIDTH, 1);
    LEBM_ASSERT_OK(training_step(&state));
}

static void free_state(void)
{
    training_free(&state);
    remove_folder();
}

/* ---- paths ---- */

static void in_folder(char *to, size_t size, const char *name)
{
    const int length = snprintf(to, size, "%s/%s", folder, name);
    ck_assert_int_lt(length, (int)size);
}

/* Fails unless saving there is refused, by each function that saves. */
static void assert_refused(const char *to)
{
    for (int i = 0; i < SAVERS; i++) {
        LEBM_ASSERT_STATUS(savers[i](&state, to), LEBM_ERR_IO);
        LEBM_ASSERT_ERROR_NAMES(to);
    }
}

/* Where even root cannot make a file. */
START_TEST(folders_of_the_system_are_refused)
{
    if (access("/proc/self", F_OK) == 0) { /* mounted */
        assert_refused("/proc/a.safetensors");
        assert_refused("/proc/self/a.safetensors");
    }
    if (access("/sys/kernel", F_OK) == 0) assert_refused("/sys/a.safetensors");
    assert_refused("/dev/null/a.safetensors");
    assert_refused("/nonexistent/a.safetensors");
}
END_TEST

/* A program that runs as root could replace a device by a file. This one is a twin of /dev/full: a test must not put the
 * system's own at risk. */
START_TEST(a_device_stays_one)
{
    char device[128], link_path[128];
    struct stat info;
    in_folder(device, sizeof device, "full");
    in_folder(link_path, sizeof link_path, "link");
    if (mknod(device, S_IFCHR | 0666, makedev(1, 7)) != 0) return; /* only root may */
    ck_assert_int_eq(symlink("full", link_path), 0);
    assert_refused(device);
    LEBM_ASSERT_ERROR_NAMES("it is a device, not a regular file");
    assert_refused(link_path);
    LEBM_ASSERT_ERROR_NAMES("it is a device, not a regular file");
    ck_assert_int_eq(lstat(device, &info), 0);
    ck_assert(S_ISCHR(info.st_mode));
    ck_assert_int_eq(lstat(link_path, &info), 0);
    ck_assert(S_ISLNK(info.st_mode));
    ck_assert_int_eq(unlink(device), 0);
    ck_assert_int_eq(unlink(link_path), 0);
}
END_TEST

START_TEST(what_is_no_file_is_left_as_it_is)
{
    char fifo[128], link_path[128], below[192];
    struct stat info;
    in_folder(fifo, sizeof fifo, "fifo");
    in_folder(link_path, sizeof link_path, "link");
    write_bytes(path, "old", 3);
    snprintf(below, sizeof below, "%s/a.safetensors", path);
    ck_assert_int_eq(mkfifo(fifo, 0600), 0);
    assert_refused(folder);
    LEBM_ASSERT_ERROR_NAMES("it is a folder, not a regular file");
    assert_refused(fifo);
    LEBM_ASSERT_ERROR_NAMES("it is a pipe, not a regular file");
    assert_refused(below);
    ck_assert_int_eq(symlink(folder, link_path), 0);
    assert_refused(link_path);
    LEBM_ASSERT_ERROR_NAMES("it is a folder, not a regular file");
    ck_assert_int_eq(unlink(link_path), 0);
    ck_assert_int_eq(symlink("link", link_path), 0); /* to itself */
    assert_refused(link_path);
    LEBM_ASSERT_ERROR_NAMES(strerror(ELOOP));
    ck_assert_int_eq(lstat(link_path, &info), 0);
    ck_assert(S_ISLNK(info.st_mode));
    ck_assert_int_eq(unlink(link_path), 0);
    ck_assert_int_eq(stat(fifo, &info), 0);
    ck_assert(S_ISFIFO(info.st_mode));
    ck_assert_int_eq(unlink(fifo), 0);
    assert_bytes(path, (const unsigned char *)"old", 3);
    ck_assert_int_eq(count_files(), 1);
}
END_TEST

START_TEST(a_socket_stays_one)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct stat info;
    in_folder(address.sun_path, sizeof address.sun_path, "socket");
    const int descriptor = socket(AF_UNIX, SOCK_STREAM, 0);
    if (descriptor < 0 || bind(descriptor, (struct sockaddr *)&address, sizeof address) != 0) return;
    assert_refused(address.sun_path);
    LEBM_ASSERT_ERROR_NAMES("it is a socket, not a regular file");
    ck_assert_int_eq(lstat(address.sun_path, &info), 0);
    ck_assert(S_ISSOCK(info.st_mode));
    ck_assert_int_eq(close(descriptor), 0);
    ck_assert_int_eq(unlink(address.sun_path), 0);
}
END_TEST

/* ---- descriptors by their names in /proc ---- */

static const char *name_of(int descriptor)
{
    static char name[64];
    snprintf(name, sizeof name, "/proc/self/fd/%d", descriptor);
    return name;
}

START_TEST(a_pipe_by_its_descriptor_is_refused)
{
    int ends[2];
    char byte;
    if (access("/proc/self/fd", F_OK) != 0) return; /* not mounted */
    ck_assert_int_eq(pipe(ends), 0);
    assert_refused(name_of(ends[1]));
    LEBM_ASSERT_ERROR_NAMES("it is a pipe, not a regular file");
    ck_assert_int_eq(close(ends[1]), 0);
    ck_assert_int_eq(read(ends[0], &byte, 1), 0); /* nothing was written */
    ck_assert_int_eq(close(ends[0]), 0);
}
END_TEST

static void save_to_stdout(void)
{
    if (save_model(&state, "/dev/stdout") != LEBM_ERR_IO) _exit(2);
    _exit(strstr(lebm_last_error(), "'/dev/stdout': it is a pipe") == NULL ? 3 : 0);
}

START_TEST(standard_output_is_refused_unless_it_is_a_file)
{
    int ends[2];
    if (access("/dev/stdout", F_OK) != 0) return;
    fflush(stdout);
    const int before = dup(STDOUT_FILENO);
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(dup2(ends[1], STDOUT_FILENO), STDOUT_FILENO);
    const int end = child_end(child_start(save_to_stdout));
    ck_assert_int_eq(dup2(before, STDOUT_FILENO), STDOUT_FILENO);
    for (int i = 0; i < 2; i++) ck_assert_int_eq(close(ends[i]), 0);
    ck_assert_int_eq(close(before), 0);
    ck_assert_int_eq(end, 0);
}
END_TEST

/* The file of that name is replaced; the descriptor keeps the old one, which then has no name any more. */
START_TEST(a_file_by_its_descriptor_is_replaced_while_it_has_a_name)
{
    struct stat info;
    if (access("/proc/self/fd", F_OK) != 0) return;
    write_bytes(path, "old", 3);
    const int descriptor = open(path, O_RDWR);
    ck_assert_int_ge(descriptor, 0);
    LEBM_ASSERT_OK(save_model(&state, name_of(descriptor)));
    LEBM_ASSERT_OK(save_model(&state, other_path));
    assert_same_files(path, other_path);
    assert_refused(name_of(descriptor));
    LEBM_ASSERT_ERROR_NAMES("no name any more");
    ck_assert_int_eq(fstat(descriptor, &info), 0);
    ck_assert_int_eq(info.st_size, 3);
    ck_assert_int_eq(close(descriptor), 0);
    ck_assert_int_eq(count_files(), 2);
}
END_TEST

/* ---- links ---- */

/* Like open() does: the file at the end of the links is made, which all stay. */
START_TEST(links_to_a_file_that_is_not_there_are_followed)
{
    char first[128], second[128], sub[128], end[192];
    struct stat info;
    in_folder(first, sizeof first, "first");
    in_folder(sub, sizeof sub, "sub");
    in_folder(second, sizeof second, "sub/second");
    in_folder(end, sizeof end, "sub/../sub/end");
    ck_assert_int_eq(mkdir(sub, 0700), 0);
    ck_assert_int_eq(symlink("sub/second", first), 0);
    ck_assert_int_eq(symlink("../sub/end", second), 0);
    for (int i = 0; i < SAVERS; i++) {
        LEBM_ASSERT_OK(savers[i](&state, first));
        LEBM_ASSERT_OK(savers[i](&state, path));
        assert_same_files(end, path);
        ck_assert_int_eq(lstat(first, &info), 0);
        ck_assert(S_ISLNK(info.st_mode));
        ck_assert_int_eq(lstat(second, &info), 0);
        ck_assert(S_ISLNK(info.st_mode));
        ck_assert_int_eq(unlink(end), 0);
    }
    ck_assert_int_eq(unlink(second), 0);
    ck_assert_int_eq(symlink("/nonexistent/end", second), 0);
    assert_refused(first);
    LEBM_ASSERT_ERROR_NAMES(strerror(ENOENT));
    ck_assert_int_eq(unlink(first), 0);
    ck_assert_int_eq(unlink(second), 0);
    ck_assert_int_eq(rmdir(sub), 0); /* there was nothing else */
}
END_TEST

/* A chain of links, one of them into another folder: all stay, and the file at their end is replaced. */
START_TEST(a_chain_of_links_is_followed)
{
    char first[128], second[128], other_folder[128], end[192];
    struct stat info;
    in_folder(first, sizeof first, "first");
    in_folder(other_folder, sizeof other_folder, "other");
    in_folder(second, sizeof second, "other/second");
    in_folder(end, sizeof end, "other/end");
    ck_assert_int_eq(mkdir(other_folder, 0700), 0);
    ck_assert_int_eq(symlink("other/second", first), 0);
    ck_assert_int_eq(symlink("end", second), 0);
    write_bytes(end, "old", 3);
    for (int i = 0; i < SAVERS; i++) {
        LEBM_ASSERT_OK(savers[i](&state, first));
        LEBM_ASSERT_OK(savers[i](&state, path));
        assert_same_files(end, path);
        ck_assert_int_eq(lstat(first, &info), 0);
        ck_assert(S_ISLNK(info.st_mode));
        ck_assert_int_eq(lstat(second, &info), 0);
        ck_assert(S_ISLNK(info.st_mode));
    }
    ck_assert_int_eq(unlink(first), 0);
    ck_assert_int_eq(unlink(second), 0);
    ck_assert_int_eq(unlink(end), 0);
    ck_assert_int_eq(rmdir(other_folder), 0); /* there was nothing else */
}
END_TEST

START_TEST(a_refused_checkpoint_leaves_the_training_alone)
{
    LEBM_ASSERT_OK(save_checkpoint(&state, path));
    assert_refused("/nonexistent/a.safetensors");
    LEBM_ASSERT_OK(save_checkpoint(&state, other_path));
    assert_same_files(path, other_path);
    LEBM_ASSERT_OK(training_step(&state));
}
END_TEST

/* ---- limits on the size of files ---- */

static void delete_temporary_files(void)
{
    DIR *listing = opendir(folder);
    ck_assert_ptr_nonnull(listing);
    for (struct dirent *entry; (entry = readdir(listing)) != NULL;)
        if (strstr(entry->d_name, ".tmp-")) unlinkat(dirfd(listing), entry->d_name, 0);
    closedir(listing);
}

static int64_t most_bytes;

static void save_within_limit(void)
{
    struct rlimit limit;
    const struct rlimit no_core = {0, 0};
    if (getrlimit(RLIMIT_FSIZE, &limit) != 0) _exit(2);
    limit.rlim_cur = (rlim_t)most_bytes;
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0 || setrlimit(RLIMIT_CORE, &no_core) != 0) _exit(2);
    for (int i = 0; i < SAVERS; i++) {
        const int status = savers[i](&state, path);
        if (status != LEBM_ERR_IO || strstr(lebm_last_error(), path) == NULL) _exit(3);
    }
}

START_TEST(a_limit_on_the_size_of_files_is_a_status_if_its_signal_is_ignored)
{
    LEBM_ASSERT_OK(save_model(&state, path));
    LEBM_ASSERT_OK(save_model(&state, other_path));
    signal(SIGXFSZ, SIG_IGN);
    for (most_bytes = 0; most_bytes < 25000; most_bytes += 3001)
        ck_assert_int_eq(child_end(child_start(save_within_limit)), 0);
    signal(SIGXFSZ, SIG_DFL);
    assert_same_files(path, other_path);
    ck_assert_int_eq(count_files(), 2);
}
END_TEST

/* A process that has not asked otherwise is ended by the system; that is as good as any other crash. */
START_TEST(a_limit_whose_signal_kills_leaves_the_old_file)
{
    LEBM_ASSERT_OK(save_model(&state, path));
    LEBM_ASSERT_OK(save_model(&state, other_path));
    signal(SIGXFSZ, SIG_DFL);
    most_bytes = 10000;
    ck_assert_int_eq(child_end(child_start(save_within_limit)), 128 + SIGXFSZ);
    assert_same_files(path, other_path);
    ck_assert_int_le(count_files(), 3);
    delete_temporary_files();
    ck_assert_int_eq(count_files(), 2);
}
END_TEST

/* ---- folders that change meanwhile ---- */

START_TEST(a_folder_that_is_gone_is_refused_until_it_is_back)
{
    char sub[128], file[192];
    in_folder(sub, sizeof sub, "sub");
    in_folder(file, sizeof file, "sub/a.safetensors");
    for (int round = 0; round < 2; round++) {
        ck_assert_int_eq(mkdir(sub, 0700), 0);
        for (int i = 0; i < SAVERS; i++) LEBM_ASSERT_OK(savers[i](&state, file));
        ck_assert_int_eq(unlink(file), 0);
        ck_assert_int_eq(rmdir(sub), 0);
        assert_refused(file);
        LEBM_ASSERT_ERROR_NAMES(strerror(ENOENT));
    }
}
END_TEST

/* The folder that the process works in, by a relative path. */
START_TEST(a_working_folder_that_is_gone_is_refused)
{
    char sub[128], *home = getcwd(NULL, 0);
    in_folder(sub, sizeof sub, "sub");
    ck_assert_ptr_nonnull(home);
    ck_assert_int_eq(mkdir(sub, 0700), 0);
    ck_assert_int_eq(chdir(sub), 0);
    ck_assert_int_eq(rmdir(sub), 0);
    assert_refused("a.safetensors");
    ck_assert_int_eq(chdir(home), 0);
    free(home);
}
END_TEST

/* What a child that saves again and again has met. */
static struct {
    atomic_int saved, failed, stop;
} * tally;

static void save_until_stopped(void)
{
    while (!tally->stop) {
        const int status = save_model(&state, path);
        if (status != LEBM_OK && (status != LEBM_ERR_IO || strstr(lebm_last_error(), path) == NULL)) _exit(1);
        if (status == LEBM_OK)
            tally->saved++;
        else
            tally->failed++;
    }
}

/* Somebody tidies up, and takes the file in the making as well. */
START_TEST(a_temporary_file_that_is_deleted_is_a_status)
{
    tally = mmap(NULL, sizeof *tally, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(tally, MAP_FAILED);
    LEBM_ASSERT_OK(save_model(&state, path));
    LEBM_ASSERT_OK(save_model(&state, other_path));
    const pid_t child = child_start(save_until_stopped);
    while (tally->failed < 20) {
        LEBM_ASSERT_MSG(waitpid(child, NULL, WNOHANG) == 0, "after %d saves one failed otherwise", tally->saved);
        delete_temporary_files();
        LEBM_ASSERT_OK(lebm_model_load(path, NULL, NULL));
    }
    tally->stop = 1;
    ck_assert_int_eq(child_end(child), 0);
    assert_same_files(path, other_path);
    ck_assert_int_eq(count_files(), 2);
}
END_TEST

/* ---- several processes ---- */

enum { PROCESSES = 3, LOOKS = 100 };

static struct training states[PROCESSES];
static int which;

static _Atomic int *enough; /* shared with the children */

static void save_often(void)
{
    while (!*enough) child_needs(save_checkpoint(&states[which], path));
}

/* Which state the file holds; fails if none. */
static int find_state(unsigned char *const bytes[PROCESSES], size_t size)
{
    size_t found_size;
    unsigned char *found = read_bytes(path, &found_size);
    int state_found = 0;
    while (state_found < PROCESSES && (found_size != size || memcmp(found, bytes[state_found], size) != 0))
        state_found++;
    free(found);
    LEBM_ASSERT_MSG(state_found < PROCESSES, "the file is no state that any process saved");
    return state_found;
}

/* Each reader finds the whole file of one of them. */
START_TEST(processes_that_save_to_one_path_take_turns)
{
    unsigned char *bytes[PROCESSES];
    size_t size;
    pid_t children[PROCESSES];
    int seen[PROCESSES] = {0}, kinds = 0;
    enough = mmap(NULL, sizeof *enough, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne((void *)enough, MAP_FAILED);
    for (int i = 0; i < PROCESSES; i++) {
        training_make(&states[i], WIDTH, (uint64_t)i);
        LEBM_ASSERT_OK(save_checkpoint(&states[i], path));
        bytes[i] = read_bytes(path, &size);
    }
    for (which = 0; which < PROCESSES; which++) children[which] = child_start(save_often);
    for (int looks = 0; looks < LOOKS || kinds < 2; looks++) {
        kinds += seen[find_state(bytes, size)]++ == 0;
        LEBM_ASSERT_OK(lebm_trainer_load(state.trainer, path));
    }
    *enough = 1;
    for (int i = 0; i < PROCESSES; i++) {
        int end;
        ck_assert_int_eq(waitpid(children[i], &end, 0), children[i]);
        LEBM_ASSERT_MSG(WIFEXITED(end) && WEXITSTATUS(end) == 0, "process %d could not save", i);
    }
    find_state(bytes, size);
    ck_assert_int_eq(count_files(), 1);
    for (int i = 0; i < PROCESSES; i++) {
        training_free(&states[i]);
        free(bytes[i]);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("refused");
    TCase *paths = tcase_create("paths");
    tcase_add_checked_fixture(paths, make_state, free_state);
    tcase_add_test(paths, folders_of_the_system_are_refused);
    tcase_add_test(paths, a_device_stays_one);
    tcase_add_test(paths, what_is_no_file_is_left_as_it_is);
    tcase_add_test(paths, a_socket_stays_one);
    tcase_add_test(paths, a_pipe_by_its_descriptor_is_refused);
    tcase_add_test(paths, standard_output_is_refused_unless_it_is_a_file);
    tcase_add_test(paths, a_file_by_its_descriptor_is_replaced_while_it_has_a_name);
    tcase_add_test(paths, links_to_a_file_that_is_not_there_are_followed);
    tcase_add_test(paths, a_chain_of_links_is_followed);
    tcase_add_test(paths, a_refused_checkpoint_leaves_the_training_alone);
    suite_add_tcase(suite, paths);

    TCase *limits = tcase_create("limits");
    tcase_add_checked_fixture(limits, make_state, free_state);
    tcase_add_test(limits, a_limit_on_the_size_of_files_is_a_status_if_its_signal_is_ignored);
    tcase_add_test(limits, a_limit_whose_signal_kills_leaves_the_old_file);
    suite_add_tcase(suite, limits);

    TCase *changes = tcase_create("changes");
    tcase_add_checked_fixture(changes, make_state, free_state);
    tcase_set_timeout(changes, 60);
    tcase_add_test(changes, a_folder_that_is_gone_is_refused_until_it_is_back);
    tcase_add_test(changes, a_working_folder_that_is_gone_is_refused);
    tcase_add_test(changes, a_temporary_file_that_is_deleted_is_a_status);
    tcase_add_test(changes, processes_that_save_to_one_path_take_turns);
    suite_add_tcase(suite, changes);
    return test_run_suite(suite);
}
