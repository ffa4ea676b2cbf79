/* Waiting with next to nothing in memory: most containers are quiet most of the time, and there may be a thousand. */
#ifndef IDLE_H
#define IDLE_H

#include <poll.h>

/* Gives back the stack below the caller, free heap and the program's own pages, then waits, without a time-out, for
 * one of `fds`; what is needed afterwards comes again from the page cache that all supervisors share. */
void idle_wait(struct pollfd *fds, unsigned long count);

#endif
