/* Every public function with every kind of wrong argument, one at a time: it returns a status that its comment
 * promises, says which argument was wrong, changes nothing, and does its work afterwards. The functions are read off
 * the headers (calls.py), so that none is forgotten. */
#include <float.h>
#include <unistd.h>

#include "args/trial.h"
#include "support/approx.h"
#include "support/nets.h"

static const struct world_kind gaussian = {1, 1, LEBM_GAUSSIAN, 0}, bernoulli = {1, 1, LEBM_BERNOULLI, 0},
                               categorical = {1, 1, LEBM_CATEGORICAL, 0};

/* ---- a wrong argument ---- */

/* What should come of it. */
typedef struct {
    int is_right;          /* not wrong after all: the call succeeds, or fails with `status`, for a reason of its own */
    int status;            /* 0: any that is promised */
    const char *quotes[2]; /* of which the error's text has one; NULL: none */
} outcome;

/* Fails unless the error's text is one line. */
static void check_line(const char *call)
{
    const char *text = lebm_last_error();
    LEBM_ASSERT_MSG(*text, "%s failed without a text", call);
    LEBM_ASSERT_MSG(strpbrk(text, "\r\n") == NULL, "%s: the error has more than one line: %s", call, text);
    LEBM_ASSERT_MSG(strstr(text, "stale") == NULL, "%s failed, but the text is that of the call before", call);
}

/* Fails unless the error's text names the argument, or quotes it if it is a text. An option's value goes by the name of
 * the option. */
static void check_naming(const trial *t, const parameter *p, const outcome *expected, const char *call)
{
    const char *text = lebm_last_error();
    const char *name = strcmp(p->name, "value") == 0 && !is_pointer(p) ? argument_of(t, "key")->text : p->name;
    int is_quoted = 0;
    for (int i = 0; i < 2; i++) is_quoted |= expected->quotes[i] != NULL && strstr(text, expected->quotes[i]) != NULL;
    LEBM_ASSERT_MSG(is_quoted, "%s: the error does not quote <%s>: %s", call, expected->quotes[0], text);
    LEBM_ASSERT_MSG(is_type(p, "const char *") || strstr(text, name), "%s: the error does not name %s: %s", call, name,
                    text);
}

/* The variant of the call with `wrong` for parameter i. `clean` is the hash of the right call. */
static void try_value(const function *f, int variant, const struct world_kind *kind, int i, value wrong,
                      const char *shown, outcome expected, uint64_t clean)
{
    static struct world w;
    lebm_sampler *sampler;
    char call[160];
    trial t;
    snprintf(call, sizeof call, "%s() with %s = %.40s (variant %d)", f->name, f->parameters[i].name, shown, variant);
    world_make(&w, kind);
    ck_assert_int_eq(trial_make(&t, f, variant, &w), 1);
    t.arguments[i] = wrong;
    lebm_model_load_sampler("", "stale", &sampler);
    const uint64_t before = world_look(&w);
    const value result = trial_call(&t);
    const int64_t status = returns_status(f) ? result.integer : LEBM_OK;
    LEBM_ASSERT_MSG(!returns_status(f) || is_promised(f, status),
                    "%s returns %s, of which its comment says nothing: %s", call, lebm_status_name((int)status),
                    lebm_last_error());
    if (expected.is_right && status == LEBM_OK) {
        trial_results(&t, result);
        world_free(&w);
        return;
    }
    if (returns_status(f)) {
        LEBM_ASSERT_MSG(status != LEBM_OK, "%s succeeds", call);
        LEBM_ASSERT_MSG(status == expected.status || (!expected.is_right && !expected.status),
                        "%s returns %s, expected %s: %s", call, lebm_status_name((int)status),
                        lebm_status_name(expected.status), lebm_last_error());
        check_line(call);
        if (!expected.is_right) check_naming(&t, &f->parameters[i], &expected, call);
        trial_check_untouched(&t, call);
    } else {
        LEBM_ASSERT_MSG(result.integer == 0, "%s returns something", call);
    }
    LEBM_ASSERT_MSG(world_look(&w) == before, "%s changed something", call);
    trial_check_same(f, variant, &w, clean, call);
    world_free(&w);
}

