#include "mat_whole.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

/* Such a file is a header and then elements: a tag (type, bytes that follow) and a variable, or a tag and such an element
 * compressed. A variable is elements in turn: flags, dimensions, name and numbers, each filled up to 8 bytes. */
enum {
    HEADER = 128,
    TAG = 8,
    START = 256, /* bytes of a variable in which its numbers must begin */
    PIECE = 1 << 16,
};

enum { INT8 = 1, INT32 = 5, UINT32 = 6, MATRIX = 14, COMPRESSED = 15, TYPES = 14 }; /* types of elements */
enum { CLASS = 0xff, TEXT = 4, SPARSE = 5, DOUBLE = 6, UINT64 = 15, OPAQUE = 17, COMPLEX = 0x800 }; /* in the flags */

/* What the classes of variables below DOUBLE are called. */
static const char *const class_names[DOUBLE] = {"of no class", "a cell array", "a structure",
                                                "an object",   "text",         "sparse"};

static const int64_t type_size[TYPES] = {0, 1, 1, 2, 2, 4, 4, 4, 0, 8, 0, 0, 8, 8};

static const int64_t most_bytes = INT64_C(1) << 32; /* that an element may unpack to */

/* What a variable starts with. */
typedef struct start {
    uint8_t bytes[START];
    int64_t size; /* of the whole variable */
} start;

typedef struct reader {
    FILE *file;
    const char *path;
    int64_t left; /* bytes from here to the end of the file */
    bool big_endian;
} reader;

/* Reads size bytes, which must be there. */
static int read_bytes(reader *r, uint8_t *bytes, size_t size, failure *why)
{
    errno = 0;
    if (fread(bytes, 1, size, r->file) != size)
        return fail(why, "%s: cannot read: %s", r->path, errno != 0 ? strerror(errno) : "it ends too early");
    r->left -= (int64_t)size;
    return 0;
}

static uint32_t number(const reader *r, const uint8_t b[4])
{
    return r->big_endian ? (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3]
                         : (uint32_t)b[3] << 24 | (uint32_t)b[2] << 16 | (uint32_t)b[1] << 8 | b[0];
}

/* Finds the size of the file, and reads its header, which ends with version and byte order. */
static int read_header(reader *r, failure *why)
{
    uint8_t header[HEADER] = "";
    if (fseeko(r->file, 0, SEEK_END) != 0) return fail(why, "%s: cannot read: %s", r->path, strerror(errno));
    r->left = (int64_t)ftello(r->file);
    rewind(r->file);
    if (r->left == 0) return fail(why, "%s: empty file", r->path);
    if (read_bytes(r, header, r->left < HEADER ? (size_t)r->left : HEADER, why) != 0) return -1;

    const uint8_t *end = header + HEADER - 4;
    if (memcmp(header, "\x89HDF", 4) == 0 || memcmp(end, "\0\2IM", 4) == 0)
        return fail(why, "%s: a MATLAB 7.3 file, where MATLAB 5 belongs: save it again with -v7", r->path);
    r->big_endian = memcmp(end, "\1\0MI", 4) == 0;
    return r->big_endian || memcmp(end, "\0\1IM", 4) == 0 ? 0 : fail(why, "%s: no MATLAB 5 file", r->path);
}

/* An element within the start of a variable. */
typedef struct part {
    uint32_t type;
    int64_t bytes, at; /* its size, and where its contents begin */
} part;

/* Reads the tag at *at and moves behind the element. A small one has its size and contents in the tag. */
static bool read_part(const reader *r, const start *s, int64_t *at, part *p)
{
    if (*at + TAG > START || *at + TAG > s->size) return false;
    const uint32_t word = number(r, s->bytes + *at), small = word >> 16;
    *p = small > 0 ? (part){word & 0xffff, small, *at + 4} : (part){word, number(r, s->bytes + *at + 4), *at + TAG};
    *at = small > 0 ? *at + TAG : p->at + (p->bytes + 7) / 8 * 8;
    return small <= 4 && p->at + p->bytes <= s->size;
}

/* How many numbers the dimensions make; -1 if they are none. */
static int64_t count_numbers(const reader *r, const start *s, const part *dimensions)
{
    int64_t count = 1;
    if (dimensions->type != INT32 || dimensions->bytes < 8 || dimensions->bytes % 4 != 0 ||
        dimensions->at + dimensions->bytes > START)
        return -1;
    for (int64_t i = 0; i + 4 <= dimensions->bytes; i += 4) {
        const int64_t here = number(r, s->bytes + dimensions->at + i);
        if (here > 0 && count > most_bytes / here) return -1;
        count *= here;
    }
    return count;
}

/* Checks what a variable is, by its flags: numbers, unless it is one that is only passed over. */
static int check_class(const reader *r, uint32_t flags, const char *name, failure *why)
{
    const uint32_t class = flags & CLASS;
    const bool is_read = strcmp(name, "X") == 0 || strcmp(name, "y") == 0;
    const bool is_numbers = class >= DOUBLE && class <= UINT64;
    if (is_numbers ? !is_read || (flags & COMPLEX) == 0 : !is_read && (class == TEXT || class == SPARSE)) return 0;
    const char *what = is_numbers ? "complex" : class < DOUBLE ? class_names[class] : "an object";
    return is_read ? fail(why, "%s: %s is %s, where real numbers belong", r->path, name, what)
                   : fail(why, "%s: %s is %s, which cannot be read: save X and y without it", r->path, name, what);
}

