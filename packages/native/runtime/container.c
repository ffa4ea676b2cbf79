#include "container.h"

#include "capabilities.h"
#include "cleanup.h"
#include "kernel.h"
#include "label.h"
#include "mounts.h"
#include "report.h"

#include <grp.h>
#include <linux/keyctl.h>
#include <linux/securebits.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>

#define GATE_FDS_MAX 200

/* ---- the socket between supervisor and child: small messages, some with descriptors */

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

static int gate_send(int socket, char type, const void *data, size_t size, const int *fds, int count) {
  struct iovec parts[2] = {{&type, 1}, {(void *)(uintptr_t)data, size}};
  char control[CMSG_SPACE(sizeof(int) * GATE_FDS_MAX)] __attribute__((aligned(sizeof(size_t))));
  struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
  if (count > 0) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)count);
    memset(control, 0, message.msg_controllen);
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int) * (size_t)count);
    memcpy(CMSG_DATA(header), fds, sizeof(int) * (size_t)count);
  }
  return sendmsg(socket, &message, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

/* The type of the message, 0 at end of file, -1. */
static int gate_receive(int socket, void *data, size_t size, int *fds, int *count) {
  char type = 0;
  struct iovec parts[2] = {{&type, 1}, {data, size}};
  char control[CMSG_SPACE(sizeof(int) * GATE_FDS_MAX)] __attribute__((aligned(sizeof(size_t))));
  struct msghdr message = {
      .msg_iov = parts, .msg_iovlen = size ? 2 : 1, .msg_control = control, .msg_controllen = sizeof control};
  ssize_t length;
  do /* a peer that ended with something of ours unread resets the connection; what it said before is still there */
    length = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  while (length < 0 && (errno == EINTR || errno == ECONNRESET));
  if (length <= 0)
    return (int)length;
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  if (fds && count)
    *count = 0;
  if (header && header->cmsg_type == SCM_RIGHTS && fds) {
    *count = (int)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    memcpy(fds, CMSG_DATA(header), sizeof(int) * (size_t)*count);
  }
  return (unsigned char)type;
}

/* The failure crosses as it is. */
static int gate_fail(int socket) {
  gate_send(socket, GATE_FAILED, &failure, sizeof failure, NULL, 0);
  return -1;
}

/* Waits for a message of type `wanted`; `value`, when not NULL, takes the pid that comes with it. */
static int gate_expect_pid(int socket, char wanted, int *fds, int *count, pid_t *value) {
  struct failure told;
  int type = gate_receive(socket, &told, sizeof told, fds, count);
  if (type == wanted) {
    if (value)
      memcpy(value, &told, sizeof *value);
    return 0;
  }
  if (type == GATE_FAILED)
    failure = told;
  else if (type == 0)
    report_invalid("starting", "the first process ended before it was ready");
  else
    report_errno("starting", "recvmsg", "message %d", type);
  return -1;
}

static int gate_expect(int socket, char wanted, int *fds, int *count) {
  return gate_expect_pid(socket, wanted, fds, count, NULL);
}

/* ---- the parent's part */

static int write_id_map(pid_t pid, const char *file, const struct id_maps *maps) {
  char path[64];
  cleanup_free char *text = malloc((size_t)maps->count * 36 + 1);
  size_t used = 0;
  if (!text)
    return report_errno("mapping ids", "malloc", "%s", file);
  for (int i = 0; i < maps->count; i++)
    used += (size_t)sprintf(text + used, "%u %u %u\n", maps->items[i].container_id, maps->items[i].host_id,
                            maps->items[i].size);
  snprintf(path, sizeof path, "/proc/%d/%s", pid, file);
  cleanup_fd int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0 || write(fd, text, used) < 0) /* the kernel takes one write only */
    return report_errno("mapping ids", "write", "%s", path);
  return 0;
}

