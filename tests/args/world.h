/** @file world.h
 * Objects of all kinds, made from fixed seeds: what the public functions are called on. Tests that use them have the
 * fixtures here, and run in a folder of their own. */
#ifndef LEBM_TESTS_WORLD_H
#define LEBM_TESTS_WORLD_H

#include <stddef.h>
#include <stdint.h>

#include "lebm.h"

enum { LATENT = 3, DATA = 32, N = 70 }; /* N rows are more than the public passes hold at once */
enum { CHAINS = 4, LENGTH = 9 };        /* of draws with LATENT numbers each */
enum { FEW = 2, ANNEALED = 8 }; /* rows to be annealed, and chains of each: the default of groups wants as many */

/** Files: what a world saves to, and a checkpoint of a trainer like its own. */
extern const char saved_path[], checkpoint_path[];

struct world_kind {
    int threads;     /* of samplers and trainer; with more than one, convolutions are filtered */
    int has_stepped; /* samplers and annealings have run, and the trainer has made a step, of which it keeps averages */
    const char *likelihood;
    int anneals; /* it has annealings, which take their time */
};

/** The tokens of categorical worlds, which have a vocabulary of words with these lines. */
enum { TOKENS = 6 };
extern const char vocabulary[];

struct world {
    lebm_net *net; /* of no model, LATENT -> 1 */
    lebm_prior *prior;
    lebm_generator *generator;
    lebm_sampler *to_prior, *to_posterior;
    lebm_trainer *trainer;
    lebm_annealing *of_x, *of_prior;  /* that estimate log Z(x) and log Z; NULL unless the world anneals */
    lebm_target *target;              /* of world_density(), LATENT numbers */
    lebm_traces *traces;              /* that to_prior fills */
    float z[N * LATENT], x[N * DATA]; /* x in [0, 1], or tokens */
    int64_t ids[N];                   /* of the rows of x */
    double draws[CHAINS * LENGTH * LATENT];
};

/** Fixtures: go to a new folder with a checkpoint for Gaussian worlds; leave and remove it, which fails if there is any
 * file beside the two. */
void world_open_folder(void);
void world_remove_folder(void);

void world_make(struct world *w, const struct world_kind *kind);
/** Members that are NULL by now are passed over, here and below. */
void world_free(struct world *w);

/** FNV-1a, of words. */
uint64_t hash_start(void);
void hash_bytes(uint64_t *hash, const void *bytes, size_t size);
void hash_text(uint64_t *hash, const char *text);
void hash_net(uint64_t *hash, const lebm_net *net);
void hash_generator(uint64_t *hash, lebm_generator *generator);
void hash_traces(uint64_t *hash, const lebm_traces *traces);

/** All that a caller can see of objects and folder, as a hash: a call that fails must not change it. */
uint64_t world_look(const struct world *w);

/** Use everything once more; a hash of what comes of it. */
uint64_t world_use(struct world *w);

/** A progress function that lets the call go on. */
int go_on(double done, void *user);

/** A normal density, of LATENT numbers. */
int world_density(const float *z, int64_t n, double *log_density, float *score, void *user);

#endif
