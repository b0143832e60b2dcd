/* Standard input, output and error, whatever the program was started with. */
#ifndef STANDARD_STREAMS_H
#define STANDARD_STREAMS_H

/* Sees to it that the three are open, so that no file which the program opens takes the place of one that was closed,
 * and that output which could not be written, on a full disk for example, ends the program with a line on stderr and
 * status 1. Called first thing in a program. */
void standard_streams_guard(void);

#endif
