#include "math/sort.h"

#include <string.h>

/* A digit of a key has as many values as there is room for places in the first cache. */
enum { DIGIT_BITS = 11, DIGITS = (64 + DIGIT_BITS - 1) / DIGIT_BITS, PLACES = 1 << DIGIT_BITS };

static const uint64_t sign = (uint64_t)1 << 63;

/* The bits of a double are in its order but for the sign: those of a negative number are turned over. */
uint64_t lebm__sort_key(double number)
{
    const double unsigned_zero = number + 0.0;
    uint64_t bits;
    memcpy(&bits, &unsigned_zero, sizeof bits);
    return bits & sign ? ~bits : bits | sign;
}

double lebm__sort_number(uint64_t key)
{
    const uint64_t bits = key & sign ? key ^ sign : ~key;
    double number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

static int64_t sort_digit(uint64_t key, int digit)
{
    return (int64_t)(key >> (digit * DIGIT_BITS)) & (PLACES - 1);
}

/* A word is what of a key is sorted by, above the place that it is from: three digits and PLACE_BITS. */
enum { WORD_DIGITS = 3, PLACE_BITS = 64 - WORD_DIGITS * DIGIT_BITS };

static const uint64_t place_mask = ((uint64_t)1 << PLACE_BITS) - 1;

static int64_t sort_word_digit(uint64_t word, int digit)
{
    return (int64_t)(word >> (PLACE_BITS + digit * DIGIT_BITS)) & (PLACES - 1);
}

/* The counts of a digit's values become their first places; 0 if all words have the same, so that nothing is to be done. */
static int sort_places(int64_t n, uint32_t *counts)
{
    uint32_t place = 0;
    for (int i = 0; i < PLACES; i++) {
        const uint32_t count = counts[i];
        if (count == n) return 0;
        counts[i] = place;
        place += count;
    }
    return 1;
}

/* Sort words[0] by its digits, the lowest first; words[1] is spare, and the two change places where the result lies there. */
static void sort_words(int64_t n, uint64_t *words[2])
{
    uint32_t places[WORD_DIGITS][PLACES];
    memset(places, 0, sizeof places);
    for (int64_t i = 0; i < n; i++)
        for (int digit = 0; digit < WORD_DIGITS; digit++) places[digit][sort_word_digit(words[0][i], digit)]++;
    for (int digit = 0; digit < WORD_DIGITS; digit++) {
        uint64_t *const from = words[0], *const to = words[1];
        if (!sort_places(n, places[digit])) continue;
        for (int64_t i = 0; i < n; i++) to[places[digit][sort_word_digit(from[i], digit)]++] = from[i];
        words[0] = to;
        words[1] = from;
    }
}

/* How far all keys are the same from their highest bit on. */
static int sort_common_bits(int64_t n, const double *numbers)
{
    uint64_t different = 0;
    for (int64_t i = 1; i < n; i++) different |= lebm__sort_key(numbers[i]) ^ lebm__sort_key(numbers[0]);
    return different == 0 ? 0 : __builtin_clzll(different);
}

static int sort_is_done(int64_t n, const double *sorted)
{
    for (int64_t i = 1; i < n; i++)
        if (sorted[i] < sorted[i - 1]) return 0;
    return 1;
}

static void sort_insert(int64_t n, double *sorted, uint32_t *order)
{
    for (int64_t i = 1; i < n; i++) {
        const double number = sorted[i];
        const uint32_t place = order[i];
        int64_t j = i;
        for (; j > 0 && sorted[j - 1] > number; j--) {
            sorted[j] = sorted[j - 1];
            order[j] = order[j - 1];
        }
        sorted[j] = number;
        order[j] = place;
    }
}

/* Numbers whose words are the same but for their places: they are put into order by the rest of their keys, one by one if
 * they are few, else as words, for which the memory of the old words and of the numbers does. */
static void sort_rest(int64_t n, const double *numbers, int common_bits, uint64_t *words, double *sorted,
                      uint32_t *order)
{
    enum { FEW = 256 };
    uint64_t *pair[2] = {words, (void *)sorted};
    if (sort_is_done(n, sorted)) return;
    if (n <= FEW) {
        sort_insert(n, sorted, order);
        return;
    }
    for (int64_t i = 0; i < n; i++) {
        const uint64_t key = lebm__sort_key(numbers[order[i]]) << common_bits;
        words[i] = (key & place_mask) << PLACE_BITS | order[i];
    }
    sort_words(n, pair);
    for (int64_t i = 0; i < n; i++) order[i] = (uint32_t)(pair[0][i] & place_mask);
    for (int64_t i = 0; i < n; i++) sorted[i] = numbers[order[i]];
}

void lebm__sort(int64_t n, const double *numbers, uint64_t *words[2], uint32_t *order)
{
    const int common_bits = sort_common_bits(n, numbers);
    for (int64_t i = 0; i < n; i++)
        words[0][i] = (lebm__sort_key(numbers[i]) << common_bits & ~place_mask) | (uint64_t)i;
    sort_words(n, words);
    double *sorted = (void *)words[1];
    for (int64_t i = 0; i < n; i++) {
        order[i] = (uint32_t)(words[0][i] & place_mask);
        sorted[i] = numbers[order[i]];
    }
    for (int64_t first = 0, end = 0; first < n; first = end) {
        while (end < n && words[0][end] >> PLACE_BITS == words[0][first] >> PLACE_BITS) end++;
        if (end - first > 1)
            sort_rest(end - first, numbers, common_bits, words[0] + first, sorted + first, order + first);
    }
}

/* The value of a digit that the key at *place has, by the counts of its values; *place becomes that among those keys. */
static int64_t sort_find(const uint32_t *counts, int64_t *place)
{
    int64_t value = 0;
    while (*place >= counts[value]) *place -= counts[value++];
    return value;
}

/* From the highest digit on, the keys are left that have the digits of the one that is looked for. */
double lebm__nth(int64_t n, const double *numbers, int64_t place, uint64_t *spare)
{
    uint32_t counts[PLACES];
    int64_t left = 0;
    memset(counts, 0, sizeof counts);
    for (int64_t i = 0; i < n; i++) counts[sort_digit(lebm__sort_key(numbers[i]), DIGITS - 1)]++;
    const int64_t highest = sort_find(counts, &place);
    for (int64_t i = 0; i < n; i++) {
        const uint64_t key = lebm__sort_key(numbers[i]);
        spare[left] = key;
        left += sort_digit(key, DIGITS - 1) == highest;
    }
    for (int digit = DIGITS - 2; digit >= 0; digit--) {
        const int64_t count = left;
        memset(counts, 0, sizeof counts);
        for (int64_t i = 0; i < count; i++) counts[sort_digit(spare[i], digit)]++;
        const int64_t value = sort_find(counts, &place);
        left = 0;
        for (int64_t i = 0; i < count; i++) {
            const uint64_t key = spare[i];
            spare[left] = key;
            left += sort_digit(key, digit) == value;
        }
    }
    return lebm__sort_number(spare[0]);
}
