/* A fork of the supervisor joins everything at once, and its own child runs the program. */
#include "cleanup.h"
#include "container.h"
#include "gate.h"
#include "kernel.h"
#include "label.h"
#include "listener.h"
#include "process.h"
#include "report.h"

#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>

static void exec_child(const struct container *container, struct exec *exec, int gate, const int *stdio,
                       const struct cgroup_doors *doors) __attribute__((noreturn));

static int exec_joined(const struct container *container, struct exec *exec, int gate, const int *stdio, int proc) {
  const struct spec_process *process = &exec->process;
  int terminal = -1, peer = -1;
  int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (((container->spec.clone_flags & CLONE_NEWUSER) || container->spec.namespace_paths[0]) &&
      process_become_root() < 0)
    return -1;
  if (label_session(proc, process) < 0)
    return -1;
  setsid();
  if (process->terminal) {
    terminal = terminal_open(root, process, &peer);
    if (terminal < 0 || process_control_terminal(peer) < 0)
      return -1;
  } else if (process_wire_stdio(stdio) < 0)
    return -1;
  if (process_set_affinity(process->cpus_final) < 0 ||
      process_drop_privileges(process, &container->seccomp, proc, gate) < 0)
    return -1;
  process_close_others(3 + container->preserved_fds, (int[]){gate, terminal}, 2);
  if (gate_send(gate, GATE_READY, NULL, 0, &terminal, terminal >= 0) < 0)
    return report_errno("joining the container", "sendmsg", "%s", "");
  if (terminal >= 0)
    close(terminal);
  return process_run(process, &container->seccomp, container->preserved_fds, gate);
}

static void exec_child(const struct container *container, struct exec *exec, int gate, const int *stdio,
                       const struct cgroup_doors *doors) {
  int proc = label_open_proc();
  if (proc < 0 || process_set_affinity(exec->process.cpus_initial) < 0 || cgroup_enter(doors) < 0)
    _exit((gate_fail(gate), 125));
  if (gate_expect(gate, GATE_BUILD, NULL, NULL) < 0)
    _exit((gate_fail(gate), 125));
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  process_close_others(3 + container->preserved_fds,
                       (int[]){gate, proc, container->pidfd, stdio[0], stdio[1], stdio[2]}, 6);
  int flags = container->spec.clone_flags;
  for (int i = 0; i < 8; i++)
    if (container->spec.namespace_paths[i])
      flags |= spec_namespaces[i].flag;
  if (setns(container->pidfd, flags) < 0) {
    report_errno("joining the container", "setns", "flags %#x", (unsigned)flags);
    _exit((gate_fail(gate), 125));
  }
  struct kernel_clone_args arguments = {.flags = CLONE_PARENT, .exit_signal = 0};
  long pid = sys_clone3(&arguments);
  if (pid < 0) {
    report_errno("joining the container", "clone3", "%s", "");
    _exit((gate_fail(gate), 125));
  }
  if (pid > 0) {
    pid_t told = (pid_t)pid;
    if (gate_send(gate, GATE_PID, &told, sizeof told, NULL, 0) < 0) {
      report_errno("joining the container", "sendmsg", "%s", "");
      kill(told, SIGKILL);
      _exit((gate_fail(gate), 125));
    }
    _exit(0);
  }
  struct failure ready; /* the supervisor has our pid and a pidfd of us */
  int type = gate_receive(gate, &ready, sizeof ready, NULL, NULL);
  if (type < 0)
    _exit((report_errno("joining the container", "recvmsg", "%s", ""), gate_fail(gate), 125));
  if (type != GATE_START)
    _exit(125);
  exec_joined(container, exec, gate, stdio, proc);
  int code = failure.exit_code;
  gate_fail(gate);
  _exit(code);
}

