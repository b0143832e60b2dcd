#include "text_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { FIRST_SIZE = 1 << 16 };

static const int64_t most_bytes = INT64_C(1) << 31; /* a power of 2: the room doubles up to it */

void text_free(text_lines *t)
{
    free(t->bytes);
    free(t->starts);
    free(t->ends);
    free(t->numbers);
    memset(t, 0, sizeof *t);
}

int utf8_length(const char *at, const char *end)
{
    /* By the first byte: how many follow it, and between what the second one lies (Unicode 15, table 3-7). */
    static const struct {
        uint8_t first, last, follow, low, high;
    } forms[] = {{0x00, 0x7f, 0, 0x00, 0x00}, {0xc2, 0xdf, 1, 0x80, 0xbf}, {0xe0, 0xe0, 2, 0xa0, 0xbf},
                 {0xe1, 0xec, 2, 0x80, 0xbf}, {0xed, 0xed, 2, 0x80, 0x9f}, {0xee, 0xef, 2, 0x80, 0xbf},
                 {0xf0, 0xf0, 3, 0x90, 0xbf}, {0xf1, 0xf3, 3, 0x80, 0xbf}, {0xf4, 0xf4, 3, 0x80, 0x8f}};
    const uint8_t *bytes = (const uint8_t *)at;
    for (size_t i = 0; at < end && i < sizeof forms / sizeof *forms; i++) {
        const int follow = forms[i].follow;
        if (bytes[0] < forms[i].first || bytes[0] > forms[i].last) continue;
        if (end - at <= follow || (follow > 0 && (bytes[1] < forms[i].low || bytes[1] > forms[i].high))) return 0;
        for (int k = 2; k <= follow; k++)
            if (bytes[k] < 0x80 || bytes[k] > 0xbf) return 0;
        return 1 + follow;
    }
    return 0;
}

bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* What the reading ended with: the end of a whole file, or something else. */
static int expect_whole(gzFile file, const char *path, failure *why)
{
    int code;
    const char *said = gzerror(file, &code);
    if (code == Z_OK || code == Z_STREAM_END) return 0;
    if (code == Z_ERRNO) return fail(why, "%s: cannot read: %s", path, strerror(errno));
    return code == Z_BUF_ERROR ? fail(why, "%s: truncated gzip data", path)
                               : fail(why, "%s: damaged gzip data: %s", path, said);
}

/* Reads all that the file holds. Returns 0, or -1 with nothing to be freed. */
static int read_bytes(gzFile file, const char *path, char **bytes, int64_t *size, failure *why)
{
    int64_t room = 0;
    *bytes = NULL;
    *size = 0;
    for (;;) {
        if (*size == room) {
            room = room == 0 ? FIRST_SIZE : 2 * room;
            char *more = room > most_bytes ? NULL : realloc(*bytes, (size_t)room);
            if (more == NULL) {
                free(*bytes);
                fail(why,
                     room > most_bytes ? "%s: more than %" PRId64 " bytes of text"
                                       : "%s: out of memory (%" PRId64 " bytes)",
                     path, room > most_bytes ? most_bytes : room);
                return -1;
            }
            *bytes = more;
        }
        const int64_t piece = room - *size < (1 << 20) ? room - *size : 1 << 20;
        const int got = gzread(file, *bytes + *size, (unsigned)piece);
        if (got <= 0) break;
        *size += got;
    }
    if (expect_whole(file, path, why) == 0) return 0;
    free(*bytes);
    return -1;
}

/* Checks one line; returns 0, 1 if there is nothing but blanks in it, or -1. */
static int check_line(const char *name, const char *line, const char *end, int64_t number, failure *why)
{
    int is_empty = 1;
    for (const char *at = line; at < end;) {
        const int length = utf8_length(at, end);
        if (length == 0)
            return fail(why, "%s: line %" PRId64 ": no UTF-8 (byte 0x%02x at place %" PRId64 ")", name, number,
                        (unsigned char)*at, (int64_t)(at - line) + 1);
        if (*at == '\0')
            return fail(why, "%s: line %" PRId64 ": a zero byte, which is no text (place %" PRId64 ")", name, number,
                        (int64_t)(at - line) + 1);
        if (!is_blank(*at)) is_empty = 0;
        at += length;
    }
    return is_empty;
}

/* Finds and checks the lines. */
static int find_lines(const char *name, int64_t size, text_lines *t, failure *why)
{
    static const char mark[] = "\xef\xbb\xbf"; /* of the byte order */
    const char *at = t->bytes, *const end = t->bytes + size;
    if (end - at >= 3 && memcmp(at, mark, 3) == 0) at += 3;
    for (int64_t number = 1; at < end; number++) {
        const char *newline = memchr(at, '\n', (size_t)(end - at)), *line_end = newline != NULL ? newline : end;
        const char *next = newline != NULL ? newline + 1 : end;
        if (line_end > at && line_end[-1] == '\r') line_end--;
        const int is_empty = check_line(name, at, line_end, number, why);
        if (is_empty < 0) return -1;
        if (is_empty && t->empty++ == 0) t->first_empty = number;
        if (!is_empty) {
            t->starts[t->count] = at - t->bytes;
            t->ends[t->count] = line_end - t->bytes;
            t->numbers[t->count++] = number;
        }
        at = next;
    }
    return t->count > 0 ? 0 : fail(why, "%s: there is no sentence in it", name);
}

static int64_t count_newlines(const char *bytes, int64_t size)
{
    int64_t count = 0;
    for (int64_t i = 0; i < size; i++) count += bytes[i] == '\n';
    return count;
}

int text_take(const char *name, char *bytes, int64_t size, text_lines *t, failure *why)
{
    const size_t most_lines = (size_t)count_newlines(bytes, size) + 1;
    int result = -1;
    *t = (text_lines){.bytes = bytes,
                      .starts = malloc(most_lines * sizeof(int64_t)),
                      .ends = malloc(most_lines * sizeof(int64_t)),
                      .numbers = malloc(most_lines * sizeof(int64_t))};
    if (t->starts == NULL || t->ends == NULL || t->numbers == NULL)
        fail(why, "%s: out of memory (%zu lines)", name, most_lines);
    else
        result = find_lines(name, size, t, why);
    if (result != 0) text_free(t);
    return result;
}

int text_read(const char *path, text_lines *t, failure *why)
{
    char *bytes;
    int64_t size;
    memset(t, 0, sizeof *t);
    errno = 0;
    gzFile file = gzopen(path, "rb");
    if (file == NULL) return fail(why, "cannot open %s: %s", path, strerror(errno != 0 ? errno : ENOMEM));
    const int result = read_bytes(file, path, &bytes, &size, why);
    gzclose_r(file);
    return result == 0 ? text_take(path, bytes, size, t, why) : -1;
}
