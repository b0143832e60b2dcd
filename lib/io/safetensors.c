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
#include "io/replace_file.h"
#include "io/target.h"

enum {
    LENGTH_SIZE = 8,        /* bytes of the header's length */
    HEADER_MOST = 16 << 20, /* bytes; JSON takes some forty times as much memory once parsed */
    CHUNK = 4096,           /* numbers written at a time */
};

static const char metadata_key[] = "__metadata__";

/* ---- Bytes: the same on any host ---- */

static void put_u64(uint64_t value, unsigned char bytes[LENGTH_SIZE])
{
    for (int i = 0; i < LENGTH_SIZE; i++) bytes[i] = (unsigned char)(value >> 8 * i);
}

static uint64_t get_u64(const unsigned char bytes[LENGTH_SIZE])
{
    uint64_t value = 0;
    for (int i = 0; i < LENGTH_SIZE; i++) value |= (uint64_t)bytes[i] << 8 * i;
    return value;
}

static void put_f32(const float *values, int64_t count, unsigned char *bytes)
{
    for (int64_t i = 0; i < count; i++, bytes += 4) {
        uint32_t bits;
        memcpy(&bits, values + i, sizeof bits);
        for (int b = 0; b < 4; b++) bytes[b] = (unsigned char)(bits >> 8 * b);
    }
}

/* Turn file order into host order in place. */
static void get_f32(float *values, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        unsigned char bytes[4];
        memcpy(bytes, values + i, sizeof bytes);
        const uint32_t bits =
            (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
        memcpy(values + i, &bits, sizeof bits);
    }
}

/* Whether a text is UTF-8 without the character NUL, be it escaped: the ends of C strings would hide what follows. */
static int is_text(const char *text, int64_t size)
{
    for (int64_t i = 0; i < size;) {
        const int64_t length = lebm__utf8_length(text + i, size - i);
        if (length == 0 || text[i] == '\0') return 0;
        if (text[i] == '\\' && size - i >= 6 && memcmp(text + i, "\\u0000", 6) == 0) return 0;
        i += text[i] == '\\' ? 2 : length;
    }
    return 1;
}

/* ---- Writing ---- */

typedef struct lebm__st_data {
    struct lebm__st_data *next;
    const float *values;
    int64_t count;
} lebm__st_data;

static int no_memory_for_header(void)
{
    return lebm__fail(LEBM_ERR_NOMEM, "out of memory for the header of a file");
}

int lebm__st_writer_create(lebm__st_writer *writer)
{
    *writer = (lebm__st_writer){.header = cJSON_CreateObject()};
    writer->metadata = cJSON_AddObjectToObject(writer->header, metadata_key);
    if (writer->metadata == NULL) {
        lebm__st_writer_destroy(writer);
        return no_memory_for_header();
    }
    return LEBM_OK;
}

void lebm__st_writer_destroy(lebm__st_writer *writer)
{
    cJSON_Delete(writer->header);
    for (lebm__st_data *data = writer->first; data != NULL;) {
        lebm__st_data *next = data->next;
        lebm__free(data);
        data = next;
    }
}

int lebm__st_add_text(lebm__st_writer *writer, const char *key, const char *text)
{
    return cJSON_AddStringToObject(writer->metadata, key, text) == NULL ? no_memory_for_header() : LEBM_OK;
}

/* Append numbers to the data; *begin and *end receive their place in it. */
static int add_data(lebm__st_writer *writer, const float *values, int64_t count, int64_t *begin, int64_t *end)
{
    lebm__st_data *data = lebm__alloc(1, sizeof *data);
    if (data == NULL) return LEBM_ERR_NOMEM;
    *data = (lebm__st_data){.values = values, .count = count};
    *(writer->first == NULL ? &writer->first : &writer->last->next) = data;
    writer->last = data;
    *begin = writer->size;
    *end = writer->size += count * (int64_t)sizeof *values;
    return LEBM_OK;
}

/* Add `name`: an array of integers, which are sizes in memory and so are exact as double. */
static int add_array(cJSON *object, const char *name, int64_t count, const int64_t *values)
{
    cJSON *array = cJSON_AddArrayToObject(object, name);
    if (array == NULL) return no_memory_for_header();
    for (int64_t i = 0; i < count; i++) {
        if (!cJSON_AddItemToArray(array, cJSON_CreateNumber((double)values[i]))) return no_memory_for_header();
    }
    return LEBM_OK;
}

