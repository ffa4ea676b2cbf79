#include "join.h"

#include "gate.h"
#include "init.h"
#include "kernel.h"
#include "report.h"

#include <linux/nsfs.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

static const char *const step = "joining namespaces";

static bool is_our_own(int fd, const char *file) {
  char path[64];
  struct stat there, ours;
  snprintf(path, sizeof path, "/proc/self/ns/%s", file);
  return fstat(fd, &there) == 0 && stat(path, &ours) == 0 && there.st_ino == ours.st_ino && there.st_dev == ours.st_dev;
}

int join_open(struct spec *spec, int *namespaces) {
  for (int i = 0; i < 8; i++)
    namespaces[i] = -1;
  for (int i = 0; i < 8; i++) {
    const struct spec_namespace *wanted = &spec_namespaces[i];
    const char *path = spec->namespace_paths[i];
    if (!path)
      continue;
    namespaces[i] = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (namespaces[i] < 0)
      return report_errno(step, "open", "%s", path);
    if (ioctl(namespaces[i], NS_GET_NSTYPE) != wanted->flag)
      return report_invalid(step, "%s is not a %s namespace", path, wanted->name);
    if (is_our_own(namespaces[i], wanted->file)) {
      close(namespaces[i]);
      namespaces[i] = -1;
      spec->namespace_paths[i] = NULL;
    }
  }
  return 0;
}

static int join(const struct spec *spec, const int *namespaces, int which) {
  if (namespaces[which] >= 0 && setns(namespaces[which], spec_namespaces[which].flag) < 0)
    return report_errno(step, "setns", "%s", spec->namespace_paths[which]);
  return 0;
}

int join_all(const struct spec *spec, const int *namespaces) {
  for (int i = 1; i < 8; i++) /* with the host's rights, which the user namespace, 0, takes away */
    if (join(spec, namespaces, i) < 0)
      return -1;
  return join(spec, namespaces, 0);
}

bool join_needs_helper(const struct spec *spec) {
  bool any = false;
  for (int i = 0; i < 8; i++)
    any = any || spec->namespace_paths[i];
  return any && ((spec->clone_flags & CLONE_NEWUSER) || spec->namespace_paths[0]);
}

void join_and_clone(struct container *container, uint64_t flags, int gate, const int *stdio,
                    const struct cgroup_doors *doors) {
  if (join_all(&container->spec, container->namespaces) < 0)
    _exit((gate_fail(gate), 125));
  struct kernel_clone_args arguments = {.flags = flags | CLONE_PARENT};
  pid_t pid = (pid_t)sys_clone3(&arguments);
  if (pid == 0)
    init_main(container, gate, stdio, doors);
  if (pid < 0)
    _exit(
        (report_errno("making namespaces", "clone3", "flags %#llx", (unsigned long long)flags), gate_fail(gate), 125));
  if (gate_send(gate, GATE_PID, &pid, sizeof pid, NULL, 0) < 0)
    kill(pid, SIGKILL);
  _exit(0);
}

int join_await(int gate, pid_t helper, pid_t *pid, int *pidfd) {
  int result = gate_expect_pid(gate, GATE_PID, NULL, NULL, pid);
  waitpid(helper, NULL, 0);
  if (result < 0)
    return -1;
  *pidfd = sys_pidfd_open(*pid);
  return *pidfd < 0 ? report_errno("making namespaces", "pidfd_open", "%d", *pid) : 0;
}
