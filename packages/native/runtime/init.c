#include "init.h"

#include "cleanup.h"
#include "gate.h"
#include "join.h"
#include "kernel.h"
#include "label.h"
#include "landlock.h"
#include "mounts.h"
#include "process.h"
#include "report.h"

#include <net/if.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>

bool init_waits_for_hooks(const struct container *container) {
  const struct spec_hooks *hooks = container->spec.hooks;
  return container->run_hooks &&
         (hooks[HOOK_PRESTART].count || hooks[HOOK_CREATE_RUNTIME].count || hooks[HOOK_CREATE_CONTAINER].count);
}

static int enter_namespaces(const struct container *container) {
  const struct spec *spec = &container->spec;
  if (!join_needs_helper(spec)) /* which has done it */
    for (int i = 0; i < 8; i++)
      if (container->namespaces[i] >= 0 && spec_namespaces[i].flag != CLONE_NEWPID &&
          setns(container->namespaces[i], spec_namespaces[i].flag) < 0)
        return report_errno("joining namespaces", "setns", "%s", spec->namespace_paths[i]);
  int rest = spec->clone_flags & (CLONE_NEWCGROUP | CLONE_NEWTIME);
  if (spec->clone_flags & CLONE_NEWUSER)
    rest = spec->clone_flags & ~(CLONE_NEWUSER | CLONE_NEWPID);
  if (rest && unshare(rest) < 0)
    return report_errno("making namespaces", "unshare", "flags %#x", (unsigned)rest);
  return 0;
}

static int bring_loopback_up(const struct spec *spec) {
  if (!(spec->clone_flags & CLONE_NEWNET))
    return 0;
  cleanup_fd int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  struct ifreq request = {.ifr_name = "lo"};
  if (fd < 0)
    return report_errno("bringing lo up", "socket", "%s", "");
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  return ioctl(fd, SIOCSIFFLAGS, &request) < 0 ? report_errno("bringing lo up", "ioctl", "lo") : 0;
}

static int set_names(const struct spec *spec) {
  if (spec->hostname && sethostname(spec->hostname, strlen(spec->hostname)) < 0)
    return report_errno("setting the host name", "sethostname", "%s", spec->hostname);
  if (spec->domainname && setdomainname(spec->domainname, strlen(spec->domainname)) < 0)
    return report_errno("setting the domain name", "setdomainname", "%s", spec->domainname);
  return 0;
}

static int run_create_hooks(struct container *container, int gate) {
  if (!init_waits_for_hooks(container))
    return 0;
  gate_send(gate, GATE_MOUNTED, NULL, 0, NULL, 0);
  if (gate_expect_pid(gate, GATE_HOOKS_DONE, NULL, NULL, &container->pid) < 0)
    return -1;
  return container->run_hooks(container, HOOK_CREATE_CONTAINER);
}

/* time_namespaces(7): before any process is in it. The kernel puts this one in at execve. */
static int set_time_offsets(const struct spec *spec) {
  if (!spec->time_offsets[0])
    return 0;
  cleanup_fd int fd = open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
  if (fd < 0 || write(fd, spec->time_offsets, strlen(spec->time_offsets)) < 0)
    return report_errno("setting clock offsets", "write", "%s", spec->time_offsets);
  return 0;
}