static int check_variable(const reader *r, const start *s, failure *why)
{
    part flags, dimensions, name, numbers;
    int64_t at = 0, count = 0;
    char text[START + 1] = "";
    if (!read_part(r, s, &at, &flags) || flags.type != UINT32 || flags.bytes != 8)
        return fail(why, "%s: damaged: a variable has no flags", r->path);
    const uint32_t bits = number(r, s->bytes + flags.at);
    const bool is_opaque = (bits & CLASS) == OPAQUE; /* MATLAB's strings and tables: they have no dimensions */
    if (!is_opaque && (!read_part(r, s, &at, &dimensions) || (count = count_numbers(r, s, &dimensions)) < 0))
        return fail(why, "%s: damaged: a variable has not as many numbers as it says", r->path);
    if (!read_part(r, s, &at, &name) || name.type != INT8 || name.bytes == 0 || name.at + name.bytes > START)
        return fail(why, "%s: damaged: a variable has no name", r->path);
    memcpy(text, s->bytes + name.at, (size_t)name.bytes);
    if (check_class(r, bits, text, why) != 0) return -1;
    if ((bits & CLASS) == TEXT || (bits & CLASS) == SPARSE || (bits & COMPLEX) != 0) return 0; /* nobody reads it */
    if (!read_part(r, s, &at, &numbers) || numbers.type >= TYPES || type_size[numbers.type] == 0 ||
        numbers.bytes != count * type_size[numbers.type])
        return fail(why, "%s: damaged: %s has not as many numbers as it says", r->path, text);
    return 0;
}

/* Unpacks an element, and keeps what it starts with. */
static int unpack(reader *r, z_stream *z, int64_t packed, failure *why)
{
    static uint8_t in[PIECE], out[PIECE];
    uint8_t first[TAG + START] = {0};
    int64_t size = 0;
    int code = Z_OK;
    while (code == Z_OK) {
        if (z->avail_in == 0 && packed > 0) {
            const int64_t piece = packed < PIECE ? packed : PIECE;
            if (read_bytes(r, in, (size_t)piece, why) != 0) return -1;
            packed -= piece;
            z->next_in = in;
            z->avail_in = (uInt)piece;
        }
        z->next_out = out;
        z->avail_out = PIECE;
        code = inflate(z, Z_NO_FLUSH);
        const int64_t got = PIECE - (int64_t)z->avail_out;
        for (int64_t i = 0; i < got && size + i < TAG + START; i++) first[size + i] = out[i];
        size += got;
        if (size > most_bytes) return fail(why, "%s: unpacks to more than %" PRId64 " bytes", r->path, most_bytes);
    }
    if (code != Z_STREAM_END || z->avail_in > 0 || packed > 0)
        return fail(why, "%s: damaged compressed data%s%s", r->path, z->msg != NULL ? ": " : "",
                    z->msg != NULL ? z->msg : "");
    start s = {.size = size - TAG};
    memcpy(s.bytes, first + TAG, START);
    return check_variable(r, &s, why);
}

/* Goes over a variable that is not compressed. */
static int skip(reader *r, int64_t size, failure *why)
{
    start s = {.size = size};
    const int64_t first = size < START ? size : START;
    if (read_bytes(r, s.bytes, (size_t)first, why) != 0) return -1;
    if (fseeko(r->file, (off_t)(size - first), SEEK_CUR) != 0)
        return fail(why, "%s: cannot read: %s", r->path, strerror(errno));
    r->left -= size - first;
    return check_variable(r, &s, why);
}

static int check_element(reader *r, failure *why)
{
    uint8_t tag[TAG];
    if (r->left < TAG) return fail(why, "%s: truncated: ends amidst a tag", r->path);
    if (read_bytes(r, tag, TAG, why) != 0) return -1;
    const uint32_t type = number(r, tag), bytes = number(r, tag + 4);
    if (type != MATRIX && type != COMPRESSED)
        return fail(why, "%s: damaged: has an element of type %" PRIu32 " where a variable belongs", r->path, type);
    if (bytes > r->left) return fail(why, "%s: truncated: ends %" PRId64 " bytes too early", r->path, bytes - r->left);
    if (type == MATRIX) return skip(r, bytes, why);

    z_stream z = {0};
    if (inflateInit(&z) != Z_OK) return fail(why, "%s: out of memory", r->path);
    const int result = unpack(r, &z, bytes, why);
    inflateEnd(&z);
    return result;
}

int mat_check_whole(const char *path, failure *why)
{
    reader r = {.path = path, .file = fopen(path, "rb")};
    if (r.file == NULL) return fail(why, "cannot open %s: %s", path, strerror(errno));
    int result = read_header(&r, why);
    while (result == 0 && r.left > 0) result = check_element(&r, why);
    fclose(r.file);
    return result;
}
