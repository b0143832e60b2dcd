/* Runs a fuzz target without libFuzzer: on the empty input, on every file of a corpus, and on so many inputs that were
 * changed at random from those, the same ones each time.
 *
 *     replay_NAME CORPUS [COUNT]        COUNT: changed inputs (default 0)
 *
 * An input on which it dies is written to the file crash-NAME. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"

enum { MOST_SIZE = 1 << 16, MOST_FILES = 1000, MOST_CHANGES = 4 };

#pragma weak LLVMFuzzerCustomMutator

/* An input. */
typedef struct bytes {
    uint8_t *data;
    size_t size;
} bytes;

static uint64_t state = 1; /* of the random numbers: xorshift64* */

static uint32_t random_below(uint64_t most)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (uint32_t)((state * 0x2545f4914f6cdd1du >> 32) % most);
}

/* ---- changes ---- */

/* Puts `count` bytes, given or random, before the byte at `at`. */
static size_t insert(uint8_t *data, size_t size, size_t max_size, size_t at, const uint8_t *given, size_t count)
{
    if (count > max_size - size) count = max_size - size;
    memmove(data + at + count, data + at, size - at);
    for (size_t i = 0; i < count; i++) data[at + i] = given != NULL ? given[i] : (uint8_t)random_below(256);
    return size + count;
}

/* Puts a number that is often a bound in the place of one that is there. */
static void change_number(uint8_t *data, size_t size, size_t at)
{
    static const int64_t bounds[] = {0, 1, -1, 10, 127, 128, 255, 256, 32767, 65535, 65536, INT32_MAX, INT32_MIN};
    const size_t width = (size_t)1 << random_below(4);
    const uint64_t number = (uint64_t)bounds[random_below(sizeof bounds / sizeof *bounds)];
    const int big_endian = (int)random_below(2);
    for (size_t i = 0; i < width && at + i < size; i++)
        data[at + i] = (uint8_t)(number >> 8 * (big_endian ? width - 1 - i : i));
}

static size_t change(uint8_t *data, size_t size, size_t max_size)
{
    uint8_t piece[64];
    if (size == 0) return insert(data, size, max_size, 0, NULL, 1 + random_below(8));
    const size_t at = random_below(size), left = size - at;
    const size_t some = 1 + random_below(left < sizeof piece ? left : sizeof piece);
    switch (random_below(7)) {
    case 0:
        data[at] ^= (uint8_t)(1 << random_below(8));
        return size;
    case 1:
        data[at] = (uint8_t)random_below(256);
        return size;
    case 2:
        change_number(data, size, at);
        return size;
    case 3:
        memmove(data + at, data + at + some, left - some);
        return size - some;
    case 4:
        return insert(data, size, max_size, at, NULL, 1 + random_below(8));
    case 5: /* a piece of it once more */
        memcpy(piece, data + at, some);
        return insert(data, size, max_size, random_below(size), piece, some);
    default: /* a digit for a digit */
        for (size_t i = at; i < size; i++) {
            if (data[i] < '0' || data[i] > '9') continue;
            data[i] = (uint8_t)('0' + random_below(10));
            break;
        }
        return size;
    }
}

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size)
{
    for (uint32_t left = 1 + random_below(MOST_CHANGES); left > 0; left--) size = change(data, size, max_size);
    return size;
}

/* ---- inputs ---- */

static bytes files[MOST_FILES], now;
static char names[MOST_FILES][256];
static size_t file_count;
static const char *program;

/* Says on which input the process died, and keeps it. */
static void keep_input(int signal_number)
{
    char path[256];
    const char *name = strrchr(program, '_');
    snprintf(path, sizeof path, "crash-%s", name != NULL ? name + 1 : program);
    const int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (file >= 0 && write(file, now.data, now.size) == (ssize_t)now.size)
        fprintf(stderr, "%s: died on the input that is now in %s\n", program, path);
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

/* In memory of just that size, so that sanitizers notice a read behind it. */
static void run(const uint8_t *data, size_t size)
{
    now = (bytes){malloc(size > 0 ? size : 1), size};
    FUZZ_ASSERT(now.data != NULL, "out of memory");
    if (size > 0) memcpy(now.data, data, size);
    LLVMFuzzerTestOneInput(now.data, size);
    free(now.data);
}

static void read_file(const char *folder, const char *name)
{
    char path[1024];
    bytes file = {malloc(MOST_SIZE), 0};
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *stream = fopen(path, "rb");
    FUZZ_ASSERT(stream != NULL && file.data != NULL && file_count < MOST_FILES, "%s: %s", path, strerror(errno));
    file.size = fread(file.data, 1, MOST_SIZE, stream);
    fclose(stream);
    snprintf(names[file_count], sizeof names[file_count], "%s", name);
    files[file_count++] = file;
}

/* As run(), for an input that was changed from a random file. */
static void run_changed(void)
{
    static uint8_t data[MOST_SIZE];
    const bytes *file = &files[random_below(file_count)];
    const size_t most = file->size + 64 < MOST_SIZE ? file->size + 64 : MOST_SIZE;
    memcpy(data, file->data, file->size);
    run(data, LLVMFuzzerCustomMutator != NULL ? LLVMFuzzerCustomMutator(data, file->size, most, random_below(1 << 16))
                                              : LLVMFuzzerMutate(data, file->size, most));
}

int main(int argc, char **argv)
{
    FUZZ_ASSERT(argc == 2 || argc == 3, "usage: %s CORPUS [COUNT]", argv[0]);
    const long count = argc == 3 ? atol(argv[2]) : 0;
    program = argv[0];
    signal(SIGABRT, keep_input);
#ifndef __SANITIZE_ADDRESS__ /* which ends with an abort whatever happens */
    signal(SIGSEGV, keep_input);
    signal(SIGBUS, keep_input);
    signal(SIGFPE, keep_input);
    signal(SIGILL, keep_input);
#endif

    struct dirent **list;
    const int listed = scandir(argv[1], &list, NULL, alphasort);
    FUZZ_ASSERT(listed >= 0, "%s: %s", argv[1], strerror(errno));
    for (int i = 0; i < listed; i++) {
        if (list[i]->d_name[0] != '.') read_file(argv[1], list[i]->d_name);
        free(list[i]);
    }
    free(list);
    FUZZ_ASSERT(file_count > 0, "%s holds no files", argv[1]);

    run(NULL, 0);
    for (size_t i = 0; i < file_count; i++) run(files[i].data, files[i].size);
    for (long i = 0; i < count; i++) run_changed();
    for (size_t i = 0; i < file_count; i++) free(files[i].data);
    printf("%zu files and %ld inputs changed from them\n", file_count, count);
    return EXIT_SUCCESS;
}
