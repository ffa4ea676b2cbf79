/* The socket between a parent and the child it makes for a container: small messages, some with descriptors. */
#ifndef GATE_H
#define GATE_H

#include "report.h"

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
  GATE_DETACH = 'd',
  GATE_LISTENER = 'l', /* of a seccomp filter, handed over before anything else is filtered */
  GATE_LISTENING = 'L'
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
/* What a message of `type` means to one who waits for `wanted`; `told` is its text. */
int gate_judge(int type, char wanted, const struct failure *told);

#endif