/* ---- NULL ---- */

static void try_null(const function *f, int variant, const struct world_kind *kind, int i, uint64_t clean)
{
    const parameter *p = &f->parameters[i];
    char text[128];
    snprintf(text, sizeof text, "%s: %s is NULL", f->name, p->name);
    const int is_right = p->may_be_null || is_type(p, "lebm_progress_fn") || is_type(p, "void *");
    const outcome right = {.is_right = 1}, wrong = {.status = LEBM_ERR_INVALID, .quotes = {text}};
    if (is_pointer(p))
        try_value(f, variant, kind, i, (value){.pointer = NULL}, "NULL", is_right ? right : wrong, clean);
}

/* ---- whole numbers ---- */

static void try_wholes(const function *f, int variant, const struct world_kind *kind, int i, uint64_t clean)
{
    const parameter *p = &f->parameters[i];
    struct world w;
    trial t;
    if (!is_type(p, "int64_t") && !is_type(p, "int") && !is_type(p, "uint64_t")) return;
    world_make(&w, kind);
    trial_make(&t, f, variant, &w);
    const whole may_be = whole_of(&t, p);
    world_free(&w);
    const int64_t least = may_be.least, most = may_be.most;
    const int64_t values[] = {INT64_MIN,
                              INT64_MIN + 1,
                              -((int64_t)1 << 32) + may_be.good,
                              INT32_MIN,
                              -1,
                              0,
                              1,
                              least - (least > INT64_MIN),
                              least,
                              may_be.good - (may_be.good > INT64_MIN),
                              may_be.good + 1,
                              most,
                              most + (most < INT64_MAX),
                              (int64_t)1 << 31,
                              ((int64_t)1 << 32) + may_be.good,
                              (int64_t)1 << 62,
                              INT64_MAX};
    for (size_t v = 0; v < sizeof values / sizeof *values; v++) {
        const int64_t wrong = values[v];
        const int is_right = wrong >= least && wrong <= most;
        char text[32];
        snprintf(text, sizeof text, "%lld", (long long)wrong);
        if (is_right && wrong > may_be.room) continue;
        if (is_type(p, "int") && wrong != (int)wrong) continue; /* the compiler would cut it */
        /* Sizes that are right by themselves may not fit the others. */
        const outcome expected = {is_right, is_right ? LEBM_ERR_SHAPE : may_be.status, {text}};
        try_value(f, variant, kind, i, (value){.integer = wrong}, text, expected, clean);
    }
}

/* ---- real numbers ---- */

static void try_reals(const function *f, int variant, const struct world_kind *kind, int i, uint64_t clean)
{
    const parameter *p = &f->parameters[i];
    struct world w;
    trial t;
    if (!is_type(p, "double")) return;
    world_make(&w, kind);
    trial_make(&t, f, variant, &w);
    const real may_be = real_of(&t, p);
    world_free(&w);
    const double values[] = {NAN,
                             -NAN,
                             INFINITY,
                             -INFINITY,
                             0,
                             -0.0,
                             -1,
                             1,
                             1e300,
                             -1e300,
                             DBL_MAX,
                             DBL_TRUE_MIN,
                             -DBL_TRUE_MIN,
                             may_be.least,
                             nextafter(may_be.least, -INFINITY),
                             may_be.most,
                             nextafter(may_be.most, INFINITY)};
    for (size_t v = 0; v < sizeof values / sizeof *values; v++) {
        char text[32];
        snprintf(text, sizeof text, "%g", values[v]);
        const int is_right = values[v] >= may_be.least && values[v] <= may_be.most;
        const outcome expected = {is_right, LEBM_ERR_RANGE * !is_right, {text}};
        try_value(f, variant, kind, i, (value){.real = values[v]}, text, expected, clean);
    }
}

/* ---- texts ---- */

