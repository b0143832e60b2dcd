/* The gradient of a net's parameters, block by block. */
#include <string.h>

#include "nn/tape.h"

/* Floats of a block's sum, and of its workspace: 256 KiB and 1 MiB, so that both lie in a second-level cache. A weight of
 * a million numbers makes 16 blocks. */
enum { MAX_SUM = 1 << 16, MAX_WORKSPACE = 1 << 18 };

/* How the columns of a weight's gradient are cut: groups of `size`, each into blocks of `share` and a rest. */
typedef struct {
    int64_t groups, size, share;
} tape_grad_cut;

static int64_t tape_grad_shares(int64_t size, int64_t max)
{
    return (size + max - 1) / max;
}

static int64_t tape_grad_workspace(const lebm__layer *layer, int64_t columns)
{
    const lebm__weight_grad *kind = layer->kind->weight_grad;
    return kind->workspace_size == NULL ? 1 : kind->workspace_size(layer, columns);
}

/* Blocks of whole taps or, if one is too large, of channels of a tap. */
static tape_grad_cut tape_grad_cut_of(const lebm__layer *layer)
{
    enum { VECTORS = 32 }; /* channels in two vectors of 16, which products take at a time */
    const int64_t channels = layer->out.channels;
    const int64_t taps = lebm__is_conv(layer) ? lebm__patch_size(layer) / channels : 1;
    const int64_t of_sum = MAX_SUM / layer->in.channels;
    const int64_t of_workspace = MAX_WORKSPACE / tape_grad_workspace(layer, 1);
    const int64_t fewer = of_sum < of_workspace ? of_sum : of_workspace, max = fewer < 1 ? 1 : fewer;
    if (channels <= max) {
        const int64_t blocks = tape_grad_shares(taps, max / channels);
        return (tape_grad_cut){1, taps * channels, tape_grad_shares(taps, blocks) * channels};
    }
    const int64_t share = tape_grad_shares(channels, tape_grad_shares(channels, max));
    return (tape_grad_cut){taps, channels, max < VECTORS ? share : (share + VECTORS - 1) / VECTORS * VECTORS};
}

static int64_t tape_grad_weight_blocks(const lebm__layer *layer)
{
    if (layer->weight < 0) return 0;
    const tape_grad_cut cut = tape_grad_cut_of(layer);
    return cut.groups * tape_grad_shares(cut.size, cut.share);
}

static int64_t tape_grad_blocks(const lebm__layer *layer)
{
    return tape_grad_weight_blocks(layer) + (layer->bias >= 0);
}

/* A block of a layer: columns of its weight; or, of 0 columns, its bias. */
typedef struct {
    int64_t layer;
    lebm__block columns;
} tape_grad_block;

static tape_grad_block tape_grad_find(const lebm_net *net, int64_t block)
{
    int64_t i = 0, end = net->layer_count; /* the last layer that begins at or before the block */
    while (end - i > 1) {
        const int64_t middle = (i + end) / 2;
        if (net->layers[middle].first_block <= block) {
            i = middle;
        } else {
            end = middle;
        }
    }
    block -= net->layers[i].first_block;
    if (block == tape_grad_weight_blocks(&net->layers[i])) return (tape_grad_block){i, {0, 0}};
    const tape_grad_cut cut = tape_grad_cut_of(&net->layers[i]);
    const int64_t of_group = tape_grad_shares(cut.size, cut.share), begin = block % of_group * cut.share;
    const int64_t count = cut.size - begin < cut.share ? cut.size - begin : cut.share;
    return (tape_grad_block){i, {block / of_group * cut.size + begin, count}};
}

int64_t lebm__net_grad_blocks(const lebm_net *net)
{
    if (net->layer_count == 0) return 0;
    const lebm__layer *last = &net->layers[net->layer_count - 1];
    return last->first_block + tape_grad_blocks(last);
}

int64_t lebm__net_grad_block_size(const lebm_net *net, int64_t block)
{
    const tape_grad_block found = tape_grad_find(net, block);
    const lebm__layer *layer = &net->layers[found.layer];
    return found.columns.count == 0 ? layer->out.channels : found.columns.count * layer->in.channels;
}

int64_t lebm__net_grad_workspace(const lebm_net *net)
{
    int64_t largest = 0;
    for (int64_t i = 0; i < net->layer_count; i++) {
        const lebm__layer *layer = &net->layers[i];
        if (layer->weight < 0) continue;
        const int64_t columns = tape_grad_cut_of(layer).share, of_bias = 2 * layer->out.channels;
        const int64_t of_weight = tape_grad_workspace(layer, columns);
        if (of_weight > largest) largest = of_weight;
        if (of_bias > largest) largest = of_bias;
    }
    return largest;
}

/* Sums over lines of sums over pixels, and over images of those: short sums round less than long ones. */
static void tape_grad_bias(lebm__shape shape, const float *output_grad, int64_t n, float *workspace, float *sum)
{
    const int64_t channels = shape.channels;
    float *of_image = workspace, *of_line = workspace + channels;
    memset(sum, 0, (size_t)channels * sizeof *sum);
    for (int64_t i = 0; i < n; i++) {
        memset(of_image, 0, (size_t)channels * sizeof *of_image);
        for (int64_t y = 0; y < shape.height; y++) {
            memset(of_line, 0, (size_t)channels * sizeof *of_line);
            for (int64_t x = 0; x < shape.width; x++, output_grad += channels) {
                for (int64_t c = 0; c < channels; c++) of_line[c] += output_grad[c];
            }
            for (int64_t c = 0; c < channels; c++) of_image[c] += of_line[c];
        }
        for (int64_t c = 0; c < channels; c++) sum[c] += of_image[c];
    }
}

void lebm__tape_grad(const lebm__tape *tape, int64_t block, int64_t first, int64_t n, float *workspace, float *sum)
{
    const tape_grad_block found = tape_grad_find(tape->net, block);
    const lebm__layer *layer = &tape->net->layers[found.layer];
    const float *in = tape->at[found.layer].activations + first * lebm__numel(layer->in);
    const float *output_grad = tape->at[found.layer + 1].grads + first * lebm__numel(layer->out);
    if (found.columns.count == 0) {
        tape_grad_bias(layer->out, output_grad, n, workspace, sum);
    } else {
        layer->kind->weight_grad->compute(layer, found.columns, in, output_grad, n, workspace, sum);
    }
}

void lebm__net_grad_store(const lebm_net *net, int64_t block, const float *sum, float *grads)
{
    const tape_grad_block found = tape_grad_find(net, block);
    const lebm__layer *layer = &net->layers[found.layer];
    if (found.columns.count == 0) {
        memcpy(grads + layer->bias, sum, (size_t)layer->out.channels * sizeof *grads);
    } else {
        layer->kind->weight_grad->store(layer, found.columns, sum, grads + layer->weight);
    }
}
