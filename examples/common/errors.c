#include "errors.h"

#include <lebm.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static const char *program_name = "lebm";

int fail(failure *why, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    vsnprintf(why->text, sizeof why->text, format, values);
    va_end(values);
    for (char *c = why->text; *c != '\0'; c++) /* whatever it quotes, it is one line that no terminal obeys */
        if ((unsigned char)*c < ' ' || *c == 0x7f) *c = ' ';
    return -1;
}

void set_program_name(const char *name)
{
    program_name = name;
}

static void print_line(const char *format, va_list values)
{
    fprintf(stderr, "%s: ", program_name);
    vfprintf(stderr, format, values);
    fputc('\n', stderr);
}

void complain(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    print_line(format, values);
    va_end(values);
}

void die(const char *format, ...)
{
    va_list values;
    fflush(stdout);
    va_start(values, format);
    print_line(format, values);
    va_end(values);
    exit(EXIT_FAILURE);
}

void or_die(int status, const char *what)
{
    if (status != LEBM_OK) die("%s: %s", what, status == LEBM_STOPPED ? "stopped" : lebm_last_error());
}

void *allocate(size_t count, size_t size)
{
    void *memory = size == 0 || count <= SIZE_MAX / size ? malloc(count * size > 0 ? count * size : 1) : NULL;
    if (memory == NULL) die("out of memory (%zu items of %zu bytes)", count, size);
    return memory;
}
