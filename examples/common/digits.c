#include "digits.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A digit is drawn like this: the pen's path, given by a few knots on a sheet, becomes a smooth curve; the sheet is
 * bent a little, stretched, slanted, turned and shifted; and each pixel gets ink by its distance from the path. */

typedef enum knot_kind {
    PEN_UP,  /* ends the digit */
    PEN_SET, /* a stroke starts here */
    SMOOTH,  /* the stroke passes here without a corner */
    CORNER,  /* the stroke turns sharply here */
} knot_kind;

/* x to the right, y down; the digit fills the square from 0 to 1. */
typedef struct knot {
    double x, y;
    knot_kind kind;
} knot;

enum { MOST_KNOTS = 16, MOST_VARIANTS = 3, PIECES = 8 /* straight pieces between two knots */ };

/* The ways in which people write each digit; those left out are empty. */
/* clang-format off */
static const knot shapes[10][MOST_VARIANTS][MOST_KNOTS] = {
    { /* 0 */
        {{.58, .02, PEN_SET}, {.28, .12, SMOOTH}, {.12, .50, SMOOTH}, {.26, .88, SMOOTH}, {.52, .99, SMOOTH},
         {.78, .86, SMOOTH}, {.88, .48, SMOOTH}, {.74, .12, SMOOTH}, {.50, .01, SMOOTH}},
        {{.40, .04, PEN_SET}, {.17, .28, SMOOTH}, {.14, .66, SMOOTH}, {.38, .98, SMOOTH}, {.68, .94, SMOOTH},
         {.86, .64, SMOOTH}, {.82, .26, SMOOTH}, {.58, .02, SMOOTH}, {.36, .08, SMOOTH}},
    },
    { /* 1 */
        {{.50, .00, PEN_SET}, {.50, 1.0, SMOOTH}},
        {{.30, .24, PEN_SET}, {.56, .00, CORNER}, {.54, 1.0, SMOOTH}},
        {{.30, .20, PEN_SET}, {.54, .00, CORNER}, {.52, .98, SMOOTH}, {.26, .99, PEN_SET}, {.80, .97, SMOOTH}},
    },
    { /* 2 */
        {{.16, .24, PEN_SET}, {.32, .04, SMOOTH}, {.62, .01, SMOOTH}, {.82, .20, SMOOTH}, {.72, .48, SMOOTH},
         {.12, .97, CORNER}, {.92, .95, SMOOTH}},
        {{.14, .20, PEN_SET}, {.42, .00, SMOOTH}, {.76, .14, SMOOTH}, {.72, .46, SMOOTH}, {.42, .82, SMOOTH},
         {.16, .96, SMOOTH}, {.14, .80, SMOOTH}, {.38, .80, SMOOTH}, {.66, .97, SMOOTH}, {.96, .88, SMOOTH}},
        {{.20, .10, PEN_SET}, {.55, .00, SMOOTH}, {.80, .18, SMOOTH}, {.64, .58, SMOOTH}, {.18, .98, CORNER},
         {.55, .90, SMOOTH}, {.94, .99, SMOOTH}},
    },
    { /* 3 */
        {{.18, .12, PEN_SET}, {.48, .00, SMOOTH}, {.78, .14, SMOOTH}, {.70, .38, SMOOTH}, {.42, .47, CORNER},
         {.76, .56, SMOOTH}, {.86, .78, SMOOTH}, {.52, 1.0, SMOOTH}, {.12, .88, SMOOTH}},
        {{.16, .04, PEN_SET}, {.80, .03, CORNER}, {.46, .40, CORNER}, {.78, .54, SMOOTH}, {.82, .82, SMOOTH},
         {.50, 1.0, SMOOTH}, {.14, .90, SMOOTH}},
        {{.22, .06, PEN_SET}, {.64, .04, SMOOTH}, {.74, .26, SMOOTH}, {.50, .46, SMOOTH}, {.40, .47, SMOOTH},
         {.70, .54, SMOOTH}, {.80, .78, SMOOTH}, {.46, .99, SMOOTH}, {.12, .94, SMOOTH}},
    },
    { /* 4 */
        {{.22, .04, PEN_SET}, {.14, .52, CORNER}, {.88, .50, SMOOTH}, {.74, .04, PEN_SET}, {.66, 1.0, SMOOTH}},
        {{.66, 1.0, PEN_SET}, {.68, .00, CORNER}, {.08, .64, CORNER}, {.94, .64, SMOOTH}},
        {{.20, .02, PEN_SET}, {.16, .34, SMOOTH}, {.40, .52, SMOOTH}, {.78, .40, SMOOTH}, {.80, .04, PEN_SET},
         {.74, .50, SMOOTH}, {.70, 1.0, SMOOTH}},
    },
    { /* 5 */
        {{.84, .02, PEN_SET}, {.28, .03, CORNER}, {.20, .44, CORNER}, {.52, .36, SMOOTH}, {.82, .54, SMOOTH},
         {.78, .86, SMOOTH}, {.44, 1.0, SMOOTH}, {.10, .90, SMOOTH}},
        {{.28, .06, PEN_SET}, {.24, .42, CORNER}, {.62, .44, SMOOTH}, {.80, .70, SMOOTH}, {.56, .97, SMOOTH},
         {.14, .94, SMOOTH}, {.28, .05, PEN_SET}, {.88, .01, SMOOTH}},
    },
    { /* 6 */
        {{.70, .02, PEN_SET}, {.36, .24, SMOOTH}, {.16, .62, SMOOTH}, {.26, .92, SMOOTH}, {.54, 1.0, SMOOTH},
         {.80, .84, SMOOTH}, {.74, .60, SMOOTH}, {.48, .52, SMOOTH}, {.20, .70, SMOOTH}},
        {{.46, .00, PEN_SET}, {.24, .40, SMOOTH}, {.20, .78, SMOOTH}, {.42, 1.0, SMOOTH}, {.74, .90, SMOOTH},
         {.76, .64, SMOOTH}, {.50, .56, SMOOTH}, {.22, .82, SMOOTH}},
    },
    { /* 7 */
        {{.12, .06, PEN_SET}, {.86, .04, CORNER}, {.60, .46, SMOOTH}, {.42, 1.0, SMOOTH}},
        {{.12, .20, PEN_SET}, {.16, .05, CORNER}, {.86, .03, CORNER}, {.56, .54, SMOOTH}, {.46, 1.0, SMOOTH}},
        {{.12, .05, PEN_SET}, {.86, .04, CORNER}, {.42, 1.0, SMOOTH}, {.30, .52, PEN_SET}, {.82, .48, SMOOTH}},
    },
    { /* 8 */
        {{.78, .12, PEN_SET}, {.52, .00, SMOOTH}, {.24, .14, SMOOTH}, {.34, .38, SMOOTH}, {.66, .58, SMOOTH},
         {.80, .82, SMOOTH}, {.50, 1.0, SMOOTH}, {.18, .82, SMOOTH}, {.36, .56, SMOOTH}, {.70, .34, SMOOTH},
         {.78, .12, SMOOTH}},
        {{.50, .46, PEN_SET}, {.24, .26, SMOOTH}, {.48, .01, SMOOTH}, {.76, .22, SMOOTH}, {.50, .46, SMOOTH},
         {.18, .74, SMOOTH}, {.50, 1.0, SMOOTH}, {.82, .74, SMOOTH}, {.50, .46, SMOOTH}},
    },
    { /* 9 */
        {{.80, .18, PEN_SET}, {.54, .01, SMOOTH}, {.22, .18, SMOOTH}, {.26, .44, SMOOTH}, {.54, .48, SMOOTH},
         {.80, .16, CORNER}, {.74, .60, SMOOTH}, {.64, 1.0, SMOOTH}},
        {{.78, .22, PEN_SET}, {.50, .00, SMOOTH}, {.20, .22, SMOOTH}, {.38, .50, SMOOTH}, {.72, .40, SMOOTH},
         {.82, .14, SMOOTH}, {.76, .66, SMOOTH}, {.52, .98, SMOOTH}, {.24, .94, SMOOTH}},
        {{.74, .30, PEN_SET}, {.62, .02, SMOOTH}, {.28, .12, SMOOTH}, {.30, .40, SMOOTH}, {.66, .36, SMOOTH},
         {.72, .08, SMOOTH}, {.60, .62, SMOOTH}, {.40, 1.0, SMOOTH}},
    },
};
/* clang-format on */

