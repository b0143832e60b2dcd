/* Which chains of a run are at work together: its tiles. */
#ifndef LEBM_MCMC_TILES_H
#define LEBM_MCMC_TILES_H

#include <stdint.h>

#include "core/arithmetic.h"

typedef struct {
    int64_t count;
    int64_t *begins; /* [count + 1] place of a tile's first row, and behind the last */
    int64_t *rows;   /* [n] the row at each place; NULL: the rows as they come */
    int64_t most;    /* rows of the largest tile */
} lebm__tiles;

/* Cut n rows into tiles of as equal a cost as goes: `shares` of them, or more if they would have more than `most` rows.
 * costs[n], each at least 1, order the rows, the dearest first, so that those of a tile are alike; NULL: all cost the same,
 * and are taken as they come.
 * @return LEBM_OK or LEBM_ERR_NOMEM, and then there is nothing to destroy */
int lebm__tiles_create(lebm__tiles *tiles, int64_t n, const int64_t *costs, int64_t shares, int64_t most);
void lebm__tiles_destroy(lebm__tiles *tiles);

#endif
