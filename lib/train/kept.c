#include "train/kept.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/status.h"

int lebm__kept_create(lebm__kept *kept, int64_t count, int64_t dims)
{
    *kept = (lebm__kept){.count = count,
                         .dims = dims,
                         .z = lebm__alloc(count * dims, sizeof *kept->z),
                         .visited = lebm__alloc(count, sizeof *kept->visited)};
    if (kept->z != NULL && kept->visited != NULL) return LEBM_OK;
    lebm__kept_destroy(kept);
    return LEBM_ERR_NOMEM;
}

void lebm__kept_destroy(lebm__kept *kept)
{
    lebm__free(kept->z);
    lebm__free(kept->visited);
    *kept = (lebm__kept){0};
}

void lebm__kept_store(lebm__kept *kept, const int64_t *ids, int64_t n, const float *z)
{
    for (int64_t i = 0; i < n; i++) {
        const int64_t id = ids == NULL ? i : ids[i];
        memcpy(kept->z + id * kept->dims, z + i * kept->dims, (size_t)kept->dims * sizeof *z);
        kept->visited[id] = 1.0f;
    }
}

typedef struct {
    int64_t id, place;
} kept_place;

static int kept_compare(const void *a, const void *b)
{
    const kept_place *of_a = a, *of_b = b;
    if (of_a->id != of_b->id) return of_a->id < of_b->id ? -1 : 1;
    return of_a->place < of_b->place ? -1 : of_a->place > of_b->place;
}

/* Fail at the first place, in the order of the batch, whose number was there before. */
static int kept_check_repeats(kept_place *places, int64_t n)
{
    const kept_place *again = NULL;
    qsort(places, (size_t)n, sizeof *places, kept_compare);
    for (int64_t i = 1; i < n; i++) {
        if (places[i].id == places[i - 1].id && (again == NULL || places[i].place < again->place)) again = &places[i];
    }
    if (again == NULL) return LEBM_OK;
    return lebm__fail(LEBM_ERR_RANGE, "ids[%lld] is %lld, as ids[%lld] is: an observation may be in a batch once",
                      (long long)again->place, (long long)again->id, (long long)again[-1].place);
}

int lebm__kept_check_ids(const int64_t *ids, int64_t n, int64_t count)
{
    for (int64_t i = 0; i < n; i++) {
        if (ids[i] >= 0 && ids[i] < count) continue;
        return lebm__fail(LEBM_ERR_RANGE, "ids[%lld] is %lld; allowed are 0 to %lld, for option 'observations' is %lld",
                          (long long)i, (long long)ids[i], (long long)count - 1, (long long)count);
    }
    kept_place *places = lebm__alloc_raw(n, sizeof *places);
    if (places == NULL) return LEBM_ERR_NOMEM;
    for (int64_t i = 0; i < n; i++) places[i] = (kept_place){ids[i], i};
    const int status = kept_check_repeats(places, n);
    lebm__free(places);
    return status;
}

/* Copy what the rows found need; x of all rows needs no copy. */
static int visits_gather(lebm__visits *v, const lebm__kept *kept, const float *x, int64_t n, int64_t data_size)
{
    v->z = lebm__alloc_raw(v->n * v->dims, sizeof *v->z);
    if (v->n < n) v->copy = lebm__alloc_raw(v->n * data_size, sizeof *v->copy);
    if (v->z == NULL || (v->n < n && v->copy == NULL)) return LEBM_ERR_NOMEM;
    v->x = v->n < n ? v->copy : x;
    for (int64_t i = 0; i < v->n; i++) {
        memcpy(v->z + i * v->dims, kept->z + v->ids[i] * v->dims, (size_t)v->dims * sizeof *v->z);
        if (v->n < n) memcpy(v->copy + i * data_size, x + v->rows[i] * data_size, (size_t)data_size * sizeof *x);
    }
    return LEBM_OK;
}

int lebm__visits_create(lebm__visits *visits, const lebm__kept *kept, int visited, const int64_t *ids, const float *x,
                        int64_t n, int64_t data_size)
{
    *visits = (lebm__visits){.dims = kept->dims, .rows = lebm__alloc_raw(2 * n, sizeof *visits->rows)};
    if (visits->rows == NULL) return LEBM_ERR_NOMEM;
    visits->ids = visits->rows + n;
    for (int64_t i = 0; i < n; i++) {
        if ((kept->visited[ids[i]] != 0.0f) != visited) continue;
        visits->rows[visits->n] = i;
        visits->ids[visits->n++] = ids[i];
    }
    return visits->n == 0 ? LEBM_OK : visits_gather(visits, kept, x, n, data_size);
}

void lebm__visits_destroy(lebm__visits *visits)
{
    lebm__free(visits->rows);
    lebm__free(visits->z);
    lebm__free(visits->copy);
    *visits = (lebm__visits){0};
}

void lebm__visits_scatter(const lebm__visits *visits, float *z)
{
    for (int64_t i = 0; i < visits->n; i++) {
        memcpy(z + visits->rows[i] * visits->dims, visits->z + i * visits->dims, (size_t)visits->dims * sizeof *z);
    }
}
