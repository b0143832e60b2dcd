#include "nn/spec_item.h"

#include <string.h>

#include "core/number.h"
#include "core/status.h"

int lebm__spec_malformed(const lebm__spec_words *item, const char *why)
{
    return lebm__fail(LEBM_ERR_FORMAT, "spec item \"%.*s\": %s", (int)(item->length < 80 ? item->length : 80),
                      item->text, why);
}

int lebm__spec_read_item(const char **text, lebm__spec_words *item)
{
    *text += strspn(*text, " \t\r\n");
    *item = (lebm__spec_words){.text = *text, .length = (int64_t)strcspn(*text, ";")};
    const char *next = item->text, *end = item->text + item->length;
    while (item->length > 0 && strchr(" \t\r\n", item->text[item->length - 1]) != NULL) item->length--;
    *text = *end == ';' ? end + 1 : end;
    end = item->text + item->length;
    while (next < end) {
        const size_t length = strcspn(next, " \t\r\n;");
        if (length >= LEBM__SPEC_WORD_SIZE || item->words == LEBM__SPEC_WORDS) {
            return lebm__spec_malformed(item, "too long; items are separated by ';'");
        }
        memcpy(item->word[item->words++], next, length);
        next += length;
        next += strspn(next, " \t\r\n");
    }
    return item->words == 0 ? lebm__spec_malformed(item, "empty") : LEBM_OK;
}

int lebm__spec_goes_on(const char **text)
{
    *text += strspn(*text, " \t\r\n");
    return **text != '\0';
}

int lebm__spec_take_flag(lebm__spec_words *item, const char *word)
{
    if (strcmp(item->word[item->words - 1], word) != 0) return 0;
    item->words--;
    return 1;
}

int lebm__spec_read_numbers(const lebm__spec_words *item, int min, int max, int64_t *numbers, const char *grammar)
{
    const int count = item->words - 1;
    if (count < min || count > max) return lebm__spec_malformed(item, grammar);
    for (int i = 0; i < count; i++) {
        if (!lebm__parse_i64(item->word[i + 1], &numbers[i])) return lebm__spec_malformed(item, grammar);
    }
    return LEBM_OK;
}
