#include "image.h"

#include <math.h>
#include <png.h>
#include <signal.h>
#include <sys/resource.h>

#include "suite.h"

typedef struct picture {
    int width, height;
    uint8_t *pixels; /* RGB */
} picture;

static picture read_png(const char *path)
{
    png_image png = {.version = PNG_IMAGE_VERSION};
    ck_assert_msg(png_image_begin_read_from_file(&png, path), "%s: %s", path, png.message);
    png.format = PNG_FORMAT_RGB;
    picture p = {(int)png.width, (int)png.height, malloc(PNG_IMAGE_SIZE(png))};
    ck_assert_msg(png_image_finish_read(&png, NULL, p.pixels, 0, NULL), "%s: %s", path, png.message);
    return p;
}

static const uint8_t *at(const picture *p, int x, int y)
{
    return p->pixels + 3 * (y * p->width + x);
}

static void expect_level(const picture *p, int x, int y, int level)
{
    for (int c = 0; c < 3; c++)
        ck_assert_msg(at(p, x, y)[c] == level, "pixel (%d, %d) is %d, not %d", x, y, at(p, x, y)[c], level);
}

START_TEST(grey_images_stand_in_rows_with_lines_between)
{
    const float images[] = {-1, 1, 0, .5f, -.5f, 1, -2, 3, NAN}; /* nine images of one pixel; rows of four */
    const int levels[] = {0, 255, 128, 191, 64, 255, 0, 255, 0};
    const image_grid grid = {.channels = 1,
                             .height = 1,
                             .width = 1,
                             .scale = 1,
                             .count = 9,
                             .columns = 4,
                             .blocks = 1,
                             .range = {-1, 1},
                             .images = {images}};
    const char *path = scratch_path("grid.png");
    failure why;
    ck_assert_msg(image_write_grid(&grid, path, &why) == 0, "%s", why.text);
    picture p = read_png(path);
    ck_assert_int_eq(p.width, 9);
    ck_assert_int_eq(p.height, 7);
    for (int i = 0; i < 9; i++) expect_level(&p, 1 + 2 * (i % 4), 1 + 2 * (i / 4), levels[i]);
    for (int x = 0; x < 9; x++)
        for (int y = 0; y < 7; y += 2) expect_level(&p, x, y, 96);
    expect_level(&p, 3, 5, 96); /* a place without image */
    free(p.pixels);
    remove(path);
}
END_TEST

START_TEST(the_range_says_what_is_black_and_white)
{
    const float images[] = {0, 1, .5f, -1, 2, NAN};
    const int levels[] = {0, 255, 128, 0, 255, 0};
    const image_grid grid = {.channels = 1,
                             .height = 1,
                             .width = 1,
                             .scale = 1,
                             .count = 6,
                             .columns = 6,
                             .blocks = 1,
                             .range = {0, 1},
                             .images = {images}};
    const char *path = scratch_path("range.png");
    failure why;
    ck_assert_msg(image_write_grid(&grid, path, &why) == 0, "%s", why.text);
    picture p = read_png(path);
    for (int i = 0; i < 6; i++) expect_level(&p, 1 + 2 * i, 1, levels[i]);
    free(p.pixels);
    remove(path);
}
END_TEST

START_TEST(what_no_picture_can_show_is_refused)
{
    image_grid grid = {.height = 3, .width = 4, .scale = 1, .count = 1, .columns = 1, .blocks = 1, .range = {-1, 1}};
    failure why;
    for (grid.channels = 1; grid.channels < 6; grid.channels++) {
        if (grid.channels == 1 || grid.channels == 3) {
            ck_assert_int_eq(image_check_grid(&grid, "picture.png", &why), 0);
        } else {
            ck_assert_int_eq(image_check_grid(&grid, "picture.png", &why), -1);
            ck_assert_int_eq(image_write_grid(&grid, "picture.png", &why), -1);
            assert_contains(why.text, "x3x4, and pictures have 1 or 3 channels");
        }
    }
    grid.channels = 1;
    grid.height = grid.width = 100000;
    ck_assert_int_eq(image_check_grid(&grid, "picture.png", &why), -1);
    assert_contains(why.text, "100002x100002 pixels");
}
END_TEST

