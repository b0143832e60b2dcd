#include "batches.h"

#include <lebm.h>

#include "suite.h"

enum { IMAGES = 23, SIZE = 5, PER_EPOCH = 4 };

/* Images of one pixel whose value is their number. */
static dataset numbered_images(uint8_t pixels[IMAGES])
{
    for (int i = 0; i < IMAGES; i++) pixels[i] = (uint8_t)i;
    return (dataset){.name = "numbers", .count = IMAGES, .channels = 1, .height = 1, .width = 1, .pixels = pixels};
}

static int number_of(float x)
{
    return (int)((x + 1) * 127.5f + .5f);
}

START_TEST(an_epoch_shows_no_image_twice)
{
    uint8_t pixels[IMAGES];
    const dataset data = numbered_images(pixels);
    batches b;
    batches_start(&b, &data, (pixel_range){-1, 1}, SIZE, 1);
    ck_assert_int_eq(b.per_epoch, PER_EPOCH);
    for (int epoch = 0; epoch < 3; epoch++) {
        int seen[IMAGES] = {0};
        for (int step = 0; step < PER_EPOCH; step++) {
            float x[SIZE];
            const int64_t *images = batches_read(&b, epoch * PER_EPOCH + step, x);
            for (int i = 0; i < SIZE; i++) {
                ck_assert_int_eq(seen[number_of(x[i])]++, 0);
                ck_assert_int_eq(images[i], number_of(x[i]));
            }
        }
    }
    batches_free(&b);
}
END_TEST

START_TEST(every_image_has_its_turn)
{
    uint8_t pixels[IMAGES];
    const dataset data = numbered_images(pixels);
    int seen[IMAGES] = {0};
    batches b;
    batches_start(&b, &data, (pixel_range){-1, 1}, SIZE, 1);
    for (int step = 0; step < 20 * PER_EPOCH; step++) {
        float x[SIZE];
        batches_read(&b, step, x);
        for (int i = 0; i < SIZE; i++) seen[number_of(x[i])]++;
    }
    for (int i = 0; i < IMAGES; i++) ck_assert_msg(seen[i] > 0, "image %d was never shown", i);
    batches_free(&b);
}
END_TEST

START_TEST(a_step_decides_its_batch_whatever_came_before)
{
    uint8_t pixels[IMAGES];
    const dataset data = numbered_images(pixels);
    float in_order[3 * PER_EPOCH][SIZE], x[SIZE];
    batches b;
    batches_start(&b, &data, (pixel_range){-1, 1}, SIZE, 9);
    for (int step = 0; step < 3 * PER_EPOCH; step++) batches_read(&b, step, in_order[step]);
    for (int step = 3 * PER_EPOCH - 1; step >= 0; step -= 3) {
        batches_read(&b, step, x);
        ck_assert_mem_eq(x, in_order[step], sizeof x);
    }
    batches_free(&b);

    batches fresh;
    batches_start(&fresh, &data, (pixel_range){-1, 1}, SIZE, 9);
    batches_read(&fresh, 7, x);
    ck_assert_mem_eq(x, in_order[7], sizeof x);
    batches_free(&fresh);
}
END_TEST

START_TEST(epochs_and_seeds_have_orders_of_their_own)
{
    uint8_t pixels[IMAGES];
    const dataset data = numbered_images(pixels);
    float first[SIZE], second[SIZE], other_seed[SIZE];
    batches b, other;
    batches_start(&b, &data, (pixel_range){-1, 1}, SIZE, 1);
    batches_start(&other, &data, (pixel_range){-1, 1}, SIZE, 2);
    batches_read(&b, 0, first);
    batches_read(&b, PER_EPOCH, second);
    batches_read(&other, 0, other_seed);
    ck_assert_mem_ne(first, second, sizeof first);
    ck_assert_mem_ne(first, other_seed, sizeof first);
    batches_free(&other);
    batches_free(&b);
}
END_TEST

/* Sentences of 0 to 22 tokens, in no order of length. */
static dataset uneven_sentences(int64_t starts[IMAGES + 1], int32_t tokens[IMAGES * IMAGES])
{
    starts[0] = 0;
    for (int i = 0; i < IMAGES; i++) {
        const int length = 7 * i % IMAGES;
        for (int k = 0; k < length; k++) tokens[starts[i] + k] = i;
        starts[i + 1] = starts[i] + length;
    }
    return (dataset){.name = "sentences",
                     .count = IMAGES,
                     .channels = 1,
                     .height = 1,
                     .width = IMAGES,
                     .tokens = tokens,
                     .starts = starts};
}

/* No sentence is shown twice, the batches come in no order of length, and between the shortest and the longest of a batch
 * lies no sentence of another one. */
START_TEST(sentences_of_a_batch_are_of_like_lengths)
{
    int64_t starts[IMAGES + 1];
    int32_t tokens[IMAGES * IMAGES];
    const dataset data = uneven_sentences(starts, tokens);
    int rising = 0, seen_in_all[IMAGES] = {0};
    batches b;
    batches_start(&b, &data, (pixel_range){0, 0}, SIZE, 1);
    for (int epoch = 0; epoch < 20; epoch++) {
        float x[SIZE * IMAGES];
        int64_t batch_of[IMAGES], previous = -1;
        for (int i = 0; i < IMAGES; i++) batch_of[i] = -1;
        for (int step = 0; step < PER_EPOCH; step++) {
            const int64_t *chosen = batches_read(&b, epoch * PER_EPOCH + step, x);
            for (int i = 0; i < SIZE; i++) {
                const int64_t length = dataset_length(&data, chosen[i]);
                ck_assert_int_eq(batch_of[length], -1); /* every length is there once */
                batch_of[length] = step;
                seen_in_all[chosen[i]]++;
                for (int k = 0; k < IMAGES; k++)
                    ck_assert_float_eq(x[i * IMAGES + k], k < length ? (float)chosen[i] : LEBM_PADDING);
            }
            rising += previous < dataset_length(&data, chosen[0]);
            previous = dataset_length(&data, chosen[0]);
        }
        int changes = 0;
        int64_t last = -1;
        for (int length = 0; length < IMAGES; length++) {
            if (batch_of[length] < 0) continue; /* it sits this epoch out */
            changes += last >= 0 && batch_of[length] != last;
            last = batch_of[length];
        }
        ck_assert_int_eq(changes, PER_EPOCH - 1);
    }
    ck_assert_int_lt(rising, 20 * PER_EPOCH);
    for (int i = 0; i < IMAGES; i++) ck_assert_msg(seen_in_all[i] > 0, "sentence %d was never shown", i);
    batches_free(&b);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        an_epoch_shows_no_image_twice,
        every_image_has_its_turn,
        a_step_decides_its_batch_whatever_came_before,
        epochs_and_seeds_have_orders_of_their_own,
        sentences_of_a_batch_are_of_like_lengths,
    };
    return RUN_SUITE("batches", tests);
}
