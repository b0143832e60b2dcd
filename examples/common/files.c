#include "files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char *concatenate(const char *a, const char *b, const char *c)
{
    const size_t size = strlen(a) + strlen(b) + strlen(c) + 1;
    char *text = allocate(size, 1);
    snprintf(text, size, "%s%s%s", a, b, c);
    return text;
}

char *path_join(const char *folder, const char *name)
{
    return concatenate(folder, "/", name);
}

char *path_append(const char *path, const char *suffix)
{
    return concatenate(path, suffix, "");
}

bool file_exists(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0;
}

bool is_file_or_pipe(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && (S_ISREG(status.st_mode) || S_ISFIFO(status.st_mode));
}

bool folder_has(const char *folder, const char *name)
{
    char *path = path_join(folder, name);
    const bool has = is_file_or_pipe(path);
    free(path);
    return has;
}

int fail_for_lack_of(const char *name, const char *folder, failure *why)
{
    return file_exists(folder) ? fail(why, "there is no %s in %s", name, folder)
                               : fail(why, "there is no folder %s", folder);
}

FILE *open_text(char **text, size_t *size)
{
    FILE *out = open_memstream(text, size);
    if (out == NULL) die("out of memory");
    return out;
}

void make_folder(const char *path)
{
    struct stat status;
    if (mkdir(path, 0777) == 0) return;
    const int reason = errno;
    if (reason == EEXIST && stat(path, &status) == 0 && S_ISDIR(status.st_mode)) return;
    die("cannot make the folder %s: %s", path, strerror(reason));
}

void print_name(FILE *out, const char *name)
{
    for (; *name != '\0'; name++) fputc((unsigned char)*name < ' ' || *name == 0x7f ? '?' : *name, out);
}

void print_shell_word(FILE *out, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-+=:,@%";
    if (*word != '\0' && word[strspn(word, plain)] == '\0') {
        fputs(word, out);
        return;
    }
    fputc('\'', out);
    for (; *word != '\0'; word++) {
        if (*word == '\'')
            fputs("'\\''", out);
        else
            fputc(*word, out);
    }
    fputc('\'', out);
}
