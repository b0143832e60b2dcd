/* The spec of a net: its architecture as text (lebm/net.h has the grammar). */
#ifndef LEBM_NN_SPEC_H
#define LEBM_NN_SPEC_H

#include "lebm/net.h"

/* Write an item of the spec: "in 3" at index 0, then one for each layer, as "; linear 4". Returns its length without
 * the end that it writes, at most LEBM__SPEC_ITEM_SIZE with it. */
enum { LEBM__SPEC_ITEM_SIZE = 128 };
int64_t lebm__spec_item(const lebm_net *net, int64_t index, char *text);

/* lebm_net_create_from_spec() with a bound on the number of parameters, for specs from files that are not trusted: a
 * larger net fails with LEBM_ERR_SHAPE before its memory is asked for. */
int lebm__net_from_spec(lebm_net **out, const char *spec, int64_t max_params);

#endif
