#include "mat_file.h"

#include <errno.h>
#include <inttypes.h>
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

enum { /* types of elements */
       INT8 = 1,
       UINT8,
       INT16,
       UINT16,
       INT32,
       UINT32,
       SINGLE,
       DOUBLE = 9,
       INT64 = 12,
       UINT64,
       MATRIX,
       COMPRESSED,
       TYPES = MATRIX,
};
enum { CLASS = 0xff, TEXT = 4, SPARSE = 5, FIRST = 6, CLASSES = 16, OPAQUE = 17, COMPLEX = 0x800 }; /* in the flags */

/* What the classes of variables are called; from FIRST on they are of numbers. */
static const char *const class_names[CLASSES] = {
    "of no class", "a cell array", "a structure", "an object", "text",  "sparse", "double", "single",
    "int8",        "uint8",        "int16",       "uint16",    "int32", "uint32", "int64",  "uint64"};

static const int64_t type_size[TYPES] = {0, 1, 1, 2, 2, 4, 4, 4, 0, 8, 0, 0, 8, 8};

static const int64_t most_bytes = INT64_C(1) << 32; /* that an element may unpack to */

/* What a variable starts with. */
typedef struct start {
    uint8_t bytes[START];
    int64_t size; /* of the whole variable */
} start;

/* Reads size bytes, which must be there. */
static int read_bytes(mat_file *m, uint8_t *bytes, size_t size, failure *why)
{
    errno = 0;
    if (fread(bytes, 1, size, m->file) != size)
        return fail(why, "%s: cannot read: %s", m->path, errno != 0 ? strerror(errno) : "it ends too early");
    m->left -= (int64_t)size;
    return 0;
}

static uint32_t number(const mat_file *m, const uint8_t b[4])
{
    return m->big_endian ? (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3]
                         : (uint32_t)b[3] << 24 | (uint32_t)b[2] << 16 | (uint32_t)b[1] << 8 | b[0];
}

/* Finds the size of the file, and reads its header, which ends with version and byte order. */
static int read_header(mat_file *m, failure *why)
{
    uint8_t header[HEADER] = "";
    if (fseeko(m->file, 0, SEEK_END) != 0) return fail(why, "%s: cannot read: %s", m->path, strerror(errno));
    m->left = (int64_t)ftello(m->file);
    rewind(m->file);
    if (m->left == 0) return fail(why, "%s: empty file", m->path);
    if (read_bytes(m, header, m->left < HEADER ? (size_t)m->left : HEADER, why) != 0) return -1;

    const uint8_t *end = header + HEADER - 4;
    if (memcmp(header, "\x89HDF", 4) == 0 || memcmp(end, "\0\2IM", 4) == 0)
        return fail(why, "%s: a MATLAB 7.3 file, where MATLAB 5 belongs: save it again with -v7", m->path);
    m->big_endian = memcmp(end, "\1\0MI", 4) == 0;
    return m->big_endian || memcmp(end, "\0\1IM", 4) == 0 ? 0 : fail(why, "%s: no MATLAB 5 file", m->path);
}

/* An element within the start of a variable. */
typedef struct part {
    uint32_t type;
    int64_t bytes, at; /* its size, and where its contents begin */
} part;

/* Reads the tag at *at and moves behind the element. A small one has its size and contents in the tag. */
static bool read_part(const mat_file *m, const start *s, int64_t *at, part *p)
{
    if (*at + TAG > START || *at + TAG > s->size) return false;
    const uint32_t word = number(m, s->bytes + *at), small = word >> 16;
    *p = small > 0 ? (part){word & 0xffff, small, *at + 4} : (part){word, number(m, s->bytes + *at + 4), *at + TAG};
    *at = small > 0 ? *at + TAG : p->at + (p->bytes + 7) / 8 * 8;
    return small <= 4 && p->at + p->bytes <= s->size;
}

/* Takes the dimensions, and how many numbers they make. */
static bool take_dimensions(const mat_file *m, const start *s, const part *dimensions, mat_variable *v)
{
    if (dimensions->type != INT32 || dimensions->bytes < 8 || dimensions->bytes % 4 != 0 ||
        dimensions->bytes > 4 * MAT_DIMENSIONS || dimensions->at + dimensions->bytes > START)
        return false;
    v->rank = dimensions->bytes / 4;
    v->count = 1;
    for (int64_t i = 0; i < v->rank; i++) {
        v->dims[i] = number(m, s->bytes + dimensions->at + 4 * i);
        if (v->dims[i] > 0 && v->count > most_bytes / v->dims[i]) return false;
        v->count *= v->dims[i];
    }
    return true;
}