/* The texts, and what an error shows of them. */
static const struct {
    const char *text, *shown[2];
} odd_texts[] = {
    {"", {"''", "\"\""}},
    {"no such thing", {"no such thing"}},
    {" ", {"' '", "\"\""}},
    {"%n%s%d%1000000d%*s%%", {"%n%s%d%1000000d%*s%%"}},
    {"\x01\x02\t\x1b[31m\x7f", {"\?\?\?\?[31m\?"}},
    {"line\nbreak\r\nend", {"line break  end"}},
    {"\xff\xfe\xc3(\xed\xa0\x80\xf4\x90\x80\x80", {"\?\?\?(\?\?\?\?\?\?\?"}},
    {"\xe2\x82\xac \xf0\x9f\x98\x80", {"\xe2\x82\xac \xf0\x9f\x98\x80"}},
};

enum { ODD_TEXTS = sizeof odd_texts / sizeof *odd_texts, LONG = 100000 };

/* A long text of one letter, in the test's own memory, which ends with it. */
static char *long_text(void)
{
    char *text = test_alloc(LONG + 1, 1);
    memset(text, 'a', LONG);
    return text;
}

/* What any text is right for: a note in a checkpoint, if it is UTF-8, and the name of a new file, if the system takes
 * it. The status if not; 0 for all else. */
static int status_of_any(const trial *t, const parameter *p)
{
    if (strcmp(p->name, "path") == 0) return strstr(t->f->name, "_save") ? LEBM_ERR_IO : 0;
    return strcmp(p->name, "value") == 0 && strcmp(argument_of(t, "key")->text, LEBM_TRAINER_NOTE) == 0 ? LEBM_ERR_RANGE
                                                                                                        : 0;
}

static void try_texts(const function *f, int variant, const struct world_kind *kind, int i, uint64_t clean)
{
    const parameter *p = &f->parameters[i];
    struct world w;
    trial t;
    if (!is_type(p, "const char *")) return;
    world_make(&w, kind);
    trial_make(&t, f, variant, &w);
    const int status_if_not = status_of_any(&t, p);
    world_free(&w);
    for (int v = 0; v < ODD_TEXTS; v++) {
        const outcome expected = {status_if_not != 0, status_if_not, {odd_texts[v].shown[0], odd_texts[v].shown[1]}};
        try_value(f, variant, kind, i, (value){.text = odd_texts[v].text}, odd_texts[v].text, expected, clean);
        unlink(odd_texts[v].text); /* that it may be the name of now */
    }
    char *text = long_text();
    const outcome expected = {0, status_if_not, {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "'note' of trainer has 100000"}};
    try_value(f, variant, kind, i, (value){.text = text}, text, expected, clean);
    free(text);
}

/* Keys of options that are there, but of a type that the function is not for. */
static void try_keys(const function *f, int variant, const struct world_kind *kind, int i, uint64_t clean)
{
    static struct world w;
    trial t;
    const char *key;
    if (strcmp(f->parameters[i].name, "key") != 0) return;
    world_make(&w, kind);
    trial_make(&t, f, variant, &w);
    for (int64_t number = 0; (key = option_of(&t, number)); number++) {
        int is_right = 0;
        const char *right;
        for (int v = 0; (right = text_of(&t, &f->parameters[i], v)); v++) is_right |= strcmp(right, key) == 0;
        const outcome expected = {.status = LEBM_ERR_UNKNOWN_OPTION, .quotes = {key}};
        if (!is_right) try_value(f, variant, kind, i, (value){.text = key}, key, expected, clean);
    }
    world_free(&w);
}

/* ---- numbers in arrays ---- */

static int has_nan(const float *values, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        if (isnan(values[i])) return 1;
    return 0;
}

/* What should come of a call with the number `odd` in the array p. x is held to its bounds, which lie about 0 to 1 for
 * either likelihood; for others chains and training steps say that they diverged, and what only evaluates gives NaN for
 * NaN and numbers for small numbers. */
static int is_refused(const struct world_kind *kind, float odd)
{
    if (strcmp(kind->likelihood, LEBM_CATEGORICAL) == 0) return odd != 0;
    return !(odd >= (strcmp(kind->likelihood, LEBM_BERNOULLI) == 0 ? 0 : -1) && odd <= 1);
}

