/* One program at a time in a folder. */
#ifndef FOLDER_LOCK_H
#define FOLDER_LOCK_H

#include <stdbool.h>

/* Takes the folder for this program until it ends, in whatever way; ends the program at once if another one has it.
 * Returns whether it was taken: not if there is no such folder, or if its file system knows no locks. */
bool folder_lock(const char *path);

#endif
