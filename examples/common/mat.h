/* MATLAB 5 files of images, as those of SVHN. They are not trusted: what a file says about its size is checked before
 * memory is allocated, and what it holds is checked against what it says. */
#ifndef MAT_H
#define MAT_H

#include "dataset.h"
#include "errors.h"

/* Reads a file's images, X of height x width x channels x count bytes, grey or red-green-blue, and if they are there
 * its labels, y, a row or column of count numbers of any class from 1 to 10, where 10 stands for the digit 0.
 * Returns 0, or -1 with the reason in *why and *data empty. */
int mat_read_images(const char *path, dataset *data, failure *why);

#endif
