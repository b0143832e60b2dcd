/* A model with the two samplers that draw its latent vectors. */
#ifndef MODEL_H
#define MODEL_H

#include <lebm.h>
#include <stdbool.h>
#include <stdint.h>

#include "dataset.h"

typedef struct model {
    lebm_prior *prior;
    lebm_generator *generator;
    lebm_sampler *to_prior, *to_posterior;
} model;

/* Loads a model file or checkpoint with the samplers it was trained with, or the library's standard ones if the file
 * has none; ends the program if it cannot. */
void model_load(model *m, const char *path);

void model_free(model *m);

/* Whether it is a model of text, not of images. */
bool model_is_of_text(const model *m);

/* The range of the pixels of the generator's images, as the library says; at an open end, what is usual there. */
pixel_range model_pixel_range(const model *m);

/* Has the generator leave out the numbers of x that are missing. */
void model_skip_missing(const model *m);

/* Ends the program unless the generator makes images of the data's shape, or sentences as long as the data's. */
void model_must_fit(const model *m, const dataset *data);

#endif