static void check_odd(const trial *t, const parameter *p, const struct world_kind *kind, float odd, int64_t status,
                      const char *call)
{
    const function *f = t->f;
    const int measures = strstr(f->name, "_suggest_") != NULL; /* where chains are */
    const int has_chains =
        strstr(f->name, "_run_") != NULL || name_ends(f, "_step") || name_ends(f, "_log_joint") || measures;
    if (strcmp(p->name, "x") == 0 && is_refused(kind, odd)) {
        LEBM_ASSERT_MSG(status == LEBM_ERR_RANGE, "%s returns %s", call, lebm_status_name((int)status));
        LEBM_ASSERT_ERROR_NAMES("of x is");
    } else if (strcmp(p->name, "variances") == 0 && !(odd >= 1e-30f && odd <= 1e30f)) {
        LEBM_ASSERT_MSG(status == LEBM_ERR_RANGE, "%s returns %s", call, lebm_status_name((int)status));
        LEBM_ASSERT_ERROR_NAMES("of variances is");
    } else if (has_chains && (!isfinite(odd) || status != LEBM_OK)) {
        LEBM_ASSERT_MSG(status == LEBM_ERR_DIVERGED && !(fabsf(odd) < 1), "%s returns %s: %s", call,
                        lebm_status_name((int)status), lebm_last_error());
        LEBM_ASSERT_ERROR_NAMES(measures ? "of z is not finite" : "step");
    } else {
        LEBM_ASSERT_MSG(status == LEBM_OK, "%s returns %s: %s", call, lebm_status_name((int)status), lebm_last_error());
    }
    if (status != LEBM_OK) trial_check_untouched(t, call);
    for (int i = 0; i < f->count && status == LEBM_OK; i++) {
        const parameter *out = &f->parameters[i];
        if (!is_type(out, "float *") || !t->arguments[i].pointer) continue;
        const int is_nan = has_nan(t->arguments[i].pointer, floats_of(t, out));
        LEBM_ASSERT_MSG(!is_nan || !(fabsf(odd) < 1), "%s: NaN in %s", call, out->name);
        LEBM_ASSERT_MSG(is_nan || !isnan(odd), "%s: no NaN in %s", call, out->name);
    }
}

static void try_numbers(const function *f, int variant, const struct world_kind *kind, int i, uint64_t clean)
{
    static const float odd[] = {NAN, INFINITY, -INFINITY, 1e38f, -1e38f, FLT_MAX, 1e-45f, -1e-39f, FLT_MIN, -0.0f};
    static const char *const places[] = {"the first number", "the last number", "every number"};
    static struct world w;
    const parameter *p = &f->parameters[i];
    if (!is_type(p, "const float *")) return;
    for (int v = 0; v < 3 * (int)(sizeof odd / sizeof *odd); v++) {
        trial t;
        char call[160];
        world_make(&w, kind);
        trial_make(&t, f, variant, &w);
        float *array = t.arguments[i].pointer;
        const int64_t count = floats_of(&t, p), first = v % 3 == 1 ? count - 1 : 0, end = v % 3 == 0 ? 1 : count;
        for (int64_t at = first; at < end; at++) array[at] = odd[v / 3];
        trial_fill(&t);
        snprintf(call, sizeof call, "%s() with %s of %s being %g (variant %d)", f->name, places[v % 3], p->name,
                 (double)odd[v / 3], variant);
        const uint64_t before = world_look(&w);
        const int64_t status = trial_call(&t).integer;
        check_odd(&t, p, kind, odd[v / 3], status, call);
        if (status != LEBM_OK || strncmp(f->parameters[0].type, "const ", 6) == 0) {
            LEBM_ASSERT_MSG(world_look(&w) == before, "%s changed something", call);
            trial_check_same(f, variant, &w, clean, call);
        }
        world_free(&w);
    }
}

/* ---- all of them ---- */

static void try_parameter(const function *f, int variant, const struct world_kind *kind, int i, uint64_t clean)
{
    try_null(f, variant, kind, i, clean);
    try_wholes(f, variant, kind, i, clean);
    try_reals(f, variant, kind, i, clean);
    try_texts(f, variant, kind, i, clean);
    try_keys(f, variant, kind, i, clean);
    try_numbers(f, variant, kind, i, clean);
}

