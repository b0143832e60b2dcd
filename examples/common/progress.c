#include "progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "clock.h"

enum { LONGEST = 256, WIDEST_BAR = 40 };

static const double seconds_between_bars = .1, seconds_between_lines = 10;

void progress_start(progress *p)
{
    p->terminal = isatty(STDERR_FILENO) != 0;
    p->shown_at = seconds_now();
}

static int terminal_columns(void)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
    return size.ws_col < LONGEST ? size.ws_col : LONGEST;
}

/* One line that never wraps, from 80 columns on with a bar, as wide as the terminal leaves room for beside the
 * numbers. */
static void show_bar(double done, const char *numbers)
{
    const int columns = terminal_columns(), room = columns - 4 - (int)strlen(numbers);
    if (room < 5) {
        fprintf(stderr, "\r%.*s\033[K", columns - 1, numbers);
    } else {
        const int width = room < WIDEST_BAR ? room : WIDEST_BAR;
        const int full = (int)(done * width);
        char bar[WIDEST_BAR];
        for (int i = 0; i < width; i++) bar[i] = i < full ? '#' : '.';
        fprintf(stderr, "\r[%.*s] %s\033[K", width, bar, numbers);
    }
    fflush(stderr);
}

/* Whether the last bar or line was shown long enough ago. */
static bool is_due(progress *p)
{
    const double now = seconds_now();
    if (now - p->shown_at < (p->terminal ? seconds_between_bars : seconds_between_lines)) return false;
    p->shown_at = now;
    return true;
}

static void show(const progress *p, double done, const char *text)
{
    if (p->terminal)
        show_bar(done, text);
    else
        fprintf(stderr, "%s\n", text);
}

void progress_show_text(progress *p, double done, const char *text)
{
    if (is_due(p)) show(p, done, text);
}

void progress_show(progress *p, const progress_state *state)
{
    if (!is_due(p)) return;
    char numbers[LONGEST];
    const int64_t left = (int64_t)(state->seconds_left + .5);
    snprintf(numbers, sizeof numbers,
             "%3.0f%% epoch %" PRId64 "/%" PRId64 " %s %.4f f+ %.2f f- %.2f %.0f/s %" PRId64 ":%02d:%02d left",
             100 * state->done, state->epoch, state->epochs, state->error_name, state->error, state->f_positive,
             state->f_negative, state->images_per_second, left / 3600, (int)(left / 60 % 60), (int)(left % 60));
    show(p, state->done, numbers);
}

void progress_clear(progress *p)
{
    if (p->terminal) fputs("\r\033[K", stderr);
}