static uint32_t host_id(const struct id_maps *maps, uint32_t id) {
  for (int i = 0; i < maps->count; i++)
    if (id >= maps->items[i].container_id && id - maps->items[i].container_id < maps->items[i].size)
      return maps->items[i].host_id + (id - maps->items[i].container_id);
  return maps->count ? UINT32_MAX : id;
}

static int set_rlimits(pid_t pid, const struct spec_process *process) {
  for (int i = 0; i < process->rlimit_count; i++)
    if (prlimit(pid, process->rlimits[i].resource, &process->rlimits[i].value, NULL) < 0)
      return report_errno("setting resource limits", "prlimit", "%s %llu:%llu", process->rlimits[i].name,
                          (unsigned long long)process->rlimits[i].value.rlim_cur,
                          (unsigned long long)process->rlimits[i].value.rlim_max);
  return 0;
}

/* Lowering needs CAP_SYS_RESOURCE; a machine whose root lacks it keeps what it has. */
static int set_oom_score(pid_t pid, const struct spec_process *process) {
  char path[64], text[16];
  if (!process->has_oom_score_adj)
    return 0;
  snprintf(path, sizeof path, "/proc/%d/oom_score_adj", pid);
  int length = snprintf(text, sizeof text, "%d", process->oom_score_adj);
  cleanup_fd int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0 || (write(fd, text, (size_t)length) < 0 && errno != EACCES && errno != EPERM))
    return report_errno("setting oom_score_adj", "write", "%s", path);
  return 0;
}

