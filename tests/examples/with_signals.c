/* with_signals IGNORED COMMAND...: runs a command in this process with the signals that end programs set to do so, however
 * it was started itself, but for the one with the number IGNORED, 0 for none, which is ignored. A shell cannot do that: it
 * lets its background jobs ignore SIGINT, and cannot take back what it was told to ignore. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    static const int signals[] = {SIGHUP, SIGINT, SIGPIPE, SIGTERM};
    if (argc < 3) return 2;
    const int ignored = atoi(argv[1]);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        signal(signals[i], signals[i] == ignored ? SIG_IGN : SIG_DFL);
    execv(argv[2], argv + 2);
    perror(argv[2]);
    return 2;
}