/* Checks what a variable is, by its flags: numbers, unless it is one that is only passed over. */
static int check_class(const mat_file *m, uint32_t flags, const char *name, failure *why)
{
    const uint32_t class = flags & CLASS;
    const bool is_read = strcmp(name, "X") == 0 || strcmp(name, "y") == 0;
    const bool is_numbers = class >= FIRST && class < CLASSES;
    if (is_numbers ? !is_read || (flags & COMPLEX) == 0 : !is_read && (class == TEXT || class == SPARSE)) return 0;
    const char *what = is_numbers ? "complex" : class < FIRST ? class_names[class] : "an object";
    return is_read ? fail(why, "%s: %s is %s, where real numbers belong", m->path, name, what)
                   : fail(why, "%s: %s is %s, which cannot be read: save X and y without it", m->path, name, what);
}

/* Checks a variable and keeps what there is to know of X and y, of each the first. */
static int take_variable(mat_file *m, const start *s, int64_t begin, int64_t packed, failure *why)
{
    part flags, dimensions, name, numbers;
    mat_variable v = {.is_there = true, .at = begin, .packed = packed};
    int64_t at = 0;
    char text[START + 1] = "";
    if (!read_part(m, s, &at, &flags) || flags.type != UINT32 || flags.bytes != 8)
        return fail(why, "%s: damaged: a variable has no flags", m->path);
    const uint32_t bits = number(m, s->bytes + flags.at);
    v.class = bits & CLASS;
    const bool is_opaque = v.class == OPAQUE; /* MATLAB's strings and tables: they have no dimensions */
    if (!is_opaque && (!read_part(m, s, &at, &dimensions) || !take_dimensions(m, s, &dimensions, &v)))
        return fail(why, "%s: damaged: a variable has not as many numbers as it says", m->path);
    if (!read_part(m, s, &at, &name) || name.type != INT8 || name.bytes == 0 || name.at + name.bytes > START)
        return fail(why, "%s: damaged: a variable has no name", m->path);
    memcpy(text, s->bytes + name.at, (size_t)name.bytes);
    if (check_class(m, bits, text, why) != 0) return -1;
    if (v.class == TEXT || v.class == SPARSE || (bits & COMPLEX) != 0) return 0; /* nobody reads it */
    if (!read_part(m, s, &at, &numbers) || numbers.type >= TYPES || type_size[numbers.type] == 0 ||
        numbers.bytes != v.count * type_size[numbers.type])
        return fail(why, "%s: damaged: %s has not as many numbers as it says", m->path, text);
    v.type = numbers.type;
    v.bytes = numbers.bytes;
    v.skip = numbers.at;
    mat_variable *kept = strcmp(text, "X") == 0 ? &m->x : strcmp(text, "y") == 0 ? &m->y : NULL;
    if (kept != NULL && !kept->is_there) *kept = v;
    return 0;
}

/* A compressed element that is being read. */
typedef struct unpacking {
    mat_file *m;
    z_stream z;
    int64_t packed; /* bytes of it that are not read yet */
    uint8_t in[PIECE];
} unpacking;

static int unpack_begin(unpacking *u, mat_file *m, int64_t packed, failure *why)
{
    u->m = m;
    u->z = (z_stream){0};
    u->packed = packed;
    return inflateInit(&u->z) == Z_OK ? 0 : fail(why, "%s: out of memory", m->path);
}

/* Unpacks `room` bytes, or fewer and *code tells why: there are no more if it is Z_STREAM_END. */
static int unpack(unpacking *u, uint8_t *out, int64_t room, int64_t *got, int *code, failure *why)
{
    u->z.next_out = out;
    u->z.avail_out = (uInt)room;
    *code = Z_OK;
    while (*code == Z_OK && u->z.avail_out > 0) {
        if (u->z.avail_in == 0 && u->packed > 0) {
            const int64_t piece = u->packed < PIECE ? u->packed : PIECE;
            if (read_bytes(u->m, u->in, (size_t)piece, why) != 0) return -1;
            u->packed -= piece;
            u->z.next_in = u->in;
            u->z.avail_in = (uInt)piece;
        }
        *code = inflate(&u->z, Z_NO_FLUSH);
    }
    *got = room - (int64_t)u->z.avail_out;
    return 0;
}