/* Everything up to the gate; the root's descriptor comes with the message. */
static int set_up(struct container *container, int gate, const int *stdio, int proc, int *terminal) {
  const struct spec *spec = &container->spec;
  int trees[GATE_FDS_MAX], count = 0, peer = -1;
  if (gate_expect(gate, GATE_BUILD, trees, &count) < 0)
    return -1;
  if (((spec->clone_flags & CLONE_NEWUSER) || spec->namespace_paths[0]) && process_become_root() < 0)
    return -1;
  if (enter_namespaces(container) < 0 || set_time_offsets(spec) < 0)
    return -1;
  if (gate_send(gate, GATE_NAMESPACES, NULL, 0, NULL, 0) < 0)
    return report_errno("starting", "sendmsg", "%s", "");
  if (label_session(proc, &spec->process) < 0 || bring_loopback_up(spec) < 0)
    return -1;
  int root = trees[0];
  cleanup_free int *mounts = malloc(sizeof(int) * (size_t)(spec->mount_count + 1));
  if (!mounts)
    return report_errno("starting", "malloc", "%s", "");
  for (int i = 0, next = 1; i < spec->mount_count; i++) {
    struct mount_options options;
    mounts_options(&spec->mounts[i], &options);
    mounts[i] = options.bind && next < count ? trees[next++] : -1;
  }
  if (rootfs_attach(root) < 0 || mounts_make(root, spec, mounts, &container->cgroup) < 0 ||
      mounts_devices(root, spec) < 0)
    return -1;
  if (spec->process.terminal) {
    *terminal = terminal_open(root, &spec->process, &peer);
    if (*terminal < 0 || terminal_console(root, peer) < 0)
      return -1;
  }
  /* Sysctls before /proc/sys becomes read-only; the working directory before the root does. */
  if (mounts_sysctl(root, spec) < 0 || mounts_mkdir(root, spec->process.cwd, 0755) < 0)
    if (failure.number != EROFS)
      return -1;
  if (mounts_mask(root, spec) < 0 || mounts_readonly(root, spec, mounts) < 0 || set_names(spec) < 0)
    return -1;
  if (run_create_hooks(container, gate) < 0 || rootfs_pivot(root, spec->root_readonly, spec->rootfs_propagation) < 0)
    return -1;
  return spec->process.terminal ? process_control_terminal(peer) : process_wire_stdio(stdio);
}

/* A detached container's way over the gate: whoever connects to the door and says so. @return the connection */
static int wait_at_door(const struct container *container, int gate) {
  prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
  close(gate);
  for (;;) {
    int connection = accept4(container->door, NULL, NULL, SOCK_CLOEXEC);
    if (connection < 0 && errno != EINTR && errno != ECONNABORTED)
      _exit(125);
    if (connection >= 0 && gate_expect(connection, GATE_START, NULL, NULL) == 0)
      return connection;
    if (connection >= 0)
      close(connection);
  }
}

static int wait_for_start(const struct container *container, int gate) {
  struct failure none;
  int type = gate_receive(gate, &none, sizeof none, NULL, NULL);
  if (type == GATE_DETACH && container->door >= 0)
    return wait_at_door(container, gate);
  if (type != GATE_START)
    _exit(125);
  prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
  return gate;
}

void init_main(struct container *container, int gate, const int *stdio, const struct cgroup_doors *doors) {
  int terminal = -1;
  char program[4096];
  const struct spec *spec = &container->spec;
  const struct spec_process *process = &spec->process;
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); /* a parent that dies before the gate takes us along */
  setsid();
  int proc = label_open_proc();
  if (proc < 0 || cgroup_enter(doors) < 0 || set_up(container, gate, stdio, proc, &terminal) < 0)
    _exit((gate_fail(gate), 125));
  if (spec->has_personality && personality(spec->personality) < 0)
    _exit((report_errno("setting the personality", "personality", "%lu", spec->personality), gate_fail(gate), 125));
  if (container->fences_abstract_sockets && landlock_scope_abstract_sockets() < 0)
    _exit((gate_fail(gate), 125));
  if (process_drop_privileges(process, &container->seccomp, proc, gate) < 0)
    _exit((gate_fail(gate), 125));
  process_close_others(3 + container->preserved_fds, (int[]){gate, container->door, terminal}, 3);
  if (process_find_program(process, program, sizeof program) < 0)
    _exit((gate_fail(gate), 125));
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); /* the change of user took it away */
  if (gate_send(gate, GATE_READY, NULL, 0, &terminal, terminal >= 0) < 0)
    _exit((report_errno("starting", "sendmsg", "%s", ""), gate_fail(gate), 125));
  if (terminal >= 0)
    close(terminal);
  gate = wait_for_start(container, gate);
  if (!container->run_hooks || container->run_hooks(container, HOOK_START_CONTAINER) == 0)
    process_run(process, &container->seccomp, container->preserved_fds, gate);
  int code = failure.exit_code;
  gate_fail(gate);
  _exit(code);
}
