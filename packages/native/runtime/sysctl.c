/* linux.sysctl: only what belongs to a namespace of the container's own. */
#include "cleanup.h"
#include "kernel.h"
#include "mounts.h"
#include "report.h"

#include <ctype.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>

static const char *const step = "setting sysctls";

static bool has(const struct spec *spec, int namespace) {
  return (spec->clone_flags & spec_namespaces[namespace].flag) || spec->namespace_paths[namespace];
}

/* `name` as a path below /proc/sys. */
static bool is_namespaced(const char *name, const struct spec *spec) {
  enum { USER = 0, IPC = 2, UTS = 3, NETWORK = 4 };
  static const char *const ipc[] = {"kernel/msgmax", "kernel/msgmnb", "kernel/msgmni", "kernel/sem",
                                    "kernel/shmall", "kernel/shmmax", "kernel/shmmni", "kernel/shm_rmid_forced"};
  if (strncmp(name, "net/", 4) == 0)
    return has(spec, NETWORK);
  if (strncmp(name, "fs/mqueue/", 10) == 0)
    return has(spec, IPC);
  if (strncmp(name, "user/", 5) == 0)
    return has(spec, USER);
  for (size_t i = 0; i < sizeof ipc / sizeof *ipc; i++)
    if (strcmp(name, ipc[i]) == 0)
      return has(spec, IPC);
  return strcmp(name, "kernel/domainname") == 0 && has(spec, UTS);
}

/* sysctl(8): the first separator tells whether dots or slashes separate; the other one stands for itself, in the names
 * of interfaces for a dot. */
static int path_of(const char *name, char *path, size_t size) {
  size_t length = strlen(name), first = strcspn(name, "./");
  bool dotted = name[first] == '.';
  if (length == 0 || length >= size || name[0] == '/' || name[0] == '.' || strstr(name, "//") || strstr(name, ".."))
    return report_invalid(step, "%s is no name of a sysctl", name);
  for (size_t i = 0; i <= length; i++) {
    char at = name[i];
    if (at && !isalnum((unsigned char)at) && !strchr("_-./:@", at))
      return report_invalid(step, "%s is no name of a sysctl", name);
    path[i] = at;
    if (dotted && at == '.')
      path[i] = '/';
    else if (dotted && at == '/')
      path[i] = '.';
  }
  return strstr(path, "/./") || strstr(path, "..") ? report_invalid(step, "%s is no name of a sysctl", name) : 0;
}

static int set_one(int root, const struct spec *spec, const char *name, json_object *value) {
  char path[512] = "/proc/sys/";
  struct statfs fs;
  const char *text = json_object_get_string(value);
  if (!json_object_is_type(value, json_type_string))
    return report_invalid(step, "%s must be a string", name);
  if (strpbrk(text, "\n\r") || strlen(text) != (size_t)json_object_get_string_len(value))
    return report_invalid(step, "the value of %s has more than one line", name);
  if (path_of(name, path + 10, sizeof path - 10) < 0)
    return -1;
  if (!is_namespaced(path + 10, spec))
    return report_invalid(step, "%s is not of a namespace of this container's own", name);
  cleanup_fd int fd =
      sys_openat2(root, path, O_WRONLY, 0, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS);
  if (fd < 0 || fstatfs(fd, &fs) < 0)
    return report_errno(step, "openat2", "%s", name);
  if (fs.f_type != PROC_SUPER_MAGIC)
    return report_invalid(step, "%s does not lead to procfs", name);
  return write(fd, text, strlen(text)) < 0 ? report_errno(step, "write", "%s = %s", name, text) : 0;
}

int mounts_sysctl(int root, const struct spec *spec) {
  if (!spec->sysctl)
    return 0;
  json_object_object_foreach(spec->sysctl, name, value) {
    if (set_one(root, spec, name, value) < 0)
      return -1;
  }
  return 0;
}
