#include "oom/survive.h"

#include "support/approx.h"

/* The first use, when weights are packed and threads get their memory, and one of many; and one of tokens. */
const struct world_kind kinds[KINDS] = {
    {3, 0, LEBM_GAUSSIAN, 0}, {1, 1, LEBM_GAUSSIAN, 0}, {2, 0, LEBM_CATEGORICAL, 0}};

/* Whether it matters to the function what x is. */
static int is_of_x(const function *f)
{
    for (int i = 0; i < f->count; i++)
        if (strcmp(f->parameters[i].name, "x") == 0) return 1;
    return is_for_tokens(f);
}

/* What came of a call. */
typedef struct {
    int has_failed; /* for lack of memory */
    int is_last;    /* no allocation was refused, as far as that is known */
} end;

/* A call with allocation k failing. `clean` is the hash without that. */
static end try_without(const function *f, int variant, const struct world_kind *kind, const failing *way, int64_t k,
                       uint64_t clean)
{
    static struct world w;
    char call[100];
    trial t;
    snprintf(call, sizeof call, "%s(), variant %d, allocation %lld failing", f->name, variant, (long long)k);
    world_make(&w, kind);
    ck_assert_int_eq(trial_make(&t, f, variant, &w), 1);
    const uint64_t before = world_look(&w);
    way->fail_after(k);
    const value result = trial_call(&t);
    const int refused = way->has_failed && way->has_failed();
    way->fail_after(-1);
    const int has_failed = returns_status(f) && result.integer != LEBM_OK;
    if (has_failed) {
        LEBM_ASSERT_MSG(is_promised(f, result.integer), "%s: %s, of which its comment says nothing: %s", call,
                        lebm_status_name((int)result.integer), lebm_last_error());
        /* To read or write a file may fail in the system, which then tells the reason. */
        LEBM_ASSERT_MSG(result.integer == LEBM_ERR_NOMEM || result.integer == LEBM_ERR_IO, "%s: %s, \"%s\"", call,
                        lebm_status_name((int)result.integer), lebm_last_error());
        LEBM_ASSERT_ERROR_NAMES("memory");
        trial_check_untouched(&t, call);
        LEBM_ASSERT_MSG(world_look(&w) == before, "%s: something changed all the same", call);
        trial_check_same(f, variant, &w, clean, call);
    } else {
        LEBM_ASSERT_MSG(trial_outcome(&t, result) == clean, "%s: it gives something else than with memory", call);
    }
    world_free(&w);
    return (end){has_failed, !has_failed && !refused};
}

int64_t survive(const function *f, const struct world_kind *asked, const failing *way)
{
    static struct world w;
    const struct world_kind of_f = trial_kind(f, asked), *kind = &of_f;
    const int enough = way->has_failed ? 1 : 4; /* what a call can do without may not show */
    trial t;
    int64_t failures = 0;
    if (strcmp(asked->likelihood, LEBM_CATEGORICAL) == 0 && !is_of_x(f)) return -1;
    way->fail_after(-1); /* a test that failed before this one, in the same process, may have left it otherwise */
    world_make(&w, kind);
    for (int variant = 0; trial_make(&t, f, variant, &w); variant++) {
        int64_t status;
        const uint64_t clean = trial_of_fresh_world(f, variant, kind, &status);
        if (status == LEBM_ERR_STATE) {
            world_free(&w);
            return -1;
        }
        for (int64_t k = 0, last = 0; last < enough; k++) {
            const end e = try_without(f, variant, kind, way, k, clean);
            failures += e.has_failed;
            last = e.is_last ? last + 1 : 0;
        }
        world_free(&w); /* of which a trial may have destroyed something */
        world_make(&w, kind);
    }
    world_free(&w);
    return failures;
}
