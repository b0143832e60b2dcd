/** @file net.h
 * A feed-forward net with its backward pass: f of the prior or g of the generator.
 *
 * A net is a sequence of layers, like PyTorch's nn.Sequential. Its parameters have PyTorch's names ("0.weight",
 * "0.bias", "2.weight", ...: the number is the layer's place in the sequence), order, shapes and layout, so that a
 * state_dict and a net exchange one to one. Values between layers are flat vectors or images (C, H, W). */
#ifndef LEBM_NET_H
#define LEBM_NET_H

#include <stdint.h>

#include "lebm/export.h"

LEBM_BEGIN_DECLS

/** A feed-forward net; made by lebm_net_create() or lebm_net_create_from_spec(). */
typedef struct lebm_net lebm_net;

/** @name Kinds of activation, for lebm_net_add_activation()
 * @{ */
#define LEBM_RELU       "relu"       /**< max(x, 0) */
#define LEBM_LEAKY_RELU "leaky_relu" /**< parameter: slope of the negative side, in [0, 1] */
#define LEBM_GELU       "gelu"       /**< exact: x Phi(x) */
#define LEBM_SILU       "silu"       /**< x sigmoid(x) */
#define LEBM_MISH       "mish"       /**< x tanh(softplus(x)) */
#define LEBM_TANH       "tanh"       /**< tanh(x) */
#define LEBM_SIGMOID    "sigmoid"    /**< 1/(1 + exp(-x)) */
#define LEBM_SOFTPLUS   "softplus"   /**< log(1 + exp(x)) */
/** @} */

/** @name Schemes of initialisation, for lebm_net_init()
 * @{ */
#define LEBM_INIT_PYTORCH       "pytorch"       /**< U(-b, b) for weights and biases, b = 1/sqrt(fan_in) */
#define LEBM_INIT_XAVIER_NORMAL "xavier_normal" /**< weights N(0, 2/(fan_in + fan_out)), biases zero */
#define LEBM_INIT_UNIFORM       "uniform"       /**< U(-0.1, 0.1) for weights and biases, as is usual for text */
/** @} */

/** Make a net without layers, whose input is a flat vector.
 * @param out          receives the net; the caller owns it
 * @param in_features  size of the input, 1 to 2^24
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_RANGE, LEBM_ERR_NOMEM
 * Threads: any. @since 0.1.0 */
LEBM_API int lebm_net_create(lebm_net **out, int64_t in_features);

/** Make a net from its spec: items separated by ';', the first "in N", then one layer each.
 *
 *     in N | linear OUT [nobias] | conv_transpose2d OUT KERNEL STRIDE PADDING [nobias] | reshape C H W | reshape N
 *     relu | leaky_relu SLOPE | gelu | silu | mish | tanh | sigmoid | softplus
 *
 * Example: "in 100; conv_transpose2d 512 4 1 0; leaky_relu 0.2; conv_transpose2d 3 4 2 1; tanh". A flat vector of N
 * numbers counts as an image of N channels and size 1x1, which is how it enters a transposed convolution.
 * @param out   receives the net, its parameters zero; the caller owns it
 * @param spec  the text
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_FORMAT (the text names the item), LEBM_ERR_UNKNOWN_OPTION (no such
 *         layer), LEBM_ERR_RANGE, LEBM_ERR_SHAPE, LEBM_ERR_NOMEM
 * Threads: any. @since 0.1.0 */
LEBM_API int lebm_net_create_from_spec(lebm_net **out, const char *spec);

/** Give up the caller's hold on a net, at any time: it is released now or, if a prior or generator holds it, with that.
 * NULL does nothing. After it the net may be used only as that prior or generator lends it (lebm_prior_net(),
 * lebm_generator_net()).
 * Threads: any while a prior or generator holds the net, else no other call may be using it. @since 0.1.0 */
LEBM_API void lebm_net_destroy(lebm_net *net);

/** Append y = W x + b, with "weight" [out, in] and, if `bias` is not 0, "bias" [out]; all parameters are zero.
 * @param out_features  1 to 2^24
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_RANGE (also at the 1025th layer), LEBM_ERR_SHAPE (the input is not flat),
 *         LEBM_ERR_STATE (a prior or generator holds the net, or a call is using it), LEBM_ERR_NOMEM; on failure the
 *         net is as before
 * Threads: no other call may be using the net. @since 0.1.0 */
LEBM_API int lebm_net_add_linear(lebm_net *net, int64_t out_features, int bias);

/** Append a transposed convolution of an image (C, H, W), with "weight" [C, out, kernel, kernel] and, if `bias` is not
 * 0, "bias" [out], all zero; the output is (out, (H-1) stride - 2 padding + kernel, likewise W).
 * @param out_channels  1 to 2^24
 * @param kernel        1 to 64   @param stride  1 to 64   @param padding  0 to kernel - 1
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_RANGE (also at the 1025th layer), LEBM_ERR_SHAPE (the output would be
 *         empty), LEBM_ERR_STATE (a prior or generator holds the net, or a call is using it), LEBM_ERR_NOMEM; on
 *         failure the net is as before
 * Threads: no other call may be using the net. @since 0.1.0 */
