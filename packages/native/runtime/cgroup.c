#include "cgroup.h"

#include "cleanup.h"
#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
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

static int add(struct cgroup *cgroup, const char *controller, const char *mount) {
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

/* A line of /proc/self/mounts: device, mount point, type, options. */
static int add_v1_mount(struct cgroup *cgroup, char *line) {
  char *save = NULL;
  strtok_r(line, " ", &save);
  char *mount = strtok_r(NULL, " ", &save), *type = strtok_r(NULL, " ", &save), *options = strtok_r(NULL, " ", &save);
  if (!options || strcmp(type, "cgroup") != 0)
    return 0;
  for (char *option = strtok_r(options, ",", &save); option; option = strtok_r(NULL, ",", &save))
    for (size_t i = 0; i < sizeof v1_controllers / sizeof *v1_controllers; i++)
      if (strcmp(option, v1_controllers[i]) == 0 && add(cgroup, option, mount) < 0)
        return -1;
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
    return add(cgroup, "v2", "/sys/fs/cgroup");
  }
  FILE *mounts = fopen("/proc/self/mounts", "re");
  if (!mounts)
    return report_errno("making the cgroup", "open", "/proc/self/mounts");
  char *line = NULL;
  size_t size = 0;
  int result = 0;
  while (result == 0 && getline(&line, &size, mounts) >= 0)
    result = add_v1_mount(cgroup, line);
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

int cgroup_create(struct cgroup *cgroup, json_object *resources) {
  for (int i = 0; i < cgroup->count; i++)
    if (make_directories(&cgroup->hierarchies[i]) < 0)
      return -1;
  if ((cgroup->v2 ? cgroup_v2_prepare(cgroup) : cgroup_v1_prepare(cgroup)) < 0)
    return -1;
  return cgroup_update(cgroup, resources);
}

int cgroup_update(struct cgroup *cgroup, json_object *resources) {
  if (!resources)
    return 0;
  return cgroup->v2 ? cgroup_v2_limit(cgroup, resources) : cgroup_v1_limit(cgroup, resources);
}

int cgroup_doors(const struct cgroup *cgroup, struct cgroup_doors *doors) {
  char path[4096];
  doors->count = 0;
  for (int i = 0; i < cgroup->count && !cgroup->v2; i++) {
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

long cgroup_clone(const struct cgroup *cgroup, struct kernel_clone_args *arguments) {
  if (!cgroup->v2)
    return sys_clone3(arguments);
  cleanup_fd int directory = open(cgroup->hierarchies[0].directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0)
    return report_errno("joining the cgroup", "open", "%s", cgroup->hierarchies[0].directory);
  arguments->flags |= CLONE_INTO_CGROUP;
  arguments->cgroup = (uint64_t)(unsigned)directory;
  return sys_clone3(arguments);
}

static void pause_briefly(void) {
  nanosleep(&(struct timespec){0, 500000}, NULL);
}

int cgroup_freeze(const struct cgroup *cgroup, bool frozen) {
  char text[256];
  const struct cgroup_hierarchy *hierarchy = cgroup_of(cgroup, cgroup->v2 ? "v2" : "freezer");
  if (!hierarchy)
    return report_invalid("freezing", "this host has no freezer cgroup");
  const char *file = cgroup->v2 ? "cgroup.freeze" : "freezer.state";
  const char *value = cgroup->v2 ? (frozen ? "1" : "0") : (frozen ? "FROZEN" : "THAWED");
  for (int tries = 0; tries < 4000; tries++) {
    if (tries % 50 == 0 && cgroup_write(hierarchy->directory, file, "%s", value) < 0)
      return -1;
    if (cgroup_frozen(cgroup) == frozen)
      return 0;
    pause_briefly();
  }
  if (frozen) /* never leave it half frozen */
    cgroup_write(hierarchy->directory, file, "%s", cgroup->v2 ? "0" : "THAWED");
  (void)text;
  errno = ETIMEDOUT;
  return report_errno("freezing", "write", "%s/%s", hierarchy->directory, file);
}

bool cgroup_frozen(const struct cgroup *cgroup) {
  char text[256];
  const struct cgroup_hierarchy *hierarchy = cgroup_of(cgroup, cgroup->v2 ? "v2" : "freezer");
  if (!hierarchy)
    return false;
  if (cgroup->v2)
    return cgroup_read(hierarchy->directory, "cgroup.events", text, sizeof text) > 0 && strstr(text, "frozen 1");
  return cgroup_read(hierarchy->directory, "freezer.state", text, sizeof text) > 0 && strncmp(text, "FROZEN", 6) == 0;
}

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
  const struct cgroup_hierarchy *hierarchy = cgroup_of(cgroup, cgroup->v2 ? "v2" : "pids");
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

int cgroup_kill(const struct cgroup *cgroup) {
  for (int tries = 0; tries < 20000; tries++) {
    if (cgroup->v2 && cgroup_has(cgroup->hierarchies[0].directory, "cgroup.kill"))
      cgroup_write(cgroup->hierarchies[0].directory, "cgroup.kill", "1");
    if (!cgroup->v2 && tries % 20 == 0 && cgroup_frozen(cgroup))
      cgroup_freeze(cgroup, false); /* a frozen process does not die on v1 */
    if (cgroup_signal(cgroup, SIGKILL) == 0)
      return 0;
    pause_briefly();
  }
  errno = ETIMEDOUT;
  return report_errno("killing what is left", "kill", "%s", cgroup->path);
}

uint64_t cgroup_oom_kills(const struct cgroup *cgroup) {
  char text[1024];
  const struct cgroup_hierarchy *hierarchy = cgroup_of(cgroup, cgroup->v2 ? "v2" : "memory");
  if (!hierarchy ||
      cgroup_read(hierarchy->directory, cgroup->v2 ? "memory.events" : "memory.oom_control", text, sizeof text) <= 0)
    return 0;
  char *line = strstr(text, "oom_kill ");
  return line ? strtoull(line + 9, NULL, 10) : 0;
}

int cgroup_oom_fd(const struct cgroup *cgroup) {
  char path[4096];
  const struct cgroup_hierarchy *hierarchy = cgroup_of(cgroup, cgroup->v2 ? "v2" : "memory");
  if (!hierarchy)
    return -1;
  if (cgroup->v2) {
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
  }
  free(cgroup->path);
  memset(cgroup, 0, sizeof *cgroup);
}

const struct cgroup_hierarchy *cgroup_of(const struct cgroup *cgroup, const char *controller) {
  for (int i = 0; i < cgroup->count; i++)
    if (strcmp(cgroup->hierarchies[i].controller, controller) == 0)
      return &cgroup->hierarchies[i];
  return NULL;
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