static int make_pipes(struct spec_process *process, uid_t uid, gid_t gid, bool want_stdin, int ours[3], int theirs[3]) {
  for (int i = 0; i < 3; i++)
    ours[i] = theirs[i] = -1;
  if (process->terminal)
    return 0;
  for (int i = 0; i < 3; i++) {
    int ends[2];
    if (i == 0 && !want_stdin) {
      theirs[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
      if (theirs[0] < 0)
        return report_errno("making pipes", "open", "/dev/null");
      continue;
    }
    if (pipe2(ends, O_CLOEXEC) < 0)
      return report_errno("making pipes", "pipe2", "%d", i);
    ours[i] = ends[i == 0];
    theirs[i] = ends[i != 0];
    /* So that /dev/stdout can be opened anew by the program's user. */
    if (fchown(theirs[i], uid, gid) < 0)
      return report_errno("making pipes", "fchown", "%u", uid);
  }
  return 0;
}

static void close_all(int *fds, int count) {
  for (int i = 0; i < count; i++) {
    if (fds[i] >= 0)
      close(fds[i]);
    fds[i] = -1;
  }
}

/* What only the host's side can open: the root and the sources of bind mounts, as detached mounts. */
static int open_trees(const struct container *container, int userns, int *trees) {
  const struct spec *spec = &container->spec;
  trees[0] = container->has_overlay
                 ? rootfs_overlay(&container->overlay, userns, host_id(&spec->uid_maps, 0), host_id(&spec->gid_maps, 0))
                 : rootfs_directory(spec->root_path);
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

static int child_main(struct container *container, int gate, const int *stdio, const struct cgroup_doors *doors)
    __attribute__((noreturn));

static bool has_create_hooks(const struct container *container) {
  const struct spec_hooks *hooks = container->spec.hooks;
  return container->run_hooks &&
         (hooks[HOOK_PRESTART].count || hooks[HOOK_CREATE_RUNTIME].count || hooks[HOOK_CREATE_CONTAINER].count);
}

/* Those of the runtime's namespaces, while the child waits with its mounts made and its root not yet changed. */
static int run_runtime_hooks(const struct container *container, int gate) {
  if (!has_create_hooks(container))
    return 0;
  if (gate_expect(gate, GATE_MOUNTED, NULL, NULL) < 0 || container->run_hooks(container, HOOK_PRESTART) < 0 ||
      container->run_hooks(container, HOOK_CREATE_RUNTIME) < 0)
    return -1;
  return gate_send(gate, GATE_HOOKS_DONE, &container->pid, sizeof container->pid, NULL, 0);
}

static int build(struct container *container, int gate) {
  const struct spec *spec = &container->spec;
  cleanup_fd int userns = -1;
  int trees[GATE_FDS_MAX];
  for (int i = 0; i < GATE_FDS_MAX; i++)
    trees[i] = -1;
  if (spec->clone_flags & CLONE_NEWUSER) {
    char path[64];
    if (write_id_map(container->pid, "gid_map", &spec->gid_maps) < 0 ||
        write_id_map(container->pid, "uid_map", &spec->uid_maps) < 0)
      return -1;
    snprintf(path, sizeof path, "/proc/%d/ns/user", container->pid);
    userns = open(path, O_RDONLY | O_CLOEXEC);
    if (userns < 0)
      return report_errno("mapping ids", "open", "%s", path);
  }
  if (set_rlimits(container->pid, &spec->process) < 0 || set_oom_score(container->pid, &spec->process) < 0)
    return -1;
  int count = open_trees(container, userns, trees), result = -1, received = 0;
  /* A child that has ended already said why. */
  if (count > 0 && (gate_send(gate, GATE_BUILD, NULL, 0, trees, count) == 0 || errno == EPIPE)) {
    result = gate_expect(gate, GATE_NAMESPACES, NULL, NULL);
    if (result == 0) {
      if (container->has_namespaces)
        container->has_namespaces(container);
      result = run_runtime_hooks(container, gate);
      if (result == 0)
        result = gate_expect(gate, GATE_READY, &container->terminal, &received);
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

int container_create(struct container *container, const int *stdio) {
  const struct spec *spec = &container->spec;
  int gate[2], theirs[3];
  container->terminal = container->pidfd = container->gate = -1;
  container->pid = 0;
  if (stdio) {
    memcpy(theirs, stdio, sizeof theirs);
    container->stdio[0] = container->stdio[1] = container->stdio[2] = -1;
  } else if (make_pipes(&container->spec.process, host_id(&spec->uid_maps, spec->process.uid),
                        host_id(&spec->gid_maps, spec->process.gid), container->wants_stdin, container->stdio,
                        theirs) < 0)
    return -1;
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, gate) < 0)
    return report_errno("starting", "socketpair", "%s", "");
  if (container->anchor && chdir(container->anchor) < 0)
    return report_errno("starting", "chdir", "%s", container->anchor);
  /* A new user namespace and its first process at once; the rest is unshared by that process, so that the mapped root
   * owns it. Without one, everything at once. The cgroup namespace comes last, from inside the cgroup. */
  uint64_t flags = (uint64_t)spec->clone_flags & ~(uint64_t)(CLONE_NEWCGROUP | CLONE_NEWTIME);
  if (flags & CLONE_NEWUSER)
    flags &= CLONE_NEWUSER | CLONE_NEWPID;
  if (spec->namespace_paths[5]) {
    cleanup_fd int ns = open(spec->namespace_paths[5], O_RDONLY | O_CLOEXEC);
    if (ns < 0 || setns(ns, CLONE_NEWPID) < 0)
      return report_errno("joining namespaces", "setns", "%s", spec->namespace_paths[5]);
  }
  struct kernel_clone_args arguments = {
      .flags = flags | CLONE_PIDFD, .pidfd = (uint64_t)(uintptr_t)&container->pidfd, .exit_signal = SIGCHLD};
  struct cgroup_doors doors;
  if (cgroup_doors(&container->cgroup, &doors) < 0)
    return -1;
  long pid = cgroup_clone(&container->cgroup, &arguments);
  if (pid == 0) {
    close(gate[0]);
    child_main(container, gate[1], theirs, &doors);
  }
  int number = errno;
  cgroup_close_doors(&doors);
  errno = number;
  if (pid < 0)
    return report_errno("making namespaces", "clone3", "flags %#llx", (unsigned long long)flags);
  container->pid = (pid_t)pid;
  container->gate = gate[0];
  close(gate[1]);
  if (!stdio)
    close_all(theirs, 3);
  if (build(container, gate[0]) < 0) {
    end_child(container);
    return -1;
  }
  return 0;
}

/* End of file on the gate is the sign of success: it closes on exec. */
static int wait_for_exec(int gate) {
  struct failure told;
  int type = gate_receive(gate, &told, sizeof told, NULL, NULL);
  if (type == 0)
    return 0;
  if (type == GATE_FAILED)
    failure = told;
  else
    report_errno("starting", "recvmsg", "message %d", type);
  return -1;
}

int container_start_at(int gate) {
  if (gate_send(gate, GATE_START, NULL, 0, NULL, 0) < 0)
    return report_errno("starting", "sendmsg", "%s", "");
  return wait_for_exec(gate);
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
  int result = container_start_at(container->gate);
  close_all(&container->gate, 1);
  return result;
}

/* ---- the child's part */

static int become_root(void) {
  if (setgroups(0, NULL) < 0 && errno != EPERM)
    return report_errno("becoming root of the user namespace", "setgroups", "%s", "");
  if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
    return report_errno("becoming root of the user namespace", "setresuid", "%s", "");
  return 0;
}

static int enter_namespaces(const struct spec *spec) {
  for (int i = 0; i < 8; i++) {
    if (!spec->namespace_paths[i] || spec_namespaces[i].flag == CLONE_NEWPID)
      continue;
    cleanup_fd int ns = open(spec->namespace_paths[i], O_RDONLY | O_CLOEXEC);
    if (ns < 0 || setns(ns, spec_namespaces[i].flag) < 0)
      return report_errno("joining namespaces", "setns", "%s", spec->namespace_paths[i]);
  }
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

static int wire_stdio(const int *stdio) {
  for (int i = 0; i < 3; i++)
    if (dup2(stdio[i], i) < 0)
      return report_errno("connecting standard input and output", "dup2", "%d", i);
  return 0;
}

static int control_terminal(int peer) {
  if (setsid() < 0 && errno != EPERM)
    return report_errno("opening a terminal", "setsid", "%s", "");
  if (ioctl(peer, TIOCSCTTY, 0) < 0)
    return report_errno("opening a terminal", "ioctl", "TIOCSCTTY");
  return wire_stdio((int[3]){peer, peer, peer});
}

static int run_create_hooks(struct container *container, int gate) {
  if (!has_create_hooks(container))
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
static int set_up(struct container *container, int gate, const int *stdio, int *terminal) {
  const struct spec *spec = &container->spec;
  int trees[GATE_FDS_MAX], count = 0, peer = -1;
  if (gate_expect(gate, GATE_BUILD, trees, &count) < 0)
    return -1;
  if ((spec->clone_flags & CLONE_NEWUSER) && become_root() < 0)
    return -1;
  if (enter_namespaces(spec) < 0 || set_time_offsets(spec) < 0)
    return -1;
  if (gate_send(gate, GATE_NAMESPACES, NULL, 0, NULL, 0) < 0)
    return report_errno("starting", "sendmsg", "%s", "");
  syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL); /* keys of the host's session stay there */
  if (bring_loopback_up(spec) < 0)
    return -1;
  int root = trees[0];
  cleanup_free int *sources = malloc(sizeof(int) * (size_t)(spec->mount_count + 1));
  if (!sources)
    return report_errno("starting", "malloc", "%s", "");
  for (int i = 0, next = 1; i < spec->mount_count; i++) {
    struct mount_options options;
    mounts_options(&spec->mounts[i], &options);
    sources[i] = options.bind && next < count ? trees[next++] : -1;
  }
  if (rootfs_attach(root) < 0 || mounts_make(root, spec, sources, &container->cgroup) < 0 ||
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
  if (mounts_mask(root, spec) < 0 || mounts_readonly(root, spec) < 0 || set_names(spec) < 0)
    return -1;
  if (run_create_hooks(container, gate) < 0 || rootfs_pivot(root, spec->root_readonly) < 0)
    return -1;
  return spec->process.terminal ? control_terminal(peer) : wire_stdio(stdio);
}

/* The program's file by PATH of the program's own environment, as execvp would; the errno tells 126 from 127. */
static int find_program(const struct spec_process *process, char *found, size_t size) {
  const char *name = process->args.items[0], *path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  struct stat at;
  if (strchr(name, '/')) {
    snprintf(found, size, "%s", name);
    bool is_there = stat(found, &at) == 0;
    if (is_there && S_ISREG(at.st_mode) && access(found, X_OK) == 0)
      return 0;
    errno = is_there ? EACCES : errno;
    int number = errno;
    report_errno("executing", "execve", "%s", name);
    failure.exit_code = number == ENOENT || number == ENOTDIR ? 127 : 126;
    return -1;
  }
  for (int i = 0; i < process->env.count; i++)
    if (strncmp(process->env.items[i], "PATH=", 5) == 0)
      path = process->env.items[i] + 5;
  int number = ENOENT;
  while (*path) {
    size_t length = strcspn(path, ":");
    snprintf(found, size, "%.*s/%s", (int)length, length ? path : ".", name);
    if (stat(found, &at) == 0) {
      if (S_ISREG(at.st_mode) && access(found, X_OK) == 0)
        return 0;
      number = S_ISREG(at.st_mode) ? errno : number;
    } else if (errno != ENOENT && errno != ENOTDIR)
      number = errno;
    path += length + (path[length] == ':');
  }
  errno = number;
  report_errno("executing", "execve", "%s: %s", name,
               number == EACCES   ? "not executable"
               : number == ENOENT ? "not found in PATH"
                                  : "not to be looked at");
  failure.exit_code = number == ENOENT ? 127 : 126;
  return -1;
}

static int set_affinity(const char *cpus) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const char *at = cpus; cpus && *at;) {
    char *end;
    unsigned long first = strtoul(at, &end, 10), last = first;
    if (end != at && *end == '-')
      last = strtoul(end + 1, &end, 10);
    if (end == at || (*end && *end != ',') || last < first || last >= CPU_SETSIZE)
      return report_invalid("setting the CPU affinity", "%s is no list of CPUs such as 0-3,7", cpus);
    for (unsigned long cpu = first; cpu <= last; cpu++)
      CPU_SET(cpu, &set);
    at = *end ? end + 1 : end;
  }
  if (cpus && *cpus && sched_setaffinity(0, sizeof set, &set) < 0)
    return report_errno("setting the CPU affinity", "sched_setaffinity", "%s", cpus);
  return 0;
}

/* sched_setattr(2), ioprio_set(2), personality(2). */
static int set_scheduling(const struct spec_process *process) {
  const struct spec_scheduler *wanted = &process->scheduler;
  if (wanted->given) {
    struct {
      uint32_t size, policy;
      uint64_t flags;
      int32_t nice;
      uint32_t priority;
      uint64_t runtime, deadline, period;
    } attributes = {.size = sizeof attributes,
                    .policy = wanted->policy,
                    .flags = wanted->flags,
                    .nice = wanted->nice,
                    .priority = wanted->priority,
                    .runtime = wanted->runtime_ns,
                    .deadline = wanted->deadline_ns,
                    .period = wanted->period_ns};
    if (syscall(SYS_sched_setattr, 0, &attributes, 0) < 0)
      return report_errno("setting the scheduler", "sched_setattr", "policy %u", wanted->policy);
  }
  if (process->io_priority >= 0 && syscall(SYS_ioprio_set, 1 /* IOPRIO_WHO_PROCESS */, 0, process->io_priority) < 0)
    return report_errno("setting the I/O priority", "ioprio_set", "%#x", (unsigned)process->io_priority);
  return set_affinity(process->cpus_final);
}

/* From root of the namespace to the program's user; the order is the kernel's: what needs a right comes before its
 * loss. */
static int drop_privileges(const struct spec_process *process, const struct seccomp_program *seccomp, int proc) {
  char cwd[4096];
  if (label_apply(proc, process) < 0 || set_scheduling(process) < 0)
    return -1;
  if (chdir(process->cwd) < 0 && errno != EACCES)
    return report_errno("entering the working directory", "chdir", "%s", process->cwd);
  if (prctl(PR_SET_SECUREBITS, 0, 0, 0, 0) < 0 && errno != EPERM)
    return report_errno("dropping privileges", "prctl", "PR_SET_SECUREBITS");
  if (!process->no_new_privileges && seccomp_apply(seccomp) < 0)
    return -1;
  if (capabilities_bound(&process->capabilities) < 0)
    return -1;
  if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
    return report_errno("dropping privileges", "prctl", "PR_SET_KEEPCAPS");
  if (setgroups((size_t)process->group_count, process->groups) < 0)
    return report_errno("dropping privileges", "setgroups", "%d groups", process->group_count);
  if (setresgid(process->gid, process->gid, process->gid) < 0)
    return report_errno("dropping privileges", "setresgid", "%u", process->gid);
  if (setresuid(process->uid, process->uid, process->uid) < 0)
    return report_errno("dropping privileges", "setresuid", "%u", process->uid);
  if (capabilities_apply(&process->capabilities) < 0)
    return -1;
  prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
  if (chdir(process->cwd) < 0)
    return report_errno("entering the working directory", "chdir", "%s", process->cwd);
  if (!getcwd(cwd, sizeof cwd))
    return report_errno("entering the working directory", "getcwd", "%s", process->cwd);
  if (cwd[0] != '/') {
    errno = ENOENT;
    return report_errno("entering the working directory", "getcwd", "%s is not inside the root", process->cwd);
  }
  if (process->no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
    return report_errno("dropping privileges", "prctl", "PR_SET_NO_NEW_PRIVS");
  umask(process->umask >= 0 ? (mode_t)process->umask : 022);
  return 0;
}

static void reset_signals(void) {
  sigset_t none;
  for (int i = 1; i < 65; i++)
    signal(i, SIG_DFL);
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

static int run_program(const struct spec_process *process, const struct seccomp_program *seccomp, int preserved_fds) {
  char program[4096];
  if (find_program(process, program, sizeof program) < 0)
    return -1;
  if (sys_close_range(3 + (unsigned)preserved_fds, ~0u, 4 /* CLOSE_RANGE_CLOEXEC */) < 0)
    return report_errno("closing descriptors", "close_range", "%s", "");
  reset_signals();
  if (process->no_new_privileges && seccomp_apply(seccomp) < 0)
    return -1;
  execve(program, (char *const *)(uintptr_t)process->args.items, (char *const *)(uintptr_t)process->env.items);
  int number = errno;
  report_errno("executing", "execve", "%s", program);
  failure.exit_code = number == ENOENT || number == ENOTDIR ? 127 : 126;
  return -1;
}

/* Nothing of the host's stays open in a process that others in the container may see already. */
static void close_others(int from, int gate, int door) {
  unsigned first = (unsigned)from;
  int kept[2] = {gate < door ? gate : door, gate < door ? door : gate};
  for (int i = 0; i < 2; i++) {
    if (kept[i] < (int)first)
      continue;
    if ((unsigned)kept[i] > first)
      sys_close_range(first, (unsigned)kept[i] - 1, 0);
    first = (unsigned)kept[i] + 1;
  }
  sys_close_range(first, ~0u, 0);
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

static int child_main(struct container *container, int gate, const int *stdio, const struct cgroup_doors *doors) {
  int terminal = -1;
  char program[4096];
  const struct spec *spec = &container->spec;
  const struct spec_process *process = &spec->process;
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); /* a parent that dies before the gate takes us along */
  setsid();
  int proc = label_open_proc();
  if (proc < 0 || cgroup_enter(doors) < 0 || set_up(container, gate, stdio, &terminal) < 0)
    _exit((gate_fail(gate), 125));
  if (spec->has_personality && personality(spec->personality) < 0)
    _exit((report_errno("setting the personality", "personality", "%lu", spec->personality), gate_fail(gate), 125));
  if (drop_privileges(process, &container->seccomp, proc) < 0 || find_program(process, program, sizeof program) < 0)
    _exit((gate_fail(gate), 125));
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); /* the change of user took it away */
  if (gate_send(gate, GATE_READY, NULL, 0, &terminal, terminal >= 0) < 0)
    _exit((report_errno("starting", "sendmsg", "%s", ""), gate_fail(gate), 125));
  close_others(3 + container->preserved_fds, gate, container->door);
  gate = wait_for_start(container, gate);
  if (!container->run_hooks || container->run_hooks(container, HOOK_START_CONTAINER) == 0)
    run_program(process, &container->seccomp, container->preserved_fds);
  int code = failure.exit_code;
  gate_fail(gate);
  _exit(code);
}

/* ---- exec: a fork of the supervisor joins everything at once, and its own child runs the program */

static int exec_child(const struct container *container, struct exec *exec, int gate, const int *stdio,
                      const struct cgroup_doors *doors) __attribute__((noreturn));

static int exec_joined(const struct container *container, struct exec *exec, int gate, const int *stdio, int proc) {
  const struct spec_process *process = &exec->process;
  int terminal = -1, peer = -1;
  cleanup_fd int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if ((container->spec.clone_flags & CLONE_NEWUSER) && become_root() < 0)
    return -1;
  setsid();
  if (process->terminal) {
    terminal = terminal_open(root, process, &peer);
    if (terminal < 0 || control_terminal(peer) < 0)
      return -1;
  } else if (wire_stdio(stdio) < 0)
    return -1;
  if (drop_privileges(process, &container->seccomp, proc) < 0)
    return -1;
  if (gate_send(gate, GATE_READY, NULL, 0, &terminal, terminal >= 0) < 0)
    return report_errno("joining the container", "sendmsg", "%s", "");
  if (terminal >= 0)
    close(terminal);
  return run_program(process, &container->seccomp, container->preserved_fds);
}

static int exec_child(const struct container *container, struct exec *exec, int gate, const int *stdio,
                      const struct cgroup_doors *doors) {
  int proc = label_open_proc();
  if (proc < 0 || cgroup_enter(doors) < 0)
    _exit((gate_fail(gate), 125));
  if (gate_expect(gate, GATE_BUILD, NULL, NULL) < 0)
    _exit((gate_fail(gate), 125));
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
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

static int exec_wait(struct exec *exec, int gate, pid_t helper) {
  char buffer[sizeof(struct failure)];
  int received = 0;
  if (set_rlimits(helper, &exec->process) < 0 || set_oom_score(helper, &exec->process) < 0)
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
  if (gate_expect(gate, GATE_READY, &exec->terminal, &received) < 0)
    return -1;
  return wait_for_exec(gate);
}

int container_exec(const struct container *container, struct exec *exec, const int *stdio, bool want_stdin) {
  const struct spec *spec = &container->spec;
  int gate[2], theirs[3];
  exec->terminal = exec->pidfd = -1;
  exec->pid = 0;
  if (stdio) {
    memcpy(theirs, stdio, sizeof theirs);
    exec->stdio[0] = exec->stdio[1] = exec->stdio[2] = -1;
  } else if (make_pipes(&exec->process, host_id(&spec->uid_maps, exec->process.uid),
                        host_id(&spec->gid_maps, exec->process.gid), want_stdin, exec->stdio, theirs) < 0)
    return -1;
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, gate) < 0)
    return report_errno("joining the container", "socketpair", "%s", "");
  /* A container that holds a joining process up must not hold its supervisor up. */
  setsockopt(gate[0], SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){.tv_sec = 10}, sizeof(struct timeval));
  struct cgroup_doors doors;
  if (cgroup_doors(&container->cgroup, &doors) < 0)
    return -1;
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
    return report_errno("joining the container", "clone3", "%s", "");
  close(gate[1]);
  if (!stdio)
    close_all(theirs, 3);
  int result = exec_wait(exec, gate[0], helper);
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
