#include "house_numbers.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "digits.h"
#include "rng.h"

/* An image is painted like this: a wall, often with the edge of a plate or a door frame on it; the ink of a digit in
 * the middle and of its neighbours, all of one colour; light from one side; and a camera that blurs and adds noise. */

enum {
    SIDE = 32,
    PIXELS = SIDE * SIDE,
    CHANNELS = 3,
    SHEET = 40 /* a digit's: larger, so that the digit fills the image */
};

typedef struct colour {
    double c[CHANNELS]; /* red, green, blue, 0 to 1 */
} colour;

typedef struct painting {
    double c[CHANNELS][PIXELS];
} painting;

/* The nearest number from 0 to 1. */
static double clamp(double x)
{
    return x < 0 ? 0 : x > 1 ? 1 : x;
}

static bool happens(rng *r, double probability)
{
    return rng_uniform(r, 0, 1) < probability;
}

/* Mostly near grey, as walls are; some are painted. Reds, browns and blues are more frequent than greens. */
static colour random_colour(rng *r, double level)
{
    const double warmth = rng_normal(r, 0, happens(r, .3) ? .2 : .05);
    const double tint[CHANNELS] = {warmth, 0, -warmth};
    colour result;
    for (int i = 0; i < CHANNELS; i++) result.c[i] = clamp(level + tint[i] + rng_normal(r, 0, .03));
    return result;
}

/* How light it looks. */
static double lightness(const colour *a)
{
    return .3 * a->c[0] + .6 * a->c[1] + .1 * a->c[2];
}

/* A colour that can be told from the ground. */
static colour random_ink(rng *r, const colour *ground)
{
    colour ink;
    do {
        ink = random_colour(r, rng_uniform(r, 0, 1));
    } while (fabs(lightness(&ink) - lightness(ground)) < .3);
    return ink;
}

/* Lays a colour over a pixel, covering it by that much. */
static void lay(painting *p, int pixel, const colour *a, double cover)
{
    for (int i = 0; i < CHANNELS; i++) p->c[i][pixel] += cover * (a->c[i] - p->c[i][pixel]);
}

/* Everything beyond a line, which passes the middle at some distance, in another colour. */
static void paint_edge(rng *r, painting *p, const colour *ground)
{
    const colour beyond = random_colour(r, lightness(ground) + rng_normal(r, 0, .2));
    const double angle = M_PI_2 * (double)rng_below(r, 4) + rng_normal(r, 0, .08); /* nearly upright or level */
    const double distance = rng_uniform(r, 10, 16), softness = rng_uniform(r, .5, 2);
    for (int k = 0; k < PIXELS; k++) {
        const double x = k % SIDE + .5 - SIDE / 2., y = k / SIDE + .5 - SIDE / 2.; /* from the middle */
        const double depth = x * cos(angle) + y * sin(angle) - distance;
        lay(p, k, &beyond, clamp(.5 + depth / softness));
    }
}

/* A digit whose middle is that far from the image's. */
static void paint_digit(rng *r, painting *p, int digit, const colour *ink, int right, int down)
{
    float sheet[SHEET * SHEET];
    digits_draw_ink(r, digit, SHEET, sheet);
    for (int k = 0; k < PIXELS; k++) {
        const int x = k % SIDE - right + (SHEET - SIDE) / 2, y = k / SIDE - down + (SHEET - SIDE) / 2;
        if (x >= 0 && x < SHEET && y >= 0 && y < SHEET) lay(p, k, ink, (double)sheet[y * SHEET + x]);
    }
}

static void paint_neighbour(rng *r, painting *p, const colour *ink, int side)
{
    const int right = side * (int)(20 + rng_below(r, 6)), down = (int)rng_below(r, 5) - 2;
    paint_digit(r, p, (int)rng_below(r, 10), ink, right, down);
}

/* Light that grows from one side of the image to the other. */
static void shine(rng *r, painting *p)
{
    const double along_x = rng_normal(r, 0, .006), along_y = rng_normal(r, 0, .006);
    for (int k = 0; k < PIXELS; k++) {
        const double light = 1 + along_x * (k % SIDE - SIDE / 2.) + along_y * (k / SIDE - SIDE / 2.);
        for (int i = 0; i < CHANNELS; i++) p->c[i][k] *= light;
    }
}

/* Mixes each pixel of a row or column with its two neighbours, which lie `stride` away. */
static void blur_line(double *line, int stride, double share)
{
    double last = line[0];
    for (int k = 0; k < SIDE; k++) {
        const double here = line[k * stride], next = line[(k + 1 < SIDE ? k + 1 : k) * stride];
        line[k * stride] = here + share * (last + next - 2 * here);
        last = here;
    }
}

static void blur(painting *p, double share)
{
    for (int i = 0; i < CHANNELS; i++) {
        for (int k = 0; k < SIDE; k++) blur_line(p->c[i] + k * SIDE, 1, share);
        for (int k = 0; k < SIDE; k++) blur_line(p->c[i] + k, SIDE, share);
    }
}

/* The picture as a camera sees it. */
static void expose(rng *r, const painting *p, uint8_t *pixels)
{
    const double noise = rng_uniform(r, 0, .03);
    for (int i = 0; i < CHANNELS; i++)
        for (int k = 0; k < PIXELS; k++)
            pixels[i * PIXELS + k] = (uint8_t)(255 * clamp(p->c[i][k] + rng_uniform(r, -noise, noise)) + .5);
}

static void paint(rng *r, int digit, uint8_t *pixels)
{
    const colour ground = random_colour(r, rng_uniform(r, .1, .9)), ink = random_ink(r, &ground);
    painting p;
    for (int i = 0; i < CHANNELS; i++)
        for (int k = 0; k < PIXELS; k++) p.c[i][k] = ground.c[i];
    if (happens(r, .4)) paint_edge(r, &p, &ground);
    if (happens(r, .5)) paint_neighbour(r, &p, &ink, -1);
    if (happens(r, .5)) paint_neighbour(r, &p, &ink, 1);
    paint_digit(r, &p, digit, &ink, 0, 0);
    shine(r, &p);
    for (int i = (int)rng_below(r, 4); i > 0; i--) blur(&p, .25);
    expose(r, &p, pixels);
}

int house_numbers_make(int64_t count, uint64_t seed, dataset *data, failure *why)
{
    enum { SIZE = CHANNELS * PIXELS };
    *data =
        (dataset){.name = "drawn house numbers", .count = count, .channels = CHANNELS, .height = SIDE, .width = SIDE};
    data->pixels = malloc((size_t)(count * SIZE));
    data->labels = malloc((size_t)count);
    if (data->pixels == NULL || data->labels == NULL) {
        dataset_free(data);
        return fail(why, "out of memory for %" PRId64 " house numbers", count);
    }
    for (int64_t i = 0; i < count; i++) {
        rng r = rng_start(seed, (uint64_t)i);
        const int digit = (int)rng_below(&r, 10);
        paint(&r, digit, data->pixels + i * SIZE);
        data->labels[i] = (uint8_t)digit;
    }
    return 0;
}
