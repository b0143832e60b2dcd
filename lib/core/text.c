#include "core/text.h"

#include <stdio.h>
#include <string.h>

int64_t lebm__utf8_length(const char *text, int64_t left)
{
    const unsigned char *at = (const unsigned char *)text;
    const int64_t length = at[0] < 0x80   ? 1
                           : at[0] < 0xc2 ? 0
                           : at[0] < 0xe0 ? 2
                           : at[0] < 0xf0 ? 3
                           : at[0] < 0xf5 ? 4
                                          : 0;
    if (length > left) return 0;
    for (int64_t i = 1; i < length; i++) {
        if ((at[i] & 0xc0) != 0x80) return 0;
    }
    const int overlong = (at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xf0 && at[1] < 0x90);
    const int beyond = (at[0] == 0xed && at[1] >= 0xa0) || (at[0] == 0xf4 && at[1] >= 0x90); /* surrogates, 0x110000 */
    return overlong || beyond ? 0 : length;
}

int lebm__is_utf8(const char *text)
{
    const int64_t size = (int64_t)strlen(text);
    for (int64_t i = 0; i < size;) {
        const int64_t length = lebm__utf8_length(text + i, size - i);
        if (length == 0) return 0;
        i += length;
    }
    return 1;
}

uint64_t lebm__hash_text(uint64_t hash, const char *text, int64_t length)
{
    for (int64_t i = 0; i < length; i++) hash = (hash ^ (unsigned char)text[i]) * 0x100000001b3u;
    return hash;
}

void lebm__list_add(char *list, int64_t size, const char *name)
{
    const size_t length = strlen(list);
    snprintf(list + length, (size_t)size - length, "%s%s", length == 0 ? "" : ", ", name);
}
