#include "packed_file.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

enum { LARGEST_RATIO = 1032 /* of the sizes of data and what deflate packs them to */ };

gzFile packed_open(const char *path, failure *why)
{
    errno = 0;
    gzFile file = gzopen(path, "rb");
    if (file == NULL) fail(why, "cannot open %s: %s", path, strerror(errno != 0 ? errno : ENOMEM));
    return file;
}

bool packed_is_too_small(const char *path, int64_t size)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode) && size / LARGEST_RATIO > info.st_size;
}

int packed_read(gzFile file, const char *path, uint8_t *bytes, int64_t size, failure *why)
{
    int64_t done = 0;
    while (done < size) {
        const int64_t piece = size - done < (1 << 20) ? size - done : 1 << 20;
        const int got = gzread(file, bytes + done, (unsigned)piece);
        if (got <= 0) {
            int code;
            const char *text = gzerror(file, &code);
            if (code == Z_ERRNO) return fail(why, "%s: cannot read: %s", path, strerror(errno));
            if (code != Z_OK && code != Z_BUF_ERROR && code != Z_STREAM_END)
                return fail(why, "%s: damaged gzip data: %s", path, text);
            return fail(why, "%s: truncated: ends %" PRId64 " bytes too early", path, size - done);
        }
        done += got;
    }
    return 0;
}

int packed_expect_end(gzFile file, const char *path, failure *why)
{
    uint8_t byte;
    int code;
    const int got = gzread(file, &byte, 1);
    const char *text = gzerror(file, &code);
    if (got > 0) return fail(why, "%s: more bytes than its header says", path);
    if (code == Z_BUF_ERROR) return fail(why, "%s: truncated gzip data", path);
    if (got < 0) return fail(why, "%s: damaged gzip data: %s", path, text);
    return 0;
}
