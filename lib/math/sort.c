#include "math/sort.h"

#include <string.h>

/* A digit of a key: 6 passes, each to so many places that they fit into the first cache. */
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

/* The counts of a digit's values become their first places; 0 if all keys have the same, so that nothing is to be done. */
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

void lebm__sort(int64_t n, uint64_t *keys[2], uint32_t *order[2])
{
    uint32_t places[DIGITS][PLACES];
    memset(places, 0, sizeof places);
    for (int64_t i = 0; i < n; i++)
        for (int digit = 0; digit < DIGITS; digit++) places[digit][sort_digit(keys[0][i], digit)]++;
    for (int digit = 0; digit < DIGITS; digit++) {
        uint64_t *const from_keys = keys[0], *const to_keys = keys[1];
        uint32_t *const from_order = order[0], *const to_order = order[1];
        if (!sort_places(n, places[digit])) continue;
        for (int64_t i = 0; i < n; i++) {
            const uint32_t place = places[digit][sort_digit(from_keys[i], digit)]++;
            to_keys[place] = from_keys[i];
            to_order[place] = from_order[i];
        }
        keys[0] = to_keys;
        keys[1] = from_keys;
        order[0] = to_order;
        order[1] = from_order;
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
