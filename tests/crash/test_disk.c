/* File systems that are full, read-only, or another than that of the link: each mounted by the test, for itself alone.
 * Skipped where the system does not let it. */
#define _GNU_SOURCE /* unshare() */
#include <errno.h>
#include <sched.h>
#include <sys/mount.h>

#include "crash/training.h"
#include "support/files.h"

enum { WIDTH = 400, SKIPPED = 77 /* checkpoints of 200 kB */ };

static struct training state, later;
static char disk[112], file[160]; /* a folder that is mounted, and a path in it */

static int write_text(const char *to, const char *text)
{
    const int descriptor = open(to, O_WRONLY);
    const int written = descriptor >= 0 && write(descriptor, text, strlen(text)) > 0;
    if (descriptor >= 0) close(descriptor);
    return written;
}

/* For a user who is not root: be root in a world of one's own. */
static int become_root(void)
{
    char users[64], groups[64];
    snprintf(users, sizeof users, "0 %ld 1", (long)geteuid());
    snprintf(groups, sizeof groups, "0 %ld 1", (long)getegid());
    return unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 && write_text("/proc/self/uid_map", users) &&
           write_text("/proc/self/setgroups", "deny") && write_text("/proc/self/gid_map", groups);
}

/* Mounts from now on are of this process alone. */
static int is_alone(void)
{
    return (unshare(CLONE_NEWNS) == 0 || become_root()) && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

static void mount_disk(const char *options)
{
    LEBM_ASSERT_MSG(mount("none", disk, "tmpfs", 0, options) == 0, "cannot mount %s: %s", options, strerror(errno));
}

static void make_disk(void)
{
    make_folder();
    snprintf(disk, sizeof disk, "%s/disk", folder);
    snprintf(file, sizeof file, "%s/a.safetensors", disk);
    ck_assert_int_eq(mkdir(disk, 0700), 0);
    training_make(&state, WIDTH, 1);
    training_make(&later, WIDTH, 1);
    LEBM_ASSERT_OK(training_step(&later));
    LEBM_ASSERT_OK(save_checkpoint(&state, path));
    LEBM_ASSERT_OK(save_checkpoint(&later, other_path));
}

static void free_disk(void)
{
    umount2(disk, MNT_DETACH);
    ck_assert_int_eq(rmdir(disk), 0);
    training_free(&state);
    training_free(&later);
    remove_folder();
}

static int count_files_on_disk(void)
{
    int count = 0;
    DIR *listing = opendir(disk);
    ck_assert_ptr_nonnull(listing);
    for (struct dirent *entry; (entry = readdir(listing)) != NULL;) count += entry->d_name[0] != '.';
    closedir(listing);
    return count;
}

/* Fails unless the disk, which holds a checkpoint, cannot take a later one for this reason, and keeps the old. */
static void assert_no_room(int error, const char *why)
{
    const int before = count_files_on_disk(), status = save_checkpoint(&later, file);
    LEBM_ASSERT_MSG(status == LEBM_ERR_IO, "%s: the status is %s", why, lebm_status_name(status));
    LEBM_ASSERT_ERROR_NAMES(file);
    LEBM_ASSERT_ERROR_NAMES(strerror(error));
    assert_same_files(file, path);
    LEBM_ASSERT_MSG(count_files_on_disk() == before, "%s: %d files have become %d", why, before, count_files_on_disk());
    LEBM_ASSERT_OK(lebm_trainer_load(state.trainer, file));
}

/* With room for ever more of the new file: it is cut short at each length in turn. */
START_TEST(a_full_disk_keeps_the_old_file_and_takes_the_new_one_when_there_is_room)
{
    const long page = sysconf(_SC_PAGESIZE);
    char options[64], filler[128], why[64];
    struct stat info;
    ck_assert_int_eq(stat(path, &info), 0);
    const long pages = (info.st_size + page - 1) / page;
    snprintf(filler, sizeof filler, "%s/filler", disk);
    snprintf(options, sizeof options, "size=%ld",
             2 * pages * page); /* of the folder's own entries there is no charge */
    mount_disk(options);
    LEBM_ASSERT_OK(save_checkpoint(&state, file));
    unsigned char *zeros = test_alloc(pages, (size_t)page);
    int failures = 0;
    for (long room = 0; room < pages; room += 7, failures++) {
        write_bytes(filler, zeros, (size_t)((pages - room) * page));
        snprintf(why, sizeof why, "room for %ld of %ld pages", room, pages);
        assert_no_room(ENOSPC, why);
    }
    LEBM_ASSERT_MSG(failures >= 5, "the disk was full only %d times", failures);
    ck_assert_int_eq(unlink(filler), 0);
    LEBM_ASSERT_OK(save_checkpoint(&later, file));
    assert_same_files(file, other_path);
    free(zeros);
}
END_TEST

START_TEST(a_disk_without_room_for_one_more_file_keeps_the_old_one)
{
    mount_disk("nr_inodes=2"); /* the folder itself and one file */
    LEBM_ASSERT_OK(save_checkpoint(&state, file));
    assert_no_room(ENOSPC, "no room for another file");
}
END_TEST

START_TEST(a_read_only_disk_keeps_the_old_file)
{
    mount_disk("size=16m");
    LEBM_ASSERT_OK(save_checkpoint(&state, file));
    ck_assert_int_eq(mount("none", disk, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
    assert_no_room(EROFS, "read-only");
    ck_assert_int_eq(mount("none", disk, NULL, MS_REMOUNT, NULL), 0);
    LEBM_ASSERT_OK(save_checkpoint(&later, file));
    assert_same_files(file, other_path);
}
END_TEST

/* No file can be renamed from one file system to another: the temporary one must be made where the link leads. */
START_TEST(a_link_to_another_file_system_is_followed)
{
    char link_path[128];
    struct stat info;
    mount_disk("size=16m");
    snprintf(link_path, sizeof link_path, "%s/link", folder);
    LEBM_ASSERT_OK(save_checkpoint(&state, file));
    ck_assert_int_eq(symlink(file, link_path), 0);
    LEBM_ASSERT_OK(save_checkpoint(&later, link_path));
    assert_same_files(file, other_path);
    ck_assert_int_eq(lstat(link_path, &info), 0);
    ck_assert(S_ISLNK(info.st_mode));
    ck_assert_int_eq(unlink(link_path), 0);
}
END_TEST

int main(void)
{
    if (!is_alone()) {
        printf("skipped: this process may not mount: %s\n", strerror(errno));
        return SKIPPED;
    }
    Suite *suite = suite_create("disk");
    TCase *disks = tcase_create("disks");
    tcase_add_checked_fixture(disks, make_disk, free_disk);
    tcase_set_timeout(disks, 30);
    tcase_add_test(disks, a_full_disk_keeps_the_old_file_and_takes_the_new_one_when_there_is_room);
    tcase_add_test(disks, a_disk_without_room_for_one_more_file_keeps_the_old_one);
    tcase_add_test(disks, a_read_only_disk_keeps_the_old_file);
    tcase_add_test(disks, a_link_to_another_file_system_is_followed);
    suite_add_tcase(suite, disks);
    return test_run_suite(suite);
}
