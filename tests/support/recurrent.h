/** @file recurrent.h
 * Gradients of a generator's parameters, which no public function gives. For tests that are linked with the library's
 * objects. */
#ifndef LEBM_TESTS_SUPPORT_RECURRENT_H
#define LEBM_TESTS_SUPPORT_RECURRENT_H

#include "core/memory.h"
#include "lebm.h"
#include "math/blas.h"
#include "math/tree.h"
#include "model/generator.h"
#include "support/approx.h"

/** A workspace in new memory: for learning or, of `all`, a view. */
static inline void *lay_out_workspace(const lebm_generator *generator, const void *all, int64_t first, int64_t rows,
                                      void **memory)
{
    void *workspace = NULL;
    lebm__arena arena = {NULL, 0};
    for (int pass = 0; pass < 2; pass++) {
        arena.used = 0;
        workspace = all ? generator->kind->lay_out_view(generator, all, first, rows, &arena)
                        : generator->kind->lay_out(generator, rows, LEBM__LEARN, &arena);
        if (pass == 0) arena.memory = *memory = lebm__alloc_raw(arena.used, 1);
        ck_assert_ptr_nonnull(*memory);
    }
    return workspace;
}

/** A workspace for log likelihoods and scores of `rows` rows, in new memory. */
static inline void *lay_out_for_scores(const lebm_generator *generator, int64_t rows, void **memory)
{
    lebm__arena arena = {NULL, 0};
    LEBM_ASSERT_OK(generator->kind->prepare(generator, LEBM__SCORE, NULL));
    generator->kind->lay_out(generator, rows, LEBM__SCORE, &arena);
    arena.memory = *memory = lebm__alloc_raw(arena.used, 1);
    ck_assert_ptr_nonnull(*memory);
    arena.used = 0;
    return generator->kind->lay_out(generator, rows, LEBM__SCORE, &arena);
}

/** grads = the gradient of log p(x|z) by a generator's parameters, summed over rows `row` to row + n - 1 of a workspace
 * that was passed, in chunks as the trainer does. */
static inline void sum_gradients(const lebm_generator *generator, const void *workspace, int64_t row, int64_t n,
                                 float *grads)
{
    const lebm__gradient *gradient = generator->kind->gradient;
    const void *owner = generator->kind->gradient_owner(generator);
    float *scratch = lebm__alloc_raw(gradient->scratch(owner), sizeof *scratch);
    for (int64_t block = 0; block < gradient->blocks(owner); block++) {
        lebm__tree tree = {.size = gradient->block_size(owner, block)};
        tree.sums = test_floats(tree.size * lebm__tree_levels(n));
        for (int64_t first = 0; first < n; first += LEBM__CHUNK) {
            const int64_t rows = n - first < LEBM__CHUNK ? n - first : LEBM__CHUNK;
            gradient->sum(workspace, block, row + first, rows, scratch, lebm__tree_leaf(&tree));
            lebm__tree_push(&tree);
        }
        gradient->store(owner, block, lebm__tree_total(&tree), grads);
        free(tree.sums);
    }
    lebm__free(scratch);
}

/** Passes z and x [n] forward and back in tiles of `tile` rows, with dropout unless that is NULL; returns the workspace, in `memory`. */
static inline void *pass_for_gradients(const lebm_generator *generator, const float *z, const float *x, int64_t n,
                                       int64_t tile, const lebm__dropout *dropout, double *log_likelihood,
                                       void **memory)
{
    const lebm__generator_kind *kind = generator->kind;
    double *squared_error = test_doubles(n);
    LEBM_ASSERT_OK(kind->prepare(generator, LEBM__LEARN, NULL));
    LEBM_ASSERT_OK(lebm__blas_prepare());
    void *all = lay_out_workspace(generator, NULL, 0, n, memory);
    for (int64_t first = 0; first < n; first += tile) {
        const int64_t rows = n - first < tile ? n - first : tile;
        void *view_memory, *view = lay_out_workspace(generator, all, first, tile, &view_memory);
        const lebm__dropout from = dropout ? lebm__dropout_from(dropout, first) : (lebm__dropout){0};
        kind->observe(generator, view, x + first * generator->data_size, rows, dropout ? &from : NULL);
        kind->forward_backward(generator, view, z + first * generator->latent_size, rows, log_likelihood + first,
                               squared_error);
        lebm__free(view_memory);
    }
    free(squared_error);
    return all;
}

#endif
