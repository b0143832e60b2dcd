#include "io/safetensors.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/locale.h"
#include "core/memory.h"
#include "core/status.h"
#include "core/text.h"
#include "io/target.h"

static uint64_t st_read_get_u64(const unsigned char bytes[LEBM__ST_LENGTH_SIZE])
{
    uint64_t value = 0;
    for (int i = 0; i < LEBM__ST_LENGTH_SIZE; i++) value |= (uint64_t)bytes[i] << 8 * i;
    return value;
}

/* Turn file order into host order in place. */
static void st_read_get_f32(float *values, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        unsigned char bytes[4];
        memcpy(bytes, values + i, sizeof bytes);
        const uint32_t bits =
            (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
        memcpy(values + i, &bits, sizeof bits);
    }
}

#define FORMAT_ERROR(reader, format, ...)                                                                              \
    lebm__fail(LEBM_ERR_FORMAT, "'%.256s': " format, (reader)->path, ##__VA_ARGS__)

static int st_read_cannot_read(const lebm__st_reader *reader, const char *reason)
{
    return lebm__fail(LEBM_ERR_IO, "cannot read '%.256s': %s", reader->path, reason);
}

/* Open the file and find its size, of which data_size is all for now. */
static int st_read_open_file(lebm__st_reader *reader)
{
    struct stat info;
    const int file = open(reader->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY); /* a pipe must not block */
    reader->file = lebm__off_standard_streams(file);
    if (reader->file < 0 || fstat(reader->file, &info) != 0)
        return st_read_cannot_read(reader, lebm__error_text(errno));
    if (!S_ISREG(info.st_mode)) {
        return lebm__fail(LEBM_ERR_IO, "cannot read '%.256s': it is %s, not a regular file", reader->path,
                          lebm__file_kind(info.st_mode));
    }
    reader->data_size = info.st_size;
    return LEBM_OK;
}

static int st_read_read_at(const lebm__st_reader *reader, int64_t offset, void *out, int64_t size)
{
    char *to = out;
    while (size > 0) {
        const ssize_t count = pread(reader->file, to, (size_t)size, (off_t)offset);
        if (count < 0 && errno != EINTR) return st_read_cannot_read(reader, lebm__error_text(errno));
        if (count == 0) return st_read_cannot_read(reader, "it became shorter while it was read");
        if (count > 0) {
            to += count;
            offset += count;
            size -= count;
        }
    }
    return LEBM_OK;
}

/* Whether JSON is nested no deeper than a header may be; cJSON would go a thousand calls deep, which not every thread has
 * the stack for. */
static int st_read_is_shallow(const char *text, int64_t size)
{
    enum { DEEPEST = 8 };
    int depth = 0, in_string = 0;
    for (int64_t i = 0; i < size && depth <= DEEPEST; i++) {
        if (in_string && text[i] == '\\') {
            i++;
        } else if (text[i] == '"') {
            in_string = !in_string;
        } else if (!in_string) {
            depth += text[i] == '{' || text[i] == '[';
            depth -= text[i] == '}' || text[i] == ']';
        }
    }
    return depth <= DEEPEST;
}

/* Parse `size` bytes of JSON, which a NUL follows: older versions of cJSON look one byte too far. */
static int st_read_parse_header(lebm__st_reader *reader, const char *text, int64_t size)
{
    const char *end = text;
    if (!lebm__st_is_text(text, size)) return FORMAT_ERROR(reader, "the header is not UTF-8, or has a character NUL");
    if (text[0] != '{') return FORMAT_ERROR(reader, "not a safetensors file: the header does not begin with '{'");
    if (!st_read_is_shallow(text, size)) return FORMAT_ERROR(reader, "the header is nested too deep");
    errno = 0;
    reader->header = cJSON_ParseWithLengthOpts(text, (size_t)size, &end, 0);
    if (reader->header == NULL && errno == ENOMEM) return lebm__st_no_memory();
    const int64_t at = end - text;
    if (reader->header == NULL) return FORMAT_ERROR(reader, "the header is not JSON at its byte %" PRId64, at);
    if (at + (int64_t)strspn(end, " ") != size) {
        return FORMAT_ERROR(reader, "the header goes on after its end at its byte %" PRId64, at);
    }
    return LEBM_OK;
}

static int st_read_read_header(lebm__st_reader *reader)
{
    unsigned char bytes[LEBM__ST_LENGTH_SIZE];
    const int64_t file_size = reader->data_size;
    if (file_size < LEBM__ST_LENGTH_SIZE) {
        return FORMAT_ERROR(reader, "not a safetensors file: it has %" PRId64 " bytes", file_size);
    }
    LEBM__TRY(st_read_read_at(reader, 0, bytes, LEBM__ST_LENGTH_SIZE));
    const uint64_t length = st_read_get_u64(bytes);
    const int64_t rest = file_size - LEBM__ST_LENGTH_SIZE;
    if (length > (uint64_t)rest) {
        return FORMAT_ERROR(
            reader, "not a safetensors file, or cut short: the header would have %" PRIu64 " bytes; there are %" PRId64,
            length, rest);
    }
    if (length < 2 || length > LEBM__ST_HEADER_MAX) {
        return FORMAT_ERROR(reader, "the header has %" PRIu64 " bytes; allowed are 2 to %d", length,
                            LEBM__ST_HEADER_MAX);
    }
    const int64_t size = (int64_t)length;
    reader->data_begin = LEBM__ST_LENGTH_SIZE + size;
    reader->data_size = rest - size;
    char *text = lebm__alloc(size + 1, 1);
    if (text == NULL) return LEBM_ERR_NOMEM;
    int status = st_read_read_at(reader, LEBM__ST_LENGTH_SIZE, text, size);
    if (status == LEBM_OK) status = st_read_parse_header(reader, text, size);
    lebm__free(text);
    return status;
}

static int st_read_compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Check that no key of an object is there twice; by sorting, for a hostile header has many. */
static int st_read_check_unique(const lebm__st_reader *reader, const cJSON *object)
{
    const int64_t count = cJSON_GetArraySize(object);
    const char **keys = lebm__alloc_raw(count, sizeof *keys), **key = keys;
    const cJSON *item;
    if (keys == NULL) return LEBM_ERR_NOMEM;
    cJSON_ArrayForEach(item, object) *key++ = item->string;
    qsort(keys, (size_t)count, sizeof *keys, st_read_compare_texts);
    int status = LEBM_OK;
    for (int64_t i = 1; i < count && status == LEBM_OK; i++) {
        if (strcmp(keys[i - 1], keys[i]) == 0) status = FORMAT_ERROR(reader, "'%.64s' is there twice", keys[i]);
    }
    lebm__free(keys);
    return status;
}

static int st_read_check_metadata(lebm__st_reader *reader)
{
    const cJSON *item;
    reader->metadata = cJSON_GetObjectItemCaseSensitive(reader->header, LEBM__ST_METADATA);
    if (reader->metadata == NULL) return LEBM_OK;
    if (!cJSON_IsObject(reader->metadata)) return FORMAT_ERROR(reader, "%s is not an object", LEBM__ST_METADATA);
    cJSON_ArrayForEach(item, reader->metadata)
    {
        if (!cJSON_IsString(item)) return FORMAT_ERROR(reader, "metadata '%.64s' is not a text", item->string);
    }
    return st_read_check_unique(reader, reader->metadata);
}

/* Bits of a number of this type; 0 if there is no such type. */
static int64_t st_read_bits_of(const char *dtype)
{
    static const struct {
        const char *dtype;
        int bits;
    } types[] = {
        {"F32", 32},        {"BOOL", 8},        {"F4", 4},      {"F6_E2M3", 6}, {"F6_E3M2", 6}, {"U8", 8},
        {"I8", 8},          {"F8_E5M2", 8},     {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"I16", 16},    {"U16", 16},
        {"F8_E4M3FNUZ", 8}, {"F8_E5M2FNUZ", 8}, {"F16", 16},    {"BF16", 16},   {"I32", 32},    {"U32", 32},
        {"F64", 64},        {"I64", 64},        {"U64", 64},    {"C64", 64},
    };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (strcmp(types[i].dtype, dtype) == 0) return types[i].bits;
    }
    return 0;
}

