#include "dataset.h"

#include "suite.h"

static uint8_t pixels[] = {0, 255, 51, 204, 1, 2, 3, 4, 5, 6, 7, 8};

/* Three images of 2x1x2 pixels. */
static dataset small(uint8_t *labels)
{
    return (dataset){
        .name = "small", .count = 3, .channels = 2, .height = 1, .width = 2, .pixels = pixels, .labels = labels};
}

START_TEST(bytes_become_numbers_of_the_range)
{
    const dataset data = small(NULL);
    float x[4];
    dataset_row(&data, 0, (pixel_range){-1, 1}, x);
    ck_assert_float_eq(x[0], -1);
    ck_assert_float_eq(x[1], 1);
    ck_assert_float_eq_tol(x[2], -.6, 1e-6);
    ck_assert_float_eq_tol(x[3], .6, 1e-6);
    dataset_row(&data, 2, (pixel_range){-1, 1}, x);
    ck_assert_float_eq_tol(x[3], 8 / 127.5 - 1, 1e-6);
    dataset_row(&data, 0, (pixel_range){0, 1}, x);
    ck_assert_float_eq(x[0], 0);
    ck_assert_float_eq(x[1], 1);
    ck_assert_float_eq_tol(x[2], .2, 1e-6);
}
END_TEST

START_TEST(keeping_shortens_and_never_lengthens)
{
    dataset data = small(NULL);
    dataset_keep(&data, 0);
    ck_assert_int_eq(data.count, 3);
    dataset_keep(&data, 100);
    ck_assert_int_eq(data.count, 3);
    dataset_keep(&data, 2);
    ck_assert_int_eq(data.count, 2);
}
END_TEST

START_TEST(the_checksum_notices_pixels_number_and_shape)
{
    dataset data = small(NULL);
    const uint32_t whole = dataset_checksum(&data);
    ck_assert_uint_eq(dataset_checksum(&data), whole);
    data.height = 2;
    data.width = 1;
    ck_assert_uint_ne(dataset_checksum(&data), whole);
    data = small(NULL);
    data.count = 2;
    ck_assert_uint_ne(dataset_checksum(&data), whole);
    data = small(NULL);
    pixels[11] ^= 1;
    ck_assert_uint_ne(dataset_checksum(&data), whole);
    pixels[11] ^= 1;
}
END_TEST

START_TEST(images_are_called_by_their_files_or_numbers)
{
    char *names[] = {"a.png", "b/c.jpg", "d.png"}, number[DATASET_NUMBER];
    dataset data = small(NULL);
    ck_assert_str_eq(dataset_name(&data, 2, number), "2");
    data.names = names;
    ck_assert_str_eq(dataset_name(&data, 1, number), "b/c.jpg");
}
END_TEST

START_TEST(images_are_chosen_by_label)
{
    uint8_t many[24], labels[24];
    int64_t chosen[24];
    for (int i = 0; i < 24; i++) labels[i] = (uint8_t)((i + 1) % 3);
    const dataset data = {.count = 24, .channels = 1, .height = 1, .width = 1, .pixels = many, .labels = labels};
    ck_assert_int_eq(dataset_choose(&data, 6, 2, chosen), 6);
    for (int i = 0; i < 6; i++) ck_assert_int_eq(labels[chosen[i]], i / 2);
    ck_assert_int_ne(chosen[0], chosen[1]);

    ck_assert_int_eq(dataset_choose(&data, 9, 2, chosen), 9); /* three labels give six: the first nine images then */
    for (int i = 0; i < 9; i++) ck_assert_int_eq(chosen[i], i);
}
END_TEST

START_TEST(without_labels_the_first_images_are_chosen)
{
    const dataset data = small(NULL);
    int64_t chosen[8];
    ck_assert_int_eq(dataset_choose(&data, 2, 1, chosen), 2);
    ck_assert_int_eq(chosen[1], 1);
    ck_assert_int_eq(dataset_choose(&data, 8, 1, chosen), 3);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        bytes_become_numbers_of_the_range,
        keeping_shortens_and_never_lengthens,
        the_checksum_notices_pixels_number_and_shape,
        images_are_called_by_their_files_or_numbers,
        images_are_chosen_by_label,
        without_labels_the_first_images_are_chosen,
    };
    return RUN_SUITE("dataset", tests);
}