LEBM_API int lebm_net_add_conv_transpose2d(lebm_net *net, int64_t out_channels, int64_t kernel, int64_t stride,
                                           int64_t padding, int bias);

/** Append a change of shape that keeps the order of the (channel-first) numbers: nn.Unflatten, nn.Flatten.
 * For a flat vector give height and width 1.
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_RANGE (also at the 1025th layer), LEBM_ERR_SHAPE (another number of
 *         numbers), LEBM_ERR_STATE (a prior or generator holds the net, or a call is using it), LEBM_ERR_NOMEM; on
 *         failure the net is as before
 * Threads: no other call may be using the net. @since 0.1.0 */
LEBM_API int lebm_net_add_reshape(lebm_net *net, int64_t channels, int64_t height, int64_t width);

/** Append an elementwise activation.
 * @param kind       LEBM_RELU, LEBM_GELU, ...
 * @param parameter  the slope of LEBM_LEAKY_RELU; 0 for all others
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_UNKNOWN_OPTION (no such kind), LEBM_ERR_RANGE (the parameter; also at the
 *         1025th layer), LEBM_ERR_STATE (a prior or generator holds the net, or a call is using it), LEBM_ERR_NOMEM; on
 *         failure the net is as before
 * Threads: no other call may be using the net. @since 0.1.0 */
LEBM_API int lebm_net_add_activation(lebm_net *net, const char *kind, double parameter);

/** Set all parameters at random, with PyTorch's fans: for Linear [out, in] fan_in = in; for ConvTranspose2d
 * [in, out, k, k] fan_in = out k^2 and fan_out = in k^2.
 * @param scheme  LEBM_INIT_PYTORCH, LEBM_INIT_XAVIER_NORMAL or LEBM_INIT_UNIFORM
 * @param seed    nets of one spec that are given one seed start with the same parameters; nets of different specs never
 *                do. f and g are to start independent: give them two seeds where they might be of one spec.
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_UNKNOWN_OPTION, LEBM_ERR_STATE (a call is using the net)
 * Threads: no other call may be using the net. @since 0.1.0 */
LEBM_API int lebm_net_init(lebm_net *net, const char *scheme, uint64_t seed);

/** @name Options
 * @{ */
/** How transposed convolutions are computed: "direct"; "filtered", by minimal filtering (Winograd's and Toom and Cook's
 * algorithms, nearly the same numbers in fewer operations) wherever the kernel is twice the stride; or "auto", the
 * default, each layer by what is likely to be faster ("filtered" can be much slower, on images of one pixel or of few
 * channels). Filtered weights are kept in about 6 times their size for each direction. It changes the last bits of
 * results, is not part of a model, and is not saved: set it again before going on with a checkpoint to the same bits. */
#define LEBM_NET_CONVOLUTION "convolution"
/** @} */

/** Set an option. @param key  LEBM_NET_CONVOLUTION   @param value  one of its choices; it is copied
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_UNKNOWN_OPTION, LEBM_ERR_RANGE, LEBM_ERR_STATE (a call is using the
 *         net: one of another thread, or the one that this callback belongs to)
 * Threads: no other call may be using the net. @since 0.1.0 */
LEBM_API int lebm_net_set_str(lebm_net *net, const char *key, const char *value);

/** Read an option.
 * @param value  receives a string owned by the net, valid until the option is set again or the net released; NULL on
 *               failure
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_UNKNOWN_OPTION
 * Threads: any. @since 0.1.0 */
LEBM_API int lebm_net_get_str(const lebm_net *net, const char *key, const char **value);

/** @name Listing the options
 * @{ */
/** Number of options; 0 if `net` is NULL. Threads: any. @since 0.1.0 */
LEBM_API int64_t lebm_net_option_count(const lebm_net *net);

/** Key of the option at `index`, from 0 to their number less 1.
 * @return a static string; NULL if there is none
 * Threads: any. @since 0.1.0 */
LEBM_API const char *lebm_net_option_key(const lebm_net *net, int64_t index);

/** Type of the option `key`, which names the functions that set and read it: "str".
 * @return a static string; NULL if there is no such option
 * Threads: any. @since 0.1.0 */
LEBM_API const char *lebm_net_option_type(const lebm_net *net, const char *key);

/** What the option `key` does, in one line.
 * @return a static string; NULL if there is no such option
 * Threads: any. @since 0.1.0 */
LEBM_API const char *lebm_net_option_help(const lebm_net *net, const char *key);

/** The values that the option `key` may have, separated by '|', the default first: "auto|direct|filtered".
 * @return a static string; NULL if there is no such option
 * Threads: any. @since 0.1.0 */
LEBM_API const char *lebm_net_option_choices(const lebm_net *net, const char *key);
/** @} */

