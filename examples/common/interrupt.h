/* Ctrl-C and kill: noticed at once, obeyed when it is safe. */
#ifndef INTERRUPT_H
#define INTERRUPT_H

/* From now on the first SIGINT or SIGTERM is only noted; a second one of the same kind ends the program at once. */
void interrupt_watch(void);

/* The signal that came; 0 if none did. */
int interrupt_signal(void);

#endif
