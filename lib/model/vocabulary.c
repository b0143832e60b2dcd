#include "model/vocabulary.h"

#include <string.h>

#include "core/memory.h"
#include "core/status.h"
#include "core/text.h"
#include "lebm/tokens.h"

static const char vocabulary_blanks[] = " \t\r";

static int vocabulary_is_blank(char c)
{
    return c != '\0' && strchr(vocabulary_blanks, c) != NULL;
}

/* The slot that has the word, or is free for it. */
static int64_t *vocabulary_slot(const lebm__vocabulary *vocabulary, const char *word, int64_t length)
{
    uint64_t i = lebm__hash_text(LEBM__HASH_START, word, length);
    for (;; i++) {
        int64_t *slot = &vocabulary->slots[i & (uint64_t)(vocabulary->slot_count - 1)];
        if (*slot < 0) return slot;
        const char *other = vocabulary->words[*slot];
        if (strncmp(other, word, (size_t)length) == 0 && other[length] == '\0') return slot;
    }
}

int64_t lebm__vocabulary_find(const lebm__vocabulary *vocabulary, const char *word, int64_t length)
{
    return *vocabulary_slot(vocabulary, word, length);
}

const char *lebm__vocabulary_next(const lebm__vocabulary *vocabulary, const char *at, const char *end, int64_t *length)
{
    const int is_characters = strcmp(vocabulary->unit, LEBM_CHARACTERS) == 0;
    while (at < end && !is_characters && vocabulary_is_blank(*at)) at++;
    if (at == end) return NULL;
    const char *next = at;
    if (is_characters) {
        next += lebm__utf8_length(at, end - at);
    } else {
        while (next < end && !vocabulary_is_blank(*next)) next++;
    }
    *length = next - at;
    return at;
}

/* Why a word cannot be one; NULL: it can. */
static const char *vocabulary_refuse(const lebm__vocabulary *vocabulary, const char *word)
{
    const int64_t length = (int64_t)strlen(word);
    int64_t of_token;
    if (length == 0) return "is empty";
    if (!lebm__is_utf8(word)) return "is not UTF-8";
    if (strcmp(word, LEBM_UNKNOWN_TOKEN) == 0) return NULL;
    const char *token = lebm__vocabulary_next(vocabulary, word, word + length, &of_token);
    if (token == word && of_token == length) return NULL;
    return strcmp(vocabulary->unit, LEBM_CHARACTERS) == 0 ? "is not one character" : "has a blank in it";
}

/* Cut the text into words. */
static int vocabulary_cut(lebm__vocabulary *vocabulary)
{
    const int64_t count = vocabulary->count;
    char *at = vocabulary->copies;
    for (int64_t i = 0; i < count; i++) {
        char *end = strchr(at, '\n');
        *end = '\0';
        const char *why = vocabulary_refuse(vocabulary, at);
        if (why != NULL) return lebm__fail(LEBM_ERR_FORMAT, "line %lld of words, '%.64s', %s", (long long)i, at, why);
        int64_t *slot = vocabulary_slot(vocabulary, at, end - at);
        if (*slot >= 0) {
            return lebm__fail(LEBM_ERR_FORMAT, "line %lld of words, '%.64s', repeats line %lld", (long long)i, at,
                              (long long)*slot);
        }
        vocabulary->words[i] = at;
        *slot = i;
        at = end + 1;
    }
    return LEBM_OK;
}

static int64_t vocabulary_count_lines(const char *lines, int64_t length)
{
    int64_t count = length > 0 && lines[length - 1] != '\n';
    for (int64_t i = 0; i < length; i++) count += lines[i] == '\n';
    return count;
}

/* What files take for the text, as a text of JSON, and may take, for there is more in a header. */
static int vocabulary_check_size(const char *lines)
{
    enum { MOST = 15 << 20 };
    int64_t size = 0;
    for (const char *c = lines; *c != '\0'; c++) {
        const int is_escaped = *c == '"' || *c == '\\' || (*c >= '\b' && *c <= '\r' && *c != '\v');
        size += is_escaped ? 2 : (unsigned char)*c < ' ' ? 6 : 1;
    }
    if (size <= MOST) return LEBM_OK;
    return lebm__fail(LEBM_ERR_UNSUPPORTED, "words take %lld bytes in a file; allowed are %d", (long long)size, MOST);
}

static int vocabulary_fill(lebm__vocabulary *vocabulary, const char *lines, int64_t length)
{
    const int needs_end = length > 0 && lines[length - 1] != '\n';
    int64_t slots = 4;
    while (slots < 2 * vocabulary->count) slots *= 2;
    vocabulary->text = lebm__alloc_raw(length + 2, 1);
    vocabulary->copies = lebm__alloc_raw(length + 2, 1);
    vocabulary->words = lebm__alloc(vocabulary->count, sizeof *vocabulary->words);
    vocabulary->slots = lebm__alloc_raw(slots, sizeof *vocabulary->slots);
    if (vocabulary->text == NULL || vocabulary->copies == NULL || vocabulary->words == NULL ||
        vocabulary->slots == NULL) {
        return LEBM_ERR_NOMEM;
    }
    memcpy(vocabulary->text, lines, (size_t)length + 1);
    if (needs_end) memcpy(vocabulary->text + length, "\n", 2);
    memcpy(vocabulary->copies, vocabulary->text, strlen(vocabulary->text) + 1);
    vocabulary->slot_count = slots;
    for (int64_t i = 0; i < slots; i++) vocabulary->slots[i] = -1;
    return vocabulary_cut(vocabulary);
}

int lebm__vocabulary_create(lebm__vocabulary **out, const char *unit, const char *lines, int64_t count)
{
    const int64_t length = (int64_t)strlen(lines), there_are = vocabulary_count_lines(lines, length);
    const int is_words = strcmp(unit, LEBM_WORDS) == 0;
    *out = NULL;
    if (!is_words && strcmp(unit, LEBM_CHARACTERS) != 0) {
        return lebm__fail(LEBM_ERR_UNKNOWN_OPTION, "there is no unit '%.64s' of text; there are %s and %s", unit,
                          LEBM_WORDS, LEBM_CHARACTERS);
    }
    if (there_are != count) {
        return lebm__fail(LEBM_ERR_SHAPE, "words has %lld lines, '%.32s' and so on; the generator has %lld tokens",
                          (long long)there_are, lines, (long long)count);
    }
    LEBM__TRY(vocabulary_check_size(lines));
    lebm__vocabulary *vocabulary = lebm__alloc(1, sizeof *vocabulary);
    if (vocabulary == NULL) return LEBM_ERR_NOMEM;
    vocabulary->unit = is_words ? LEBM_WORDS : LEBM_CHARACTERS;
    vocabulary->count = count;
    const int status = vocabulary_fill(vocabulary, lines, length);
    if (status == LEBM_OK) {
        *out = vocabulary;
    } else {
        lebm__vocabulary_destroy(vocabulary);
    }
    return status;
}

void lebm__vocabulary_destroy(lebm__vocabulary *vocabulary)
{
    if (vocabulary == NULL) return;
    lebm__free(vocabulary->text);
    lebm__free(vocabulary->copies);
    lebm__free(vocabulary->words);
    lebm__free(vocabulary->slots);
    lebm__free(vocabulary);
}
