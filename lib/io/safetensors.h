/* Safetensors files: the length of the header in 8 little-endian bytes, a JSON header that gives each tensor's type,
 * shape and place, and the numbers of all tensors, little-endian, one after the other. Tensors of ours are float32. */
#ifndef LEBM_IO_SAFETENSORS_H
#define LEBM_IO_SAFETENSORS_H

#include <stdint.h>

struct cJSON;

enum {
    LEBM__ST_LENGTH_SIZE = 8,       /* bytes of the header's length */
    LEBM__ST_HEADER_MAX = 16 << 20, /* bytes; JSON takes some forty times as much memory once parsed */
};

#define LEBM__ST_METADATA "__metadata__"

/* A file to be written: described first, then written in one piece. The same description gives the same bytes. */
typedef struct {
    struct cJSON *header, *metadata;
    struct lebm__st_data *first, *last;
    int64_t size; /* bytes of all tensors */
} lebm__st_writer;

int lebm__st_writer_create(lebm__st_writer *writer);
void lebm__st_writer_destroy(lebm__st_writer *writer);

/* Add a text to the metadata. Keys must differ. */
int lebm__st_add_text(lebm__st_writer *writer, const char *key, const char *text);

/* Add a tensor, whose numbers are borrowed until the file is written. Names must differ. */
int lebm__st_add_tensor(lebm__st_writer *writer, const char *name, int64_t ndim, const int64_t *shape,
                        const float *data);

/* Write the file, or leave an old file of that path as it was. LEBM_ERR_INVALID if a text is not UTF-8. */
int lebm__st_write(const lebm__st_writer *writer, const char *path);

typedef struct {
    const char *name, *dtype;
    const struct cJSON *shape;
    int64_t begin, end; /* bytes, from the start of the data */
    int64_t count;      /* of numbers */
} lebm__st_tensor;

/* A file that was opened and whose header was found sound. */
typedef struct {
    const char *path; /* borrowed, for error texts */
    int file;
    int64_t data_begin, data_size;
    struct cJSON *header;
    const struct cJSON *metadata; /* in the header, NULL if there is none */
    lebm__st_tensor *tensors;     /* [count], by name */
    int64_t count;
} lebm__st_reader;

/* Open a file and check its whole header; `path` is borrowed until the file is closed. LEBM_ERR_IO, LEBM_ERR_FORMAT,
 * LEBM_ERR_NOMEM; on failure there is nothing to close. */
int lebm__st_open(lebm__st_reader *reader, const char *path);
void lebm__st_close(lebm__st_reader *reader);

/* A text of the metadata, or NULL. */
const char *lebm__st_text(const lebm__st_reader *reader, const char *key);

/* The keys of the metadata one after the other, then NULL; *place is NULL for the first. */
const char *lebm__st_next_key(const lebm__st_reader *reader, const struct cJSON **place);

/* The tensor of this name, or NULL. */
const lebm__st_tensor *lebm__st_find(const lebm__st_reader *reader, const char *name);

/* How many numbers all tensors hold. */
int64_t lebm__st_numbers(const lebm__st_reader *reader);

/* Read a float32 tensor of this shape. LEBM_ERR_FORMAT if it is missing or of another shape, LEBM_ERR_UNSUPPORTED if of
 * another type, LEBM_ERR_IO. */
int lebm__st_read(const lebm__st_reader *reader, const char *name, int64_t ndim, const int64_t *shape, float *out);

/* ---- For both ---- */

/* Whether a text is UTF-8 without the character NUL, be it escaped. */
int lebm__st_is_text(const char *text, int64_t size);

/* Fail: cJSON, which allocates by itself, had no memory. */
int lebm__st_no_memory(void);

#endif
