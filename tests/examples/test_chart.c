/* Charts: where lines go. */
#include "chart.h"

#include <png.h>

#include "suite.h"

typedef struct picture {
    int width, height;
    uint8_t *rgb;
} picture;

/* Reads a PNG file and removes it. */
static picture read_picture(const char *path)
{
    png_image png = {.version = PNG_IMAGE_VERSION};
    ck_assert_msg(png_image_begin_read_from_file(&png, path), "%s: %s", path, png.message);
    png.format = PNG_FORMAT_RGB;
    picture p = {(int)png.width, (int)png.height, malloc(PNG_IMAGE_SIZE(png))};
    ck_assert_msg(png_image_finish_read(&png, NULL, p.rgb, 0, NULL), "%s: %s", path, png.message);
    remove(path);
    return p;
}

static const uint8_t *pixel(const picture *p, int x, int y)
{
    return p->rgb + (y * p->width + x) * 3;
}

/* Whether the pixel has the colour of a line: the ground is white, axes and figures are grey. */
static int is_coloured(const picture *p, int x, int y)
{
    const uint8_t *c = pixel(p, x, y);
    return c[0] != c[1] || c[1] != c[2];
}

/* The mean height of what is coloured in a column, 0 at the bottom, 1 at the top; -1 if nothing is. */
static double height_of_line(const picture *p, int x)
{
    int count = 0;
    double sum = 0;
    for (int y = 0; y < p->height; y++)
        if (is_coloured(p, x, y)) {
            count++;
            sum += y;
        }
    return count == 0 ? -1 : 1 - sum / count / p->height;
}

static picture draw(const double *y, int64_t lines, int64_t points)
{
    failure why;
    const char *path = scratch_path("chart.png");
    ck_assert_msg(chart_write(y, lines, points, 10, 400, path, &why) == 0, "%s", why.text);
    return read_picture(path);
}

/* A line that rises is low on the left and high on the right; the axis fits its second half, 20 to 40, with half as much above
 * and below. So 40 is at three quarters of the axis, and what is below 10 runs along its lower edge. */
START_TEST(lines_go_where_their_numbers_are)
{
    double y[41];
    for (int i = 0; i < 41; i++) y[i] = i;
    const picture p = draw(y, 1, 41);
    const double left = height_of_line(&p, p.width / 8), middle = height_of_line(&p, p.width / 2 + 30),
                 right = height_of_line(&p, p.width - 20);
    ck_assert_msg(left > 0 && left < .15, "the line is at %g on the left", left);
    ck_assert_msg(middle > .25 && middle < .4, "the line is at %g in the middle", middle);
    ck_assert_msg(right > .65 && right < .85, "the line is at %g on the right", right);
    free(p.rgb);
}
END_TEST

START_TEST(lines_have_colours_of_their_own)
{
    const double y[4][2] = {{1, 1}, {2, 2}, {3, 3}, {4, 4}};
    const picture p = draw(&y[0][0], 4, 2);
    uint8_t seen[8][3];
    int count = 0;
    for (int at = 0; at < p.height; at++) {
        if (!is_coloured(&p, p.width / 2, at)) continue;
        ck_assert_int_lt(count, 8);
        memcpy(seen[count], pixel(&p, p.width / 2, at), 3);
        for (int i = 0; i < count; i++)
            ck_assert_msg(memcmp(seen[i], seen[count], 3) != 0, "lines %d and %d have one colour", i, count);
        count++;
    }
    ck_assert_int_eq(count, 4);
    free(p.rgb);
}
END_TEST

START_TEST(lines_that_are_level_are_drawn)
{
    const double y[2] = {7, 7};
    const picture p = draw(y, 1, 2);
    const double at = height_of_line(&p, p.width / 2);
    ck_assert_msg(at > .4 && at < .6, "a level line is at %g", at);
    free(p.rgb);
}
END_TEST

START_TEST(says_why_it_cannot_write)
{
    const double y[2] = {1, 2};
    failure why;
    ck_assert_int_eq(chart_write(y, 1, 2, 0, 1, "/nowhere/chart.png", &why), -1);
    assert_contains(why.text, "/nowhere/chart.png");
}
END_TEST

/* The first line of pixels with colour from the bottom up in a column of the square, as its share of the square's height; -1: none. */
static double lowest_in_square(const picture *p, int x)
{
    for (int y = p->height - 1; y >= 0; y--)
        if (is_coloured(p, x, y)) return (441. - y) / 420;
    return -1;
}

/* The square is 420 pixels wide, from (41, 441) up, within the frame: the first curve is level at a quarter up to the middle, and at three quarters
 * from there on; the second is on top of all. */
START_TEST(curves_go_through_their_points)
{
    const double x[] = {0, .5, .5, 1}, y[] = {.25, .25, .75, .75}, ends[] = {0, 1}, top[] = {1, 1};
    const chart_curve curves[] = {{"first", x, y, 4}, {"log p(x|z)", ends, top, 2}};
    failure why;
    const char *path = scratch_path("curves.png");
    ck_assert_msg(chart_write_curves(curves, 2, "across", "up", path, &why) == 0, "%s", why.text);
    const picture p = read_picture(path);
    const double left = lowest_in_square(&p, 40 + 100), right = lowest_in_square(&p, 40 + 320);
    ck_assert_msg(left > .24 && left < .26, "the first curve is at %g on the left", left);
    ck_assert_msg(right > .74 && right < .76, "the first curve is at %g on the right", right);
    const uint8_t *of_first = pixel(&p, 140, 441 - 105), *of_second = pixel(&p, 140, 21);
    ck_assert(is_coloured(&p, 140, 21));
    ck_assert_msg(memcmp(of_first, of_second, 3) != 0, "both curves have one colour");
    int named[2] = {0, 0}; /* pixels of the names beside the square, in the curves' colours */
    for (int at = 20; at < 60; at++)
        for (int across = 470; across < p.width; across++) {
            named[0] += memcmp(pixel(&p, across, at), of_first, 3) == 0;
            named[1] += memcmp(pixel(&p, across, at), of_second, 3) == 0;
        }
    ck_assert_msg(named[0] > 100 && named[1] > 200, "the names have %d and %d pixels", named[0], named[1]);
    free(p.rgb);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {lines_go_where_their_numbers_are, lines_have_colours_of_their_own,
                                  lines_that_are_level_are_drawn, says_why_it_cannot_write,
                                  curves_go_through_their_points};
    return RUN_SUITE("chart", tests);
}
