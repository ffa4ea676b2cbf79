#include "container.h"

#include "cleanup.h"
#include "gate.h"
#include "idmap.h"
#include "init.h"
#include "join.h"
#include "kernel.h"
#include "listener.h"
#include "mounts.h"
#include "process.h"
#include "report.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

/* What only the host's side can open: the root and the sources of bind mounts, as detached mounts. */
static int open_trees(const struct container *container, int userns, int *trees) {
  const struct spec *spec = &container->spec;
  trees[0] = container->has_overlay ? rootfs_overlay(&container->overlay, userns, spec_host_id(&spec->uid_maps, 0),
                                                     spec_host_id(&spec->gid_maps, 0))
                                    : rootfs_directory(spec->root_path, spec->rootfs_propagation);
  if (trees[0] < 0)
    return -1;
  int count = 1;
  for (int i = 0; i < spec->mount_count; i++) {
    struct mount_options options;
    if (mounts_options(&spec->mounts[i], &options) < 0)
      return -1;
    if (!options.bind)
      continue;
    if (count == GATE_FDS_MAX)
      return report_invalid("opening bind mounts", "more than %d", GATE_FDS_MAX - 1);
    if (!spec->mounts[i].source)
      return report_invalid("opening bind mounts", "%s has no source", spec->mounts[i].destination);
    trees[count] = rootfs_bind_source(&spec->mounts[i], userns);
    if (trees[count++] < 0)
      return -1;
  }
  return count;
}

/* Those of the runtime's namespaces, while the child waits with its mounts made and its root not yet changed. */
static int run_runtime_hooks(const struct container *container, int gate) {
  if (!init_waits_for_hooks(container))
    return 0;
  if (gate_expect(gate, GATE_MOUNTED, NULL, NULL) < 0 || container->run_hooks(container, HOOK_PRESTART) < 0 ||
      container->run_hooks(container, HOOK_CREATE_RUNTIME) < 0)
    return -1;
  return gate_send(gate, GATE_HOOKS_DONE, &container->pid, sizeof container->pid, NULL, 0);
}

static int build(struct container *container, int gate) {
  const struct spec *spec = &container->spec;
  cleanup_fd int own = -1;
  int trees[GATE_FDS_MAX];
  for (int i = 0; i < GATE_FDS_MAX; i++)
    trees[i] = -1;
  if (spec->clone_flags & CLONE_NEWUSER) {
    if (idmap_write(container->pid, "gid_map", &spec->gid_maps) < 0 ||
        idmap_write(container->pid, "uid_map", &spec->uid_maps) < 0)
      return -1;
    own = idmap_open(container->pid);
    if (own < 0)
      return -1;
  }
  if (process_set_rlimits(container->pid, &spec->process) < 0 ||
      process_set_oom_score(container->pid, &spec->process) < 0)
    return -1;
  int count = open_trees(container, own >= 0 ? own : container->namespaces[0], trees), result = -1;
  /* A child that has ended already said why. */
  if (count > 0 && (gate_send(gate, GATE_BUILD, NULL, 0, trees, count) == 0 || errno == EPIPE)) {
    result = gate_expect(gate, GATE_NAMESPACES, NULL, NULL);
    if (result == 0) {
      if (container->has_namespaces)
        container->has_namespaces(container);
      result = run_runtime_hooks(container, gate);
      if (result == 0)
        result = listener_expect(container, gate, GATE_READY, container->pid, &container->terminal);
    }
  } else if (count > 0)
    report_errno("starting", "sendmsg", "%d descriptors", count);
  close_all(trees, GATE_FDS_MAX);
  return result;
}

static void end_child(struct container *container) {
  if (container->pid > 0) {
    struct failure kept = failure;
    kill(container->pid, SIGKILL);
    waitpid(container->pid, NULL, 0);
    failure = kept;
  }
  close_all(container->stdio, 3);
  close_all(&container->terminal, 1);
  close_all(&container->pidfd, 1);
  close_all(&container->gate, 1);
  container->pid = 0;
}

