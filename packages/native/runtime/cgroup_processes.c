/* What is done to all processes of a cgroup at once. */
#include "cgroup.h"

#include "cleanup.h"
#include "report.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define KILL_SECONDS_MAX 10

static void pause_briefly(void) {
  nanosleep(&(struct timespec){0, 500000}, NULL);
}

/* ---- freezing */

static const struct cgroup_hierarchy *freezer(const struct cgroup *cgroup) {
  return cgroup->v2 ? cgroup_unified(cgroup) : cgroup_of(cgroup, "freezer");
}

bool cgroup_frozen(const struct cgroup *cgroup) {
  char text[256];
  const struct cgroup_hierarchy *hierarchy = freezer(cgroup);
  if (!hierarchy)
    return false;
  if (cgroup->v2)
    return cgroup_read(hierarchy->directory, "cgroup.events", text, sizeof text) > 0 && strstr(text, "frozen 1");
  return cgroup_read(hierarchy->directory, "freezer.state", text, sizeof text) > 0 && strncmp(text, "FROZEN", 6) == 0;
}

static int write_state(const struct cgroup_hierarchy *hierarchy, bool frozen) {
  if (hierarchy->controllers)
    return cgroup_write(hierarchy->directory, "cgroup.freeze", "%d", frozen);
  return cgroup_write(hierarchy->directory, "freezer.state", "%s", frozen ? "FROZEN" : "THAWED");
}

int cgroup_freeze(const struct cgroup *cgroup, bool frozen) {
  const struct cgroup_hierarchy *hierarchy = freezer(cgroup);
  if (!hierarchy)
    return report_invalid("freezing", "this host has no freezer cgroup");
  for (int tries = 0; tries < 4000; tries++) {
    if (tries % 50 == 0 && write_state(hierarchy, frozen) < 0)
      break;
    if (cgroup_frozen(cgroup) == frozen)
      return 0;
    pause_briefly();
    errno = ETIMEDOUT;
  }
  report_errno("freezing", "write", "%s", hierarchy->directory);
  if (frozen) { /* never left half frozen */
    struct failure kept = failure;
    write_state(hierarchy, false);
    failure = kept;
  }
  return -1;
}

/* ---- listing and signalling */

/* -1 when they can't be read: what is not seen must not be taken for nobody. */
static int pids_below(const char *directory, pid_t *pids, int count, int max) {
  char path[4096];
  snprintf(path, sizeof path, "%s/cgroup.procs", directory);
  FILE *file = fopen(path, "re");
  if (!file)
    return errno == ENOENT ? count : report_errno("listing processes", "open", "%s", path);
  for (int pid; count < max && fscanf(file, "%d", &pid) == 1;)
    pids[count++] = pid;
  bool failed = ferror(file) && errno != ENODEV; /* ENODEV: removed meanwhile */
  if (failed)
    report_errno("listing processes", "read", "%s", path);
  fclose(file);
  if (failed)
    return -1;
  cleanup_closedir DIR *entries = opendir(directory);
  if (!entries && errno != ENOENT)
    return report_errno("listing processes", "open", "%s", directory);
  for (struct dirent *entry; count >= 0 && entries && (entry = readdir(entries));)
    if (entry->d_type == DT_DIR && entry->d_name[0] != '.') {
      snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
      count = pids_below(path, pids, count, max);
    }
  return count;
}

int cgroup_pids(const struct cgroup *cgroup, pid_t *pids, int max) {
  const struct cgroup_hierarchy *hierarchy = cgroup_of(cgroup, "pids");
  if (!hierarchy)
    hierarchy = &cgroup->hierarchies[0];
  return pids_below(hierarchy->directory, pids, 0, max);
}

int cgroup_signal(const struct cgroup *cgroup, int signal) {
  pid_t pids[4096];
  int count = cgroup_pids(cgroup, pids, 4096);
  for (int i = 0; i < count; i++)
    kill(pids[i], signal);
  return count;
}

/* ---- ending */

/* On v2 the kernel tells: waits up to `milliseconds` for a cgroup without processes. */
static bool wait_for_nobody(const struct cgroup_hierarchy *unified, int milliseconds) {
  char path[4096], text[256];
  snprintf(path, sizeof path, "%s/cgroup.events", unified->directory);
  cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
  for (int tries = 0; fd >= 0; tries++) {
    struct pollfd changed = {.fd = fd, .events = POLLPRI};
    ssize_t length = pread(fd, text, sizeof text - 1, 0);
    text[length > 0 ? length : 0] = 0;
    if (length <= 0 || strstr(text, "populated 0"))
      return true;
    if (tries || poll(&changed, 1, milliseconds) < 0)
      return false;
  }
  return true;
}

int cgroup_kill(const struct cgroup *cgroup) {
  const struct cgroup_hierarchy *unified = cgroup_unified(cgroup);
  bool at_once = unified && cgroup_has(unified->directory, "cgroup.kill");
  struct timespec began, now;
  clock_gettime(CLOCK_MONOTONIC, &began);
  do {
    if (at_once)
      cgroup_write(unified->directory, "cgroup.kill", "1");
    if (!cgroup->v2 && cgroup_frozen(cgroup))
      cgroup_freeze(cgroup, false); /* a frozen process does not die on v1 */
    if (cgroup_signal(cgroup, SIGKILL) == 0 && (!unified || wait_for_nobody(unified, 100)))
      return 0;
    pause_briefly();
    clock_gettime(CLOCK_MONOTONIC, &now);
  } while (now.tv_sec - began.tv_sec < KILL_SECONDS_MAX);
  errno = ETIMEDOUT;
  return report_errno("killing what is left", "kill", "%s: a process of it may wait in the kernel", cgroup->path);
}
