/* What the kernel tells of a cgroup: processes killed for memory, and pressure. */
#include "cgroup.h"

#include "cleanup.h"
#include "report.h"

#include <linux/capability.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>

uint64_t cgroup_oom_kills(const struct cgroup *cgroup) {
  char text[1024];
  const struct cgroup_hierarchy *hierarchy = cgroup_of(cgroup, "memory");
  if (!hierarchy || cgroup_read(hierarchy->directory, hierarchy->controllers ? "memory.events" : "memory.oom_control",
                                text, sizeof text) <= 0)
    return 0;
  char *line = strstr(text, "oom_kill ");
  return line ? strtoull(line + 9, NULL, 10) : 0;
}

void cgroup_blame_memory(const struct cgroup *cgroup, const char *what) {
  if (cgroup->count && cgroup_oom_kills(cgroup))
    report_invalid(what, "the memory limit does not suffice to make the container: its first process was killed");
}

int cgroup_oom_fd(const struct cgroup *cgroup) {
  char path[4096];
  const struct cgroup_hierarchy *hierarchy = cgroup_of(cgroup, "memory");
  if (!hierarchy)
    return -1;
  if (hierarchy->controllers) {
    cleanup_fd int notify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    snprintf(path, sizeof path, "%s/memory.events", hierarchy->directory);
    return notify >= 0 && inotify_add_watch(notify, path, IN_MODIFY) >= 0 ? steal_fd(&notify) : -1;
  }
  snprintf(path, sizeof path, "%s/memory.oom_control", hierarchy->directory);
  cleanup_fd int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  cleanup_fd int control = open(path, O_RDONLY | O_CLOEXEC);
  if (event < 0 || control < 0 ||
      cgroup_write(hierarchy->directory, "cgroup.event_control", "%d %d", event, control) < 0)
    return -1;
  return steal_fd(&event);
}

/*
 * For one who opens it with CAP_SYS_RESOURCE the kernel starts a real-time thread for each cgroup that wakes several
 * times a second; without it, triggers are looked at when the averages are reckoned, which a quiet cgroup's are not
 * (Documentation/accounting/psi.rst).
 */
static int open_unprivileged(const char *path) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct own[2], less[2];
  if (syscall(SYS_capget, &header, own) < 0)
    return -1;
  memcpy(less, own, sizeof less);
  less[0].effective &= ~(1u << CAP_SYS_RESOURCE);
  if (syscall(SYS_capset, &header, less) < 0)
    return -1;
  int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
  return syscall(SYS_capset, &header, own) < 0 ? (close(fd), -1) : fd;
}

int cgroup_pressure_fd(const struct cgroup *cgroup, const char *resource, const char *kind, int stall_us) {
  const struct cgroup_hierarchy *unified = cgroup_unified(cgroup);
  char path[4096], trigger[64];
  if (!unified)
    return -1;
  snprintf(path, sizeof path, "%s/%s.pressure", unified->directory, resource);
  cleanup_fd int fd = open_unprivileged(path);
  int length = snprintf(trigger, sizeof trigger, "%s %d 2000000", kind, stall_us);
  return fd >= 0 && write(fd, trigger, (size_t)length + 1) > 0 ? steal_fd(&fd) : -1;
}
