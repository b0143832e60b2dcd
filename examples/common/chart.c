#include "chart.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image.h"

enum { CHANNELS = 3, GLYPH_WIDTH = 3, GLYPH_HEIGHT = 5, GLYPH_SCALE = 2 };

/* A picture, and the margins around its axes. */
typedef struct raster {
    int width, height, left, right, top, bottom;
    float *values; /* [CHANNELS, height, width], 0 to 1 */
} raster;

typedef struct colour {
    float channels[CHANNELS]; /* 0 to 1 */
} colour;

static const colour ink = {{.2F, .2F, .2F}};

/* Rows of three pixels, the upper ones first, in octal digits. */
static const struct {
    char character;
    const char *rows;
} glyphs[] = {{'0', "75557"}, {'1', "26227"}, {'2', "71747"}, {'3', "71717"}, {'4', "55711"}, {'5', "74717"},
              {'6', "74757"}, {'7', "71122"}, {'8', "75757"}, {'9', "75717"}, {'-', "00700"}, {'+', "02720"},
              {'.', "00002"}, {'(', "12221"}, {')', "42224"}, {'|', "22222"}, {',', "00024"}, {'a', "25755"},
              {'b', "65656"}, {'c', "34443"}, {'d', "65556"}, {'e', "74647"}, {'f', "74644"}, {'g', "34553"},
              {'h', "55755"}, {'i', "72227"}, {'j', "11152"}, {'k', "55655"}, {'l', "44447"}, {'m', "57755"},
              {'n', "65555"}, {'o', "25552"}, {'p', "65644"}, {'q', "25573"}, {'r', "65655"}, {'s', "34216"},
              {'t', "72222"}, {'u', "55557"}, {'v', "55552"}, {'w', "55775"}, {'x', "55255"}, {'y', "55222"},
              {'z', "71247"}};

static void set_pixel(raster *r, int x, int y, colour c)
{
    if (x < 0 || x >= r->width || y < 0 || y >= r->height) return;
    for (int i = 0; i < CHANNELS; i++) r->values[(i * r->height + y) * r->width + x] = c.channels[i];
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

static void draw_text(raster *r, int x, int y, const char *text, colour c)
{
    for (; *text != '\0'; text++, x += (GLYPH_WIDTH + 1) * GLYPH_SCALE) {
        const char *rows = glyph_rows(*text);
        for (int i = 0; i < GLYPH_HEIGHT * GLYPH_SCALE; i++)
            for (int j = 0; j < GLYPH_WIDTH * GLYPH_SCALE; j++)
                if ((rows[i / GLYPH_SCALE] - '0') >> (GLYPH_WIDTH - 1 - j / GLYPH_SCALE) & 1)
                    set_pixel(r, x + j, y + i, c);
    }
}

static void draw_line(raster *r, double x0, double y0, double x1, double y1, colour c)
{
    const int steps = (int)ceil(fmax(fmax(fabs(x1 - x0), fabs(y1 - y0)), 1));
    for (int i = 0; i <= steps; i++) {
        const double part = (double)i / steps;
        set_pixel(r, (int)lround(x0 + part * (x1 - x0)), (int)lround(y0 + part * (y1 - y0)), c);
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

static void draw_axes(raster *r, double low, double high, double first, double last)
{
    const int bottom = r->height - r->bottom, right = r->width - r->right;
    char text[32];
    draw_line(r, r->left, r->top, r->left, bottom, ink);
    draw_line(r, r->left, bottom, right, bottom, ink);
    snprintf(text, sizeof text, "%.4g", high);
    draw_text(r, r->left - 4 - text_width(text), r->top, text, ink);
    snprintf(text, sizeof text, "%.4g", low);
    draw_text(r, r->left - 4 - text_width(text), bottom - GLYPH_HEIGHT * GLYPH_SCALE, text, ink);
    snprintf(text, sizeof text, "%.6g", first);
    draw_text(r, r->left, bottom + 6, text, ink);
    snprintf(text, sizeof text, "%.6g", last);
    draw_text(r, right - text_width(text), bottom + 6, text, ink);
}

static void draw_lines(raster *r, const double *y, int64_t lines, int64_t points, double low, double high)
{
    const double across = (double)(r->width - r->left - r->right) / fmax((double)(points - 1), 1);
    const double up = (r->height - r->top - r->bottom) / (high - low);
    for (int64_t l = 0; l < lines; l++)
        for (int64_t i = 1; i < points; i++) {
            const double y0 = fmin(fmax(y[l * points + i - 1], low), high),
                         y1 = fmin(fmax(y[l * points + i], low), high);
            draw_line(r, r->left + across * (double)(i - 1), r->top + up * (high - y0), r->left + across * (double)i,
                      r->top + up * (high - y1), colour_of(l, lines));
        }
}

/* Makes the picture white. Returns 0, or -1 with the reason in *why. */
static int start(raster *r, const char *path, failure *why)
{
    const size_t size = (size_t)(CHANNELS * r->height * r->width);
    r->values = malloc(size * sizeof *r->values);
    if (r->values == NULL) return fail(why, "cannot write %s: out of memory", path);
    for (size_t i = 0; i < size; i++) r->values[i] = 1;
    return 0;
}

/* Writes the picture and releases it. Returns 0, or -1 with the reason in *why. */
static int finish(raster *r, const char *path, failure *why)
{
    const image_grid grid = {.channels = CHANNELS,
                             .height = r->height,
                             .width = r->width,
                             .scale = 1,
                             .count = 1,
                             .columns = 1,
                             .blocks = 1,
                             .range = {0, 1},
                             .images = {r->values}};
    const int result = image_write_grid(&grid, path, why);
    free(r->values);
    return result;
}

int chart_write(const double *y, int64_t lines, int64_t points, double first, double last, const char *path,
                failure *why)
{
    raster r = {.width = 960, .height = 320, .left = 70, .right = 12, .top = 12, .bottom = 24};
    double low, high;
    if (start(&r, path, why) != 0) return -1;
    bounds(y, lines, points, &low, &high);
    draw_axes(&r, low, high, first, last);
    draw_lines(&r, y, lines, points, low, high);
    return finish(&r, path, why);
}

static void draw_curve(raster *r, const chart_curve *curve, colour c)
{
    const double across = r->width - r->left - r->right, up = r->height - r->top - r->bottom;
    for (int64_t i = 1; i < curve->points; i++)
        draw_line(r, r->left + across * curve->x[i - 1], r->top + up * (1 - curve->y[i - 1]),
                  r->left + across * curve->x[i], r->top + up * (1 - curve->y[i]), c);
}

int chart_write_curves(const chart_curve *curves, int64_t count, const char *x_name, const char *y_name,
                       const char *path, failure *why)
{
    enum { ROW = 3 * GLYPH_HEIGHT * GLYPH_SCALE / 2 };
    raster r = {.width = 640, .height = 464, .left = 40, .right = 180, .top = 20, .bottom = 24};
    const int right = r.width - r.right;
    if (start(&r, path, why) != 0) return -1;
    draw_axes(&r, 0, 1, 0, 1);
    draw_text(&r, r.left, r.top - 2 - GLYPH_HEIGHT * GLYPH_SCALE, y_name, ink);
    draw_text(&r, (r.left + right - text_width(x_name)) / 2, r.height - r.bottom + 6, x_name, ink);
    for (int64_t i = 0; i < count; i++) {
        draw_text(&r, right + 12, r.top + ROW * (int)i, curves[i].name, colour_of(i, count));
        draw_curve(&r, &curves[i], colour_of(i, count));
    }
    return finish(&r, path, why);
}
