/* Passes of a recurrent net over the sequences of a tape: forward, back through time to the context, and back to the
 * parameters. */
#ifndef LEBM_NN_RECURRENT_PASS_H
#define LEBM_NN_RECURRENT_PASS_H

#include "nn/recurrent_tape.h"

/* log_probability[n] += log p(sequence | context[n, context]). */
void lebm__recurrent_forward(const lebm__recurrent_tape *tape, const float *context, double *log_probability);

/* The same, and the way back, after which lebm__recurrent_context_grad() adds the gradient by the context to grad[n,
 * context], and the record, if there is one, has what the gradient of the parameters is made of. */
void lebm__recurrent_forward_backward(const lebm__recurrent_tape *tape, const float *context, double *log_probability);
void lebm__recurrent_context_grad(const lebm__recurrent_tape *tape, float *grad);

#endif
