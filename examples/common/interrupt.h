/* Ctrl-C, kill, a terminal that is closed, a reader that is gone: noticed at once, obeyed when it is safe. */
#ifndef INTERRUPT_H
#define INTERRUPT_H

/* From now on the first SIGINT, SIGTERM, SIGHUP or SIGPIPE is only noted, and `notice`, a static string, printed on stderr;
 * another one, a second later or more, ends the program at once. Those that the program was started with to ignore stay
 * ignored. */
void interrupt_watch(const char *notice);

/* The signal that came; 0 if none did. */
int interrupt_signal(void);

#endif