/* Whether an item is an integer that a double holds exactly, 0 to 2^53 - 1. */
static int st_read_get_integer(const cJSON *item, int64_t *value)
{
    const double number = cJSON_IsNumber(item) ? item->valuedouble : -1;
    if (!(number >= 0 && number < 0x1p53)) return 0;
    *value = (int64_t)number;
    return (double)*value == number;
}

/* Set count to the product of the shape. */
static int st_read_count_numbers(const lebm__st_reader *reader, lebm__st_tensor *tensor)
{
    const cJSON *item;
    tensor->count = 1;
    if (!cJSON_IsArray(tensor->shape)) return FORMAT_ERROR(reader, "'%.64s' has no shape", tensor->name);
    cJSON_ArrayForEach(item, tensor->shape)
    {
        int64_t size;
        if (!st_read_get_integer(item, &size) || __builtin_mul_overflow(tensor->count, size, &tensor->count)) {
            return FORMAT_ERROR(reader, "'%.64s' has an impossible shape", tensor->name);
        }
    }
    return LEBM_OK;
}

/* Set begin and end to offsets in the data that leave room for exactly the tensor's numbers. */
static int st_read_place_numbers(const lebm__st_reader *reader, const cJSON *offsets, lebm__st_tensor *tensor)
{
    const int64_t number_bits = st_read_bits_of(tensor->dtype);
    int64_t bits;
    if (cJSON_GetArraySize(offsets) != 2 || !st_read_get_integer(offsets->child, &tensor->begin) ||
        !st_read_get_integer(offsets->child->next, &tensor->end) || tensor->begin > tensor->end ||
        tensor->end > reader->data_size) {
        return FORMAT_ERROR(reader, "'%.64s' is not inside the data of %" PRId64 " bytes: cut short, or a wrong header",
                            tensor->name, reader->data_size);
    }
    if (number_bits == 0) {
        return FORMAT_ERROR(reader, "'%.64s' is of the unknown type '%.64s'", tensor->name, tensor->dtype);
    }
    if (__builtin_mul_overflow(tensor->count, number_bits, &bits) || bits % 8 != 0 ||
        bits / 8 != tensor->end - tensor->begin) {
        return FORMAT_ERROR(reader, "'%.64s' has %" PRId64 " bytes for %" PRId64 " numbers of %" PRId64 " bits",
                            tensor->name, tensor->end - tensor->begin, tensor->count, number_bits);
    }
    return LEBM_OK;
}

