/*
 * One container up to its start gate and over it: the ordered steps, from clone3 to execve.
 */
#ifndef CONTAINER_H
#define CONTAINER_H

#include "cgroup.h"
#include "rootfs.h"
#include "spec.h"

struct seccomp_program {
  void *filters; /* struct sock_filter[] */
  unsigned short count;
  unsigned flags; /* SECCOMP_FILTER_FLAG_* */
};

struct container {
  struct spec spec;
  struct overlay overlay;
  bool has_overlay;
  struct cgroup cgroup;
  struct seccomp_program seccomp;
  bool wants_stdin; /* false: the program reads /dev/null */
  /* The first process and its children reach no abstract socket but their own; those of exec, which an operator
   * starts, stay outside: from a domain of their own they could not look into the container's processes. */
  bool fences_abstract_sockets;
  /* Called when `pid` is in namespaces of its own, before the root is made: others may equip them meanwhile. */
  void (*has_namespaces)(const struct container *container);
  const char *anchor; /* a directory of the host that the root covers inside the container's mount namespace */
  /* Runs the spec's hooks of a kind: in the parent, or in the child for those that belong there. NULL: none. */
  int (*run_hooks)(const struct container *container, enum hook_kind kind);
  /* Takes the listener of a seccomp filter with SCMP_ACT_NOTIFY; it is closed afterwards. NULL: there must be none. */
  int (*take_listener)(const struct container *container, int listener, pid_t pid);
  int preserved_fds; /* descriptors from 3 on that the program keeps */
  int door;          /* a listening socket at which the child waits for START after container_detach, or -1 */
  /* made by container_create */
  pid_t pid;
  int pidfd;
  int gate;          /* our end of the socket to the child */
  int stdio[3];      /* our ends: stdin write, stdout read, stderr read; -1 with a terminal */
  int terminal;      /* pty master, or -1 */
  int namespaces[8]; /* those to join, as spec_namespaces, or -1; only while it is being made */
};

/* Makes everything and stops at the start gate. On failure nothing is left but the cgroup, which the caller removes.
 * `stdio`: descriptors to give the program instead of pipes, or NULL. */
int container_create(struct container *container, const int *stdio);
/* The child waits at its door from now on and outlives us. Its gate is closed. */
int container_detach(struct container *container);
/* Lets the program of a detached container run: `gate` is a connection to its door. */
int container_start_at(const struct container *container, int gate);
/* Lets the program run. -1 when it could not be executed; failure.exit_code is 126 or 127 then. */
int container_start(struct container *container);

/* One more process inside a running container; the same last steps. `terminal` and `stdio` as above. Of the container
 * are needed: the spec's clone_flags, namespace_paths and id maps, cgroup, seccomp, preserved_fds, pidfd. */
struct exec {
  struct spec_process process;
  pid_t pid;
  int pidfd;
  int stdio[3];
  int terminal;
};
int container_exec(const struct container *container, struct exec *exec, const int *stdio, bool want_stdin);

/* Steps shared by init and exec. */
/* @return 0, the filter's listener if it has one, or -1 */
int seccomp_apply(const struct seccomp_program *program);
int terminal_open(int root, const struct spec_process *process, int *peer);
int terminal_console(int root, int peer);
int terminal_resize(int terminal, unsigned width, unsigned height);

#endif
