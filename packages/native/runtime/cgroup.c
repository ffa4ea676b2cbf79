#include "cgroup.h"

#include "cgroup_limits.h"
#include "cleanup.h"
#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>

static const char *const v1_controllers[] = {"cpu",   "cpuacct", "cpuset",  "memory",  "devices", "freezer",
                                             "blkio", "pids",    "hugetlb", "net_cls", "net_prio"};

static int check_path(const char *path) {
  if (!path || path[0] != '/' || strlen(path) > 1024)
    return report_invalid("making the cgroup", "cgroupsPath must be an absolute path under 1024 bytes");
  for (const char *part = path; *part;) {
    while (*part == '/')
      part++;
    size_t length = strcspn(part, "/");
    if ((length == 2 && strncmp(part, "..", 2) == 0) || (length == 1 && *part == '.'))
      return report_invalid("making the cgroup", "cgroupsPath %s must not contain . or ..", path);
    part += length;
  }
  return path[strspn(path, "/")] ? 0 : report_invalid("making the cgroup", "cgroupsPath must not be the root");
}

int cgroup_add(struct cgroup *cgroup, const char *controller, const char *mount) {
  if (cgroup->count == CGROUP_HIERARCHIES_MAX || cgroup_of(cgroup, controller))
    return 0;
  struct cgroup_hierarchy *hierarchy = &cgroup->hierarchies[cgroup->count];
  hierarchy->controller = strdup(controller);
  hierarchy->mount = strdup(mount);
  if (!hierarchy->controller || !hierarchy->mount || asprintf(&hierarchy->directory, "%s%s", mount, cgroup->path) < 0)
    return report_errno("making the cgroup", "malloc", "%s", controller);
  cgroup->count++;
  return 0;
}

static int add_unified_mount(struct cgroup *cgroup, const char *name, const char *mount) {
  char text[256];
  if (cgroup_add(cgroup, name, mount) < 0)
    return -1;
  struct cgroup_hierarchy *hierarchy = &cgroup->hierarchies[cgroup->count - 1];
  cgroup_read(mount, "cgroup.controllers", text, sizeof text);
  text[strcspn(text, "\n")] = 0;
  return asprintf(&hierarchy->controllers, " %s ", text) < 0
             ? report_errno("making the cgroup", "malloc", "%s", "cgroup.controllers")
             : 0;
}

static int add_systemd(struct cgroup *cgroup, const char *mount) {
  char path[4096];
  cgroup->systemd_mount = strdup(mount);
  snprintf(path, sizeof path, "%s%s", mount, cgroup->path);
  return access(path, F_OK) == 0 ? cgroup_add(cgroup, "systemd", mount) : 0;
}

/* A line of /proc/self/mounts: device, mount point, type, options. */
static int add_mount(struct cgroup *cgroup, char *line) {
  char *save = NULL;
  strtok_r(line, " ", &save);
  char *mount = strtok_r(NULL, " ", &save), *type = strtok_r(NULL, " ", &save), *options = strtok_r(NULL, " ", &save);
  if (options && strcmp(type, "cgroup2") == 0 && !cgroup_unified(cgroup))
    return add_unified_mount(cgroup, "unified", mount);
  if (!options || strcmp(type, "cgroup") != 0)
    return 0;
  for (char *option = strtok_r(options, ",", &save); option; option = strtok_r(NULL, ",", &save)) {
    if (strcmp(option, "name=systemd") == 0 && add_systemd(cgroup, mount) < 0)
      return -1;
    for (size_t i = 0; i < sizeof v1_controllers / sizeof *v1_controllers; i++)
      if (strcmp(option, v1_controllers[i]) == 0 && cgroup_add(cgroup, option, mount) < 0)
        return -1;
  }
  return 0;
}