int lebm__st_add_tensor(lebm__st_writer *writer, const char *name, int64_t ndim, const int64_t *shape,
                        const float *data)
{
    int64_t count = 1, place[2];
    for (int64_t axis = 0; axis < ndim; axis++) count *= shape[axis];
    LEBM__TRY(add_data(writer, data, count, &place[0], &place[1]));
    cJSON *tensor = cJSON_AddObjectToObject(writer->header, name);
    if (cJSON_AddStringToObject(tensor, "dtype", "F32") == NULL) return no_memory_for_header();
    LEBM__TRY(add_array(tensor, "shape", ndim, shape));
    return add_array(tensor, "data_offsets", 2, place);
}

static int write_header(lebm__replacement *file, const char *header)
{
    static const char spaces[LENGTH_SIZE] = "       ";
    unsigned char length[LENGTH_SIZE];
    const int64_t size = (int64_t)strlen(header);
    const int64_t padding = (LENGTH_SIZE - size % LENGTH_SIZE) % LENGTH_SIZE; /* so that numbers are aligned */
    put_u64((uint64_t)(size + padding), length);
    LEBM__TRY(lebm__replace_write(file, length, sizeof length));
    LEBM__TRY(lebm__replace_write(file, header, size));
    return lebm__replace_write(file, spaces, padding);
}

static int write_all(lebm__replacement *file, const char *header, const lebm__st_data *data)
{
    unsigned char bytes[CHUNK * sizeof(float)];
    LEBM__TRY(write_header(file, header));
    for (; data != NULL; data = data->next) {
        for (int64_t i = 0; i < data->count; i += CHUNK) {
            const int64_t count = data->count - i < CHUNK ? data->count - i : CHUNK;
            put_f32(data->values + i, count, bytes);
            LEBM__TRY(lebm__replace_write(file, bytes, count * (int64_t)sizeof(float)));
        }
    }
    return LEBM_OK;
}

int lebm__st_write(const lebm__st_writer *writer, const char *path)
{
    lebm__replacement file;
    char *header = cJSON_PrintUnformatted(writer->header);
    int status = header == NULL ? no_memory_for_header() : LEBM_OK;
    if (status == LEBM_OK && !is_text(header, (int64_t)strlen(header))) {
        status = lebm__fail(LEBM_ERR_INVALID, "cannot write '%.256s': a text is not UTF-8", path);
    }
    if (status == LEBM_OK && strlen(header) > HEADER_MOST) {
        status = lebm__fail(LEBM_ERR_UNSUPPORTED, "cannot write '%.256s': a header of %zu bytes; allowed are %d", path,
                            strlen(header), HEADER_MOST);
    }
    if (status == LEBM_OK) status = lebm__replace_begin(&file, path);
    if (status == LEBM_OK) status = lebm__replace_end(&file, write_all(&file, header, writer->first));
    cJSON_free(header);
    return status;
}

/* ---- Reading ---- */