/* Unpacks all of an element, and keeps what it starts with. */
static int check_packed(unpacking *u, start *s, failure *why)
{
    uint8_t first[TAG + START] = {0}, out[PIECE];
    int64_t got;
    int code;
    if (unpack(u, first, sizeof first, &got, &code, why) != 0) return -1;
    s->size = got - TAG;
    while (code == Z_OK && s->size <= most_bytes) {
        if (unpack(u, out, PIECE, &got, &code, why) != 0) return -1;
        s->size += got;
    }
    if (s->size > most_bytes) return fail(why, "%s: unpacks to more than %" PRId64 " bytes", u->m->path, most_bytes);
    memcpy(s->bytes, first + TAG, START);
    if (code == Z_STREAM_END && u->z.avail_in == 0 && u->packed == 0) return 0;
    return fail(why, "%s: damaged compressed data%s%s", u->m->path, u->z.msg != NULL ? ": " : "",
                u->z.msg != NULL ? u->z.msg : "");
}

/* Goes over a variable that is not compressed. */
static int skip(mat_file *m, int64_t size, start *s, failure *why)
{
    const int64_t first = size < START ? size : START;
    s->size = size;
    if (read_bytes(m, s->bytes, (size_t)first, why) != 0) return -1;
    if (fseeko(m->file, (off_t)(size - first), SEEK_CUR) != 0)
        return fail(why, "%s: cannot read: %s", m->path, strerror(errno));
    m->left -= size - first;
    return 0;
}

static int take_element(mat_file *m, failure *why)
{
    uint8_t tag[TAG];
    if (m->left < TAG) return fail(why, "%s: truncated: ends amidst a tag", m->path);
    if (read_bytes(m, tag, TAG, why) != 0) return -1;
    const uint32_t type = number(m, tag), bytes = number(m, tag + 4);
    const int64_t begin = (int64_t)ftello(m->file);
    start s = {.size = 0};
    if (type != MATRIX && type != COMPRESSED)
        return fail(why, "%s: damaged: has an element of type %" PRIu32 " where a variable belongs", m->path, type);
    if (bytes > m->left) return fail(why, "%s: truncated: ends %" PRId64 " bytes too early", m->path, bytes - m->left);
    if (type == MATRIX) return skip(m, bytes, &s, why) == 0 ? take_variable(m, &s, begin, 0, why) : -1;

    unpacking u;
    if (unpack_begin(&u, m, bytes, why) != 0) return -1;
    const int result = check_packed(&u, &s, why);
    inflateEnd(&u.z);
    return result == 0 ? take_variable(m, &s, begin, bytes, why) : -1;
}

int mat_open(mat_file *m, const char *path, failure *why)
{
    *m = (mat_file){.path = path, .file = fopen(path, "rb")};
    if (m->file == NULL) return fail(why, "cannot open %s: %s", path, strerror(errno));
    int result = read_header(m, why);
    while (result == 0 && m->left > 0) result = take_element(m, why);
    if (result != 0) mat_close(m);
    return result;
}

void mat_close(mat_file *m)
{
    fclose(m->file);
}

int mat_read(mat_file *m, const mat_variable *v, uint8_t *bytes, failure *why)
{
    uint8_t before[TAG + START];
    int64_t got;
    int code;
    unpacking u;
    if (fseeko(m->file, (off_t)(v->packed > 0 ? v->at : v->at + v->skip), SEEK_SET) != 0)
        return fail(why, "%s: cannot read: %s", m->path, strerror(errno));
    if (v->packed == 0) return read_bytes(m, bytes, (size_t)v->bytes, why);
    if (unpack_begin(&u, m, v->packed, why) != 0) return -1;
    int result = unpack(&u, before, TAG + v->skip, &got, &code, why);
    if (result == 0) result = unpack(&u, bytes, v->bytes, &got, &code, why);
    inflateEnd(&u.z);
    if (result == 0 && got != v->bytes) return fail(why, "%s: changed while it was read", m->path);
    return result;
}

double mat_number(const mat_file *m, const mat_variable *v, const uint8_t *bytes, int64_t i)
{
    const int64_t size = type_size[v->type];
    uint64_t bits = 0;
    float single;
    double number;
    for (int64_t k = 0; k < size; k++) bits = bits << 8 | bytes[i * size + (m->big_endian ? k : size - 1 - k)];
    switch (v->type) {
    case INT8:
        return (int8_t)bits;
    case INT16:
        return (int16_t)bits;
    case INT32:
        return (int32_t)bits;
    case INT64:
        return (double)(int64_t)bits;
    case SINGLE:
        memcpy(&single, &(uint32_t){(uint32_t)bits}, sizeof single);
        return (double)single;
    case DOUBLE:
        memcpy(&number, &bits, sizeof number);
        return number;
    default:
        return (double)bits;
    }
}

const char *mat_class_name(const mat_variable *v)
{
    return class_names[v->class];
}
