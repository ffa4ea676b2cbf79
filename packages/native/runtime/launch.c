/* From the launch document to a container at its start gate. */
#include "cleanup.h"
#include "kernel.h"
#include "report.h"
#include "supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

static char *read_all(int fd) {
  struct stat at;
  if (fstat(fd, &at) < 0 || at.st_size <= 0 || at.st_size > (64 << 20))
    return NULL;
  char *text = malloc((size_t)at.st_size + 1);
  ssize_t length = text ? pread(fd, text, (size_t)at.st_size, 0) : -1;
  if (length != at.st_size) {
    free(text);
    return NULL;
  }
  text[length] = 0;
  return text;
}

static char *copy_string(json_object *object, const char *key) {
  json_object *value = cgroup_member(object, key);
  return json_object_is_type(value, json_type_string) ? strdup(json_object_get_string(value)) : NULL;
}

static int read_overlay(json_object *launch, struct overlay *overlay) {
  json_object *rootfs = cgroup_member(launch, "rootfs"), *lower = cgroup_member(rootfs, "lower");
  if (!json_object_is_type(rootfs, json_type_object))
    return 0;
  overlay->lower.count = (int)json_object_array_length(lower);
  overlay->lower.items = calloc((size_t)overlay->lower.count + 1, sizeof(char *));
  if (!overlay->lower.items)
    return report_errno("reading the launch document", "calloc", "%s", "");
  for (int i = 0; i < overlay->lower.count; i++)
    overlay->lower.items[i] = json_object_get_string(json_object_array_get_idx(lower, (size_t)i));
  overlay->upper = json_object_get_string(cgroup_member(rootfs, "upper"));
  overlay->work = json_object_get_string(cgroup_member(rootfs, "work"));
  overlay->is_volatile = overlay->upper && flag(rootfs, "volatile");
  self.container.has_overlay = true;
  return 0;
}

static void tell_namespaces(const struct container *container) {
  char text[32];
  int length = snprintf(text, sizeof text, "{\"pid\":%d}", container->pid);
  client_send(self.clients, SUPERVISOR_NAMESPACES, text, (size_t)length);
}

int map_seccomp(void) {
  struct stat at;
  struct seccomp_program *program = &self.container.seccomp;
  if (self.seccomp_fd < 0)
    return 0;
  if (fstat(self.seccomp_fd, &at) < 0 || at.st_size % 8 || at.st_size / 8 > UINT16_MAX || at.st_size == 0)
    return report_invalid("loading the seccomp filter", "its descriptor holds no program");
  program->filters = mmap(NULL, (size_t)at.st_size, PROT_READ, MAP_PRIVATE, self.seccomp_fd, 0);
  program->count = (unsigned short)(at.st_size / 8);
  if (program->filters == MAP_FAILED) {
    program->filters = NULL;
    return report_errno("loading the seccomp filter", "mmap", "%s", "");
  }
  return 0;
}

static int read_launch(void) {
  static const char *const step = "reading the launch document";
  cleanup_free char *text = read_all(4);
  if (!text)
    return report_errno(step, "read", "descriptor 4");
  json_object *launch = json_tokener_parse(text);
  if (!launch || json_object_get_int(cgroup_member(launch, "version")) != SUPERVISOR_LAUNCH_VERSION)
    return report_invalid(step, "descriptor 4 holds none of version %d", SUPERVISOR_LAUNCH_VERSION);
  self.id = copy_string(launch, "id");
  self.run_dir = copy_string(launch, "runDir");
  self.state_dir = copy_string(launch, "stateDir");
  json_object *log = cgroup_member(launch, "log"), *input = cgroup_member(launch, "stdin");
  if (!self.id || !self.run_dir || !self.state_dir)
    return report_invalid(step, "id, runDir and stateDir are needed");
  self.stdin_once = flag(input, "once");
  self.container.wants_stdin = flag(input, "open");
  self.container.fences_abstract_sockets = flag(launch, "fenceAbstractSockets");
  self.seccomp_fd = json_object_get_int(cgroup_member(launch, "seccompFd")) == 5 ? 5 : -1;
  if (json_object_is_type(log, json_type_object) &&
      log_open(&self.log, json_object_get_string(cgroup_member(log, "path")),
               json_object_get_uint64(cgroup_member(log, "maxSizeBytes")), number_of(log, "maxFiles")) < 0)
    return -1;
  self.container.anchor = self.run_dir;
  self.container.has_namespaces = tell_namespaces;
  if (read_overlay(launch, &self.container.overlay) < 0)
    return -1;
  self.launch = launch; /* the overlay's paths are its strings */
  if (spec_parse(json_object_get(cgroup_member(launch, "spec")), &self.container.spec) < 0)
    return -1;
  self.container.overlay.label = self.container.spec.mount_label;
  return 0;
}