static void try_variant(const function *f, int variant, const struct world_kind *kind)
{
    int64_t status;
    const uint64_t clean = trial_of_fresh_world(f, variant, kind, &status);
    LEBM_ASSERT_MSG(status == LEBM_OK, "%s(), variant %d, as it should be returns %s: %s", f->name, variant,
                    lebm_status_name((int)status), lebm_last_error());
    for (int i = 0; i < f->count; i++) try_parameter(f, variant, kind, i, clean);
    LEBM_ASSERT_MSG(trial_of_fresh_world(f, variant, kind, &status) == clean,
                    "%s(), variant %d, gives something else each time", f->name, variant);
}

/* Every parameter with every wrong value, in each variant of the call; where there is an x, with each likelihood. */
START_TEST(wrong_arguments_are_refused_by_name) /* _i: the function */
{
    const function *f = &functions[_i];
    const struct world_kind kind = trial_kind(f, &gaussian);
    const struct world_kind others[] = {trial_kind(f, &bernoulli), trial_kind(f, &categorical)};
    static struct world w;
    trial t;
    world_make(&w, &kind);
    for (int variant = 0; trial_make(&t, f, variant, &w); variant++) {
        try_variant(f, variant, &kind);
        for (int i = 0; i < 2 && argument_of(&t, "x") && !is_for_tokens(f); i++) try_variant(f, variant, &others[i]);
        world_free(&w); /* of which a trial may have destroyed something */
        world_make(&w, &kind);
    }
    world_free(&w);
}
END_TEST

START_TEST(nothing_but_null_is_refused) /* _i: the function */
{
    const function *f = &functions[_i];
    const value nothing[MOST_PARAMETERS] = {{.pointer = NULL}};
    const value result = f->call(nothing);
    int is_asked = 0; /* whether the function wants a pointer at all */
    for (int i = 0; i < f->count; i++) is_asked |= is_pointer(&f->parameters[i]);
    if (!is_asked) return;
    LEBM_ASSERT_MSG(result.integer == (returns_status(f) ? LEBM_ERR_INVALID : 0), "%s() of nothing returns %lld",
                    f->name, (long long)result.integer);
}
END_TEST

START_TEST(odd_numbers_to_start_from_are_refused)
{
    static const float odd[] = {NAN, INFINITY, -INFINITY};
    static struct world w;
    float z[N * LATENT], given[N * LATENT];
    world_make(&w, &gaussian);
    LEBM_ASSERT_OK(lebm_sampler_set_str(w.to_prior, LEBM_SAMPLER_START, "given"));
    for (int i = 0; i < 3; i++) {
        memcpy(given, w.z, sizeof given);
        given[N * LATENT - 1] = odd[i];
        memcpy(z, given, sizeof z);
        LEBM_ASSERT_STATUS(lebm_sampler_run_prior(w.to_prior, w.prior, N, z), LEBM_ERR_DIVERGED);
        LEBM_ASSERT_ERROR_NAMES("chain");
        LEBM_ASSERT_SAME_BITS(z, given, N * LATENT);
        LEBM_ASSERT_STATUS(lebm_sampler_run_posterior(w.to_prior, w.prior, w.generator, w.x, N, z), LEBM_ERR_DIVERGED);
        LEBM_ASSERT_SAME_BITS(z, given, N * LATENT);
    }
    world_free(&w);
}
END_TEST

/* ---- calls from within a callback ---- */

/* A call to be made by the progress function of another. */
typedef struct {
    const function *f;
    struct world *w;
    int calls;
    int64_t status;
} inner;

static int call_inside(double done, void *user)
{
    inner *in = user;
    trial t;
    (void)done;
    if (in->calls++ > 0) return 0;
    ck_assert_int_eq(trial_make(&t, in->f, 0, in->w), 1);
    const value result = trial_call(&t);
    in->status = returns_status(in->f) ? result.integer : LEBM_OK;
    if (in->status == LEBM_OK) trial_results(&t, result);
    return 0;
}

