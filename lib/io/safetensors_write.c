#include "io/safetensors.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/memory.h"
#include "core/status.h"
#include "core/text.h"
#include "io/replace_file.h"

enum { CHUNK = 4096 }; /* numbers written at a time */

static void st_write_put_u64(uint64_t value, unsigned char bytes[LEBM__ST_LENGTH_SIZE])
{
    for (int i = 0; i < LEBM__ST_LENGTH_SIZE; i++) bytes[i] = (unsigned char)(value >> 8 * i);
}

static void st_write_put_f32(const float *values, int64_t count, unsigned char *bytes)
{
    for (int64_t i = 0; i < count; i++, bytes += 4) {
        uint32_t bits;
        memcpy(&bits, values + i, sizeof bits);
        for (int b = 0; b < 4; b++) bytes[b] = (unsigned char)(bits >> 8 * b);
    }
}

/* The ends of C strings would hide what follows a NUL. */
int lebm__st_is_text(const char *text, int64_t size)
{
    for (int64_t i = 0; i < size;) {
        const int64_t length = lebm__utf8_length(text + i, size - i);
        if (length == 0 || text[i] == '\0') return 0;
        if (text[i] == '\\' && size - i >= 6 && memcmp(text + i, "\\u0000", 6) == 0) return 0;
        i += text[i] == '\\' ? 2 : length;
    }
    return 1;
}

typedef struct lebm__st_data {
    struct lebm__st_data *next;
    const float *values;
    int64_t count;
} lebm__st_data;

int lebm__st_no_memory(void)
{
    return lebm__fail(LEBM_ERR_NOMEM, "out of memory for the header of a file");
}

int lebm__st_writer_create(lebm__st_writer *writer)
{
    *writer = (lebm__st_writer){.header = cJSON_CreateObject()};
    writer->metadata = cJSON_AddObjectToObject(writer->header, LEBM__ST_METADATA);
    if (writer->metadata == NULL) {
        lebm__st_writer_destroy(writer);
        return lebm__st_no_memory();
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
    return cJSON_AddStringToObject(writer->metadata, key, text) == NULL ? lebm__st_no_memory() : LEBM_OK;
}

/* Append numbers to the data; *begin and *end receive their place in it. */
static int st_write_add_data(lebm__st_writer *writer, const float *values, int64_t count, int64_t *begin, int64_t *end)
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
static int st_write_add_array(cJSON *object, const char *name, int64_t count, const int64_t *values)
{
    cJSON *array = cJSON_AddArrayToObject(object, name);
    if (array == NULL) return lebm__st_no_memory();
    for (int64_t i = 0; i < count; i++) {
        if (!cJSON_AddItemToArray(array, cJSON_CreateNumber((double)values[i]))) return lebm__st_no_memory();
    }
    return LEBM_OK;
}

int lebm__st_add_tensor(lebm__st_writer *writer, const char *name, int64_t ndim, const int64_t *shape,
                        const float *data)
{
    int64_t count = 1, place[2];
    for (int64_t axis = 0; axis < ndim; axis++) count *= shape[axis];
    LEBM__TRY(st_write_add_data(writer, data, count, &place[0], &place[1]));
    cJSON *tensor = cJSON_AddObjectToObject(writer->header, name);
    if (cJSON_AddStringToObject(tensor, "dtype", "F32") == NULL) return lebm__st_no_memory();
    LEBM__TRY(st_write_add_array(tensor, "shape", ndim, shape));
    return st_write_add_array(tensor, "data_offsets", 2, place);
}

static int st_write_write_header(lebm__replacement *file, const char *header)
{
    static const char spaces[LEBM__ST_LENGTH_SIZE] = "       ";
    unsigned char length[LEBM__ST_LENGTH_SIZE];
    const int64_t size = (int64_t)strlen(header);
    const int64_t padding =
        (LEBM__ST_LENGTH_SIZE - size % LEBM__ST_LENGTH_SIZE) % LEBM__ST_LENGTH_SIZE; /* so that numbers are aligned */
    st_write_put_u64((uint64_t)(size + padding), length);
    LEBM__TRY(lebm__replace_write(file, length, sizeof length));
    LEBM__TRY(lebm__replace_write(file, header, size));
    return lebm__replace_write(file, spaces, padding);
}

static int st_write_write_all(lebm__replacement *file, const char *header, const lebm__st_data *data)
{
    unsigned char bytes[CHUNK * sizeof(float)];
    LEBM__TRY(st_write_write_header(file, header));
    for (; data != NULL; data = data->next) {
        for (int64_t i = 0; i < data->count; i += CHUNK) {
            const int64_t count = data->count - i < CHUNK ? data->count - i : CHUNK;
            st_write_put_f32(data->values + i, count, bytes);
            LEBM__TRY(lebm__replace_write(file, bytes, count * (int64_t)sizeof(float)));
        }
    }
    return LEBM_OK;
}

int lebm__st_write(const lebm__st_writer *writer, const char *path)
{
    lebm__replacement file;
    char *header = cJSON_PrintUnformatted(writer->header);
    int status = header == NULL ? lebm__st_no_memory() : LEBM_OK;
    if (status == LEBM_OK && !lebm__st_is_text(header, (int64_t)strlen(header))) {
        status = lebm__fail(LEBM_ERR_INVALID, "cannot write '%.256s': a text is not UTF-8", path);
    }
    if (status == LEBM_OK && strlen(header) > LEBM__ST_HEADER_MAX) {
        status = lebm__fail(LEBM_ERR_UNSUPPORTED, "cannot write '%.256s': a header of %zu bytes; allowed are %d", path,
                            strlen(header), LEBM__ST_HEADER_MAX);
    }
    if (status == LEBM_OK) status = lebm__replace_begin(&file, path);
    if (status == LEBM_OK) status = lebm__replace_end(&file, st_write_write_all(&file, header, writer->first));
    cJSON_free(header);
    return status;
}
