/* Held-out data for a model that is there already, which decides what they are: images of its size, or sentences in the
 * words that the model knows. */
#ifndef HELD_OUT_H
#define HELD_OUT_H

#include "arguments.h"
#include "dataset.h"
#include "model.h"
#include "place.h"

/* The options that say where they are. */
enum { HELD_OUT_DATA, HELD_OUT_EVAL, HELD_OUT_SHARE, HELD_OUT_AXES, HELD_OUT_OPTIONS };

/* Rows of the table of options of a program; `use` says what becomes of the data. */
#define HELD_OUT_ROWS(first, use)                                                                                      \
    [(first) + HELD_OUT_DATA] = TEXT("data", "PLACE", NULL,                                                            \
                                     "of images: " PLACE_HELP ";\n"                                                    \
                                     "or file of text of which every 20th sentence is held out" use),                  \
               [(first) + HELD_OUT_EVAL] = TEXT("eval", "PLACE", NULL, "the same, all of it held out, instead"),       \
               [(first) + HELD_OUT_SHARE] =                                                                            \
                   F64("held-out", "SHARE", .1, 0, 1, "of the images of --data, as at the training"),                  \
               [(first) + HELD_OUT_AXES] =                                                                             \
                   TEXT("axes", "NAME", NULL, "how an .npy array lies, NHW, NCHW or NHWC, if its shape does not tell")

/* Reads what these options name, or draws a set if they name nothing; ends the program if it cannot, if the data do not fit
 * the model, or if `out`, the file or folder that pictures will be written to, lies among the pictures that are read; NULL: there
 * is none. */
void held_out_read(const model *m, const argument options[HELD_OUT_OPTIONS], const char *out, dataset *held_out);

#endif
