#include "process.h"

#include "capabilities.h"
#include "cleanup.h"
#include "kernel.h"
#include "label.h"
#include "listener.h"
#include "report.h"

#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>

/* ---- the parent's part */

int process_set_rlimits(pid_t pid, const struct spec_process *process) {
  for (int i = 0; i < process->rlimit_count; i++)
    if (prlimit(pid, process->rlimits[i].resource, &process->rlimits[i].value, NULL) < 0)
      return report_errno("setting resource limits", "prlimit", "%s %llu:%llu", process->rlimits[i].name,
                          (unsigned long long)process->rlimits[i].value.rlim_cur,
                          (unsigned long long)process->rlimits[i].value.rlim_max);
  return 0;
}

/* Lowering needs CAP_SYS_RESOURCE, which root may lack; what it is already it may be. */
int process_set_oom_score(pid_t pid, const struct spec_process *process) {
  char path[64], text[16], now[16] = "";
  if (!process->has_oom_score_adj)
    return 0;
  snprintf(path, sizeof path, "/proc/%d/oom_score_adj", pid);
  int length = snprintf(text, sizeof text, "%d", process->oom_score_adj);
  cleanup_fd int fd = open(path, O_RDWR | O_CLOEXEC);
  if (fd >= 0 && write(fd, text, (size_t)length) == length)
    return 0;
  int number = errno;
  if (fd >= 0 && pread(fd, now, sizeof now - 1, 0) > 0 && atoi(now) == process->oom_score_adj)
    return 0;
  errno = number;
  return report_errno("setting oom_score_adj", "write", "%s: %s (it is %d; lowering it needs CAP_SYS_RESOURCE)", path,
                      text, atoi(now));
}

static int make_pipes(const char *label, uid_t uid, gid_t gid, bool want_stdin, int ours[3], int theirs[3]) {
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
    /* The container's own, so that it need not be let at ours; a policy without this may let it. */
    if (label && *label && label_file(theirs[i], label) < 0 && failure.number != EACCES && failure.number != ENOTSUP)
      return -1;
  }
  return 0;
}

int process_pipes(struct spec_process *process, const char *label, uid_t uid, gid_t gid, bool want_stdin, int ours[3],
                  int theirs[3]) {
  for (int i = 0; i < 3; i++)
    ours[i] = theirs[i] = -1;
  if (process->terminal || make_pipes(label, uid, gid, want_stdin, ours, theirs) == 0)
    return 0;
  close_all(ours, 3);
  close_all(theirs, 3);
  return -1;
}

/* ---- the process's own part */

int process_become_root(void) {
  if (setgroups(0, NULL) < 0 && errno != EPERM)
    return report_errno("becoming root of the user namespace", "setgroups", "%s", "");
  if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
    return report_errno("becoming root of the user namespace", "setresuid", "%s", "");
  return 0;
}

int process_wire_stdio(const int *stdio) {
  for (int i = 0; i < 3; i++)
    if (dup2(stdio[i], i) < 0)
      return report_errno("connecting standard input and output", "dup2", "%d", i);
  return 0;
}

int process_control_terminal(int peer) {
  if (setsid() < 0 && errno != EPERM)
    return report_errno("opening a terminal", "setsid", "%s", "");
  if (ioctl(peer, TIOCSCTTY, 0) < 0)
    return report_errno("opening a terminal", "ioctl", "TIOCSCTTY");
  return process_wire_stdio((int[3]){peer, peer, peer});
}

void process_close_others(int from, const int *kept, int count) {
  for (int first = from, next; first >= 0; first = next + 1) {
    next = -1; /* the lowest of those that stay */
    for (int i = 0; i < count; i++)
      if (kept[i] >= first && (next < 0 || kept[i] < next))
        next = kept[i];
    if (next != first)
      sys_close_range((unsigned)first, next < 0 ? ~0u : (unsigned)next - 1, 0);
    if (next < 0)
      return;
  }
}

/* The program's file by PATH of the program's own environment, as execvp would; the errno tells 126 from 127. */
int process_find_program(const struct spec_process *process, char *found, size_t size) {
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

int process_set_affinity(const char *cpus) {
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
  return 0;
}

/* From root of the namespace to the program's user; the order is the kernel's: what needs a right comes before its
 * loss. */
int process_drop_privileges(const struct spec_process *process, const struct seccomp_program *seccomp, int proc,
                            int gate) {
  char cwd[4096];
  if (label_apply(proc, process) < 0 || set_scheduling(process) < 0)
    return -1;
  bool inside = chdir(process->cwd) == 0; /* root may enter what the user may not, and the other way round */
  if (!inside && errno != EACCES)
    return report_errno("entering the working directory", "chdir", "%s", process->cwd);
  if (prctl(PR_SET_SECUREBITS, 0, 0, 0, 0) < 0 && errno != EPERM)
    return report_errno("dropping privileges", "prctl", "PR_SET_SECUREBITS");
  if (!process->no_new_privileges && listener_load(seccomp, gate) < 0)
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
  if (!inside && chdir(process->cwd) < 0)
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

/* As runc and crun have it: a HOME that is missing or empty is the user's in the container's /etc/passwd, or /. */
static const char **with_home(const struct spec_process *process) {
  static char home[4352] = "HOME=/";
  int empty = -1;
  for (int i = 0; i < process->env.count; i++)
    if (strncmp(process->env.items[i], "HOME=", 5) == 0) {
      if (process->env.items[i][5])
        return process->env.items;
      empty = i;
    }
  struct stat at;
  int fd = open("/etc/passwd", O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  FILE *lines = fd >= 0 && fstat(fd, &at) == 0 && S_ISREG(at.st_mode) ? fdopen(fd, "r") : NULL;
  struct passwd *user = NULL;
  while (lines && (user = fgetpwent(lines)) && user->pw_uid != process->uid)
    ;
  if (user && user->pw_dir && user->pw_dir[0] == '/')
    snprintf(home, sizeof home, "HOME=%s", user->pw_dir);
  if (fd >= 0)
    close(fd); /* and the stream goes with the program that follows */
  const char **items = calloc((size_t)process->env.count + 2, sizeof *items);
  if (!items)
    return process->env.items;
  memcpy(items, process->env.items, sizeof *items * (size_t)process->env.count);
  items[empty >= 0 ? empty : process->env.count] = home;
  return items;
}

int process_run(const struct spec_process *process, const struct seccomp_program *seccomp, int preserved_fds,
                int gate) {
  char program[4096];
  const char **env = with_home(process);
  if (process_find_program(process, program, sizeof program) < 0)
    return -1;
  if (sys_close_range(3 + (unsigned)preserved_fds, ~0u, 4 /* CLOSE_RANGE_CLOEXEC */) < 0)
    return report_errno("closing descriptors", "close_range", "%s", "");
  reset_signals();
  if (process->no_new_privileges && listener_load(seccomp, gate) < 0)
    return -1;
  execve(program, (char *const *)(uintptr_t)process->args.items, (char *const *)(uintptr_t)env);
  int number = errno;
  report_errno("executing", "execve", "%s", program);
  failure.exit_code = number == ENOENT || number == ENOTDIR ? 127 : 126;
  return -1;
}