typedef struct point {
    double x, y;
} point;

/* One person's hand: a bending of the sheet in slow waves, an affine map from the sheet to pixels, and a pen. */
typedef struct hand {
    struct wave {
        double along_x, along_y, phase, shift_x, shift_y;
    } waves[3];
    double xx, xy, yx, yy; /* pixels per unit of the sheet */
    point centre;          /* of the digit, in pixels */
    double radius;         /* half the width of the pen, in pixels */
} hand;

static hand random_hand(rng *r, int size)
{
    hand h;
    for (int i = 0; i < 3; i++) {
        h.waves[i] = (struct wave){rng_normal(r, 0, 3), rng_normal(r, 0, 3), rng_uniform(r, 0, 6.3),
                                   rng_normal(r, 0, .035), rng_normal(r, 0, .03)};
    }
    const double scale = size / 28.; /* the numbers below are pixels of an image of 28x28 */
    const double height = scale * rng_uniform(r, 16.5, 20.5), width = scale * rng_uniform(r, 11, 18);
    const double slant = rng_normal(r, .18, .2), turn = rng_normal(r, 0, .1);
    const double cosine = cos(turn), sine = sin(turn);
    h.xx = width * cosine;
    h.yx = width * sine;
    h.xy = -height * (slant * cosine + sine);
    h.yy = height * (cosine - slant * sine);
    h.centre = (point){.5 * size + scale * rng_normal(r, 0, .8), .5 * size + scale * rng_normal(r, 0, .8)};
    h.radius = scale * rng_uniform(r, .7, 1.7);
    return h;
}