/* Whether a function would change what is running: the sampler `to_prior`, or with it all of the trainer. */
static int would_change_running(const function *f, int in_step)
{
    if (name_ends(f, "_create")) return 0; /* a new trainer only borrows samplers */
    for (int i = 0; i < f->count; i++) {
        const parameter *p = &f->parameters[i];
        if (is_type(p, "lebm_sampler *")) return 1;
        if (is_type(p, "lebm_traces *")) return !in_step;
        if (is_type(p, "lebm_generator *") && (strstr(f->name, "_set_") || name_ends(f, "_init"))) return in_step;
        if (is_type(p, "lebm_trainer *")) return in_step || is_step(f) || name_ends(f, "_load");
    }
    return 0;
}

START_TEST(callbacks_may_read_what_runs_but_not_change_it) /* _i: the function */
{
    const function *f = &functions[_i];
    if (name_ends(f, "_destroy")) return; /* which the headers forbid */
    const struct world_kind kind = trial_kind(f, &gaussian);
    for (int in_step = 0; in_step < 2; in_step++) {
        static struct world w, alone;
        float z[N * LATENT], expected[N * LATENT];
        inner in = {.f = f, .w = &w};
        world_make(&alone, &kind);
        world_make(&w, &kind);
        if (in_step) {
            LEBM_ASSERT_OK(lebm_trainer_step(alone.trainer, alone.x, N));
            LEBM_ASSERT_OK(lebm_trainer_set_progress(w.trainer, call_inside, &in));
            LEBM_ASSERT_OK(lebm_trainer_step(w.trainer, w.x, N));
        } else {
            LEBM_ASSERT_OK(lebm_sampler_run_prior(alone.to_prior, alone.prior, N, expected));
            LEBM_ASSERT_OK(lebm_sampler_set_progress(w.to_prior, call_inside, &in));
            LEBM_ASSERT_OK(lebm_sampler_run_prior(w.to_prior, w.prior, N, z));
            LEBM_ASSERT_SAME_BITS(z, expected, N * LATENT);
        }
        const char *running = in_step ? "step" : "run";
        LEBM_ASSERT_MSG(in.calls > 0, "no callback during the %s", running);
        if (would_change_running(f, in_step)) {
            LEBM_ASSERT_MSG(in.status == LEBM_ERR_STATE, "%s() within a %s of its own handle returns %s", f->name,
                            running, lebm_status_name((int)in.status));
            LEBM_ASSERT_MSG(is_promised(f, in.status), "the comment of %s() says nothing of LEBM_ERR_STATE", f->name);
            LEBM_ASSERT_ERROR_NAMES("is running");
            LEBM_ASSERT_MSG(world_look(&w) == world_look(&alone), "%s() within a %s changed something", f->name,
                            running);
        } else {
            LEBM_ASSERT_MSG(in.status == LEBM_OK, "%s() within a %s returns %s", f->name, running,
                            lebm_status_name((int)in.status));
        }
        world_free(&w);
        world_free(&alone);
    }
}
END_TEST

/* ---- calls out of order ---- */

START_TEST(a_net_that_is_owned_keeps_its_shape_and_owner) /* _i: the function */
{
    const function *f = &functions[_i];
    static struct world w;
    trial t;
    int i = 0;
    if (!name_ends(f, "_create") && !name_ends(f, "_destroy") && !strstr(f->name, "_add_")) return;
    while (i < f->count && !is_type(&f->parameters[i], "lebm_net *")) i++;
    if (i == f->count) return;
    for (int of_generator = 0; of_generator < 2; of_generator++) {
        world_make(&w, &gaussian);
        ck_assert_int_eq(trial_make(&t, f, 0, &w), 1);
        t.arguments[i].pointer = of_generator ? lebm_generator_net(w.generator) : lebm_prior_net(w.prior);
        const uint64_t before = world_look(&w);
        const int64_t status = trial_call(&t).integer;
        if (returns_status(f)) {
            LEBM_ASSERT_MSG(status == LEBM_ERR_STATE, "%s() of an owned net returns %s", f->name,
                            lebm_status_name((int)status));
            trial_check_untouched(&t, f->name);
        }
        LEBM_ASSERT_MSG(world_look(&w) == before, "%s() of an owned net changed it", f->name);
        world_use(&w);
        world_free(&w);
    }
}
END_TEST

