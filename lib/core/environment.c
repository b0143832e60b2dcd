#include "core/environment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/number.h"

static lebm__settings settings = {.isa = ""};

const lebm__settings *lebm__environment(void)
{
    return &settings;
}

/* Add a variable to the report, of its value as much as has room in a line. */
static void environment_report(const char *name, const char *value, const char *outcome)
{
    char shown[24];
    snprintf(shown, sizeof shown, "%s", value);
    for (char *c = shown; *c != '\0'; c++) {
        if (*c < ' ' || *c > '~') *c = '?';
    }
    const size_t length = strlen(settings.report);
    snprintf(settings.report + length, sizeof settings.report - length, ", %s=%s%s", name, shown, outcome);
}

static void environment_read_threads(const char *text)
{
    int64_t threads;
    if (text == NULL || *text == '\0') return; /* empty is how many unset a variable */
    if (!lebm__parse_i64(text, &threads) || threads < 0) {
        environment_report("LEBM_NUM_THREADS", text, " (not understood: allowed are 0 to 1024; 0 is taken)");
    } else if (threads > LEBM__MOST_THREADS) {
        settings.threads = LEBM__MOST_THREADS;
        environment_report("LEBM_NUM_THREADS", text, " (1024 is taken)");
    } else {
        settings.threads = threads;
        environment_report("LEBM_NUM_THREADS", text, "");
    }
}

static void environment_read_isa(const char *text)
{
    static const char *const names[] = {"baseline", "avx2", "avx512"};
    if (text == NULL || *text == '\0') return;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(text, names[i]) == 0) settings.isa = names[i];
    }
    environment_report("LEBM_ISA", text,
                       *settings.isa == '\0' ? " (not understood: allowed are baseline, avx2, avx512)" : "");
}

/* At load, before the host's constructors, which in a static program may call the library. */
__attribute__((constructor(101))) void lebm__environment_read(void)
{
    settings = (lebm__settings){.isa = ""};
    environment_read_isa(getenv("LEBM_ISA"));
    environment_read_threads(getenv("LEBM_NUM_THREADS"));
}