int cgroup_open(struct cgroup *cgroup, const char *path) {
  struct statfs fs;
  memset(cgroup, 0, sizeof *cgroup);
  if (check_path(path) < 0)
    return -1;
  cgroup->path = strdup(path);
  if (!cgroup->path)
    return report_errno("making the cgroup", "strdup", "%s", path);
  if (statfs("/sys/fs/cgroup", &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC) {
    cgroup->v2 = true;
    return add_unified_mount(cgroup, "v2", "/sys/fs/cgroup");
  }
  FILE *mounts = fopen("/proc/self/mounts", "re");
  if (!mounts)
    return report_errno("making the cgroup", "open", "/proc/self/mounts");
  char *line = NULL;
  size_t size = 0;
  int result = 0;
  while (result == 0 && getline(&line, &size, mounts) >= 0)
    result = add_mount(cgroup, line);
  if (result == 0 && ferror(mounts))
    result = report_errno("making the cgroup", "read", "/proc/self/mounts");
  free(line);
  fclose(mounts);
  if (result == 0 && cgroup->count == 0)
    return report_invalid("making the cgroup", "no cgroup hierarchy is mounted below /sys/fs/cgroup");
  return result;
}

static int make_directories(const struct cgroup_hierarchy *hierarchy) {
  char path[4096];
  snprintf(path, sizeof path, "%s", hierarchy->directory);
  for (char *slash = path + strlen(hierarchy->mount) + 1; (slash = strchr(slash, '/')); slash++) {
    *slash = 0;
    if (mkdir(path, 0755) < 0 && errno != EEXIST)
      return report_errno("making the cgroup", "mkdir", "%s", path);
    *slash = '/';
  }
  if (mkdir(path, 0755) < 0 && errno != EEXIST)
    return report_errno("making the cgroup", "mkdir", "%s", path);
  return 0;
}

/* A new cpuset of v1 is empty and takes no process: it gets its parent's cpus and nodes, from the top down. */
static int inherit_cpuset(const struct cgroup_hierarchy *hierarchy) {
  static const char *const files[] = {"cpuset.cpus", "cpuset.mems"};
  char path[4096], value[1024];
  size_t mount = strlen(hierarchy->mount), length = strlen(hierarchy->directory);
  snprintf(path, sizeof path, "%s", hierarchy->directory);
  for (size_t at = mount + 1; at <= length; at++) {
    if (path[at] != '/' && path[at] != 0)
      continue;
    char kept = path[at];
    path[at] = 0;
    char parent[4096];
    snprintf(parent, sizeof parent, "%s", path);
    *strrchr(parent, '/') = 0;
    for (int i = 0; i < 2; i++) {
      if (cgroup_read(path, files[i], value, sizeof value) > 1)
        continue;
      if (cgroup_read(parent, files[i], value, sizeof value) < 0)
        return report_errno("making the cgroup", "read", "%s/%s", parent, files[i]);
      value[strcspn(value, "\n")] = 0;
      if (cgroup_write(path, files[i], "%s", value) < 0)
        return -1;
    }
    path[at] = kept;
  }
  return 0;
}

static bool is_among(const char *list, const char *name) {
  size_t length = strlen(name);
  for (const char *at = list; (at = strstr(at, name)); at += length)
    if ((at == list || at[-1] == ' ') && strchr(" \n", at[length]))
      return true;
  return false;
}

int cgroup_enable(const struct cgroup_hierarchy *unified, const char *controller) {
  char path[4096], enabled[512];
  int result = 0;
  snprintf(path, sizeof path, "%s", unified->directory);
  for (char *slash = path + strlen(unified->mount); result == 0 && slash; slash = strchr(slash + 1, '/')) {
    *slash = 0;
    cgroup_read(path, "cgroup.subtree_control", enabled, sizeof enabled);
    if (!is_among(enabled, controller))
      result = cgroup_write(path, "cgroup.subtree_control", "+%s", controller);
    *slash = '/';
  }
  return result;
}

/* What the host has, one by one: a controller that cannot be had shows when its limit is written. Beside v1 they are
 * turned on when a limit needs them: the host may want them for v1. */
static void enable_all(const struct cgroup_hierarchy *unified) {
  static const char *const wanted[] = {"cpu", "memory", "pids", "io", "cpuset", "hugetlb", "rdma", "misc"};
  for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
    if (is_among(unified->controllers, wanted[i]))
      cgroup_enable(unified, wanted[i]);
}

int cgroup_create(struct cgroup *cgroup, json_object *resources) {
  for (int i = 0; i < cgroup->count; i++)
    if (make_directories(&cgroup->hierarchies[i]) < 0)
      return -1;
  if (cgroup->v2)
    enable_all(&cgroup->hierarchies[0]);
  else if (cgroup_of(cgroup, "cpuset") && inherit_cpuset(cgroup_of(cgroup, "cpuset")) < 0)
    return -1;
  return cgroup_limit(cgroup, resources, false) < 0 ? -1 : cgroup_give(cgroup);
}

int cgroup_update(const struct cgroup *cgroup, json_object *resources) {
  return cgroup_limit(cgroup, resources, true);
}

int cgroup_doors(const struct cgroup *cgroup, struct cgroup_doors *doors) {
  char path[4096];
  doors->count = 0;
  for (int i = 0; i < cgroup->count; i++) {
    if (cgroup->hierarchies[i].controllers)
      continue;
    snprintf(path, sizeof path, "%s/tasks", cgroup->hierarchies[i].directory);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) {
      report_errno("joining the cgroup", "open", "%s", path);
      cgroup_close_doors(doors);
      return -1;
    }
    doors->fds[doors->count++] = fd;
  }
  return 0;
}