START_TEST(colours_come_channel_first_and_pixels_are_scaled)
{
    const float image[] = {1, -1, -1, 1, 0, 0}; /* 3x1x2: red 255 0, green 0 255, blue 128 128 */
    const image_grid grid = {.channels = 3,
                             .height = 1,
                             .width = 2,
                             .scale = 2,
                             .count = 1,
                             .columns = 1,
                             .blocks = 1,
                             .range = {-1, 1},
                             .images = {image}};
    const char *path = scratch_path("colour.png");
    failure why;
    ck_assert_msg(image_write_grid(&grid, path, &why) == 0, "%s", why.text);
    picture p = read_png(path);
    ck_assert_int_eq(p.width, 6); /* a pixel is drawn two by two */
    ck_assert_int_eq(p.height, 4);
    for (int y = 1; y <= 2; y++) {
        ck_assert_mem_eq(at(&p, 1, y), ((uint8_t[]){255, 0, 128, 255, 0, 128, 0, 255, 128, 0, 255, 128}), 12);
    }
    free(p.pixels);
    remove(path);
}
END_TEST

START_TEST(blocks_stand_apart)
{
    const float left[] = {-1, -1}, right[] = {0, 0};
    const image_grid grid = {.channels = 1,
                             .height = 1,
                             .width = 1,
                             .scale = 1,
                             .count = 2,
                             .columns = 1,
                             .blocks = 2,
                             .range = {-1, 1},
                             .images = {left, right}};
    const char *path = scratch_path("blocks.png");
    failure why;
    ck_assert_msg(image_write_grid(&grid, path, &why) == 0, "%s", why.text);
    picture p = read_png(path);
    ck_assert_int_eq(p.height, 5);
    const int gap = p.width - 6;
    ck_assert_int_ge(gap, 4);
    for (int x = 3; x < 3 + gap; x++) expect_level(&p, x, 2, 255);
    expect_level(&p, 1, 1, 0);
    expect_level(&p, 1, 3, 0);
    expect_level(&p, 4 + gap, 1, 128);
    expect_level(&p, 4 + gap, 3, 128);
    free(p.pixels);
    remove(path);
}
END_TEST

START_TEST(a_picture_that_cannot_be_written_is_an_error)
{
    const float image[] = {0};
    const image_grid grid = {.channels = 1,
                             .height = 1,
                             .width = 1,
                             .scale = 1,
                             .count = 1,
                             .columns = 1,
                             .blocks = 1,
                             .range = {-1, 1},
                             .images = {image}};
    failure why;
    ck_assert_int_eq(image_write_grid(&grid, "/nowhere/at/all.png", &why), -1);
    assert_contains(why.text, "/nowhere/at/all.png");
    assert_contains(why.text, "No such file");
}
END_TEST

/* The old picture must survive until the new one is whole. */
START_TEST(a_full_disk_leaves_the_old_picture)
{
    const float image[] = {0};
    const image_grid grid = {.channels = 1,
                             .height = 1,
                             .width = 1,
                             .scale = 1,
                             .count = 1,
                             .columns = 1,
                             .blocks = 1,
                             .range = {-1, 1},
                             .images = {image}};
    const char *path = scratch_path("old.png");
    struct rlimit none, before;
    failure why;
    FILE *old = fopen(path, "w");
    fputs("old", old);
    fclose(old);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    none = before;
    none.rlim_cur = 8; /* bytes that a file may have: as if the disk were full */
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &none), 0);
    const int result = image_write_grid(&grid, path, &why);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
    ck_assert_int_eq(result, -1);
    assert_contains(why.text, path);
    assert_contains(why.text, "too large");
    char text[4] = "";
    old = fopen(path, "r");
    ck_assert_ptr_nonnull(fgets(text, sizeof text, old));
    fclose(old);
    ck_assert_str_eq(text, "old");
    remove(path);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        grey_images_stand_in_rows_with_lines_between,
        the_range_says_what_is_black_and_white,
        what_no_picture_can_show_is_refused,
        colours_come_channel_first_and_pixels_are_scaled,
        blocks_stand_apart,
        a_picture_that_cannot_be_written_is_an_error,
        a_full_disk_leaves_the_old_picture,
    };
    return RUN_SUITE("image", tests);
}
