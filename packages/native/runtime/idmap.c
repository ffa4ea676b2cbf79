#include "idmap.h"

#include "cleanup.h"
#include "kernel.h"
#include "report.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

static const char *const step = "mapping ids";

int idmap_write(pid_t pid, const char *file, const struct id_maps *maps) {
  char path[64];
  cleanup_free char *text = malloc((size_t)maps->count * 36 + 1);
  size_t used = 0;
  if (!text)
    return report_errno(step, "malloc", "%s", file);
  for (int i = 0; i < maps->count; i++)
    used += (size_t)sprintf(text + used, "%u %u %u\n", maps->items[i].container_id, maps->items[i].host_id,
                            maps->items[i].size);
  snprintf(path, sizeof path, "/proc/%d/%s", pid, file);
  cleanup_fd int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0 || write(fd, text, used) < 0) /* the kernel takes one write only */
    return report_errno(step, "write", "%s", path);
  return 0;
}

int idmap_open(pid_t pid) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/ns/user", pid);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  return fd < 0 ? report_errno(step, "open", "%s", path) : fd;
}

/* A child that does nothing: in a new user namespace, or in the one of `join`. */
static pid_t start_helper(int join) {
  struct kernel_clone_args arguments = {.flags = join < 0 ? CLONE_NEWUSER : 0, .exit_signal = SIGCHLD};
  int ready[2];
  if (pipe2(ready, O_CLOEXEC) < 0)
    return report_errno(step, "pipe2", "%s", "");
  pid_t pid = (pid_t)sys_clone3(&arguments);
  if (pid == 0) {
    char joined = (char)(join < 0 || setns(join, CLONE_NEWUSER) == 0);
    if (write(ready[1], &joined, 1) == 1)
      pause();
    _exit(0);
  }
  char joined = 0;
  int number = errno;
  close(ready[1]);
  if (pid > 0 && (read(ready[0], &joined, 1) != 1 || !joined)) {
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    close(ready[0]);
    return report_invalid(step, "the user namespace cannot be joined");
  }
  close(ready[0]);
  errno = number;
  return pid < 0 ? report_errno(step, "clone3", "%s", "a user namespace") : pid;
}

static void end_helper(pid_t pid) {
  kill(pid, SIGKILL);
  waitpid(pid, NULL, 0);
}

int idmap_make(const struct id_maps *uids, const struct id_maps *gids) {
  pid_t pid = start_helper(-1);
  if (pid < 0)
    return -1;
  int fd = idmap_write(pid, "uid_map", uids) < 0 || idmap_write(pid, "gid_map", gids) < 0 ? -1 : idmap_open(pid);
  end_helper(pid);
  return fd;
}

static int read_one(pid_t pid, const char *file, struct id_maps *maps) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/%s", pid, file);
  FILE *lines = fopen(path, "re");
  struct id_map *items = calloc(SPEC_ID_MAPS_MAX, sizeof *items);
  if (!lines || !items) {
    free(items);
    if (lines)
      fclose(lines);
    return report_errno(step, "open", "%s", path);
  }
  int count = 0;
  for (char line[64]; count < SPEC_ID_MAPS_MAX && fgets(line, sizeof line, lines);) {
    char *at = line;
    uint32_t *fields[] = {&items[count].container_id, &items[count].host_id, &items[count].size};
    for (int i = 0; i < 3; i++)
      *fields[i] = (uint32_t)strtoul(at, &at, 10);
    count += items[count].size > 0;
  }
  fclose(lines);
  free(maps->items);
  *maps = (struct id_maps){.items = items, .count = count};
  return 0;
}

int idmap_read(int userns, struct id_maps *uids, struct id_maps *gids) {
  pid_t pid = start_helper(userns);
  if (pid < 0)
    return -1;
  int result = read_one(pid, "uid_map", uids) < 0 || read_one(pid, "gid_map", gids) < 0 ? -1 : 0;
  end_helper(pid);
  return result;
}