/* From the sheet to pixels. */
static point place(const hand *h, point p)
{
    point bent = {p.x - .5, p.y - .5};
    for (int i = 0; i < 3; i++) {
        const struct wave *w = &h->waves[i];
        const double height = sin(w->along_x * p.x + w->along_y * p.y + w->phase);
        bent.x += w->shift_x * height;
        bent.y += w->shift_y * height;
    }
    return (point){h->centre.x + h->xx * bent.x + h->xy * bent.y, h->centre.y + h->yx * bent.x + h->yy * bent.y};
}

/* A point of the Catmull-Rom curve from b (t = 0) to c (t = 1) with the neighbours a and d. */
static double curve(double a, double b, double c, double d, double t)
{
    return b + .5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
}

/* The nearest number from 0 to 1. */
static double clamp(double x)
{
    return x < 0 ? 0 : x > 1 ? 1 : x;
}

static double distance_to_piece(point p, point a, point b)
{
    const double dx = b.x - a.x, dy = b.y - a.y;
    const double square = dx * dx + dy * dy;
    const double along = square > 0 ? ((p.x - a.x) * dx + (p.y - a.y) * dy) / square : 0;
    const double t = clamp(along);
    const double x = p.x - (a.x + t * dx), y = p.y - (a.y + t * dy);
    return sqrt(x * x + y * y);
}

/* Inks the pixels near a straight piece of the path; the edge is a pixel and a half wide, as a scanner leaves it. */
static void ink_piece(point a, point b, double radius, int size, float *ink)
{
    const double edge = 1.5, reach = radius + edge;
    const int left = (int)fmax(floor(fmin(a.x, b.x) - reach), 0);
    const int right = (int)fmin(ceil(fmax(a.x, b.x) + reach), size);
    const int top = (int)fmax(floor(fmin(a.y, b.y) - reach), 0);
    const int bottom = (int)fmin(ceil(fmax(a.y, b.y) + reach), size);
    for (int y = top; y < bottom; y++) {
        for (int x = left; x < right; x++) {
            const double distance = distance_to_piece((point){x + .5, y + .5}, a, b);
            const float here = (float)clamp((radius + .5 * edge - distance) / edge);
            if (here > ink[y * size + x]) ink[y * size + x] = here;
        }
    }
}

static void ink_stroke(const hand *h, const knot *knots, int count, int size, float *ink)
{
    point last = place(h, (point){knots[0].x, knots[0].y});
    for (int i = 0; i + 1 < count; i++) {
        const knot *b = &knots[i], *c = &knots[i + 1];
        const knot *a = i == 0 || b->kind == CORNER ? b : b - 1;
        const knot *d = i + 2 == count || c->kind == CORNER ? c : c + 1;
        for (int k = 1; k <= PIECES; k++) {
            const double t = (double)k / PIECES;
            const point next = place(h, (point){curve(a->x, b->x, c->x, d->x, t), curve(a->y, b->y, c->y, d->y, t)});
            ink_piece(last, next, h->radius, size, ink);
            last = next;
        }
    }
}

void digits_draw_ink(rng *r, int digit, int size, float *ink)
{
    int variants = 1;
    while (variants < MOST_VARIANTS && shapes[digit][variants][0].kind != PEN_UP) variants++;
    const knot *shape = shapes[digit][rng_below(r, variants)];
    const hand h = random_hand(r, size);

    knot knots[MOST_KNOTS];
    int count = 0;
    for (; count < MOST_KNOTS && shape[count].kind != PEN_UP; count++) {
        knots[count] =
            (knot){rng_normal(r, shape[count].x, .025), rng_normal(r, shape[count].y, .02), shape[count].kind};
    }
    memset(ink, 0, sizeof *ink * (size_t)(size * size));
    for (int start = 0, end = 1; start < count; start = end++) {
        while (end < count && knots[end].kind != PEN_SET) end++;
        ink_stroke(&h, knots + start, end - start, size, ink);
    }
}

int digits_make(int64_t count, uint64_t seed, dataset *data, failure *why)
{
    enum { SIZE = 28, PIXELS = SIZE * SIZE };
    *data = (dataset){.name = "drawn digits", .count = count, .channels = 1, .height = SIZE, .width = SIZE};
    data->pixels = malloc((size_t)(count * PIXELS));
    data->labels = malloc((size_t)count);
    if (data->pixels == NULL || data->labels == NULL) {
        dataset_free(data);
        return fail(why, "out of memory for %" PRId64 " digits", count);
    }
    for (int64_t i = 0; i < count; i++) {
        rng r = rng_start(seed, (uint64_t)i);
        float ink[PIXELS];
        const int digit = (int)rng_below(&r, 10);
        digits_draw_ink(&r, digit, SIZE, ink);
        const double strength = rng_uniform(&r, .85, 1); /* of the ink */
        for (int k = 0; k < PIXELS; k++) {
            const double value = ink[k] > 0 ? ink[k] * rng_normal(&r, strength, .05) : 0; /* paper is not smooth */
            data->pixels[i * PIXELS + k] = (uint8_t)(255 * clamp(value) + .5);
        }
        data->labels[i] = (uint8_t)digit;
    }
    return 0;
}
