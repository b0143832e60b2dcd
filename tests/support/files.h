/** @file files.h
 * A folder for the files of each test, and files as bytes. */
#ifndef LEBM_TESTS_FILES_H
#define LEBM_TESTS_FILES_H

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/approx.h"

/** The folder of the test that runs, and two paths in it. */
static char folder[96], path[128], other_path[128];

static inline void files_make_folder(const char *parent)
{
    const int length = snprintf(folder, sizeof folder, "%s/lebm_test_XXXXXX", parent);
    ck_assert_msg(length < (int)sizeof folder, "too long a path for the tests: %s", parent);
    ck_assert_msg(mkdtemp(folder) != NULL, "no folder can be made in %s", parent);
    snprintf(path, sizeof path, "%s/a.safetensors", folder);
    snprintf(other_path, sizeof other_path, "%s/b.safetensors", folder);
}

/** Where folders for a while are made. */
static inline const char *files_scratch(void)
{
    const char *chosen = getenv("TMPDIR");
    return chosen && *chosen ? chosen : "/tmp";
}

/** Fixture: makes the folder. */
static inline void make_folder(void)
{
    files_make_folder(files_scratch());
}

/** The same for tests that save often: every save waits for the disk, so rather not on one. */
static inline void make_folder_in_memory(void)
{
    files_make_folder(access("/dev/shm", W_OK) == 0 ? "/dev/shm" : files_scratch());
}

/** Fixture: removes the folder with the files at the two paths; fails if there is any other. */
static inline void remove_folder(void)
{
    unlink(path);
    unlink(other_path);
    ck_assert_msg(rmdir(folder) == 0, "something is left in %s", folder);
}

/** Number of files in the folder. */
static inline int count_files(void)
{
    int count = 0;
    DIR *listing = opendir(folder);
    ck_assert_ptr_nonnull(listing);
    for (struct dirent *entry; (entry = readdir(listing)) != NULL;)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(listing);
    return count;
}

/** Writes a file in place: to truncate one to nothing and write it again is slow, for the system then flushes it. */
static inline void write_bytes(const char *to, const void *bytes, size_t size)
{
    const int file = open(to, O_WRONLY | O_CREAT, 0644);
    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(pwrite(file, bytes, size, 0), (ssize_t)size);
    ck_assert_int_eq(ftruncate(file, (off_t)size), 0);
    ck_assert_int_eq(close(file), 0);
}

/** The bytes of a file and a NUL; freed by the caller. */
static inline unsigned char *read_bytes(const char *from, size_t *size)
{
    struct stat info;
    FILE *file = fopen(from, "rb");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fstat(fileno(file), &info), 0);
    *size = (size_t)info.st_size;
    unsigned char *bytes = test_alloc((int64_t)*size + 1, 1);
    ck_assert_uint_eq(fread(bytes, 1, *size, file), *size);
    fclose(file);
    return bytes;
}

/** Fails unless a file holds these bytes. */
static inline void assert_bytes(const char *from, const unsigned char *expected, size_t expected_size)
{
    size_t size;
    unsigned char *bytes = read_bytes(from, &size);
    ck_assert_uint_eq(size, expected_size);
    ck_assert_mem_eq(bytes, expected, size);
    free(bytes);
}

static inline void assert_same_files(const char *a, const char *b)
{
    size_t size;
    unsigned char *bytes = read_bytes(b, &size);
    assert_bytes(a, bytes, size);
    free(bytes);
}

/** Replaces the one place where `from` stands in the header of the safetensors file at `path`. */
static inline void edit_header(const char *from, const char *to)
{
    size_t size;
    unsigned char *bytes = read_bytes(path, &size);
    const size_t header = bytes[0] + 256u * bytes[1], shift = strlen(to) - strlen(from);
    char *text = (char *)bytes + 8, *at = strstr(text, from);
    ck_assert_msg(at != NULL && at < text + header, "the header has no %s: %.*s", from, (int)header, text);
    ck_assert_msg(strstr(at + 1, from) == NULL, "the header has more than one %s", from);
    const size_t before = (size_t)(at - (char *)bytes);
    unsigned char *edited = test_alloc((int64_t)(size + strlen(to)), 1);
    memcpy(edited, bytes, before);
    memcpy(edited + before, to, strlen(to));
    memcpy(edited + before + strlen(to), at + strlen(from), size - before - strlen(from));
    edited[0] = (unsigned char)((header + shift) % 256);
    edited[1] = (unsigned char)((header + shift) / 256);
    write_bytes(path, edited, size + shift);
    free(bytes);
    free(edited);
}

#endif
