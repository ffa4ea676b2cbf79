/* seccomp's user notifications (seccomp_unotify(2)): the filter's listener goes to whoever the profile names, before
 * the process does anything that may be notified about. */
#ifndef LISTENER_H
#define LISTENER_H

#include "container.h"

#define GATE_END 0 /* end of file: the child's end closes on exec */

/* For the process: loads the filter, and does not return before its listener is in other hands. */
int listener_load(const struct seccomp_program *program, int gate);
/* For its parent: waits for `wanted` (or GATE_END), and meanwhile hands a listener of `pid` over. `fd`, when not NULL,
 * takes the descriptor that comes with it. */
int listener_expect(const struct container *container, int gate, char wanted, pid_t pid, int *fd);

#endif