static int exec_wait(const struct container *container, struct exec *exec, int gate, pid_t helper) {
  char buffer[sizeof(struct failure)];
  if (process_set_rlimits(helper, &exec->process) < 0 || process_set_oom_score(helper, &exec->process) < 0)
    return -1;
  if (gate_send(gate, GATE_BUILD, NULL, 0, NULL, 0) < 0 && errno != EPIPE)
    return report_errno("joining the container", "sendmsg", "%s", "");
  int type = gate_receive(gate, buffer, sizeof buffer, NULL, NULL);
  if (type < 0)
    return report_errno("joining the container", "recvmsg", "%s", "");
  if (type == GATE_FAILED) {
    memcpy(&failure, buffer, sizeof failure);
    return -1;
  }
  if (type != GATE_PID)
    return report_invalid("joining the container", "the helper ended early");
  memcpy(&exec->pid, buffer, sizeof exec->pid);
  exec->pidfd = sys_pidfd_open(exec->pid);
  if (exec->pidfd < 0)
    return report_errno("joining the container", "pidfd_open", "%d", exec->pid);
  if (gate_send(gate, GATE_START, NULL, 0, NULL, 0) < 0 && errno != EPIPE)
    return report_errno("joining the container", "sendmsg", "%s", "");
  if (listener_expect(container, gate, GATE_READY, exec->pid, &exec->terminal) < 0)
    return -1;
  return listener_expect(container, gate, GATE_END, exec->pid, NULL);
}

/* Before there is a helper: its supervisor lives on, and keeps nothing of it. */
static int give_up(struct exec *exec, int *gate, int *theirs, const int *given) {
  close_all(exec->stdio, 3);
  close_all(gate, 2);
  if (!given)
    close_all(theirs, 3);
  return -1;
}

int container_exec(const struct container *container, struct exec *exec, const int *stdio, bool want_stdin) {
  const struct spec *spec = &container->spec;
  int gate[2] = {-1, -1}, theirs[3];
  exec->terminal = exec->pidfd = -1;
  exec->pid = 0;
  if (stdio) {
    memcpy(theirs, stdio, sizeof theirs);
    exec->stdio[0] = exec->stdio[1] = exec->stdio[2] = -1;
  } else if (process_pipes(&exec->process, spec->mount_label, spec_host_id(&spec->uid_maps, exec->process.uid),
                           spec_host_id(&spec->gid_maps, exec->process.gid), want_stdin, exec->stdio, theirs) < 0)
    return -1;
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, gate) < 0)
    return (report_errno("joining the container", "socketpair", "%s", ""), give_up(exec, gate, theirs, stdio));
  /* A container that holds a joining process up must not hold its supervisor up. */
  setsockopt(gate[0], SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){.tv_sec = 10}, sizeof(struct timeval));
  struct cgroup_doors doors;
  if (cgroup_doors(&container->cgroup, &doors) < 0)
    return give_up(exec, gate, theirs, stdio);
  struct kernel_clone_args arguments = {.exit_signal = SIGCHLD};
  pid_t helper = (pid_t)cgroup_clone(&container->cgroup, &arguments);
  if (helper == 0) {
    close(gate[0]);
    exec_child(container, exec, gate[1], theirs, &doors);
  }
  int number = errno;
  cgroup_close_doors(&doors);
  errno = number;
  if (helper < 0)
    return (report_errno("joining the container", "clone3", "%s", ""), give_up(exec, gate, theirs, stdio));
  close(gate[1]);
  if (!stdio)
    close_all(theirs, 3);
  int result = exec_wait(container, exec, gate[0], helper);
  struct failure kept = failure;
  if (result < 0) {
    kill(helper, SIGKILL);
    if (exec->pid > 0) {
      kill(exec->pid, SIGKILL);
      waitpid(exec->pid, NULL, __WALL);
    }
    close_all(exec->stdio, 3);
    close_all(&exec->terminal, 1);
    close_all(&exec->pidfd, 1);
  }
  waitpid(helper, NULL, 0);
  close(gate[0]);
  failure = kept;
  return result;
}
