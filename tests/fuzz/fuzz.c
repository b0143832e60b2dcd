#include "fuzz.h"

#include <cjson/cJSON.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/status.h"
#include "core/text.h"

/* ---- memory: the linker's --wrap gives each call of NAME to __wrap_NAME, and calls the real one __real_NAME ---- */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void __real_free(void *memory);
LEBM_API void *__wrap_malloc(size_t size);
LEBM_API void *__wrap_calloc(size_t count, size_t size);
LEBM_API void *__wrap_realloc(void *memory, size_t size);
LEBM_API void *__wrap_aligned_alloc(size_t alignment, size_t size);
LEBM_API void __wrap_free(void *memory);

static struct {
    int64_t held, most; /* bytes */
    int limited, refuse, refused;
} memory_use = {.held = 0};

/* Whether `size` more bytes may be had. */
static int may_have(size_t size)
{
    if (!memory_use.limited || (size <= (size_t)INT64_MAX && (int64_t)size <= memory_use.most - memory_use.held))
        return 1;
    FUZZ_ASSERT(memory_use.refuse, "asks for %zu bytes while it holds %lld; allowed are %lld", size,
                (long long)memory_use.held, (long long)memory_use.most);
    memory_use.refused = 1;
    return 0;
}

static void *counted(void *memory)
{
    if (memory != NULL) memory_use.held += (int64_t)malloc_usable_size(memory);
    return memory;
}

void *__wrap_malloc(size_t size)
{
    return may_have(size) ? counted(__real_malloc(size)) : NULL;
}

void *__wrap_calloc(size_t count, size_t size)
{
    return may_have(size > 0 && count > SIZE_MAX / size ? SIZE_MAX : count * size) ? counted(__real_calloc(count, size))
                                                                                   : NULL;
}

/* While it copies, both the old memory and the new are held. */
void *__wrap_realloc(void *memory, size_t size)
{
    const int64_t before_it = memory == NULL ? 0 : (int64_t)malloc_usable_size(memory);
    if (!may_have(size)) return NULL;
    void *larger = counted(__real_realloc(memory, size));
    if (larger != NULL) memory_use.held -= before_it;
    return larger;
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return may_have(size) ? counted(__real_aligned_alloc(alignment, size)) : NULL;
}

void __wrap_free(void *memory)
{
    if (memory != NULL) memory_use.held -= (int64_t)malloc_usable_size(memory);
    __real_free(memory);
}

/* ---- files ---- */

static const char *const names[FUZZ_PATHS] = {"input", "output", "other"};
static char folder[96], paths[FUZZ_PATHS][128];
static int written[FUZZ_PATHS]; /* open for fuzz_write() from the start on, which is faster */

static void remove_folder(void)
{
    for (int i = 0; i < FUZZ_PATHS; i++) unlink(paths[i]);
    rmdir(folder);
}

