/* The PNG and JPEG files of a folder and of those below it, by their names. */
#ifndef IMAGE_LIST_H
#define IMAGE_LIST_H

#include <stdint.h>

#include "errors.h"

typedef struct image_entry {
    char *name;                   /* from the folder on, "cats/1.png" */
    int64_t size;                 /* bytes */
    int64_t seconds, nanoseconds; /* when it was last changed */
    uint8_t label;                /* its class: the folder in the folder in which it lies */
} image_entry;

typedef struct image_list {
    int64_t count;
    image_entry *entries; /* in the order of their names, folder by folder */
} image_list;

/* Lists files that end in .png, .jpg or .jpeg, in small letters or capitals, and are no folders whatever they are called.
 * Links to files count as these, links to folders are not followed: they may lead in circles. Files that lie in no folder
 * in the folder are of class 0, and the folders the classes behind it, or from 0 on; those from 255 on share one.
 * Returns 0, or -1 with the reason in *why and the list empty. */
int image_list_make(const char *folder, image_list *list, failure *why);

void image_list_free(image_list *list);

#endif