int cgroup_enter(const struct cgroup_doors *doors) {
  for (int i = 0; i < doors->count; i++)
    if (write(doors->fds[i], "0", 1) < 0)
      return report_errno("joining the cgroup", "write", "0 to tasks of hierarchy %d", i);
  return 0;
}

void cgroup_close_doors(struct cgroup_doors *doors) {
  while (doors->count)
    close(doors->fds[--doors->count]);
}

/* The cgroup below `directory` with the process that has the smallest number, as a rule the first one. */
static void find_leaf(const char *directory, char *leaf, size_t size, long *smallest) {
  char path[4096], text[64];
  if (cgroup_read(directory, "cgroup.procs", text, sizeof text) > 0 &&
      (*smallest == 0 || strtol(text, NULL, 10) < *smallest)) {
    *smallest = strtol(text, NULL, 10);
    snprintf(leaf, size, "%s", directory);
  }
  cleanup_closedir DIR *entries = opendir(directory);
  for (struct dirent *entry; entries && (entry = readdir(entries));)
    if (entry->d_type == DT_DIR && entry->d_name[0] != '.') {
      snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
      find_leaf(path, leaf, size, smallest);
    }
}

/* A container that manages its own subtree has its processes in the leaves: others can be nowhere else. */
static long clone_into_leaf(const char *directory, struct kernel_clone_args *arguments) {
  char leaf[4096] = "";
  long smallest = 0;
  find_leaf(directory, leaf, sizeof leaf, &smallest);
  cleanup_fd int fd = open(leaf, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0)
    return -1;
  arguments->cgroup = (uint64_t)(unsigned)fd;
  return sys_clone3(arguments);
}

long cgroup_clone(const struct cgroup *cgroup, struct kernel_clone_args *arguments) {
  const struct cgroup_hierarchy *unified = cgroup_unified(cgroup);
  if (!unified)
    return sys_clone3(arguments);
  cleanup_fd int directory = open(unified->directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0)
    return report_errno("joining the cgroup", "open", "%s", unified->directory);
  arguments->flags |= CLONE_INTO_CGROUP;
  arguments->cgroup = (uint64_t)(unsigned)directory;
  long pid = sys_clone3(arguments);
  return pid < 0 && errno == EBUSY ? clone_into_leaf(unified->directory, arguments) : pid;
}

int cgroup_descend(struct cgroup *cgroup, const char *below) {
  cleanup_free char *path = NULL;
  int found = 0;
  if (asprintf(&path, "/%s", below) < 0)
    return report_errno("joining the cgroup", "malloc", "%s", below);
  if (strspn(path, "/") == strlen(path))
    return 0; /* the container's own */
  if (check_path(path) < 0)
    return -1;
  for (int i = 0; i < cgroup->count; i++) {
    char *directory = NULL;
    if (asprintf(&directory, "%s%s", cgroup->hierarchies[i].directory, path) < 0)
      return report_errno("joining the cgroup", "malloc", "%s", below);
    if (cgroup_has(directory, "cgroup.procs")) {
      free(cgroup->hierarchies[i].directory);
      cgroup->hierarchies[i].directory = directory;
      found++;
    } else
      free(directory);
  }
  return found ? 0 : report_invalid("joining the cgroup", "the container has no cgroup %s", below);
}

