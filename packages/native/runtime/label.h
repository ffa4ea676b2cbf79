/* AppArmor profiles and SELinux labels: what the kernel is to confine the program with from its execve on. */
#ifndef LABEL_H
#define LABEL_H

#include "spec.h"

/* The host's /proc, taken before anything of a container can stand in its place. */
int label_open_proc(void);
/* Asks for the process's profile and label. A kernel that has none of what was asked for is an error: it is never
 * skipped. Names that are several, or something else than a name, are refused. */
int label_apply(int proc, const struct spec_process *process);
/* A session keyring of its own, with the process's label. */
int label_session(int proc, const struct spec_process *process);
/* Of what has a descriptor only: a pipe, the root of a file system. */
int label_file(int fd, const char *label);

#endif
