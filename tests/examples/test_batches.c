#include "batches.h"

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

int main(void)
{
    const TTest *const tests[] = {
        an_epoch_shows_no_image_twice,
        every_image_has_its_turn,
        a_step_decides_its_batch_whatever_came_before,
        epochs_and_seeds_have_orders_of_their_own,
    };
    return RUN_SUITE("batches", tests);
}
