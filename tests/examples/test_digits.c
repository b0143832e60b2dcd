#include "digits.h"

#include "suite.h"

enum { COUNT = 400, SIDE = 28, PIXELS = SIDE * SIDE };

static dataset make(int64_t count, uint64_t seed)
{
    dataset data;
    failure why;
    ck_assert_int_eq(digits_make(count, seed, &data, &why), 0);
    ck_assert_int_eq(data.count, count);
    ck_assert_int_eq(dataset_row_size(&data), PIXELS);
    return data;
}

START_TEST(the_seed_decides_every_pixel)
{
    dataset a = make(COUNT, 1), b = make(COUNT, 1), c = make(COUNT, 2);
    ck_assert_mem_eq(a.pixels, b.pixels, COUNT * PIXELS);
    ck_assert_mem_eq(a.labels, b.labels, COUNT);
    ck_assert_mem_ne(a.pixels, c.pixels, COUNT * PIXELS);
    dataset_free(&a);
    dataset_free(&b);
    dataset_free(&c);
}
END_TEST

START_TEST(an_image_does_not_depend_on_how_many_there_are)
{
    dataset few = make(10, 1), many = make(COUNT, 1);
    ck_assert_mem_eq(few.pixels, many.pixels, 10 * PIXELS);
    dataset_free(&few);
    dataset_free(&many);
}
END_TEST

START_TEST(all_digits_occur_about_equally_often)
{
    dataset data = make(COUNT, 1);
    int seen[10] = {0};
    for (int i = 0; i < COUNT; i++) {
        ck_assert_int_lt(data.labels[i], 10);
        seen[data.labels[i]]++;
    }
    for (int digit = 0; digit < 10; digit++)
        ck_assert_msg(seen[digit] > 15 && seen[digit] < 80, "%d occurs %d times of %d", digit, seen[digit], COUNT);
    dataset_free(&data);
}
END_TEST

/* Ink is there, but not too much of it, and hardly any at the border. */
START_TEST(every_image_shows_something_inside_its_frame)
{
    dataset data = make(COUNT, 1);
    double border = 0, all = 0;
    for (int i = 0; i < COUNT; i++) {
        const uint8_t *image = data.pixels + i * PIXELS;
        int inked = 0;
        for (int k = 0; k < PIXELS; k++) {
            const int x = k % SIDE, y = k / SIDE;
            inked += image[k] > 127;
            all += image[k];
            if (x == 0 || y == 0 || x == SIDE - 1 || y == SIDE - 1) border += image[k];
        }
        ck_assert_msg(inked > 15 && inked < PIXELS / 2, "image %d, a %d, has %d inked pixels", i, data.labels[i],
                      inked);
    }
    ck_assert_msg(border < .01 * all, "%.3f of the ink is at the border", border / all);
    dataset_free(&data);
}
END_TEST

/* A classifier as plain as can be, the nearest mean, must tell the digits apart much better than chance, and yet not
 * perfectly: the data would be too easy to learn anything from. */
START_TEST(digits_look_like_themselves_and_vary)
{
    dataset train = make(2000, 1), test = make(COUNT, 2);
    static double mean[10][PIXELS];
    int seen[10] = {0}, right = 0;
    for (int i = 0; i < train.count; i++) {
        seen[train.labels[i]]++;
        for (int k = 0; k < PIXELS; k++) mean[train.labels[i]][k] += train.pixels[i * PIXELS + k];
    }
    for (int digit = 0; digit < 10; digit++)
        for (int k = 0; k < PIXELS; k++) mean[digit][k] /= seen[digit];
    for (int i = 0; i < COUNT; i++) {
        int nearest = 0;
        double least = 1e300;
        for (int digit = 0; digit < 10; digit++) {
            double distance = 0;
            for (int k = 0; k < PIXELS; k++) {
                const double difference = test.pixels[i * PIXELS + k] - mean[digit][k];
                distance += difference * difference;
            }
            if (distance < least) {
                least = distance;
                nearest = digit;
            }
        }
        right += nearest == test.labels[i];
    }
    ck_assert_msg(right > COUNT / 2 && right < COUNT, "%d of %d classified rightly", right, COUNT);
    dataset_free(&train);
    dataset_free(&test);
}
END_TEST

START_TEST(ink_can_be_drawn_at_other_sizes)
{
    for (int digit = 0; digit < 10; digit++) {
        float ink[32 * 32];
        double sum = 0;
        rng r = rng_start(5, (uint64_t)digit);
        digits_draw_ink(&r, digit, 32, ink);
        for (int k = 0; k < 32 * 32; k++) {
            ck_assert(ink[k] >= 0 && ink[k] <= 1);
            sum += (double)ink[k];
        }
        ck_assert_msg(sum > 20, "a %d has only %.1f pixels of ink", digit, sum);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_seed_decides_every_pixel,         an_image_does_not_depend_on_how_many_there_are,
        all_digits_occur_about_equally_often, every_image_shows_something_inside_its_frame,
        digits_look_like_themselves_and_vary, ink_can_be_drawn_at_other_sizes,
    };
    return RUN_SUITE("digits", tests);
}
