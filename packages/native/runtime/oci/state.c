#include "oci.h"

#include "../cleanup.h"
#include "../kernel.h"
#include "../report.h"

#include <ctype.h>
#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

static const char *const step = "reading the container's state";

char *oci_path(const struct oci_container *self, const char *name) {
  char *path;
  return asprintf(&path, "%s/%s", self->directory, name) < 0 ? NULL : path;
}

int oci_check_id(const char *id) {
  size_t length = strlen(id);
  for (const char *at = id; *at; at++)
    if (!isalnum((unsigned char)*at) && !strchr("_+-", *at) && (at == id || *at != '.'))
      return report_invalid("checking the id", "%s: letters, digits, _, +, - and, not in front, dots make an id", id);
  if (length == 0 || length > 255)
    return report_invalid("checking the id", "an id has 1 to 255 characters");
  return 0;
}

json_object *oci_read_json(const char *path, const char *what) {
  struct stat at;
  cleanup_fd int fd = strcmp(path, "-") == 0 ? dup(0) : open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || fstat(fd, &at) < 0) {
    report_errno(what, "open", "%s", path);
    return NULL;
  }
  enum { JSON_BYTES_MAX = 16 << 20 };
  cleanup_free char *text = malloc(JSON_BYTES_MAX + 1);
  size_t used = 0;
  for (ssize_t length; text && used < JSON_BYTES_MAX; used += (size_t)length) {
    length = read(fd, text + used, JSON_BYTES_MAX - used);
    if (length <= 0)
      break;
  }
  json_tokener *tokener = json_tokener_new_ex(64);
  json_object *object = NULL;
  json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
  if (text && used < JSON_BYTES_MAX) {
    text[used] = 0;
    object = json_tokener_parse_ex(tokener, text, (int)used + 1);
  }
  if (!object || !json_object_is_type(object, json_type_object)) {
    report_invalid(what, "%s is not a JSON object: %s", path,
                   used == JSON_BYTES_MAX ? "too long" : json_tokener_error_desc(json_tokener_get_error(tokener)));
    json_object_put(object);
    object = NULL;
  }
  json_tokener_free(tokener);
  return object;
}

int oci_write_file(const char *path, const char *text, size_t length) {
  cleanup_free char *temporary = NULL;
  if (asprintf(&temporary, "%s.tmp", path) < 0)
    return report_errno("writing a record", "malloc", "%s", path);
  cleanup_fd int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0 || write(fd, text, length) != (ssize_t)length || rename(temporary, path) < 0)
    return report_errno("writing a record", "write", "%s", path);
  return 0;
}

/* ---- the process: a number may be used again, its start time with it is not (proc(5), field 22) */

static uint64_t start_time_of(pid_t pid) {
  char path[64], text[1024];
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
  if (length <= 0)
    return 0;
  text[length] = 0;
  char *at = strrchr(text, ')'); /* the name may hold anything */
  for (int field = 2; at && field < 22; field++)
    at = strchr(at + 1, ' ');
  return at ? strtoull(at + 1, NULL, 10) : 0;
}

static bool has_ended(int pidfd) {
  struct pollfd ended = {.fd = pidfd, .events = POLLIN};
  return poll(&ended, 1, 0) == 1;
}

/* That a process cannot be opened does not mean that it has ended. */
static int open_process(json_object *state, int *opened) {
  pid_t pid = json_object_get_int(cgroup_member(state, "pid"));
  cleanup_fd int pidfd = pid > 0 ? sys_pidfd_open(pid) : -1;
  *opened = -1;
  if (pid > 0 && pidfd < 0 && errno != ESRCH && errno != EINVAL)
    return report_errno(step, "pidfd_open", "%d", pid);
  if (pidfd >= 0 && !has_ended(pidfd) &&
      start_time_of(pid) == json_object_get_uint64(cgroup_member(state, "processStartTime")))
    *opened = steal_fd(&pidfd);
  return 0;
}

/* ---- directories */

