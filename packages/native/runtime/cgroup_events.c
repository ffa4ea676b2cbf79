/* What the kernel tells of a cgroup: processes killed for memory. */
#include "cgroup.h"

#include "cleanup.h"

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
