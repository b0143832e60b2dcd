/* Safetensors files, as lib/io reads them. What is opened has tensors that fill its data, each can be read as what it
 * is and not as anything else, and all of it, written by the library, reads to the same texts and numbers. */
#include <cjson/cJSON.h>
#include <string.h>

#include "fuzz.h"
#include "fuzz_mutate.h"
#include "io/safetensors.h"

enum {
    MOST_DIMENSIONS = 8,
    MOST_TENSORS = 64, /* that are written again */
    JSON_FACTOR = 64,  /* bytes of parsed JSON for a byte of its text */
};

/* The shape of a tensor; 0 if it has too many dimensions for this test. */
static int take_shape(const lebm__st_tensor *tensor, int64_t *ndim, int64_t shape[MOST_DIMENSIONS])
{
    const cJSON *item;
    *ndim = 0;
    cJSON_ArrayForEach(item, tensor->shape)
    {
        if (*ndim == MOST_DIMENSIONS) return 0;
        shape[(*ndim)++] = (int64_t)item->valuedouble;
    }
    return 1;
}

/* The numbers of a float32 tensor, to be freed; it can be read only as what it is. NULL if it is of another type. */
static float *read_tensor(const lebm__st_reader *reader, const lebm__st_tensor *tensor, int64_t ndim, int64_t *shape)
{
    const int is_float = strcmp(tensor->dtype, "F32") == 0;
    float *numbers = malloc((size_t)(tensor->end - tensor->begin));
    FUZZ_ASSERT(numbers != NULL, "out of memory");
    fuzz_forget_failure();
    const int status = lebm__st_read(reader, tensor->name, ndim, shape, numbers);
    FUZZ_ASSERT((status == LEBM_OK) == is_float, "'%s' of type %s: %s", tensor->name, tensor->dtype,
                lebm_status_name(status));
    if (!is_float) {
        FUZZ_CHECK_FAILURE(status, LEBM_ERR_UNSUPPORTED);
        free(numbers);
        return NULL;
    }
    fuzz_forget_failure();
    if (ndim > 0) {
        shape[0]++;
        FUZZ_CHECK_FAILURE(lebm__st_read(reader, tensor->name, ndim, shape, numbers), LEBM_ERR_FORMAT);
        shape[0]--;
        FUZZ_CHECK_FAILURE(lebm__st_read(reader, tensor->name, ndim - 1, shape, numbers), LEBM_ERR_FORMAT);
    }
    return numbers;
}

/* The product of a shape; exact where it is 0 or the tensor fits into a file. */
static double multiply(const cJSON *shape)
{
    const cJSON *item;
    double product = 1;
    cJSON_ArrayForEach(item, shape) product *= item->valuedouble;
    return product;
}

/* No key is there twice. */
static void check_metadata(const cJSON *metadata)
{
    const cJSON *a;
    cJSON_ArrayForEach(a, metadata)
    {
        for (const cJSON *b = a->next; b != NULL; b = b->next)
            FUZZ_ASSERT(strcmp(a->string, b->string) != 0, "'%s' is there twice", a->string);
    }
}

/* Nothing is hidden behind an escaped NUL, which would end a text too early. */
static void check_no_nul(const char *header, size_t length)
{
    for (size_t i = 0; i + 6 <= length; i += header[i] == '\\' ? 2 : 1)
        FUZZ_ASSERT(memcmp(header + i, "\\u0000", 6) != 0, "a text has a character NUL");
}

/* Tensors come by name, none twice, and fill the data. */
static void check_tensors(const lebm__st_reader *reader)
{
    int64_t bytes = 0, numbers = 0;
    for (int64_t i = 0; i < reader->count; i++) {
        const lebm__st_tensor *tensor = &reader->tensors[i];
        FUZZ_ASSERT(i == 0 || strcmp(tensor[-1].name, tensor->name) < 0, "'%s' is not in order", tensor->name);
        FUZZ_ASSERT(tensor->begin >= 0 && tensor->begin <= tensor->end && tensor->end <= reader->data_size,
                    "'%s' is outside the data", tensor->name);
        FUZZ_ASSERT(multiply(tensor->shape) == (double)tensor->count, "'%s' of %lld numbers has a shape of %g",
                    tensor->name, (long long)tensor->count, multiply(tensor->shape));
        bytes += tensor->end - tensor->begin;
        numbers += tensor->count;
    }
    FUZZ_ASSERT(bytes == reader->data_size, "tensors of %lld bytes in data of %lld", (long long)bytes,
                (long long)reader->data_size);
    FUZZ_ASSERT(lebm__st_numbers(reader) == numbers, "%lld numbers", (long long)numbers);
}

