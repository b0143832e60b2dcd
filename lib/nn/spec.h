/* The spec of a net: its architecture as text (lebm/net.h has the grammar). */
#ifndef LEBM_NN_SPEC_H
#define LEBM_NN_SPEC_H

#include "lebm/net.h"

/* The spec of a net; NULL if there is no memory. */
char *lebm__spec_write(const lebm_net *net);

/* lebm_net_create_from_spec() with a bound on the number of parameters, for specs from files that are not trusted: a
 * larger net fails with LEBM_ERR_SHAPE before its memory is asked for. */
int lebm__net_from_spec(lebm_net **out, const char *spec, int64_t most_params);

#endif
