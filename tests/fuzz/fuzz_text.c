/* Files of text, plain or compressed. Lines that are read are the file's, in order, valid and not empty; a plain file is read
 * the same once it is compressed; what is refused leaves nothing. Words or characters of what was read become numbers, and
 * those rows of x, none of which is unknown to the words that were gathered. */
#include "text_file.h"

#include <string.h>

#include "fuzz.h"
#include "lexicon.h"
#include "store_as_gzip.h"

enum {
    DEFLATE_RATIO = 1032, /* that deflate can reach at most */
    PER_BYTE = 200,       /* of memory: each byte may be a line, and a word */
    MORE = 1 << 18,
    MOST_SIZE = 1 << 12,
};

static int read_text(const char *path, text_lines *t)
{
    failure why = {""};
    memset(t, 0xa5, sizeof *t);
    if (text_read(path, t, &why) == 0) return 1;
    const text_lines empty = {0};
    FUZZ_ASSERT(memcmp(t, &empty, sizeof empty) == 0, "refused, but there is a text: %s", why.text);
    fuzz_check_line(why.text);
    return 0;
}

/* Checks the lines of a plain file. */
static void check_lines(const text_lines *t, const uint8_t *data, size_t size)
{
    int64_t last = 0;
    FUZZ_ASSERT(t->count > 0 && memcmp(t->bytes, data, size) == 0, "other bytes than the file has");
    for (int64_t i = 0; i < t->count; i++) {
        FUZZ_ASSERT(t->starts[i] >= last && t->ends[i] > t->starts[i] && t->ends[i] <= (int64_t)size, "line %d",
                    (int)i);
        last = t->ends[i];
        int64_t newlines = 0;
        for (int64_t k = 0; k < t->starts[i]; k++) newlines += data[k] == '\n';
        FUZZ_ASSERT(t->numbers[i] == newlines + 1, "line %d is numbered %d", (int)newlines + 1, (int)t->numbers[i]);
        for (const char *at = t->bytes + t->starts[i], *end = t->bytes + t->ends[i]; at < end;) {
            const int length = utf8_length(at, end);
            FUZZ_ASSERT(length > 0 && *at != '\0' && *at != '\n', "no text in line %d", (int)i);
            at += length;
        }
    }
}

/* Gathers words of the text, all or few, and looks them up again. */
static void check_words(const text_lines *t, bool characters, int64_t most)
{
    lexicon l;
    failure why = {""};
    FUZZ_ASSERT(lexicon_gather(&l, t, characters, most, &why) == 0, "%s", why.text);
    FUZZ_ASSERT(l.count >= 1 && l.count <= most && l.unknown >= 0 && l.unknown < l.count, "%d words", (int)l.count);
    const bool all = l.count < most;
    for (int64_t i = 0; i < t->count; i++) {
        const char *at = t->bytes + t->starts[i], *const end = t->bytes + t->ends[i];
        for (;;) {
            const int64_t number = lexicon_next(&l, &at, end);
            if (number == -1) break;
            FUZZ_ASSERT(number >= 0 && number < l.count, "number %d", (int)number);
            const int64_t length = l.starts[number + 1] - l.starts[number] - 1;
            FUZZ_ASSERT(!all || memcmp(at - length, l.words + l.starts[number], (size_t)length) == 0, "another word");
        }
        FUZZ_ASSERT(at == end, "the line has no end");
    }
    lexicon_free(&l);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t packed[MOST_SIZE + 64];
    text_lines t, again;
    if (size > MOST_SIZE) return 0;
    const int is_gzip = size >= 2 && data[0] == 0x1f && data[1] == 0x8b;
    const char *path = fuzz_write(FUZZ_INPUT, data, size), *packed_path = NULL;
    if (!is_gzip) packed_path = fuzz_write(FUZZ_OTHER, packed, store_as_gzip(data, size, packed));
    fuzz_begin();
    fuzz_limit(PER_BYTE * (is_gzip ? DEFLATE_RATIO : 1) * (int64_t)size + MORE, 0);
    const int is_read = read_text(path, &t);
    if (is_read) {
        if (!is_gzip) check_lines(&t, data, size);
        check_words(&t, false, 1000000);
        check_words(&t, true, 1000000);
        check_words(&t, size % 2 == 0, 3);
    }
    if (packed_path != NULL) {
        FUZZ_ASSERT(read_text(packed_path, &again) == is_read, "plain and compressed are not the same");
        FUZZ_ASSERT(!is_read || again.count == t.count, "other lines");
        text_free(&again);
    }
    text_free(&t);
    fuzz_end();
    return 0;
}
