/* The spec of a net: its architecture as text (lebm/net.h has the grammar). */
#ifndef LEBM_NN_SPEC_H
#define LEBM_NN_SPEC_H

#include "lebm/net.h"
#include "nn/layer.h"

/* The spec is written as the net grows: its first item, and one more for each layer. They return its length without the
 * end that they write, at most LEBM__SPEC_ITEM_SIZE with it. */
enum { LEBM__SPEC_ITEM_SIZE = 128 };
int64_t lebm__spec_begin(const lebm_net *net, char *text);
int64_t lebm__spec_add(const lebm__layer *layer, char *text);

/* lebm_net_create_from_spec() with a bound on the number of parameters, for specs from files that are not trusted: a
 * larger net fails with LEBM_ERR_SHAPE before its memory is asked for. */
int lebm__net_from_spec(lebm_net **out, const char *spec, int64_t most_params);

#endif