/** Number of layers, activations and reshapes among them; 0 if `net` is NULL. Threads: any. @since 0.1.0 */
LEBM_API int64_t lebm_net_layer_count(const lebm_net *net);

/** How layer `index` (0 for the first) is computed: "direct" or "filtered" for a transposed convolution.
 * @return a static string; NULL for layers without a choice, or if there is no such layer
 * Threads: any. @since 0.1.0 */
LEBM_API const char *lebm_net_layer_form(const lebm_net *net, int64_t index);

/** Size of the input; 0 if `net` is NULL. Threads: any. @since 0.1.0 */
LEBM_API int64_t lebm_net_in_features(const lebm_net *net);

/** Size C H W of the output; 0 if `net` is NULL. Threads: any. @since 0.1.0 */
LEBM_API int64_t lebm_net_out_features(const lebm_net *net);

/** Shape of the output; (N, 1, 1) for a flat vector of N.
 * @param chw  receives three numbers
 * @return LEBM_OK, LEBM_ERR_INVALID
 * Threads: any. @since 0.1.0 */
LEBM_API int lebm_net_out_shape(const lebm_net *net, int64_t *chw);

/** The spec that makes this net again, numbers as short as exact reading allows.
 * @return a string owned by the net, valid until a layer is added or the net destroyed; NULL if `net` is NULL or, when
 *         it is asked for the first time after a layer was added, there is no memory for it
 * Threads: any. @since 0.1.0 */
LEBM_API const char *lebm_net_spec(const lebm_net *net);

/** Number of parameter tensors, in PyTorch's state_dict order; 0 if `net` is NULL. Threads: any. @since 0.1.0 */
LEBM_API int64_t lebm_net_param_count(const lebm_net *net);

/** Number of floats of all parameter tensors together; 0 if `net` is NULL. Threads: any. @since 0.1.0 */
LEBM_API int64_t lebm_net_param_total(const lebm_net *net);

/** Number of floats of tensor `index`; 0 if there is none. Threads: any. @since 0.1.0 */
LEBM_API int64_t lebm_net_param_size(const lebm_net *net, int64_t index);

/** Name of tensor `index`, such as "0.weight".
 * @return a string owned by the net; NULL if there is none
 * Threads: any. @since 0.1.0 */
LEBM_API const char *lebm_net_param_name(const lebm_net *net, int64_t index);

/** Number of axes of tensor `index`: 1, 2 or 4; 0 if there is none. Threads: any. @since 0.1.0 */
LEBM_API int64_t lebm_net_param_ndim(const lebm_net *net, int64_t index);

/** Size of tensor `index` along `axis`; 0 if there is none. Threads: any. @since 0.1.0 */
LEBM_API int64_t lebm_net_param_dim(const lebm_net *net, int64_t index, int64_t axis);

/** Copy tensor `index` out, row-major in PyTorch's layout.
 * @param dst    [count]   @param count  must be lebm_net_param_size(net, index)
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_RANGE (no such tensor), LEBM_ERR_SHAPE (count), LEBM_ERR_STATE (a call is
 *         changing the net)
 * Threads: any. @since 0.1.0 */
LEBM_API int lebm_net_get_param(const lebm_net *net, int64_t index, float *dst, int64_t count);

/** Set tensor `index`, row-major in PyTorch's layout. Samplers and trainers refuse a net that has a weight (not a bias)
 * which was neither initialised, set nor loaded.
 * @param src    [count]   @param count  must be lebm_net_param_size(net, index)
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_RANGE (no such tensor), LEBM_ERR_SHAPE (count), LEBM_ERR_STATE (a call is
 *         using the net)
 * Threads: no other call may be using the net. @since 0.1.0 */
LEBM_API int lebm_net_set_param(lebm_net *net, int64_t index, const float *src, int64_t count);

/** out = net(in), row by row, on the calling thread.
 * @param in   [n, in_features]   @param n  0 or more rows
 * @param out  [n, out_features]
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_RANGE, LEBM_ERR_STATE (a call is changing the net), LEBM_ERR_NOMEM
 * Threads: any. @since 0.1.0 */
LEBM_API int lebm_net_forward(const lebm_net *net, const float *in, int64_t n, float *out);

/** Vector-Jacobian product, on the calling thread: with L = sum of grad_out * net(in),
 * grad_in = dL/d in, and grad_params = dL/d parameters summed over the rows. Both are overwritten.
 * @param in           [n, in_features]   @param n  0 or more rows
 * @param grad_out     [n, out_features]
 * @param grad_in      [n, in_features], or NULL
 * @param grad_params  [lebm_net_param_total()], all tensors one after the other, or NULL
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_RANGE, LEBM_ERR_STATE (a call is changing the net), LEBM_ERR_NOMEM
 * Threads: any. @since 0.1.0 */
LEBM_API int lebm_net_vjp(const lebm_net *net, const float *in, int64_t n, const float *grad_out, float *grad_in,
                          float *grad_params);

LEBM_END_DECLS

#endif
