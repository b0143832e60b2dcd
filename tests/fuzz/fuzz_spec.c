/* Specs of nets and of generators of tokens: lebm_net_create_from_spec(), and the other's parser. What is accepted is printed by lebm_net_spec(), read again to the same
 * net, and can be computed; what is refused leaves nothing but a text that says why. */
#include <string.h>

#include "fuzz.h"
#include "lebm.h"
#include "nn/net.h"
#include "nn/recurrent.h"
#include "nn/spec.h"

enum { MOST_TEXT = 4096, MOST_BYTES = 1 << 20, MOST_NUMBERS = 512 };

/* A net of the same layers and parameters. */
static void check_same(const lebm_net *a, const lebm_net *b)
{
    FUZZ_ASSERT(strcmp(lebm_net_spec(a), lebm_net_spec(b)) == 0, "'%s' comes back as '%s'", lebm_net_spec(a),
                lebm_net_spec(b));
    for (int64_t i = 0; i < a->layer_count; i++)
        FUZZ_ASSERT(a->layers[i].parameter == b->layers[i].parameter, "%.9g comes back as %.9g",
                    (double)a->layers[i].parameter, (double)b->layers[i].parameter);
    FUZZ_ASSERT(lebm_net_in_features(a) == lebm_net_in_features(b), "in_features differ");
    FUZZ_ASSERT(lebm_net_out_features(a) == lebm_net_out_features(b), "out_features differ");
    FUZZ_ASSERT(lebm_net_param_count(a) == lebm_net_param_count(b), "param_count differs");
    for (int64_t i = 0; i < lebm_net_param_count(a); i++) {
        FUZZ_ASSERT(strcmp(lebm_net_param_name(a, i), lebm_net_param_name(b, i)) == 0, "a name differs");
        FUZZ_ASSERT(lebm_net_param_ndim(a, i) == lebm_net_param_ndim(b, i), "a number of dimensions differs");
        for (int64_t axis = 0; axis < lebm_net_param_ndim(a, i); axis++)
            FUZZ_ASSERT(lebm_net_param_dim(a, i, axis) == lebm_net_param_dim(b, i, axis), "a dimension differs");
    }
}

/* Moves behind the next word, which ends with white space or ';'; returns its length, 0 at the end of the item. */
static size_t next_word(const char **at, const char **word)
{
    static const char space[] = " \t\r\n";
    *at += strspn(*at, space);
    *word = *at;
    *at += strcspn(*at, " \t\r\n;");
    return (size_t)(*at - *word);
}

/* What the net prints says the same as what it was made of: item by item the same words, and numbers of the same value.
 * A reshape to a flat vector may be printed in another way, and slopes are rounded to float. */
static void check_said(const char *given, const char *printed)
{
    const char *a, *b;
    while (*printed != '\0') {
        int is_reshape = 0;
        size_t length;
        for (int i = 0; (length = next_word(&printed, &b)) > 0; i++) {
            if (i > 0 && is_reshape) continue;
            const size_t given_length = next_word(&given, &a);
            const int is_number = *b >= '0' && *b <= '9';
            FUZZ_ASSERT(is_number ? given_length > 0 && strtof(a, NULL) == strtof(b, NULL)
                                  : given_length == length && memcmp(a, b, length) == 0,
                        "'%.*s' is printed as '%.*s'", (int)given_length, a, (int)length, b);
            is_reshape |= i == 0 && length == 7 && memcmp(b, "reshape", 7) == 0;
        }
        while (is_reshape && next_word(&given, &a) > 0) continue;
        FUZZ_ASSERT(next_word(&given, &a) == 0, "'%s' is not printed", a);
        given += *given == ';';
        printed += *printed == ';';
    }
    FUZZ_ASSERT(next_word(&given, &a) == 0 && *given == '\0', "'%s' is not printed", given);
}

/* Tensors fill the parameters without hole or overlap. */
static void check_params(const lebm_net *net)
{
    int64_t total = 0;
    for (int64_t i = 0; i < lebm_net_param_count(net); i++) {
        int64_t size = 1;
        for (int64_t axis = 0; axis < lebm_net_param_ndim(net, i); axis++) size *= lebm_net_param_dim(net, i, axis);
        FUZZ_ASSERT(size == lebm_net_param_size(net, i), "%s has %lld numbers, its shape %lld",
                    lebm_net_param_name(net, i), (long long)lebm_net_param_size(net, i), (long long)size);
        total += size;
    }
    FUZZ_ASSERT(total == lebm_net_param_total(net), "the net has %lld parameters, its tensors %lld",
                (long long)lebm_net_param_total(net), (long long)total);
}