/* `clone3` as the container's kind of namespaces needs it. */
static int make_first(struct container *container, int *gate, const int *stdio) {
  const struct spec *spec = &container->spec;
  bool helped = join_needs_helper(spec);
  /* A new user namespace and its first process at once; the rest is unshared by that process, so that the mapped root
   * owns it. Without one, everything at once. The cgroup namespace comes last, from inside the cgroup. */
  uint64_t flags = (uint64_t)spec->clone_flags & ~(uint64_t)(CLONE_NEWCGROUP | CLONE_NEWTIME);
  if (flags & CLONE_NEWUSER)
    flags &= CLONE_NEWUSER | CLONE_NEWPID;
  if (!helped && container->namespaces[5] >= 0 && setns(container->namespaces[5], CLONE_NEWPID) < 0)
    return report_errno("joining namespaces", "setns", "%s", spec->namespace_paths[5]);
  int pidfd = -1;
  struct kernel_clone_args arguments = {
      .flags = (helped ? 0 : flags) | CLONE_PIDFD, .pidfd = (uint64_t)(uintptr_t)&pidfd, .exit_signal = SIGCHLD};
  struct cgroup_doors doors;
  if (cgroup_doors(&container->cgroup, &doors) < 0)
    return -1;
  pid_t pid = (pid_t)cgroup_clone(&container->cgroup, &arguments);
  if (pid == 0) {
    close(gate[0]);
    if (helped)
      join_and_clone(container, flags, gate[1], stdio, &doors);
    init_main(container, gate[1], stdio, &doors);
  }
  int number = errno;
  cgroup_close_doors(&doors);
  errno = number;
  if (pid < 0)
    return report_errno("making namespaces", "clone3", "flags %#llx", (unsigned long long)flags);
  close(gate[1]);
  gate[1] = -1;
  if (!helped) {
    container->pid = pid;
    container->pidfd = pidfd;
    return 0;
  }
  close(pidfd);
  return join_await(gate[0], pid, &container->pid, &container->pidfd);
}

/* A user namespace that is there has its mapping already. */
static int read_id_maps(struct container *container) {
  struct spec *spec = &container->spec;
  if (container->namespaces[0] < 0 || (spec->uid_maps.count && spec->gid_maps.count))
    return 0;
  return idmap_read(container->namespaces[0], &spec->uid_maps, &spec->gid_maps);
}

int container_create(struct container *container, const int *stdio) {
  const struct spec *spec = &container->spec;
  int gate[2], theirs[3];
  if (join_open(&container->spec, container->namespaces) < 0 || read_id_maps(container) < 0) {
    close_all(container->namespaces, 8);
    return -1;
  }
  container->terminal = container->pidfd = container->gate = -1;
  container->pid = 0;
  if (stdio) {
    memcpy(theirs, stdio, sizeof theirs);
    container->stdio[0] = container->stdio[1] = container->stdio[2] = -1;
  } else if (process_pipes(&container->spec.process, spec->mount_label,
                           spec_host_id(&spec->uid_maps, spec->process.uid),
                           spec_host_id(&spec->gid_maps, spec->process.gid), container->wants_stdin, container->stdio,
                           theirs) < 0)
    return -1;
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, gate) < 0)
    return report_errno("starting", "socketpair", "%s", "");
  if (container->anchor && chdir(container->anchor) < 0)
    return report_errno("starting", "chdir", "%s", container->anchor);
  container->gate = gate[0];
  int result = make_first(container, gate, theirs);
  close_all(&gate[1], 1);
  if (!stdio)
    close_all(theirs, 3);
  if (result == 0)
    result = build(container, gate[0]);
  close_all(container->namespaces, 8);
  if (result < 0) {
    end_child(container);
    return -1;
  }
  return 0;
}

int container_start_at(const struct container *container, int gate) {
  if (gate_send(gate, GATE_START, NULL, 0, NULL, 0) < 0)
    return report_errno("starting", "sendmsg", "%s", "");
  return listener_expect(container, gate, GATE_END, container->pid, NULL);
}

int container_detach(struct container *container) {
  struct failure told;
  int result = gate_send(container->gate, GATE_DETACH, NULL, 0, NULL, 0);
  if (result < 0)
    report_errno("detaching", "sendmsg", "%s", "");
  /* It closes its end once our end would no longer take it along. */
  else if (gate_receive(container->gate, &told, sizeof told, NULL, NULL) != 0)
    result = report_invalid("detaching", "the first process said something else than that it is on its own");
  close_all(&container->gate, 1);
  return result;
}

int container_start(struct container *container) {
  int result = container_start_at(container, container->gate);
  close_all(&container->gate, 1);
  return result;
}