static int st_read_describe_tensor(const lebm__st_reader *reader, const cJSON *item, lebm__st_tensor *tensor)
{
    const cJSON *dtype = cJSON_GetObjectItemCaseSensitive(item, "dtype");
    const cJSON *offsets = cJSON_GetObjectItemCaseSensitive(item, "data_offsets");
    tensor->name = item->string;
    tensor->shape = cJSON_GetObjectItemCaseSensitive(item, "shape");
    if (!cJSON_IsString(dtype) || !cJSON_IsArray(offsets) || cJSON_GetArraySize(item) != 3) {
        return FORMAT_ERROR(reader, "'%.64s' needs dtype, shape and data_offsets, and nothing else", tensor->name);
    }
    tensor->dtype = dtype->valuestring;
    LEBM__TRY(st_read_count_numbers(reader, tensor));
    return st_read_place_numbers(reader, offsets, tensor);
}

static int st_read_compare_places(const void *a, const void *b)
{
    const lebm__st_tensor *x = a, *y = b;
    if (x->begin != y->begin) return x->begin < y->begin ? -1 : 1;
    return (x->end > y->end) - (x->end < y->end);
}

static int st_read_compare_names(const void *a, const void *b)
{
    return strcmp(((const lebm__st_tensor *)a)->name, ((const lebm__st_tensor *)b)->name);
}

/* Check that the tensors fill the data without hole or overlap. */
static int st_read_check_places(const lebm__st_reader *reader)
{
    int64_t end = 0;
    qsort(reader->tensors, (size_t)reader->count, sizeof *reader->tensors, st_read_compare_places);
    for (const lebm__st_tensor *tensor = reader->tensors; tensor < reader->tensors + reader->count; tensor++) {
        if (tensor->begin != end) {
            return FORMAT_ERROR(reader, "'%.64s' begins at byte %" PRId64 " of the data, where %" PRId64 " comes next",
                                tensor->name, tensor->begin, end);
        }
        end = tensor->end;
    }
    if (end == reader->data_size) return LEBM_OK;
    return FORMAT_ERROR(reader, "the tensors end at byte %" PRId64 " of %" PRId64 " of the data", end,
                        reader->data_size);
}

