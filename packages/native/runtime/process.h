/* One process of a container, its first or one of exec: what its parent gives it, and its own last steps up to the
 * program. */
#ifndef PROCESS_H
#define PROCESS_H

#include "container.h"

/* For the parent: `pid` is held up at its gate. */
int process_set_rlimits(pid_t pid, const struct spec_process *process);
int process_set_oom_score(pid_t pid, const struct spec_process *process);
/* Pipes owned by the program's user, with the container's label, or nothing when it has a terminal. */
int process_pipes(struct spec_process *process, const char *label, uid_t uid, gid_t gid, bool want_stdin, int ours[3],
                  int theirs[3]);

/* For the process itself, in this order. */
int process_become_root(void);
int process_set_affinity(const char *cpus);
int process_wire_stdio(const int *stdio);
int process_control_terminal(int peer);
/* `gate`: to the parent, for a seccomp filter's listener. */
int process_drop_privileges(const struct spec_process *process, const struct seccomp_program *seccomp, int proc,
                            int gate);
/* What the runtime has open is no way to the host for others in the container, nor for a path that the image names
 * (/proc/self/fd/N). */
void process_close_others(int from, const int *kept, int count);
int process_find_program(const struct spec_process *process, char *found, size_t size);
/* Returns only when it failed. */
int process_run(const struct spec_process *process, const struct seccomp_program *seccomp, int preserved_fds, int gate);

#endif
