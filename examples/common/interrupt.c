#include "interrupt.h"

#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t received;

/* The first signal asks the training to end in order. More of them within a second are the same impatience and would cost
 * the checkpoint; a later one ends the program at once. */
static void note(int signal_number)
{
    static const char text[] =
        "\nStopping: the checkpoint is being written. Again in a second or later: quit without it.\n";
    static time_t first;
    const time_t now = time(NULL);
    if (received == 0) {
        received = signal_number;
        first = now;
        if (write(STDERR_FILENO, text, sizeof text - 1) < 0) return; /* nobody to tell */
    } else if (now > first + 1) {
        signal(signal_number, SIG_DFL);
        raise(signal_number);
    }
}

void interrupt_watch(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = note;
    action.sa_flags = SA_RESTART; /* files are written whole */
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

int interrupt_signal(void)
{
    return received;
}