/* A spec from a file comes with a bound on the parameters: the exact one is enough, and one less is not. */
static void check_bound(const lebm_net *net)
{
    lebm_net *copy;
    const int64_t total = lebm_net_param_total(net);
    FUZZ_ASSERT_OK(lebm__net_from_spec(&copy, lebm_net_spec(net), total));
    check_same(net, copy);
    lebm_net_destroy(copy);
    if (total == 0) return;
    FUZZ_ASSERT(lebm__net_from_spec(&copy, lebm_net_spec(net), total - 1) == LEBM_ERR_SHAPE && copy == NULL,
                "%lld parameters where %lld are allowed", (long long)total, (long long)total - 1);
}

/* Whether the net is small enough to be computed ten thousand times a second. */
static int is_small(const lebm_net *net)
{
    int64_t numbers = lebm_net_in_features(net) + lebm_net_param_total(net);
    for (int64_t i = 0; i < net->layer_count; i++) numbers += lebm__numel(net->layers[i].out);
    return numbers <= MOST_NUMBERS;
}

/* One row goes through the net, and a gradient back; all its parameters are 0.5. */
static void check_passes(lebm_net *net)
{
    static float in[MOST_NUMBERS], out[MOST_NUMBERS], ones[MOST_NUMBERS], grad_in[MOST_NUMBERS], grad[MOST_NUMBERS];
    for (int i = 0; i < MOST_NUMBERS; i++) in[i] = ones[i] = 0.5f;
    for (int64_t i = 0; i < lebm_net_param_count(net); i++)
        FUZZ_ASSERT_OK(lebm_net_set_param(net, i, ones, lebm_net_param_size(net, i)));
    FUZZ_ASSERT_OK(lebm_net_forward(net, in, 1, out));
    FUZZ_ASSERT_OK(lebm_net_vjp(net, in, 1, ones, grad_in, grad));
}

/* The spec of a generator of tokens: what is accepted is printed, and read again to the same text. */
static void check_tokens(const char *text)
{
    lebm__recurrent_form form, again;
    fuzz_forget_failure();
    const int status = lebm__recurrent_parse(&form, text);
    if (status != LEBM_OK) {
        FUZZ_CHECK_FAILURE(status, LEBM_ERR_FORMAT, LEBM_ERR_RANGE, LEBM_ERR_SHAPE);
        return;
    }
    char *printed = lebm__recurrent_print(&form);
    FUZZ_ASSERT(printed != NULL, "%s", lebm_last_error());
    FUZZ_ASSERT_OK(lebm__recurrent_parse(&again, printed));
    char *printed_again = lebm__recurrent_print(&again);
    FUZZ_ASSERT(printed_again != NULL && strcmp(printed, printed_again) == 0, "'%s' comes back as another", printed);
    lebm__free(printed);
    lebm__free(printed_again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char text[MOST_TEXT + 1];
    if (size > MOST_TEXT) return 0;
    memcpy(text, data, size);
    text[size] = '\0';

    lebm_net *net = (lebm_net *)text, *again;
    fuzz_forget_failure();
    fuzz_begin();
    fuzz_limit(MOST_BYTES, 1);
    const int status = lebm_net_create_from_spec(&net, text);
    if (status != LEBM_OK) {
        FUZZ_ASSERT(net == NULL, "a net comes with %s", lebm_status_name(status));
        /* Where addresses have 32 bits, the library itself refuses what is beyond them. */
        FUZZ_ASSERT((status == LEBM_ERR_NOMEM) == fuzz_was_refused() ||
                        (status == LEBM_ERR_NOMEM && SIZE_MAX < INT64_MAX),
                    "%s", lebm_last_error());
        FUZZ_CHECK_FAILURE(status, LEBM_ERR_FORMAT, LEBM_ERR_RANGE, LEBM_ERR_SHAPE, LEBM_ERR_UNKNOWN_OPTION,
                           LEBM_ERR_NOMEM);
    } else {
        fuzz_limit(3 * MOST_BYTES, 0);
        fuzz_check_line(lebm_net_spec(net));
        check_said(text, lebm_net_spec(net));
        check_params(net);
        FUZZ_ASSERT_OK(lebm_net_create_from_spec(&again, lebm_net_spec(net)));
        check_same(net, again);
        lebm_net_destroy(again);
        check_bound(net);
        if (is_small(net)) check_passes(net);
    }
    lebm_net_destroy(net);
    fuzz_end();
    check_tokens(text);
    return 0;
}