static void pause_briefly(void) {
  nanosleep(&(struct timespec){0, 500000}, NULL);
}

static int remove_below(const char *directory) {
  cleanup_closedir DIR *entries = opendir(directory);
  char path[4096];
  for (struct dirent *entry; entries && (entry = readdir(entries));)
    if (entry->d_type == DT_DIR && entry->d_name[0] != '.') {
      snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
      remove_below(path);
    }
  for (int tries = 0; tries < 2000; tries++) {
    if (rmdir(directory) == 0 || errno == ENOENT)
      return 0;
    if (errno != EBUSY && tries > 2) /* an error that is of a moment leaves nothing behind */
      break;
    pause_briefly();
  }
  return report_errno("removing the cgroup", "rmdir", "%s", directory);
}

int cgroup_remove(const struct cgroup *cgroup) {
  int result = 0;
  for (int i = 0; i < cgroup->count; i++)
    if (remove_below(cgroup->hierarchies[i].directory) < 0)
      result = -1;
  return result;
}

void cgroup_free(struct cgroup *cgroup) {
  for (int i = 0; i < cgroup->count; i++) {
    free(cgroup->hierarchies[i].controller);
    free(cgroup->hierarchies[i].mount);
    free(cgroup->hierarchies[i].directory);
    free(cgroup->hierarchies[i].controllers);
  }
  free(cgroup->path);
  free(cgroup->systemd_mount);
  memset(cgroup, 0, sizeof *cgroup);
}

const struct cgroup_hierarchy *cgroup_unified(const struct cgroup *cgroup) {
  for (int i = 0; i < cgroup->count; i++)
    if (cgroup->hierarchies[i].controllers)
      return &cgroup->hierarchies[i];
  return NULL;
}

const struct cgroup_hierarchy *cgroup_of(const struct cgroup *cgroup, const char *controller) {
  for (int i = 0; i < cgroup->count; i++)
    if (strcmp(cgroup->hierarchies[i].controller, controller) == 0)
      return &cgroup->hierarchies[i];
  const struct cgroup_hierarchy *unified = cgroup_unified(cgroup);
  const char *name = strcmp(controller, "blkio") == 0 ? "io" : strcmp(controller, "cpuacct") == 0 ? "cpu" : controller;
  return unified && is_among(unified->controllers, name) ? unified : NULL;
}

int cgroup_json(const struct cgroup *cgroup, char *buffer, int size) {
  int used = snprintf(buffer, (size_t)size, "{");
  for (int i = 0; i < cgroup->count && used < size; i++)
    used += snprintf(buffer + used, (size_t)(size - used), "%s\"%s\":\"%s\"", i ? "," : "",
                     cgroup->hierarchies[i].controller, cgroup->hierarchies[i].directory);
  if (used < size)
    used += snprintf(buffer + used, (size_t)(size - used), "}");
  return used;
}

int cgroup_write(const char *directory, const char *file, const char *format, ...) {
  char path[4096], value[512];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(value, sizeof value, format, arguments);
  va_end(arguments);
  if (length < 0 || (size_t)length >= sizeof value)
    return report_invalid("writing a cgroup limit", "%s: the value is longer than %zu bytes", file, sizeof value - 1);
  snprintf(path, sizeof path, "%s/%s", directory, file);
  cleanup_fd int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0)
    return report_errno("writing a cgroup limit", "open", "%s", path);
  if (write(fd, value, (size_t)length) < 0)
    return report_errno("writing a cgroup limit", "write", "%s to %s", value, path);
  return 0;
}

int cgroup_read(const char *directory, const char *file, char *buffer, int size) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", directory, file);
  cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t length = fd < 0 ? -1 : read(fd, buffer, (size_t)size - 1);
  buffer[length > 0 ? length : 0] = 0;
  return (int)length;
}

bool cgroup_has(const char *directory, const char *file) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", directory, file);
  return access(path, F_OK) == 0;
}

json_object *cgroup_member(json_object *parent, const char *key) {
  json_object *value = NULL;
  if (parent && json_object_is_type(parent, json_type_object))
    json_object_object_get_ex(parent, key, &value);
  return value;
}
