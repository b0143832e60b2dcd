#include "mcmc/tiles.h"

#include <stdlib.h>

#include "core/memory.h"
#include "core/status.h"

typedef struct {
    int64_t cost, row;
} tiles_row;

/* The dearest first, and equals as they come. */
static int tiles_compare(const void *a, const void *b)
{
    const tiles_row *of_a = a, *of_b = b;
    if (of_a->cost != of_b->cost) return of_a->cost > of_b->cost ? -1 : 1;
    return of_a->row < of_b->row ? -1 : 1;
}

static int tiles_order(lebm__tiles *tiles, int64_t n, const int64_t *costs)
{
    tiles_row *order = lebm__alloc_raw(n, sizeof *order);
    tiles->rows = lebm__alloc_raw(n, sizeof *tiles->rows);
    if (order == NULL || tiles->rows == NULL) {
        lebm__free(order);
        return LEBM_ERR_NOMEM;
    }
    for (int64_t i = 0; i < n; i++) order[i] = (tiles_row){costs[i], i};
    qsort(order, (size_t)n, sizeof *order, tiles_compare);
    for (int64_t i = 0; i < n; i++) tiles->rows[i] = order[i].row;
    lebm__free(order);
    return LEBM_OK;
}

/* A tile ends with the row that makes its share full. */
static void tiles_cut(lebm__tiles *tiles, int64_t n, const int64_t *costs, int64_t shares, int64_t most)
{
    int64_t all = costs == NULL ? n : 0, cost = 0;
    for (int64_t i = 0; i < n && costs != NULL; i++) all += costs[i];
    const int64_t share = (all + shares - 1) / shares;
    tiles->begins[0] = 0;
    for (int64_t i = 0; i < n; i++) {
        const int64_t rows = i + 1 - tiles->begins[tiles->count];
        cost += costs == NULL ? 1 : costs[tiles->rows[i]];
        if (cost < share && rows < most && i + 1 < n) continue;
        tiles->begins[++tiles->count] = i + 1;
        if (rows > tiles->most) tiles->most = rows;
        cost = 0;
    }
}

/* Tiles that are not full are as many as shares at most, and full ones as many as `most` goes into n. */
int lebm__tiles_create(lebm__tiles *tiles, int64_t n, const int64_t *costs, int64_t shares, int64_t most)
{
    *tiles = (lebm__tiles){.begins = lebm__alloc_raw(shares + n / most + 1, sizeof *tiles->begins)};
    int status = tiles->begins == NULL ? LEBM_ERR_NOMEM : LEBM_OK;
    if (status == LEBM_OK && costs != NULL) status = tiles_order(tiles, n, costs);
    if (status == LEBM_OK) tiles_cut(tiles, n, costs, shares, most);
    if (status != LEBM_OK) lebm__tiles_destroy(tiles);
    return status;
}

void lebm__tiles_destroy(lebm__tiles *tiles)
{
    lebm__free(tiles->begins);
    lebm__free(tiles->rows);
    *tiles = (lebm__tiles){0};
}
