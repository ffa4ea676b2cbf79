/* What is known of the container, as frames and files have it. */
#include "cleanup.h"
#include "report.h"
#include "supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

static uint64_t nanos(const struct timespec *at) {
  return (uint64_t)at->tv_sec * 1000000000ull + (uint64_t)at->tv_nsec;
}

int write_whole(const char *directory, const char *name, const char *text, size_t length) {
  char path[4200], temporary[4200];
  snprintf(path, sizeof path, "%s/%s", directory, name);
  snprintf(temporary, sizeof temporary, "%s/.%s.tmp", directory, name);
  cleanup_fd int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0 || write(fd, text, length) != (ssize_t)length || rename(temporary, path) < 0) {
    report_errno("writing a record", "write", "%s", path);
    unlink(temporary);
    return -1;
  }
  return 0;
}

void make_durable(const char *directory, const char *name) {
  char path[4200];
  snprintf(path, sizeof path, "%s/%s", directory, name);
  cleanup_fd int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  cleanup_fd int parent = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd >= 0 && parent >= 0) { /* the container may have been removed meanwhile, and its record with it */
    fdatasync(fd);
    fsync(parent);
  }
}

/* Tried again: it must not outlive us, and nobody else can be told. */
void remove_socket(void) {
  char path[4200];
  snprintf(path, sizeof path, "%s/control.sock", self.run_dir);
  for (int tries = 0; tries < 3 && unlink(path) < 0 && errno != ENOENT; tries++)
    ;
}

int exit_text(char *text, size_t size) {
  return snprintf(text, size,
                  "{\"exitCode\":%d,\"signal\":%d,\"oomKilled\":%s,\"startedAtNs\":\"%llu\",\"finishedAtNs\":\"%llu\"}",
                  self.exit_code, self.exit_signal, self.oom_kills ? "true" : "false",
                  (unsigned long long)nanos(&self.started_at), (unsigned long long)nanos(&self.finished_at));
}

int describe(char *text, size_t size) {
  char cgroups[CGROUP_HIERARCHIES_MAX * 400];
  struct stat identity = {0};
  fstat(self.container.pidfd, &identity);
  cgroup_json(&self.container.cgroup, cgroups, sizeof cgroups);
  return snprintf(text, size,
                  "{\"pid\":%d,\"pidfsInode\":\"%llu\",\"supervisorPid\":%d,\"startedAtNs\":\"%llu\",\"cgroups\":%s}",
                  self.container.pid, (unsigned long long)identity.st_ino, getpid(),
                  (unsigned long long)nanos(&self.started_at), cgroups);
}