/* What a file holds, taken out of it. */
typedef struct contents {
    float *numbers[MOST_TENSORS];
    int64_t ndim[MOST_TENSORS], shape[MOST_TENSORS][MOST_DIMENSIONS];
    int64_t count;
} contents;

static void free_contents(contents *c)
{
    for (int64_t i = 0; i < c->count; i++) free(c->numbers[i]);
}

/* Takes it; 0 if something is of a kind that the library does not write. */
static int take_contents(const lebm__st_reader *reader, contents *c)
{
    int all = reader->count <= MOST_TENSORS;
    c->count = 0;
    for (int64_t i = 0; i < reader->count && i < MOST_TENSORS; i++) {
        const int64_t at = c->count;
        const int fits = take_shape(&reader->tensors[i], &c->ndim[at], c->shape[at]);
        if (fits) c->numbers[at] = read_tensor(reader, &reader->tensors[i], c->ndim[at], c->shape[at]);
        if (fits && c->numbers[at] != NULL)
            c->count++;
        else
            all = 0;
    }
    return all;
}

static void write_contents(const lebm__st_reader *reader, const contents *c, const char *path)
{
    lebm__st_writer writer;
    const cJSON *text;
    FUZZ_ASSERT_OK(lebm__st_writer_create(&writer));
    cJSON_ArrayForEach(text, reader->metadata)
        FUZZ_ASSERT_OK(lebm__st_add_text(&writer, text->string, lebm__st_text(reader, text->string)));
    for (int64_t i = 0; i < c->count; i++)
        FUZZ_ASSERT_OK(lebm__st_add_tensor(&writer, reader->tensors[i].name, c->ndim[i], c->shape[i], c->numbers[i]));
    FUZZ_ASSERT_OK(lebm__st_write(&writer, path));
    lebm__st_writer_destroy(&writer);
}

/* What was read, written and read again is the same. */
static void check_written(const lebm__st_reader *reader, const contents *c)
{
    lebm__st_reader again;
    contents copy;
    const cJSON *text;
    write_contents(reader, c, fuzz_path(FUZZ_OUTPUT));
    FUZZ_ASSERT_OK(lebm__st_open(&again, fuzz_path(FUZZ_OUTPUT)));
    check_tensors(&again);
    FUZZ_ASSERT(again.count == reader->count, "%lld tensors instead of %lld", (long long)again.count,
                (long long)reader->count);
    FUZZ_ASSERT(take_contents(&again, &copy), "a tensor comes back as something else");
    for (int64_t i = 0; i < c->count; i++) {
        const lebm__st_tensor *tensor = &reader->tensors[i];
        FUZZ_ASSERT(strcmp(tensor->name, again.tensors[i].name) == 0, "'%s' comes back as '%s'", tensor->name,
                    again.tensors[i].name);
        FUZZ_ASSERT(c->ndim[i] == copy.ndim[i] &&
                        memcmp(c->shape[i], copy.shape[i], (size_t)c->ndim[i] * sizeof *c->shape[i]) == 0,
                    "'%s' comes back with another shape", tensor->name);
        FUZZ_ASSERT(memcmp(c->numbers[i], copy.numbers[i], (size_t)tensor->count * sizeof(float)) == 0,
                    "'%s' comes back with other numbers", tensor->name);
    }
    cJSON_ArrayForEach(text, reader->metadata)
    {
        const char *here = lebm__st_text(reader, text->string), *there = lebm__st_text(&again, text->string);
        FUZZ_ASSERT(there != NULL && strcmp(here, there) == 0, "'%s' comes back as '%s'", here, there);
    }
    write_contents(&again, &copy, fuzz_path(FUZZ_OTHER));
    fuzz_check_same_files(FUZZ_OUTPUT, FUZZ_OTHER);
    free_contents(&copy);
    lebm__st_close(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    lebm__st_reader reader;
    contents c;
    const char *path = fuzz_write(FUZZ_INPUT, data, size);
    fuzz_forget_failure();
    fuzz_begin();
    fuzz_limit(JSON_FACTOR * (int64_t)size + (1 << 14), 0);
    const int status = lebm__st_open(&reader, path);
    if (status != LEBM_OK) {
        FUZZ_CHECK_FAILURE(status, LEBM_ERR_FORMAT);
    } else {
        check_no_nul((const char *)data + LENGTH_SIZE, (size_t)reader.data_begin - LENGTH_SIZE);
        check_metadata(reader.metadata);
        check_tensors(&reader);
        fuzz_limit(5 * JSON_FACTOR * (int64_t)size + (1 << 16), 0);
        if (take_contents(&reader, &c)) check_written(&reader, &c);
        free_contents(&c);
        lebm__st_close(&reader);
    }
    fuzz_end();
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    return mutate_safetensors(data, size, max_size, seed);
}
