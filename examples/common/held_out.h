/* Held-out data for a model that is there already, which decides their kind: colours are SVHN's, grey is MNIST's, and
 * sentences are in the words that the model knows. */
#ifndef HELD_OUT_H
#define HELD_OUT_H

#include "arguments.h"
#include "dataset.h"
#include "model.h"
#include "sentences.h"

/* Reads what --data and --eval name, or draws a set if they name nothing; ends the program if it cannot, or if the data do
 * not fit the model.
 * @param told  receives what is to be told of sentences; all zero for images */
void held_out_read(const model *m, const argument *data, const argument *eval, dataset *held_out, sentences_told *told);

#endif
