/** @file tokens.h
 * Generators of sequences of tokens, such as words or characters: p(x|z) of a recurrent net that is given z. Made by
 * lebm_generator_create_from_spec() with the likelihood LEBM_CATEGORICAL and a spec of this form:
 *
 *     in M; embedding E [noz]; lstm H [LAYERS] [noz]; tokens V D [tied]
 *
 * with `gru` in place of `lstm`, if that is wanted; as in "in 32; embedding 256; lstm 256; tokens 10000 82".
 *
 * - M is the size of z, V the number of tokens (up to 16,777,215), D the length of the longest sequence (up to 65,536).
 * - A step's input is the embedding, E numbers, of the token before, with z behind it unless `noz` says otherwise. The first
 *   input is the mark of beginning and end.
 * - H units in each of LAYERS layers (up to 64; 1 if none is given) of PyTorch's LSTM or GRU. Their states begin at
 *   h = W z + b, or with `noz` at 0, and c at 0. With both `noz` x does not depend on z: a plain language model.
 * - The output is W h + b of the last layer: scores of the V tokens and of the mark, whose softmax are probabilities. `tied`
 *   lets W be the embedding's weight, for which E must be H.
 *
 * With tokens x_1, ..., x_L, then the end, log p(x|z) is the sum of log p(x_t | x_1, ..., x_(t-1), z) over t = 1, ..., L + 1.
 * After D tokens the end is certain, and is not counted: so all sequences of up to D tokens together have the
 * probability 1.
 *
 * Parameters have PyTorch's names, order and layout, as a module would have them with embedding = Embedding(V + 1, E),
 * start = Linear(M, LAYERS H), lstm = LSTM(E + M, H, LAYERS) or gru = GRU(...), and output = Linear(H, V + 1):
 * "embedding.weight", "start.weight", "start.bias", "lstm.weight_ih_l0", "lstm.weight_hh_l0", "lstm.bias_ih_l0",
 * "lstm.bias_hh_l0", ..., "output.weight" (unless tied), "output.bias". Row V of embedding and output is the mark's.
 *
 * x [n, D] of such a generator is rows of token numbers, 0 to V - 1, that are followed by LEBM_PADDING to the row's end. No
 * token stands for the end. Whatever is no row of that form is refused with LEBM_ERR_RANGE and a text that names row and
 * place. The options LEBM_GENERATOR_MISSING and LEBM_GENERATOR_OUT_OF_RANGE change nothing for tokens.
 *
 * A sequence costs the time that its own length takes, whatever D is. Memory is asked for as if all were of length D, some
 * (13 H + E) D floats for each of up to 64 rows that a thread has at work; what shorter ones do not need is never touched,
 * which most systems then do not give away. */
#ifndef LEBM_TOKENS_H
#define LEBM_TOKENS_H

#include <stdint.h>

#include "lebm/export.h"
#include "lebm/generator.h"

LEBM_BEGIN_DECLS

/** What fills a row of x behind the end of its sequence. */
#define LEBM_PADDING (-1.0f)

/** @name What a token is, for lebm_generator_set_vocabulary()
 * @{ */
#define LEBM_WORDS      "words"      /**< a word: text is cut at blanks */
#define LEBM_CHARACTERS "characters" /**< a character of UTF-8, blanks included */
/** @} */

/** The token for what the vocabulary has not, if this is one of its words. */
#define LEBM_UNKNOWN_TOKEN "<unk>"

/** Number V of tokens; 0 if `generator` is NULL or no generator of tokens. Threads: any. @since 0.1.0 */
LEBM_API int64_t lebm_generator_token_count(const lebm_generator *generator);

/** @name Drawing and searching
 * Beside lebm_generator_decode(), which takes the most probable token at each place, and lebm_generator_draw().
 * @{ */
/** Draw x as lebm_generator_draw() does, but at a temperature: each token, and the end, with a probability in proportion
 * to p(token)^(1/temperature).
 * @param z            [n, M]   @param n  0 or more rows
 * @param temperature  1e-3 to 1e3: 1 draws from p(x|z), less keeps to what is probable
 * @param seed         key of the random numbers   @param stream  second key: another one for unrelated numbers
 * @param x            [n, D]; row i is a function of z's row i, temperature, seed, stream and i
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_RANGE, LEBM_ERR_UNSUPPORTED (no generator of tokens), LEBM_ERR_STATE (a call
 *         is changing the generator), LEBM_ERR_NOMEM
 * Threads: any. @since 0.1.0 */
LEBM_API int lebm_generator_draw_tempered(const lebm_generator *generator, const float *z, int64_t n,
                                          double temperature, uint64_t seed, uint64_t stream, float *x);

