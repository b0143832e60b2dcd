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

void settings_file_keep(const char *path, const char *settings, bool resume)
{
    failure why;
    output o;
    if (resume) {
        enum { MOST = 4096 };
        char saved[MOST];
        FILE *file = fopen(path, "r");
        if (file == NULL) die("cannot resume: cannot read %s: %s", path, strerror(errno));
        saved[fread(saved, 1, MOST - 1, file)] = '\0';
        fclose(file);
        must_be_the_same(path, saved, settings);
        return;
    }
    if (output_open(&o, path, &why) != 0) die("%s", why.text);
    fputs(settings, o.file);
    if (output_close(&o, &why) != 0) die("%s", why.text);
}

uint32_t settings_file_checksum(const char *path)
{
    unsigned char buffer[1 << 16];
    uLong sum = crc32(0, NULL, 0);
    size_t size;
    FILE *file = fopen(path, "rb");
    if (file == NULL) die("cannot read %s: %s", path, strerror(errno));
    while ((size = fread(buffer, 1, sizeof buffer, file)) > 0) sum = crc32(sum, buffer, (uInt)size);
    if (ferror(file)) die("cannot read %s: %s", path, strerror(errno));
    fclose(file);
    return (uint32_t)sum;
}