static void make_folder(void)
{
    const char *chosen = getenv("TMPDIR"), *scratch = chosen && *chosen ? chosen : "/tmp";
    snprintf(folder, sizeof folder, "%s/lebm_fuzz_XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : scratch);
    FUZZ_ASSERT(mkdtemp(folder) != NULL, "%s: %s", folder, strerror(errno));
    atexit(remove_folder);
    for (int i = 0; i < FUZZ_PATHS; i++) {
        snprintf(paths[i], sizeof paths[i], "%s/%s", folder, names[i]);
        written[i] = open(paths[i], O_WRONLY | O_CREAT, 0600);
        FUZZ_ASSERT(written[i] >= 0, "%s: %s", paths[i], strerror(errno));
    }
}

const char *fuzz_path(int which)
{
    if (folder[0] == '\0') make_folder();
    return paths[which];
}

const char *fuzz_write(int which, const void *bytes, size_t size)
{
    const char *path = fuzz_path(which);
    FUZZ_ASSERT(pwrite(written[which], bytes, size, 0) == (ssize_t)size && ftruncate(written[which], (off_t)size) == 0,
                "%s: %s", path, strerror(errno));
    return path;
}

void fuzz_check_same_files(int which, int other)
{
    static char piece[2][1 << 16];
    const int a = open(paths[which], O_RDONLY), b = open(paths[other], O_RDONLY);
    for (ssize_t size = 1; size > 0;) {
        size = read(a, piece[0], sizeof piece[0]);
        FUZZ_ASSERT(size >= 0 && read(b, piece[1], sizeof piece[1]) == size &&
                        memcmp(piece[0], piece[1], (size_t)size) == 0,
                    "%s and %s differ", names[which], names[other]);
    }
    close(a);
    close(b);
}

/* Files in the folder that no path leads to. */
static int strange_files(void)
{
    int count = 0;
    DIR *listing = folder[0] == '\0' ? NULL : opendir(folder);
    if (listing == NULL) return 0;
    for (struct dirent *entry; (entry = readdir(listing)) != NULL;) {
        int known = entry->d_name[0] == '.';
        for (int i = 0; i < FUZZ_PATHS; i++) known |= strcmp(entry->d_name, names[i]) == 0;
        count += !known;
    }
    closedir(listing);
    return count;
}

/* ---- one input ---- */

static struct {
    int64_t held;
    int descriptor; /* the first free one */
    time_t changed; /* when the folder last changed, */
    long changed_ns;
} before;

static int free_descriptor(void)
{
    const int descriptor = dup(STDERR_FILENO);
    close(descriptor);
    return descriptor;
}

void fuzz_begin(void)
{
    static int ready;
    if (!ready) {
        cJSON_InitHooks(&(cJSON_Hooks){__wrap_malloc, __wrap_free});
        ready = 1;
    }
    before.held = memory_use.held;
    before.descriptor = free_descriptor();
}

void fuzz_limit(int64_t most_bytes, int refuse)
{
    memory_use.most = before.held + most_bytes;
    memory_use.limited = 1;
    memory_use.refuse = refuse;
    memory_use.refused = 0;
}

int fuzz_was_refused(void)
{
    return memory_use.refused;
}

/* Listing the folder takes long, so it is listed only if it has changed. */
static int folder_changed(void)
{
    struct stat info;
    if (folder[0] == '\0' || stat(folder, &info) != 0) return 0;
    const int changed = info.st_mtim.tv_sec != before.changed || info.st_mtim.tv_nsec != before.changed_ns;
    before.changed = info.st_mtim.tv_sec;
    before.changed_ns = info.st_mtim.tv_nsec;
    return changed;
}

void fuzz_end(void)
{
    memory_use.limited = 0;
    FUZZ_ASSERT(memory_use.held == before.held, "%lld bytes of memory are not given back",
                (long long)(memory_use.held - before.held));
    FUZZ_ASSERT(free_descriptor() == before.descriptor, "a file is left open");
    if (folder_changed()) FUZZ_ASSERT(strange_files() == 0, "a file is left in %s", folder);
}

/* ---- failures ---- */

void fuzz_forget_failure(void)
{
    lebm__set_last_error("");
}

void fuzz_check_line(const char *text)
{
    FUZZ_ASSERT(text[0] != '\0', "no error text");
    FUZZ_ASSERT(strpbrk(text, "\r\n") == NULL, "not one line: \"%s\"", text);
}

void fuzz_check_failure(int status, const int *allowed, size_t count)
{
    int is_allowed = 0;
    for (size_t i = 0; i < count; i++) is_allowed |= status == allowed[i];
    FUZZ_ASSERT(is_allowed, "failed with %s: %s", lebm_status_name(status), lebm_last_error());
    fuzz_check_line(lebm_last_error());
    FUZZ_ASSERT(lebm__is_utf8(lebm_last_error()), "not UTF-8: \"%s\"", lebm_last_error());
}
