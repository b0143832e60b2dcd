/* Tokens as text: the vocabulary of a generator, and x of text and text of x. */
#include <string.h>

#include "core/status.h"
#include "core/text.h"
#include "lebm/tokens.h"
#include "model/generator.h"

int lebm__require_tokens(const lebm_generator *generator, const char *function)
{
    if (generator->token_count > 0) return LEBM_OK;
    return lebm__fail(LEBM_ERR_UNSUPPORTED, "%s: the generator is of %s, and not of %s", function,
                      generator->kind->data, LEBM_TOKENS);
}

int lebm_generator_set_vocabulary(lebm_generator *generator, const char *unit, const char *words)
{
    LEBM__REQUIRE(generator);
    LEBM__REQUIRE(unit);
    LEBM__REQUIRE(words);
    LEBM__TRY(lebm__require_tokens(generator, __func__));
    LEBM__TRY(lebm__handle_claim(generator->params->owner, __func__, 0));
    const int status = lebm__generator_put_vocabulary(generator, unit, words);
    lebm__handle_yield(generator->params->owner, 0);
    return status;
}

const char *lebm_generator_vocabulary(const lebm_generator *generator)
{
    return generator == NULL || generator->vocabulary == NULL ? NULL : generator->vocabulary->text;
}

const char *lebm_generator_token_unit(const lebm_generator *generator)
{
    return generator == NULL || generator->vocabulary == NULL ? NULL : generator->vocabulary->unit;
}

int64_t lebm_generator_token_count(const lebm_generator *generator)
{
    return generator == NULL ? 0 : generator->token_count;
}

const char *lebm_generator_token(const lebm_generator *generator, int64_t index)
{
    const lebm__vocabulary *vocabulary = generator == NULL ? NULL : generator->vocabulary;
    return vocabulary == NULL || index < 0 || index >= vocabulary->count ? NULL : vocabulary->words[index];
}

/* The generator's vocabulary, while it is in use. */
static int text_require_vocabulary(const lebm_generator *generator, const char *function)
{
    if (generator->vocabulary != NULL) return LEBM_OK;
    return lebm__fail(LEBM_ERR_STATE, "%s: the generator has no vocabulary: call lebm_generator_set_vocabulary()",
                      function);
}

/* ---- x of text ---- */

/* A line of text becomes a row of x, or is checked if that is NULL. */
static int text_read_line(const lebm_generator *generator, const char *line, const char *end, int64_t row, float *x)
{
    const lebm__vocabulary *vocabulary = generator->vocabulary;
    const int64_t longest = generator->data_size;
    const int64_t unknown = lebm__vocabulary_find(vocabulary, LEBM_UNKNOWN_TOKEN, strlen(LEBM_UNKNOWN_TOKEN));
    const char *word = line;
    int64_t length = 0, count = 0;
    while ((word = lebm__vocabulary_next(vocabulary, word, end, &length)) != NULL) {
        const int64_t found = lebm__vocabulary_find(vocabulary, word, length), token = found < 0 ? unknown : found;
        if (token < 0) {
            return lebm__fail(
                LEBM_ERR_RANGE, "token %lld of line %lld of text, '%.*s', is not in the vocabulary, which has no %s",
                (long long)count, (long long)row, (int)(length < 64 ? length : 64), word, LEBM_UNKNOWN_TOKEN);
        }
        if (count == longest) {
            return lebm__fail(LEBM_ERR_RANGE,
                              "line %lld of text has more than %lld tokens, which is the longest sequence",
                              (long long)row, (long long)longest);
        }
        if (x != NULL) x[count] = (float)token;
        count++;
        word += length;
    }
    for (; x != NULL && count < longest; count++) x[count] = LEBM_PADDING;
    return LEBM_OK;
}