#define FORMAT_ERROR(reader, format, ...)                                                                              \
    lebm__fail(LEBM_ERR_FORMAT, "'%.256s': " format, (reader)->path, ##__VA_ARGS__)

static int cannot_read(const lebm__st_reader *reader, const char *reason)
{
    return lebm__fail(LEBM_ERR_IO, "cannot read '%.256s': %s", reader->path, reason);
}

/* Open the file and find its size, of which data_size is all for now. */
static int open_file(lebm__st_reader *reader)
{
    struct stat info;
    const int file = open(reader->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY); /* a pipe must not block */
    reader->file = lebm__off_standard_streams(file);
    if (reader->file < 0 || fstat(reader->file, &info) != 0) return cannot_read(reader, lebm__error_text(errno));
    if (!S_ISREG(info.st_mode)) {
        return lebm__fail(LEBM_ERR_IO, "cannot read '%.256s': it is %s, not a regular file", reader->path,
                          lebm__file_kind(info.st_mode));
    }
    reader->data_size = info.st_size;
    return LEBM_OK;
}

static int read_at(const lebm__st_reader *reader, int64_t offset, void *out, int64_t size)
{
    char *to = out;
    while (size > 0) {
        const ssize_t count = pread(reader->file, to, (size_t)size, (off_t)offset);
        if (count < 0 && errno != EINTR) return cannot_read(reader, lebm__error_text(errno));
        if (count == 0) return cannot_read(reader, "it became shorter while it was read");
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
static int is_shallow(const char *text, int64_t size)
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
static int parse_header(lebm__st_reader *reader, const char *text, int64_t size)
{
    const char *end = text;
    if (!is_text(text, size)) return FORMAT_ERROR(reader, "the header is not UTF-8, or has a character NUL");
    if (text[0] != '{') return FORMAT_ERROR(reader, "not a safetensors file: the header does not begin with '{'");
    if (!is_shallow(text, size)) return FORMAT_ERROR(reader, "the header is nested too deep");
    errno = 0;
    reader->header = cJSON_ParseWithLengthOpts(text, (size_t)size, &end, 0);
    if (reader->header == NULL && errno == ENOMEM) return no_memory_for_header();
    const int64_t at = end - text;
    if (reader->header == NULL) return FORMAT_ERROR(reader, "the header is not JSON at its byte %" PRId64, at);
    if (at + (int64_t)strspn(end, " ") != size) {
        return FORMAT_ERROR(reader, "the header goes on after its end at its byte %" PRId64, at);
    }
    return LEBM_OK;
}

static int read_header(lebm__st_reader *reader)
{
    unsigned char bytes[LENGTH_SIZE];
    const int64_t file_size = reader->data_size;
    if (file_size < LENGTH_SIZE) {
        return FORMAT_ERROR(reader, "not a safetensors file: it has %" PRId64 " bytes", file_size);
    }
    LEBM__TRY(read_at(reader, 0, bytes, LENGTH_SIZE));
    const uint64_t length = get_u64(bytes);
    const int64_t rest = file_size - LENGTH_SIZE;
    if (length > (uint64_t)rest) {
        return FORMAT_ERROR(
            reader, "not a safetensors file, or cut short: the header would have %" PRIu64 " bytes; there are %" PRId64,
            length, rest);
    }
    if (length < 2 || length > HEADER_MOST) {
        return FORMAT_ERROR(reader, "the header has %" PRIu64 " bytes; allowed are 2 to %d", length, HEADER_MOST);
    }
    const int64_t size = (int64_t)length;
    reader->data_begin = LENGTH_SIZE + size;
    reader->data_size = rest - size;
    char *text = lebm__alloc(size + 1, 1);
    if (text == NULL) return LEBM_ERR_NOMEM;
    int status = read_at(reader, LENGTH_SIZE, text, size);
    if (status == LEBM_OK) status = parse_header(reader, text, size);
    lebm__free(text);
    return status;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Check that no key of an object is there twice; by sorting, for a hostile header has many. */
static int check_unique(const lebm__st_reader *reader, const cJSON *object)
{
    const int64_t count = cJSON_GetArraySize(object);
    const char **keys = lebm__alloc_raw(count, sizeof *keys), **key = keys;
    const cJSON *item;
    if (keys == NULL) return LEBM_ERR_NOMEM;
    cJSON_ArrayForEach(item, object) *key++ = item->string;
    qsort(keys, (size_t)count, sizeof *keys, compare_texts);
    int status = LEBM_OK;
    for (int64_t i = 1; i < count && status == LEBM_OK; i++) {
        if (strcmp(keys[i - 1], keys[i]) == 0) status = FORMAT_ERROR(reader, "'%.64s' is there twice", keys[i]);
    }
    lebm__free(keys);
    return status;
}

static int check_metadata(lebm__st_reader *reader)
{
    const cJSON *item;
    reader->metadata = cJSON_GetObjectItemCaseSensitive(reader->header, metadata_key);
    if (reader->metadata == NULL) return LEBM_OK;
    if (!cJSON_IsObject(reader->metadata)) return FORMAT_ERROR(reader, "%s is not an object", metadata_key);
    cJSON_ArrayForEach(item, reader->metadata)
    {
        if (!cJSON_IsString(item)) return FORMAT_ERROR(reader, "metadata '%.64s' is not a text", item->string);
    }
    return check_unique(reader, reader->metadata);
}

/* Bits of a number of this type; 0 if there is no such type. */
static int64_t bits_of(const char *dtype)
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
static int get_integer(const cJSON *item, int64_t *value)
{
    const double number = cJSON_IsNumber(item) ? item->valuedouble : -1;
    if (!(number >= 0 && number < 0x1p53)) return 0;
    *value = (int64_t)number;
    return (double)*value == number;
}

/* Set count to the product of the shape. */
static int count_numbers(const lebm__st_reader *reader, lebm__st_tensor *tensor)
{
    const cJSON *item;
    tensor->count = 1;
    if (!cJSON_IsArray(tensor->shape)) return FORMAT_ERROR(reader, "'%.64s' has no shape", tensor->name);
    cJSON_ArrayForEach(item, tensor->shape)
    {
        int64_t size;
        if (!get_integer(item, &size) || __builtin_mul_overflow(tensor->count, size, &tensor->count)) {
            return FORMAT_ERROR(reader, "'%.64s' has an impossible shape", tensor->name);
        }
    }
    return LEBM_OK;
}

/* Set begin and end to offsets in the data that leave room for exactly the tensor's numbers. */
static int place_numbers(const lebm__st_reader *reader, const cJSON *offsets, lebm__st_tensor *tensor)
{
    const int64_t number_bits = bits_of(tensor->dtype);
    int64_t bits;
    if (cJSON_GetArraySize(offsets) != 2 || !get_integer(offsets->child, &tensor->begin) ||
        !get_integer(offsets->child->next, &tensor->end) || tensor->begin > tensor->end ||
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

static int describe_tensor(const lebm__st_reader *reader, const cJSON *item, lebm__st_tensor *tensor)
{
    const cJSON *dtype = cJSON_GetObjectItemCaseSensitive(item, "dtype");
    const cJSON *offsets = cJSON_GetObjectItemCaseSensitive(item, "data_offsets");
    tensor->name = item->string;
    tensor->shape = cJSON_GetObjectItemCaseSensitive(item, "shape");
    if (!cJSON_IsString(dtype) || !cJSON_IsArray(offsets) || cJSON_GetArraySize(item) != 3) {
        return FORMAT_ERROR(reader, "'%.64s' needs dtype, shape and data_offsets, and nothing else", tensor->name);
    }
    tensor->dtype = dtype->valuestring;
    LEBM__TRY(count_numbers(reader, tensor));
    return place_numbers(reader, offsets, tensor);
}

static int compare_places(const void *a, const void *b)
{
    const lebm__st_tensor *x = a, *y = b;
    if (x->begin != y->begin) return x->begin < y->begin ? -1 : 1;
    return (x->end > y->end) - (x->end < y->end);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const lebm__st_tensor *)a)->name, ((const lebm__st_tensor *)b)->name);
}

/* Check that the tensors fill the data without hole or overlap. */
static int check_places(const lebm__st_reader *reader)
{
    int64_t end = 0;
    qsort(reader->tensors, (size_t)reader->count, sizeof *reader->tensors, compare_places);
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

static int check_tensors(lebm__st_reader *reader)
{
    const cJSON *item;
    reader->tensors = lebm__alloc(cJSON_GetArraySize(reader->header), sizeof *reader->tensors);
    if (reader->tensors == NULL) return LEBM_ERR_NOMEM;
    cJSON_ArrayForEach(item, reader->header)
    {
        if (item != reader->metadata) LEBM__TRY(describe_tensor(reader, item, &reader->tensors[reader->count++]));
    }
    LEBM__TRY(check_places(reader));
    qsort(reader->tensors, (size_t)reader->count, sizeof *reader->tensors, compare_names);
    return LEBM_OK;
}

static int open_and_check(lebm__st_reader *reader)
{
    LEBM__TRY(open_file(reader));
    LEBM__TRY(read_header(reader));
    LEBM__TRY(check_unique(reader, reader->header));
    LEBM__TRY(check_metadata(reader));
    return check_tensors(reader);
}

int lebm__st_open(lebm__st_reader *reader, const char *path)
{
    *reader = (lebm__st_reader){.path = path, .file = -1};
    const int status = open_and_check(reader);
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
    return bsearch(&key, reader->tensors, (size_t)reader->count, sizeof key, compare_names);
}

int64_t lebm__st_numbers(const lebm__st_reader *reader)
{
    int64_t sum = 0;
    for (int64_t i = 0; i < reader->count; i++) sum += reader->tensors[i].count;
    return sum;
}

static int has_shape(const lebm__st_tensor *tensor, int64_t ndim, const int64_t *shape)
{
    const cJSON *item = tensor->shape->child;
    for (int64_t axis = 0; axis < ndim; axis++, item = item->next) {
        int64_t size;
        if (item == NULL || !get_integer(item, &size) || size != shape[axis]) return 0;
    }
    return item == NULL;
}

/* "[2,3]", cut if there is no room. */
static void print_shape(char *text, size_t size, int64_t ndim, const int64_t *shape)
{
    size_t length = (size_t)snprintf(text, size, "[");
    for (int64_t axis = 0; axis < ndim && length < size; axis++) {
        length += (size_t)snprintf(text + length, size - length, "%s%" PRId64, axis == 0 ? "" : ",", shape[axis]);
    }
    if (length < size) snprintf(text + length, size - length, "]");
}

static int wrong_shape(const lebm__st_reader *reader, const lebm__st_tensor *tensor, int64_t ndim, const int64_t *shape)
{
    char given[64], needed[64];
    const int printed = cJSON_PrintPreallocated((cJSON *)tensor->shape, given, sizeof given, 0); /* only reads it */
    print_shape(needed, sizeof needed, ndim, shape);
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
    if (!has_shape(tensor, ndim, shape)) return wrong_shape(reader, tensor, ndim, shape);
    LEBM__TRY(read_at(reader, reader->data_begin + tensor->begin, out, tensor->end - tensor->begin));
    get_f32(out, tensor->count);
    return LEBM_OK;
}
