#include "interrupt.h"

#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t received;
static const char *notice; /* what the first one prints */

/* The first signal asks the program to end in order. More of them within a second are the same impatience and would cost
 * what is being saved; a later one ends the program at once. Not so SIGPIPE: that is no more than another line which nobody
 * reads. */
static void note(int signal_number)
{
    static time_t first;
    const time_t now = time(NULL);
    if (received == 0) {
        received = signal_number;
        first = now;
        if (write(STDERR_FILENO, notice, strlen(notice)) < 0) return; /* nobody to tell */
    } else if (now > first + 1 && signal_number != SIGPIPE) {
        signal(signal_number, SIG_DFL);
        raise(signal_number);
    }
}

/* What the program was started with to ignore, as nohup does with SIGHUP and a shell with SIGINT for its background jobs,
 * stays ignored. */
static void watch(int signal_number)
{
    struct sigaction action;
    if (sigaction(signal_number, NULL, &action) != 0 || action.sa_handler == SIG_IGN) return;
    memset(&action, 0, sizeof action);
    action.sa_handler = note;
    action.sa_flags = SA_RESTART; /* files are written whole */
    sigemptyset(&action.sa_mask);
    sigaction(signal_number, &action, NULL);
}

void interrupt_watch(const char *text)
{
    notice = text;
    watch(SIGINT);
    watch(SIGTERM);
    watch(SIGHUP);
    watch(SIGPIPE);
}

int interrupt_signal(void)
{
    return received;
}