/** Search the most probable sequence, for each row: `beam_width` beginnings are followed at a time (beam search), from which the
 * one with the largest log p(x|z) comes that was found. With a width of 1 it is that of lebm_generator_decode(); the
 * wider, the better, and the longer it takes. Long sequences are less probable than short ones, so that it tends to these.
 * @param z           [n, M]   @param n  0 or more rows
 * @param beam_width  1 to 64
 * @param x           [n, D]; a row of z that is not finite may give NaN
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_RANGE, LEBM_ERR_UNSUPPORTED (no generator of tokens), LEBM_ERR_STATE (a call
 *         is changing the generator), LEBM_ERR_NOMEM
 * Threads: any. @since 0.1.0 */
LEBM_API int lebm_generator_search(const lebm_generator *generator, const float *z, int64_t n, int64_t beam_width,
                                   float *x);
/** @} */

/** @name Vocabulary
 * What tokens are as text. Models and checkpoints keep it.
 * @{ */
/** Give the tokens their words.
 * @param unit   LEBM_WORDS or LEBM_CHARACTERS
 * @param words  UTF-8, V lines: line i is the word of token i. A newline ends each, and may be left out at the last one.
 *               No word may be empty or repeated. Of LEBM_WORDS none may have blanks (space, tab, carriage return) in it; of
 *               LEBM_CHARACTERS each must be one character, but for LEBM_UNKNOWN_TOKEN. Files keep 15 MiB of them at most, newlines
 *               counted twice. They are copied.
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_UNKNOWN_OPTION (unit), LEBM_ERR_FORMAT (words, the text names the line),
 *         LEBM_ERR_SHAPE (not V lines), LEBM_ERR_UNSUPPORTED (no generator of tokens, or more than files keep),
 *         LEBM_ERR_STATE (a call is using the generator), LEBM_ERR_NOMEM
 * Threads: no other call may be using the generator. @since 0.1.0 */
LEBM_API int lebm_generator_set_vocabulary(lebm_generator *generator, const char *unit, const char *words);

/** All words, each ended by a newline.
 * @return a string owned by the generator, valid until the vocabulary is set again or the generator destroyed; NULL if it
 *         has none
 * Threads: any. @since 0.1.0 */
LEBM_API const char *lebm_generator_vocabulary(const lebm_generator *generator);

/** What its tokens are: LEBM_WORDS or LEBM_CHARACTERS.
 * @return a static string; NULL if the generator has no vocabulary
 * Threads: any. @since 0.1.0 */
LEBM_API const char *lebm_generator_token_unit(const lebm_generator *generator);

/** The word of token `index`, 0 to V - 1.
 * @return a string owned by the generator, valid as that of lebm_generator_vocabulary(); NULL if there is none
 * Threads: any. @since 0.1.0 */
LEBM_API const char *lebm_generator_token(const lebm_generator *generator, int64_t index);

/** Turn text into x.
 * @param text  UTF-8 of n lines, a sequence each; a newline ends each, and may be left out at the last one. What the
 *              vocabulary has not becomes LEBM_UNKNOWN_TOKEN, if that is one of its words.
 * @param n     0 or more lines
 * @param x     [n, D]
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_STATE (there is no vocabulary, or a call is changing the generator),
 *         LEBM_ERR_FORMAT (no UTF-8), LEBM_ERR_SHAPE (not n lines), LEBM_ERR_RANGE (more than D tokens in a line, or what
 *         the vocabulary has not; n)
 * Threads: any. @since 0.1.0 */
LEBM_API int lebm_generator_text_to_x(const lebm_generator *generator, const char *text, int64_t n, float *x);

/** Turn x into text: n lines, words separated by a blank, characters by nothing, each line ended by a newline.
 * @param x       [n, D]   @param n  0 or more rows
 * @param text    [size], receives the text, ended by NUL; or NULL, and the length alone is wanted
 * @param size    bytes of room, the NUL's included
 * @param length  receives the bytes of the text without the NUL
 * @return LEBM_OK, LEBM_ERR_INVALID, LEBM_ERR_RANGE (x is no tokens, n, size), LEBM_ERR_SHAPE (size is too little),
 *         LEBM_ERR_STATE (there is no vocabulary, or a call is changing the generator)
 * Threads: any. @since 0.1.0 */
LEBM_API int lebm_generator_x_to_text(const lebm_generator *generator, const float *x, int64_t n, char *text,
                                      int64_t size, int64_t *length);
/** @} */

LEBM_END_DECLS

#endif
