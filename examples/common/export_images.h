/* Images for other programs, those that compare sets of images above all. */
#ifndef EXPORT_IMAGES_H
#define EXPORT_IMAGES_H

#include "dataset.h"
#include "model.h"

/* Writes n samples of the model as 8-bit files samples/000000.png and so on in the folder, and as one array, samples.npy: uint8
 * [n, height, width, channels]. The first of them are those that `sample` draws with the same seed. Beside them, held-out/
 * has as many held-out images, or all there are. Prints the commands of programs that compare the two. Ends the program if
 * something cannot be written, or if there are more files from before. Returns a status of the library. */
int export_images(const model *m, const dataset *held_out, int64_t n, const char *folder);

#endif
