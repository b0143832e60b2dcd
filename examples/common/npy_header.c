#include "npy_header.h"

#include <ctype.h>
#include <string.h>

#include "packed_file.h"

enum { MOST_TEXT = 4096 /* bytes of a header: that of an array of images has some 120 */, MOST_WORD = 32 };

static const int64_t most_length = INT64_C(1) << 40; /* of an axis */

/* Goes over blanks, and over this character if it is next. */
static bool take(const char **at, char c)
{
    while (isspace((unsigned char)**at)) ++*at;
    if (**at != c) return false;
    ++*at;
    return true;
}

static bool take_word(const char **at, const char *word)
{
    while (isspace((unsigned char)**at)) ++*at;
    if (strncmp(*at, word, strlen(word)) != 0) return false;
    *at += strlen(word);
    return true;
}

/* A text between quotes, without escapes. */
static bool take_string(const char **at, char word[static MOST_WORD])
{
    const char quote = take(at, '\'') ? '\'' : take(at, '"') ? '"' : '\0';
    if (quote == '\0') return false;
    for (size_t i = 0; i < MOST_WORD - 1; i++) {
        word[i] = *(*at)++;
        if (word[i] == quote) {
            word[i] = '\0';
            return true;
        }
        if (word[i] == '\\' || word[i] == '\0') break;
    }
    return false;
}

static bool take_length(const char **at, int64_t *length)
{
    while (isspace((unsigned char)**at)) ++*at;
    if (!isdigit((unsigned char)**at)) return false;
    for (*length = 0; isdigit((unsigned char)**at); ++*at) {
        *length = 10 * *length + (**at - '0');
        if (*length > most_length) return false;
    }
    return true;
}

/* "(60000, 28, 28)", "(7,)", "()" */
static bool take_shape(const char **at, npy_header *h)
{
    if (!take(at, '(')) return false;
    for (h->axes = 0; !take(at, ')');) {
        if (h->axes == NPY_AXES || !take_length(at, &h->shape[h->axes++])) return false;
        if (!take(at, ',')) return take(at, ')');
    }
    return true;
}

static int take_type(const char *word, const char *path, npy_header *h, failure *why)
{
    static const char *const names[] = {"u1", "f2", "f4", "f8"}; /* behind the order of the bytes */
    h->big_endian = word[0] == '>';
    for (npy_type t = NPY_UINT8; t <= NPY_FLOAT64; t++) {
        if (strcmp(word + 1, names[t]) != 0 || strchr(t == NPY_UINT8 ? "|" : "<>", word[0]) == NULL) continue;
        h->type = t;
        return 0;
    }
    return fail(why, "%s: numbers of type %s; allowed are uint8, 0 to 255, and floats of 16 to 64 bits in [-1, 1]",
                path, word);
}

int npy_header_parse(const char *text, const char *path, npy_header *h, failure *why)
{
    const char *at = text;
    char type[MOST_WORD] = "";
    bool has_order = false, has_shape = false, whole = take(&at, '{');
    *h = (npy_header){0};
    while (whole && !take(&at, '}')) {
        char key[MOST_WORD] = "";
        whole = take_string(&at, key) && take(&at, ':');
        if (whole && strcmp(key, "descr") == 0 && *type == '\0') {
            whole = take_string(&at, type);
        } else if (whole && strcmp(key, "fortran_order") == 0 && !has_order) {
            has_order = true;
            h->fortran_order = take_word(&at, "True");
            whole = h->fortran_order || take_word(&at, "False");
        } else if (whole && strcmp(key, "shape") == 0 && !has_shape) {
            has_shape = true;
            whole = take_shape(&at, h);
        } else {
            whole = false;
        }
        if (whole && !take(&at, ',')) {
            whole = take(&at, '}');
            break;
        }
    }
    if (!whole || !has_order || !has_shape || *type == '\0' || !take(&at, '\0'))
        return fail(why, "%s: its header is '%.100s', where type, order and shape of an array of numbers belong", path,
                    text);
    return take_type(type, path, h, why);
}

int npy_header_read(gzFile file, const char *path, npy_header *h, failure *why)
{
    uint8_t start[8], length[4] = {0};
    char text[MOST_TEXT + 1];
    if (packed_read(file, path, start, sizeof start, why) != 0) return -1;
    if (memcmp(start, "\x93NUMPY", 6) != 0) return fail(why, "%s: no .npy file", path);
    if (start[6] < 1 || start[6] > 3) return fail(why, "%s: .npy of version %d; known are 1 to 3", path, start[6]);
    if (packed_read(file, path, length, start[6] == 1 ? 2 : 4, why) != 0) return -1;
    const uint32_t size = length[0] | (uint32_t)length[1] << 8 | (uint32_t)length[2] << 16 | (uint32_t)length[3] << 24;
    if (size > MOST_TEXT)
        return fail(why, "%s: a header of %u bytes; that of an array of images has at most %d", path, size, MOST_TEXT);
    if (packed_read(file, path, (uint8_t *)text, size, why) != 0) return -1;
    text[size] = '\0';
    return npy_header_parse(text, path, h, why);
}

int64_t npy_type_size(npy_type type)
{
    static const int64_t sizes[] = {1, 2, 4, 8};
    return sizes[type];
}
