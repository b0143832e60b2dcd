#include "chart.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image.h"

enum { WIDTH = 960, HEIGHT = 320, LEFT = 70, RIGHT = 12, TOP = 12, BOTTOM = 24, CHANNELS = 3 };
enum { GLYPH_WIDTH = 3, GLYPH_HEIGHT = 5, GLYPH_SCALE = 2 };

typedef struct colour {
    float channels[CHANNELS]; /* 0 to 1 */
} colour;

static const colour ink = {{.2F, .2F, .2F}};

/* Rows of three pixels, the upper ones first, in octal digits. */
static const struct {
    char character;
    const char *rows;
} glyphs[] = {{'0', "75557"}, {'1', "26227"}, {'2', "71747"}, {'3', "71717"}, {'4', "55711"},
              {'5', "74717"}, {'6', "74757"}, {'7', "71122"}, {'8', "75757"}, {'9', "75717"},
              {'-', "00700"}, {'+', "02720"}, {'.', "00002"}, {'e', "07647"}};

static void set_pixel(float *raster, int x, int y, colour c)
{
    if (x < 0 || x >= WIDTH || y < 0 || y >= HEIGHT) return;
    for (int i = 0; i < CHANNELS; i++) raster[(i * HEIGHT + y) * WIDTH + x] = c.channels[i];
}

static const char *glyph_rows(char character)
{
    for (size_t i = 0; i < sizeof glyphs / sizeof *glyphs; i++)
        if (glyphs[i].character == character) return glyphs[i].rows;
    return "00000";
}

static int text_width(const char *text)
{
    return (int)strlen(text) * (GLYPH_WIDTH + 1) * GLYPH_SCALE;
}

static void draw_text(float *raster, int x, int y, const char *text)
{
    for (; *text != '\0'; text++, x += (GLYPH_WIDTH + 1) * GLYPH_SCALE) {
        const char *rows = glyph_rows(*text);
        for (int i = 0; i < GLYPH_HEIGHT * GLYPH_SCALE; i++)
            for (int j = 0; j < GLYPH_WIDTH * GLYPH_SCALE; j++)
                if ((rows[i / GLYPH_SCALE] - '0') >> (GLYPH_WIDTH - 1 - j / GLYPH_SCALE) & 1)
                    set_pixel(raster, x + j, y + i, ink);
    }
}

static void draw_line(float *raster, double x0, double y0, double x1, double y1, colour c)
{
    const int steps = (int)ceil(fmax(fmax(fabs(x1 - x0), fabs(y1 - y0)), 1));
    for (int i = 0; i <= steps; i++) {
        const double part = (double)i / steps;
        set_pixel(raster, (int)lround(x0 + part * (x1 - x0)), (int)lround(y0 + part * (y1 - y0)), c);
    }
}

/* Colours around the wheel, dark enough for a white ground. */
static colour colour_of(int64_t line, int64_t lines)
{
    colour c;
    for (int i = 0; i < CHANNELS; i++) {
        const double angle = 2 * acos(-1) * ((double)line / (double)lines - i / (double)CHANNELS);
        c.channels[i] = (float)(.42 + .4 * cos(angle));
    }
    return c;
}

/* The bounds of the axis of y. */
static void bounds(const double *y, int64_t lines, int64_t points, double *low, double *high)
{
    *low = INFINITY;
    *high = -INFINITY;
    for (int64_t l = 0; l < lines; l++)
        for (int64_t i = points / 2; i < points; i++) {
            *low = fmin(*low, y[l * points + i]);
            *high = fmax(*high, y[l * points + i]);
        }
    const double room = *low < *high ? (*high - *low) / 2 : .5;
    *low -= room;
    *high += room;
}

static void draw_axes(float *raster, double low, double high, double first, double last)
{
    const int bottom = HEIGHT - BOTTOM;
    char text[32];
    draw_line(raster, LEFT, TOP, LEFT, bottom, ink);
    draw_line(raster, LEFT, bottom, WIDTH - RIGHT, bottom, ink);
    snprintf(text, sizeof text, "%.4g", high);
    draw_text(raster, LEFT - 4 - text_width(text), TOP, text);
    snprintf(text, sizeof text, "%.4g", low);
    draw_text(raster, LEFT - 4 - text_width(text), bottom - GLYPH_HEIGHT * GLYPH_SCALE, text);
    snprintf(text, sizeof text, "%.6g", first);
    draw_text(raster, LEFT, bottom + 6, text);
    snprintf(text, sizeof text, "%.6g", last);
    draw_text(raster, WIDTH - RIGHT - text_width(text), bottom + 6, text);
}

static void draw_lines(float *raster, const double *y, int64_t lines, int64_t points, double low, double high)
{
    const double across = (double)(WIDTH - LEFT - RIGHT) / fmax((double)(points - 1), 1);
    const double up = (HEIGHT - TOP - BOTTOM) / (high - low);
    for (int64_t l = 0; l < lines; l++)
        for (int64_t i = 1; i < points; i++) {
            const double y0 = fmin(fmax(y[l * points + i - 1], low), high),
                         y1 = fmin(fmax(y[l * points + i], low), high);
            draw_line(raster, LEFT + across * (double)(i - 1), TOP + up * (high - y0), LEFT + across * (double)i,
                      TOP + up * (high - y1), colour_of(l, lines));
        }
}

int chart_write(const double *y, int64_t lines, int64_t points, double first, double last, const char *path,
                failure *why)
{
    float *raster = malloc(sizeof *raster * CHANNELS * HEIGHT * WIDTH);
    if (raster == NULL) return fail(why, "cannot write %s: out of memory", path);
    for (int i = 0; i < CHANNELS * HEIGHT * WIDTH; i++) raster[i] = 1;
    double low, high;
    bounds(y, lines, points, &low, &high);
    draw_axes(raster, low, high, first, last);
    draw_lines(raster, y, lines, points, low, high);
    const image_grid grid = {.channels = CHANNELS,
                             .height = HEIGHT,
                             .width = WIDTH,
                             .scale = 1,
                             .count = 1,
                             .columns = 1,
                             .blocks = 1,
                             .range = {0, 1},
                             .images = {raster}};
    const int result = image_write_grid(&grid, path, why);
    free(raster);
    return result;
}
