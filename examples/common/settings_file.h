/* What the results in a folder were made with: a file beside them, a setting a line, by which a program that goes on with them
 * knows that it may. */
#ifndef SETTINGS_FILE_H
#define SETTINGS_FILE_H

#include <stdbool.h>
#include <stdint.h>

/* Writes the settings; if `resume`, ends the program unless the file has the same, and names the first that differs. */
void settings_file_keep(const char *path, const char *settings, bool resume);

/* A checksum of a file that could be read before; ends the program if it cannot be now. */
uint32_t settings_file_checksum(const char *path);

#endif
