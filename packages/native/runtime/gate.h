/* The socket between a parent and the child it makes for a container: small messages, some with descriptors. */
#ifndef GATE_H
#define GATE_H

#include <stddef.h>
#include <sys/types.h>

#define GATE_FDS_MAX 200

enum gate_message {
  GATE_BUILD = 'b',
  GATE_NAMESPACES = 'n',
  GATE_READY = 'r',
  GATE_START = 's',
  GATE_FAILED = 'f',
  GATE_PID = 'p',
  GATE_MOUNTED = 'm',
  GATE_HOOKS_DONE = 'h',
  GATE_DETACH = 'd'
};

int gate_send(int socket, char type, const void *data, size_t size, const int *fds, int count);
/* The failure crosses as it is; always returns -1. */
int gate_fail(int socket);
/* @return the type of the message, 0 at end of file, -1 */
int gate_receive(int socket, void *data, size_t size, int *fds, int *count);
/* Waits for a message of type `wanted`; another is a failure. */
int gate_expect(int socket, char wanted, int *fds, int *count);
/* `value`, when not NULL, takes the pid that comes with it. */
int gate_expect_pid(int socket, char wanted, int *fds, int *count, pid_t *value);
/* End of file is the sign of success: the child's end closes on exec. */
int gate_wait_for_exec(int socket);

#endif