/* All n lines, or a check of them. */
static int text_read(const lebm_generator *generator, const char *text, int64_t n, float *x)
{
    int64_t row = 0;
    for (const char *line = text; *line != '\0'; row++) {
        const char *end = line + strcspn(line, "\n");
        if (row < n) {
            float *to = x == NULL ? NULL : x + row * generator->data_size;
            LEBM__TRY(text_read_line(generator, line, end, row, to));
        }
        line = *end == '\0' ? end : end + 1;
    }
    if (row == n) return LEBM_OK;
    return lebm__fail(LEBM_ERR_SHAPE, "text has %lld lines, '%.32s' and so on, but n is %lld", (long long)row, text,
                      (long long)n);
}

static int text_to_x(const lebm_generator *generator, const char *function, const char *text, int64_t n, float *x)
{
    LEBM__TRY(text_require_vocabulary(generator, function));
    if (!lebm__is_utf8(text)) return lebm__fail(LEBM_ERR_FORMAT, "text is not UTF-8: '%.64s'", text);
    LEBM__TRY(text_read(generator, text, n, NULL)); /* of a text that is refused nothing is written */
    return text_read(generator, text, n, x);
}

int lebm_generator_text_to_x(const lebm_generator *generator, const char *text, int64_t n, float *x)
{
    LEBM__REQUIRE(generator);
    LEBM__REQUIRE(text);
    LEBM__REQUIRE(x);
    LEBM__TRY(lebm__check_range("n", n, 0, LEBM__MOST_ROWS));
    LEBM__TRY(lebm__handle_use(generator->params->owner));
    const int status = text_to_x(generator, __func__, text, n, x);
    lebm__handle_leave(generator->params->owner);
    return status;
}

/* ---- Text of x ---- */

/* Append to a text of `length` bytes, unless it is NULL; returns its length with that. */
static int64_t text_append(char *text, int64_t length, const char *part, int64_t size)
{
    if (text != NULL) memcpy(text + length, part, (size_t)size);
    return length + size;
}

/* All rows as text, or its length alone. */
static int64_t text_write(const lebm_generator *generator, const float *x, int64_t n, char *text)
{
    const lebm__vocabulary *vocabulary = generator->vocabulary;
    const int64_t longest = generator->data_size, of_separator = strcmp(vocabulary->unit, LEBM_WORDS) == 0;
    int64_t length = 0;
    for (int64_t row = 0; row < n; row++, x += longest) {
        for (int64_t i = 0; i < longest && x[i] != LEBM_PADDING; i++) {
            const char *word = vocabulary->words[(int64_t)x[i]];
            if (i > 0) length = text_append(text, length, " ", of_separator);
            length = text_append(text, length, word, (int64_t)strlen(word));
        }
        length = text_append(text, length, "\n", 1);
    }
    return length;
}

static int text_of_x(const lebm_generator *generator, const char *function, const float *x, int64_t n, char *text,
                     int64_t size, int64_t *length)
{
    LEBM__TRY(text_require_vocabulary(generator, function));
    LEBM__TRY(generator->kind->check(generator, x, n));
    const int64_t needed = text_write(generator, x, n, NULL);
    if (text != NULL && needed >= size) {
        return lebm__fail(LEBM_ERR_SHAPE, "size is %lld; the text has %lld bytes, and an end", (long long)size,
                          (long long)needed);
    }
    *length = needed;
    if (text == NULL) return LEBM_OK;
    text_write(generator, x, n, text);
    text[needed] = '\0';
    return LEBM_OK;
}

int lebm_generator_x_to_text(const lebm_generator *generator, const float *x, int64_t n, char *text, int64_t size,
                             int64_t *length)
{
    LEBM__REQUIRE(generator);
    LEBM__REQUIRE(x);
    LEBM__REQUIRE(length);
    LEBM__TRY(lebm__check_range("n", n, 0, LEBM__MOST_ROWS));
    LEBM__TRY(lebm__check_range("size", size, 0, INT64_MAX));
    LEBM__TRY(lebm__handle_use(generator->params->owner));
    const int status = text_of_x(generator, __func__, x, n, text, size, length);
    lebm__handle_leave(generator->params->owner);
    return status;
}