START_TEST(what_is_only_known_after_a_run_is_refused_before) /* _i: the function */
{
    const function *f = &functions[_i];
    const struct world_kind fresh = trial_kind(f, &(struct world_kind){1, 0, LEBM_GAUSSIAN, 0});
    int64_t status;
    trial_of_fresh_world(f, 0, &fresh, &status);
    const int is_of_runs = name_ends(f, "_metric") || name_ends(f, "_average") || name_ends(f, "_result") ||
                           name_ends(f, "_log_weights") || name_ends(f, "_log_p");
    LEBM_ASSERT_MSG(status == (is_of_runs ? LEBM_ERR_STATE : LEBM_OK), "%s() before any run returns %s", f->name,
                    lebm_status_name((int)status));
    if (status != LEBM_OK) ck_assert(is_promised(f, status));
}
END_TEST

START_TEST(a_loaded_trainer_has_no_metrics_until_it_steps)
{
    static struct world w;
    double gap;
    world_make(&w, &gaussian);
    LEBM_ASSERT_OK(lebm_trainer_metric(w.trainer, LEBM_TRAINER_F_GAP, &gap));
    LEBM_ASSERT_OK(lebm_trainer_load(w.trainer, checkpoint_path));
    ck_assert_int_eq(lebm_trainer_steps_done(w.trainer), 2);
    LEBM_ASSERT_STATUS(lebm_trainer_metric(w.trainer, LEBM_TRAINER_F_GAP, &gap), LEBM_ERR_STATE);
    LEBM_ASSERT_OK(lebm_trainer_step(w.trainer, w.x, N));
    LEBM_ASSERT_OK(lebm_trainer_metric(w.trainer, LEBM_TRAINER_F_GAP, &gap));
    world_free(&w);
}
END_TEST

START_TEST(files_of_another_kind_are_refused)
{
    static struct world w;
    lebm_sampler *sampler = NULL;
    world_make(&w, &gaussian);
    LEBM_ASSERT_OK(lebm_model_save(saved_path, w.prior, w.generator));
    LEBM_ASSERT_STATUS(lebm_model_load_sampler(saved_path, LEBM_TO_PRIOR, &sampler), LEBM_ERR_STATE);
    LEBM_ASSERT_STATUS(lebm_trainer_load(w.trainer, saved_path), LEBM_ERR_FORMAT);
    LEBM_ASSERT_OK(lebm_trainer_save_model(w.trainer, saved_path));
    LEBM_ASSERT_STATUS(lebm_trainer_load(w.trainer, saved_path), LEBM_ERR_FORMAT);
    world_free(&w);
    world_make(&w, &bernoulli);
    LEBM_ASSERT_STATUS(lebm_trainer_load(w.trainer, checkpoint_path), LEBM_ERR_SHAPE);
    LEBM_ASSERT_ERROR_NAMES("likelihood");
    world_free(&w);
    world_make(&w, &categorical);
    LEBM_ASSERT_STATUS(lebm_trainer_load(w.trainer, checkpoint_path), LEBM_ERR_SHAPE);
    LEBM_ASSERT_ERROR_NAMES("of the kind 'net', but the trainer's is 'recurrent'");
    world_free(&w);
}
END_TEST

START_TEST(objects_that_do_not_fit_together_are_refused)
{
    static struct world w;
    lebm_net *g, *two;
    lebm_prior *prior;
    lebm_trainer *trainer;
    float z[N * LATENT];
    world_make(&w, &gaussian);
    const uint64_t before = world_look(&w);
    LEBM_ASSERT_OK(lebm_net_create_from_spec(&g, "in 4; linear 32"));
    lebm_generator *other = make_generator(g, LEBM_GAUSSIAN, 1);
    LEBM_ASSERT_STATUS(lebm_trainer_create(&trainer, w.prior, other, w.to_prior, w.to_posterior), LEBM_ERR_SHAPE);
    LEBM_ASSERT_STATUS(lebm_sampler_run_posterior(w.to_prior, w.prior, other, w.x, N, z), LEBM_ERR_SHAPE);
    LEBM_ASSERT_STATUS(lebm_model_save(saved_path, w.prior, other), LEBM_ERR_SHAPE);
    LEBM_ASSERT_OK(lebm_net_create_from_spec(&two, "in 3; linear 2"));
    LEBM_ASSERT_STATUS(lebm_prior_create(&prior, two, 1), LEBM_ERR_SHAPE);
    ck_assert_ptr_null(prior);
    ck_assert_ptr_null(trainer);
    ck_assert_uint_eq(world_look(&w), before);
    world_use(&w);
    lebm_net_destroy(two);
    lebm_generator_destroy(other);
    world_free(&w);
}
END_TEST

