#include "math/tree.h"

#include <string.h>

#include "math/kernels.h"

int lebm__tree_levels(int64_t leaves)
{
    int levels = 1;
    while ((leaves >>= 1) > 0) levels++;
    return levels;
}

/* The sums of the counter's bits, the highest first. */
static float *tree_sum(const lebm__tree *tree, int number)
{
    return tree->sums + number * tree->size;
}

float *lebm__tree_leaf(const lebm__tree *tree)
{
    return tree_sum(tree, __builtin_popcountll(tree->leaves));
}

void lebm__tree_push(lebm__tree *tree)
{
    int last = __builtin_popcountll(tree->leaves);
    for (uint64_t bits = tree->leaves++; bits & 1; bits >>= 1, last--) {
        lebm__kernels()->add(tree->size, tree_sum(tree, last), tree_sum(tree, last - 1));
    }
}

const float *lebm__tree_total(lebm__tree *tree)
{
    if (tree->leaves == 0) memset(tree->sums, 0, (size_t)tree->size * sizeof *tree->sums);
    for (int last = __builtin_popcountll(tree->leaves) - 1; last > 0; last--) {
        lebm__kernels()->add(tree->size, tree_sum(tree, last), tree_sum(tree, last - 1));
    }
    tree->leaves = 0;
    return tree->sums;
}
