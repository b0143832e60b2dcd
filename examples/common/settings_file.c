#include "settings_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "errors.h"
#include "output.h"

/* The next line of the text, without its end; *text moves behind it. "" where there is none. */
static const char *next_line(const char **text, int *length)
{
    const char *line = *text;
    *length = (int)strcspn(line, "\n");
    *text += *length + (line[*length] == '\n');
    return line;
}

static void must_be_the_same(const char *path, const char *saved, const char *settings)
{
    while (*saved != '\0' || *settings != '\0') {
        int old_length, length;
        const char *old = next_line(&saved, &old_length), *line = next_line(&settings, &length);
        if (old_length != length || strncmp(old, line, (size_t)length) != 0)
            die("cannot resume: %s says '%.*s', and this is '%.*s'", path, old_length, old, length, line);
    }
}

static int read_settings(const char *path, char *settings, size_t room, failure *why)
{
    FILE *file = fopen(path, "r");
    if (file == NULL) return fail(why, "cannot resume: cannot read %s: %s", path, strerror(errno));
    settings[fread(settings, 1, room - 1, file)] = '\0';
    fclose(file);
    return 0;
}

void settings_file_keep(const char *path, const char *settings, bool resume)
{
    char saved[4096];
    failure why;
    output o;
    if (resume) {
        if (read_settings(path, saved, sizeof saved, &why) != 0) die("%s", why.text);
        must_be_the_same(path, saved, settings);
        return;
    }
    if (output_open(&o, path, &why) != 0) die("%s", why.text);
    fputs(settings, o.file);
    if (output_close(&o, &why) != 0) die("%s", why.text);
}

static int find_checksum(const char *path, uLong *sum, failure *why)
{
    unsigned char buffer[1 << 16];
    size_t size;
    FILE *file = fopen(path, "rb");
    if (file == NULL) return fail(why, "cannot read %s: %s", path, strerror(errno));
    *sum = crc32(0, NULL, 0);
    while ((size = fread(buffer, 1, sizeof buffer, file)) > 0) *sum = crc32(*sum, buffer, (uInt)size);
    const int failed = ferror(file);
    fclose(file);
    return failed ? fail(why, "cannot read %s", path) : 0;
}

uint32_t settings_file_checksum(const char *path)
{
    uLong sum = 0;
    failure why;
    if (find_checksum(path, &sum, &why) != 0) die("%s", why.text);
    return (uint32_t)sum;
}