START_TEST(samplers_that_start_at_given_z_do_not_train)
{
    static struct world w;
    for (int i = 0; i < 4; i++) {
        world_make(&w, &gaussian);
        lebm_sampler *sampler = i % 2 ? w.to_posterior : w.to_prior;
        LEBM_ASSERT_OK(lebm_sampler_set_str(sampler, LEBM_SAMPLER_START, i < 2 ? "given" : "continue"));
        const uint64_t before = world_look(&w);
        LEBM_ASSERT_STATUS(lebm_trainer_step(w.trainer, w.x, N), LEBM_ERR_STATE);
        LEBM_ASSERT_ERROR_NAMES("start");
        ck_assert_uint_eq(world_look(&w), before);
        LEBM_ASSERT_OK(lebm_sampler_set_str(sampler, LEBM_SAMPLER_START, "noise"));
        LEBM_ASSERT_OK(lebm_trainer_step(w.trainer, w.x, N));
        world_free(&w);
    }
}
END_TEST

/* Sizes that are right one by one, but make more numbers than any memory holds. */
START_TEST(more_than_there_is_memory_for_is_refused)
{
    lebm_net *net;
    LEBM_ASSERT_OK(lebm_net_create(&net, 1 << 24));
    LEBM_ASSERT_STATUS(lebm_net_add_linear(net, 1 << 24, 1), LEBM_ERR_NOMEM);
    LEBM_ASSERT_ERROR_NAMES("out of memory");
    LEBM_ASSERT_STATUS(lebm_net_add_conv_transpose2d(net, 1 << 18, 64, 1, 0, 1), LEBM_ERR_NOMEM);
    ck_assert_int_eq(lebm_net_layer_count(net), 0);
    ck_assert_str_eq(lebm_net_spec(net), "in 16777216");
    LEBM_ASSERT_OK(lebm_net_add_linear(net, 1, 0));
    lebm_net_destroy(net);
}
END_TEST

static Suite *suite(void)
{
    const TTest *each[] = {wrong_arguments_are_refused_by_name, nothing_but_null_is_refused,
                           callbacks_may_read_what_runs_but_not_change_it,
                           a_net_that_is_owned_keeps_its_shape_and_owner,
                           what_is_only_known_after_a_run_is_refused_before};
    Suite *suite = suite_create("args");
    TCase *matrix = tcase_create("matrix");
    tcase_add_checked_fixture(matrix, world_open_folder, world_remove_folder);
    tcase_set_timeout(matrix, 60);
    for (size_t i = 0; i < sizeof each / sizeof *each; i++) tcase_add_loop_test(matrix, each[i], 0, function_count);
    suite_add_tcase(suite, matrix);

    TCase *order = tcase_create("order");
    tcase_add_checked_fixture(order, world_open_folder, world_remove_folder);
    tcase_set_timeout(order, 30);
    tcase_add_test(order, odd_numbers_to_start_from_are_refused);
    tcase_add_test(order, a_loaded_trainer_has_no_metrics_until_it_steps);
    tcase_add_test(order, files_of_another_kind_are_refused);
    tcase_add_test(order, objects_that_do_not_fit_together_are_refused);
    tcase_add_test(order, samplers_that_start_at_given_z_do_not_train);
    tcase_add_test(order, more_than_there_is_memory_for_is_refused);
    suite_add_tcase(suite, order);
    return suite;
}

int main(void)
{
    return test_run_suite(suite());
}
