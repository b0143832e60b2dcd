#include "house_numbers.h"

#include "suite.h"

enum { COUNT = 300, SIDE = 32, PLANE = SIDE * SIDE, PIXELS = 3 * PLANE };

static dataset make(int64_t count, uint64_t seed)
{
    dataset data;
    failure why;
    ck_assert_int_eq(house_numbers_make(count, seed, &data, &why), 0);
    ck_assert_int_eq(data.count, count);
    ck_assert_int_eq(data.channels, 3);
    ck_assert_int_eq(data.height, SIDE);
    ck_assert_int_eq(data.width, SIDE);
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
    ck_assert_mem_eq(few.labels, many.labels, 10);
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
        ck_assert_msg(seen[digit] > 10 && seen[digit] < 60, "%d occurs %d times of %d", digit, seen[digit], COUNT);
    dataset_free(&data);
}
END_TEST

static double light(const uint8_t *image, int k)
{
    return .3 * image[k] + .6 * image[PLANE + k] + .1 * image[2 * PLANE + k];
}

/* Difference between the lightest and the darkest of the pixels in the middle, where the digit is. */
static double contrast(const uint8_t *image)
{
    double least = 255, most = 0;
    for (int k = 0; k < PLANE; k++) {
        const int x = k % SIDE, y = k / SIDE;
        if (x < 6 || x >= 26 || y < 4 || y >= 28) continue;
        if (light(image, k) < least) least = light(image, k);
        if (light(image, k) > most) most = light(image, k);
    }
    return most - least;
}

START_TEST(every_digit_can_be_told_from_its_ground)
{
    dataset data = make(COUNT, 1);
    for (int i = 0; i < COUNT; i++) {
        const double here = contrast(data.pixels + i * PIXELS);
        ck_assert_msg(here > 30, "image %d, a %d, has a contrast of %.1f of 255", i, data.labels[i], here);
    }
    dataset_free(&data);
}
END_TEST

/* Dark on light and light on dark, grey and coloured: how many images of each kind there are. */
START_TEST(images_vary_in_light_and_colour)
{
    dataset data = make(COUNT, 1);
    int dark = 0, coloured = 0;
    for (int i = 0; i < COUNT; i++) {
        const uint8_t *image = data.pixels + i * PIXELS;
        double sum = 0, colour = 0;
        for (int k = 0; k < PLANE; k++) {
            sum += light(image, k);
            colour += abs(image[k] - image[2 * PLANE + k]);
        }
        dark += sum < 128. * PLANE;
        coloured += colour > 32. * PLANE;
    }
    ck_assert_msg(dark > COUNT / 4 && dark < COUNT * 3 / 4, "%d of %d images are dark", dark, COUNT);
    ck_assert_msg(coloured > COUNT / 10 && coloured < COUNT * 2 / 3, "%d of %d are coloured", coloured, COUNT);
    dataset_free(&data);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_seed_decides_every_pixel,         an_image_does_not_depend_on_how_many_there_are,
        all_digits_occur_about_equally_often, every_digit_can_be_told_from_its_ground,
        images_vary_in_light_and_colour,
    };
    return RUN_SUITE("house numbers", tests);
}
