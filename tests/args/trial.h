/** @file trial.h
 * A call of a public function on a world: right arguments for every parameter there is, found by its type and name; an
 * unknown one fails the test. Arrays and out-parameters end where no memory is, and what lies before them is watched.
 */
#ifndef LEBM_TESTS_TRIAL_H
#define LEBM_TESTS_TRIAL_H

#include "args/calls.h"
#include "args/world.h"

/** The call as it should be, in one of its variants. */
typedef struct {
    const function *f;
    struct world *w;
    value arguments[MOST_PARAMETERS];
} trial;

/** Variants are the texts that an argument may be, then those pointers being NULL that may be. 0: there are no more.
 * What may not outlive an object that is to be destroyed is destroyed here. */
int trial_make(trial *t, const function *f, int variant, struct world *w);

/** To be called after writing to the call's arrays, so that it is known what they held before. */
void trial_fill(const trial *t);

/** Makes the call; fails if it wrote where it must not. */
value trial_call(trial *t);

/** Of a call that failed: fails unless handles that it should have made are NULL, and other results as they were. */
void trial_check_untouched(const trial *t, const char *call);

/** Of a call that succeeded: a hash of what it returned and wrote. What it made is released; what it destroyed or took
 * over is NULL in the world from now on. */
uint64_t trial_results(trial *t, value result);

/** The same with what a look at the world and its use give afterwards. */
uint64_t trial_outcome(trial *t, value result);

/** Right call on a fresh world: a hash of all that comes of it, then and later; 0 if it fails. The status is `*status`,
 * LEBM_OK for a function that returns none. */
uint64_t trial_of_fresh_world(const function *f, int variant, const struct world_kind *kind, int64_t *status);

/** Right call on a world that has been through something, which must not show: fails if the hash is another. */
void trial_check_same(const function *f, int variant, struct world *w, uint64_t expected, const char *after);

/** The kind of world that a function is tried in where it is this one: some functions are for tokens alone. */
struct world_kind trial_kind(const function *f, const struct world_kind *kind);
int is_for_tokens(const function *f);

/** Whether a function returns a status. */
int returns_status(const function *f);

/** Whether the function's comment promises a status. */
int is_promised(const function *f, int64_t status);

/** Whether it makes a step of training. */
int is_step(const function *f);

/** Whether the name of a function ends so. */
int name_ends(const function *f, const char *end);

int is_handle(const parameter *p);     /* lebm_net * and the like, const or not */
int is_new_handle(const parameter *p); /* lebm_net ** and the like */
int is_pointer(const parameter *p);    /* of any kind; texts and functions are pointers as well */
int is_type(const parameter *p, const char *type);

/** What a whole number may be, and what the function returns if it is not; status 0: it returns none. Numbers from
 * `room` to `most` are right, but too much for a test. */
typedef struct {
    int64_t good, least, most, room;
    int status;
} whole;

whole whole_of(const trial *t, const parameter *p);

typedef struct {
    double good, least, most;
} real;

real real_of(const trial *t, const parameter *p);

/** Right texts, by number; NULL if there are no more. */
const char *text_of(const trial *t, const parameter *p, int number);

/** All options of the function's handle, of any type, by number; NULL if there are no more. */
const char *option_of(const trial *t, int64_t number);

/** Floats of an array. */
int64_t floats_of(const trial *t, const parameter *p);

/** The argument of that name; NULL if there is none. */
const value *argument_of(const trial *t, const char *name);

#endif