static int st_read_check_tensors(lebm__st_reader *reader)
{
    const cJSON *item;
    reader->tensors = lebm__alloc(cJSON_GetArraySize(reader->header), sizeof *reader->tensors);
    if (reader->tensors == NULL) return LEBM_ERR_NOMEM;
    cJSON_ArrayForEach(item, reader->header)
    {
        if (item != reader->metadata)
            LEBM__TRY(st_read_describe_tensor(reader, item, &reader->tensors[reader->count++]));
    }
    LEBM__TRY(st_read_check_places(reader));
    qsort(reader->tensors, (size_t)reader->count, sizeof *reader->tensors, st_read_compare_names);
    return LEBM_OK;
}

static int st_read_open_and_check(lebm__st_reader *reader)
{
    LEBM__TRY(st_read_open_file(reader));
    LEBM__TRY(st_read_read_header(reader));
    LEBM__TRY(st_read_check_unique(reader, reader->header));
    LEBM__TRY(st_read_check_metadata(reader));
    return st_read_check_tensors(reader);
}

int lebm__st_open(lebm__st_reader *reader, const char *path)
{
    *reader = (lebm__st_reader){.path = path, .file = -1};
    const int status = st_read_open_and_check(reader);
    if (status != LEBM_OK) lebm__st_close(reader);
    return status;
}

void lebm__st_close(lebm__st_reader *reader)
{
    lebm__free(reader->tensors);
    cJSON_Delete(reader->header);
    if (reader->file >= 0) close(reader->file);
}

const char *lebm__st_text(const lebm__st_reader *reader, const char *key)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(reader->metadata, key));
}

const char *lebm__st_next_key(const lebm__st_reader *reader, const struct cJSON **place)
{
    if (reader->metadata == NULL) return NULL;
    *place = *place == NULL ? reader->metadata->child : (*place)->next;
    return *place == NULL ? NULL : (*place)->string;
}

const lebm__st_tensor *lebm__st_find(const lebm__st_reader *reader, const char *name)
{
    const lebm__st_tensor key = {.name = name};
    return bsearch(&key, reader->tensors, (size_t)reader->count, sizeof key, st_read_compare_names);
}

int64_t lebm__st_numbers(const lebm__st_reader *reader)
{
    int64_t sum = 0;
    for (int64_t i = 0; i < reader->count; i++) sum += reader->tensors[i].count;
    return sum;
}

static int st_read_has_shape(const lebm__st_tensor *tensor, int64_t ndim, const int64_t *shape)
{
    const cJSON *item = tensor->shape->child;
    for (int64_t axis = 0; axis < ndim; axis++, item = item->next) {
        int64_t size;
        if (item == NULL || !st_read_get_integer(item, &size) || size != shape[axis]) return 0;
    }
    return item == NULL;
}

/* "[2,3]", cut if there is no room. */
static void st_read_print_shape(char *text, size_t size, int64_t ndim, const int64_t *shape)
{
    size_t length = (size_t)snprintf(text, size, "[");
    for (int64_t axis = 0; axis < ndim && length < size; axis++) {
        length += (size_t)snprintf(text + length, size - length, "%s%" PRId64, axis == 0 ? "" : ",", shape[axis]);
    }
    if (length < size) snprintf(text + length, size - length, "]");
}

static int st_read_wrong_shape(const lebm__st_reader *reader, const lebm__st_tensor *tensor, int64_t ndim,
                               const int64_t *shape)
{
    char given[64], needed[64];
    const int printed = cJSON_PrintPreallocated((cJSON *)tensor->shape, given, sizeof given, 0); /* only reads it */
    st_read_print_shape(needed, sizeof needed, ndim, shape);
    return FORMAT_ERROR(reader, "tensor '%.64s' is of shape %s; needed is %s", tensor->name, printed ? given : "[...]",
                        needed);
}

int lebm__st_read(const lebm__st_reader *reader, const char *name, int64_t ndim, const int64_t *shape, float *out)
{
    const lebm__st_tensor *tensor = lebm__st_find(reader, name);
    if (tensor == NULL) return FORMAT_ERROR(reader, "tensor '%.64s' is missing", name);
    if (strcmp(tensor->dtype, "F32") != 0) {
        return lebm__fail(LEBM_ERR_UNSUPPORTED, "'%.256s': tensor '%.64s' is of type '%.64s'; supported is F32",
                          reader->path, name, tensor->dtype);
    }
    if (!st_read_has_shape(tensor, ndim, shape)) return st_read_wrong_shape(reader, tensor, ndim, shape);
    LEBM__TRY(st_read_read_at(reader, reader->data_begin + tensor->begin, out, tensor->end - tensor->begin));
    st_read_get_f32(out, tensor->count);
    return LEBM_OK;
}
