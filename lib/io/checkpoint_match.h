/* Whether a checkpoint is of a trainer. */
#ifndef LEBM_IO_CHECKPOINT_MATCH_H
#define LEBM_IO_CHECKPOINT_MATCH_H

#include "io/safetensors.h"
#include "train/trainer.h"

/* LEBM_ERR_SHAPE unless the file's architecture, likelihood but for sigma, vocabulary and kernels are the trainer's. */
int lebm__checkpoint_match(const lebm__st_reader *st, const lebm_trainer *trainer);

/* Read sigma, which must be the trainer's unless it `is_learned`. */
int lebm__checkpoint_match_sigma(const lebm__st_reader *st, const lebm_trainer *trainer, int is_learned, double *sigma);

#endif