static int listen_at(const char *run_dir) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  char path[64];
  /* The directory may be too deep for sun_path: its descriptor's name in /proc is not. */
  cleanup_fd int directory = open(run_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
  cleanup_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (directory < 0 || fd < 0)
    return report_errno("listening", "open", "%s", run_dir);
  unlinkat(directory, "control.sock", 0);
  snprintf(path, sizeof path, "/proc/self/fd/%d/control.sock", directory);
  memcpy(address.sun_path, path, strlen(path) + 1);
  mode_t mask = umask(0177);
  int bound = bind(fd, (struct sockaddr *)&address, sizeof address);
  umask(mask);
  if (bound < 0 || listen(fd, 64) < 0)
    return report_errno("listening", "bind", "%s/control.sock", run_dir);
  return steal_fd(&fd);
}

static int prepare(void) {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, NULL);
  for (int i = 1; i < 65; i++) /* Node ignores SIGPIPE and SIGXFSZ, and what is ignored survives exec */
    signal(i, SIG_DFL);
  umask(0);
  prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  prctl(PR_SET_NAME, "berth-super", 0, 0, 0);
  for (int fd = 3; fd <= 5; fd++)
    fcntl(fd, F_SETFD, FD_CLOEXEC);
  sigemptyset(&all);
  sigaddset(&all, SIGCHLD);
  self.signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
  return self.signals < 0 ? report_errno("starting", "signalfd", "%s", "") : 0;
}

/* What is worth an event: more than now and then, and less than only when nothing moves any more. */
void watch_pressure(void) {
  static const struct pressure wanted[] = {{"memory", "full", 200000, -1},
                                           {"memory", "some", 400000, -1},
                                           {"io", "full", 1000000, -1},
                                           {"cpu", "some", 1000000, -1}};
  for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
    self.pressures[i] = wanted[i];
    self.pressures[i].fd =
        cgroup_pressure_fd(&self.container.cgroup, wanted[i].resource, wanted[i].kind, wanted[i].stall_us);
  }
}

int launch_create(void) {
  struct container *container = &self.container;
  if (prepare() < 0 || read_launch() < 0 || map_seccomp() < 0)
    return -1;
  self.listener = listen_at(self.run_dir);
  if (self.listener < 0)
    return -1;
  if (container->spec.cgroups_path && cgroup_open(&container->cgroup, container->spec.cgroups_path) < 0)
    return -1;
  if (container->cgroup.count && (cgroup_delegate(&container->cgroup, &container->spec) < 0 ||
                                  cgroup_create(&container->cgroup, container->spec.resources) < 0))
    return -1;
  if (container_create(container, NULL) < 0) {
    cgroup_blame_memory(&container->cgroup, "starting");
    return -1;
  }
  for (int i = 0; i < 3; i++)
    if (container->stdio[i] >= 0)
      fcntl(container->stdio[i], F_SETFL, O_NONBLOCK | (i == 0 ? O_WRONLY : O_RDONLY));
  if (container->terminal >= 0) {
    fcntl(container->terminal, F_SETFL, O_RDWR | O_NONBLOCK);
    self.terminal_peer = ioctl(container->terminal, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
  }
  self.oom = cgroup_oom_fd(&container->cgroup);
  return 0;
}

void launch_undo(void) {
  struct failure kept = failure;
  if (self.container.pid > 0) {
    kill(self.container.pid, SIGKILL);
    waitpid(self.container.pid, NULL, __WALL);
  }
  sys_close_range(4, UINT_MAX, 0); /* descriptors may be what was lacking: removing needs some */
  if (self.container.cgroup.count) {
    cgroup_kill(&self.container.cgroup);
    cgroup_remove(&self.container.cgroup);
  }
  if (self.run_dir)
    remove_socket();
  failure = kept;
}