static int locate(struct oci_container *self, const char *id) {
  memset(self, 0, sizeof *self);
  self->lock = -1;
  self->id = id;
  struct container *container = &self->container;
  container->terminal = container->pidfd = container->gate = container->door = -1;
  container->stdio[0] = container->stdio[1] = container->stdio[2] = -1;
  if (oci_check_id(id) < 0)
    return -1;
  if (asprintf(&self->directory, "%s/%s", oci.root, id) < 0)
    return report_errno(step, "malloc", "%s", id);
  return 0;
}

static int lock(struct oci_container *self, bool alone) {
  struct stat ours, there;
  self->lock = open(self->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (self->lock < 0)
    return errno == ENOENT ? report_invalid(step, "container %s does not exist", self->id)
                           : report_errno(step, "open", "%s", self->directory);
  if (alone && flock(self->lock, LOCK_EX) < 0)
    return report_errno(step, "flock", "%s", self->directory);
  /* Removed, perhaps made again, while we waited. */
  if (fstat(self->lock, &ours) < 0 || stat(self->directory, &there) < 0 || ours.st_ino != there.st_ino)
    return report_invalid(step, "container %s does not exist", self->id);
  return 0;
}

int oci_make(struct oci_container *self, const char *id) {
  if (locate(self, id) < 0)
    return -1;
  for (char *slash = self->directory; (slash = strchr(slash + 1, '/'));) {
    *slash = 0;
    int made = mkdir(self->directory, 0700);
    *slash = '/';
    if (made < 0 && errno != EEXIST)
      return report_errno("making the state directory", "mkdir", "%s", oci.root);
  }
  if (mkdir(self->directory, 0700) < 0)
    return errno == EEXIST ? report_invalid("creating", "container with id %s exists already", id)
                           : report_errno("making the state directory", "mkdir", "%s", self->directory);
  if (lock(self, true) == 0)
    return 0;
  rmdir(self->directory);
  return -1;
}

/* @return 1: it is; 0: it is not; -1: nobody can tell */
static int is_there(const char *path) {
  if (access(path, F_OK) == 0)
    return 1;
  return errno == ENOENT ? 0 : report_errno(step, "access", "%s", path);
}

int oci_open(struct oci_container *self, const char *id, bool alone) {
  if (locate(self, id) < 0 || lock(self, alone) < 0)
    return -1;
  cleanup_free char *state = oci_path(self, "state.json"), *config = oci_path(self, "config.json");
  int has_config = is_there(config), has_state = is_there(state);
  if (has_config < 0 || has_state < 0)
    return -1;
  if (!has_config || !has_state)
    return 0; /* not far, or left by one that was killed then */
  self->state = oci_read_json(state, step);
  self->config = self->state ? oci_read_json(config, step) : NULL;
  if (!self->config || spec_parse(json_object_get(self->config), &self->container.spec) < 0)
    return -1;
  if (open_process(self->state, &self->container.pidfd) < 0)
    return -1;
  self->container.pid = self->container.pidfd < 0 ? 0 : json_object_get_int(cgroup_member(self->state, "pid"));
  const char *cgroup = json_object_get_string(cgroup_member(self->state, "cgroupsPath"));
  return cgroup ? cgroup_open(&self->container.cgroup, cgroup) : 0;
}

void oci_close(struct oci_container *self) {
  if (self->lock >= 0) {
    flock(self->lock, LOCK_UN); /* a container's process on its way in shares the descriptor */
    close(self->lock);
  }
  self->lock = -1;
}

enum oci_status oci_status(const struct oci_container *self) {
  cleanup_free char *door = oci_path(self, "start.sock");
  if (!cgroup_member(self->state, "pid"))
    return OCI_CREATING;
  if (self->container.pidfd < 0 || has_ended(self->container.pidfd))
    return OCI_STOPPED;
  if (access(door, F_OK) == 0)
    return OCI_CREATED;
  return self->container.cgroup.count && cgroup_frozen(&self->container.cgroup) ? OCI_PAUSED : OCI_RUNNING;
}

const char *oci_status_name(enum oci_status status) {
  static const char *const names[] = {"creating", "created", "running", "paused", "stopped"};
  return names[status];
}

static void put(json_object *object, const char *key, const char *value) {
  json_object_object_add(object, key, value ? json_object_new_string(value) : NULL);
}

char *oci_state_text(const struct oci_container *self, enum oci_status status, pid_t pid, bool pretty) {
  json_object *object = json_object_new_object(), *annotations = self->container.spec.annotations;
  put(object, "ociVersion", OCI_VERSION);
  put(object, "id", self->id);
  json_object_object_add(object, "pid", json_object_new_int(pid));
  put(object, "status", oci_status_name(status));
  put(object, "bundle", json_object_get_string(cgroup_member(self->state, "bundle")));
  put(object, "rootfs", json_object_get_string(cgroup_member(self->state, "rootfs")));
  put(object, "created", json_object_get_string(cgroup_member(self->state, "created")));
  if (annotations)
    json_object_object_add(object, "annotations", json_object_get(annotations));
  put(object, "owner", "");
  char *text = strdup(json_object_to_json_string_ext(
      object, JSON_C_TO_STRING_NOSLASHESCAPE | (pretty ? JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED : 0)));
  json_object_put(object);
  return text;
}

int oci_write_state(struct oci_container *self, const char *bundle, const char *rootfs) {
  struct timespec now;
  struct tm utc;
  char created[64], seconds[32];
  pid_t pid = self->container.pid;
  clock_gettime(CLOCK_REALTIME, &now);
  strftime(seconds, sizeof seconds, "%Y-%m-%dT%H:%M:%S", gmtime_r(&now.tv_sec, &utc));
  snprintf(created, sizeof created, "%s.%09ldZ", seconds, now.tv_nsec);
  if (!self->state)
    self->state = json_object_new_object();
  put(self->state, "bundle", bundle);
  put(self->state, "rootfs", rootfs);
  put(self->state, "created", created);
  put(self->state, "cgroupsPath", self->container.cgroup.path);
  if (pid > 0) {
    json_object_object_add(self->state, "pid", json_object_new_int(pid));
    json_object_object_add(self->state, "processStartTime", json_object_new_uint64(start_time_of(pid)));
  }
  const char *text = json_object_to_json_string_ext(self->state, JSON_C_TO_STRING_NOSLASHESCAPE);
  cleanup_free char *path = oci_path(self, "state.json");
  return oci_write_file(path, text, strlen(text));
}

static int remove_tree(int parent, const char *name) {
  static const char *const step = "removing the container";
  cleanup_fd int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0)
    return errno == ENOENT ? 0 : report_errno(step, "open", "%s", name);
  cleanup_closedir DIR *entries = fdopendir(fd);
  if (!entries)
    return report_errno(step, "opendir", "%s", name);
  steal_fd(&fd);
  for (;;) {
    errno = 0;
    struct dirent *entry = readdir(entries);
    if (!entry && errno)
      return report_errno(step, "readdir", "%s", name);
    if (!entry)
      break;
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
      continue;
    if (unlinkat(dirfd(entries), entry->d_name, 0) == 0 || errno == ENOENT)
      continue;
    if (errno != EISDIR && errno != EPERM)
      return report_errno(step, "unlink", "%s/%s", name, entry->d_name);
    if (remove_tree(dirfd(entries), entry->d_name) < 0)
      return -1;
  }
  return unlinkat(parent, name, AT_REMOVEDIR) < 0 && errno != ENOENT ? report_errno(step, "rmdir", "%s", name) : 0;
}

int oci_remove(struct oci_container *self) {
  if (self->container.cgroup.count &&
      (cgroup_kill(&self->container.cgroup) < 0 || cgroup_remove(&self->container.cgroup) < 0))
    return -1;
  return remove_tree(AT_FDCWD, self->directory);
}
