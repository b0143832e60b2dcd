#include "image_list.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "files.h"

static bool is_picture(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot != NULL &&
           (strcasecmp(dot, ".png") == 0 || strcasecmp(dot, ".jpg") == 0 || strcasecmp(dot, ".jpeg") == 0);
}

static void append(image_list *list, char *name, const struct stat *info)
{
    if ((list->count & (list->count - 1)) == 0) { /* a power of 2: the room is full */
        const size_t room = list->count == 0 ? 1 : 2 * (size_t)list->count;
        list->entries = realloc(list->entries, room * sizeof *list->entries);
        if (list->entries == NULL) die("out of memory (%zu file names)", room);
    }
    list->entries[list->count++] = (image_entry){.name = name,
                                                 .size = (int64_t)info->st_size,
                                                 .seconds = (int64_t)info->st_mtim.tv_sec,
                                                 .nanoseconds = (int64_t)info->st_mtim.tv_nsec};
}

static void walk(const char *folder, const char *below, image_list *list);

/* What an entry of a folder is, and what is to be done with it. */
static void visit(const char *folder, char *name, image_list *list)
{
    struct stat info, target;
    char *path = path_join(folder, name);
    const bool is_there = lstat(path, &info) == 0 && stat(path, &target) == 0;
    free(path);
    if (is_there && S_ISDIR(info.st_mode)) walk(folder, name, list);
    if (is_there && S_ISREG(target.st_mode) && is_picture(name))
        append(list, name, &target);
    else
        free(name);
}

/* Goes through a folder below the folder; "" is this itself. One that cannot be read has nothing, but is named. */
static void walk(const char *folder, const char *below, image_list *list)
{
    char *path = *below == '\0' ? path_append(folder, "") : path_join(folder, below);
    DIR *entries = opendir(path);
    if (entries == NULL) {
        failure why;
        fail(&why, "the folder %s is left out: %s", path, strerror(errno));
        complain("%s", why.text);
    }
    for (const struct dirent *entry; entries != NULL && (entry = readdir(entries)) != NULL;) {
        const char *name = entry->d_name;
        if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
            visit(folder, *below == '\0' ? path_append(name, "") : path_join(below, name), list);
    }
    if (entries != NULL) closedir(entries);
    free(path);
}

/* By bytes, but for the slash, which comes before all: a folder's files stay together. */
static int compare(const void *a, const void *b)
{
    const unsigned char *x = (const unsigned char *)((const image_entry *)a)->name;
    const unsigned char *y = (const unsigned char *)((const image_entry *)b)->name;
    while (*x != '\0' && *x == *y) x++, y++;
    const int first = *x == '/' ? 1 : *x == '\0' ? 0 : *x + 1, second = *y == '/' ? 1 : *y == '\0' ? 0 : *y + 1;
    return first - second;
}

/* The entries are in order: those of a folder follow each other, but not those that lie in none. */
static void number_classes(image_list *list)
{
    const char *folder = NULL; /* with what follows it */
    size_t length = 0;
    int64_t folders = 0;
    bool some_in_none = false;
    for (int64_t i = 0; i < list->count; i++) some_in_none |= strchr(list->entries[i].name, '/') == NULL;
    for (int64_t i = 0; i < list->count; i++) {
        const char *name = list->entries[i].name, *slash = strchr(name, '/');
        if (slash == NULL) continue;
        if (folder == NULL || (size_t)(slash - name) != length || memcmp(name, folder, length) != 0) folders++;
        folder = name;
        length = (size_t)(slash - name);
        const int64_t label = some_in_none ? folders : folders - 1;
        list->entries[i].label = label < UINT8_MAX ? (uint8_t)label : UINT8_MAX;
    }
}

int image_list_make(const char *folder, image_list *list, failure *why)
{
    *list = (image_list){0};
    walk(folder, "", list);
    if (list->count > 0) qsort(list->entries, (size_t)list->count, sizeof *list->entries, compare);
    number_classes(list);
    return list->count > 0 ? 0
                           : fail(why, "%s: no PNG or JPEG files, nor the files of MNIST, CIFAR-10 or SVHN", folder);
}

void image_list_free(image_list *list)
{
    for (int64_t i = 0; i < list->count; i++) free(list->entries[i].name);
    free(list->entries);
    *list = (image_list){0};
}
