/* Sums in a fixed binary tree: leaf 0 and 1, 2 and 3, then these pairs, and so on. It is built as a binary counter is:
 * what is kept are the sums of the counter's 1-bits, and a new leaf is added up with those that it completes. */
#ifndef LEBM_MATH_TREE_H
#define LEBM_MATH_TREE_H

#include <stdint.h>

#include "core/arithmetic.h"

typedef struct {
    int64_t size;    /* floats of a sum */
    float *sums;     /* [lebm__tree_levels(leaves)][size] */
    uint64_t leaves; /* so far */
} lebm__tree;

/* How many sums a tree of so many leaves keeps at most. */
int lebm__tree_levels(int64_t leaves);

/* Where the next leaf is to be written; and what makes it count. */
float *lebm__tree_leaf(const lebm__tree *tree);
void lebm__tree_push(lebm__tree *tree);

/* The sum of all leaves; zeros if there are none. The tree is empty then. */
const float *lebm__tree_total(lebm__tree *tree);

#endif
