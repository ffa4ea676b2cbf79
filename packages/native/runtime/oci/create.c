/* create, run and start. */
#include "oci.h"

#include "../cleanup.h"
#include "../hooks.h"
#include "../kernel.h"
#include "../report.h"

#include <getopt.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#define LAYERS_MAX 500 /* overlayfs takes no more */

static struct {
  struct oci_container container;
  char *bundle, *rootfs;
} self;

struct create_options {
  const char *bundle, *pid_file, *console_socket;
  struct overlay overlay; /* what the specification has no word for: the root from layers, see parse_layer */
  int preserve_fds;
  bool detach, keep;
};

/* ---- hooks */

static int run_hooks(const struct container *container, enum hook_kind kind) {
  const struct spec_hooks *hooks = &container->spec.hooks[kind];
  if (!hooks->count)
    return 0;
  enum oci_status status = kind == HOOK_POSTSTART         ? OCI_RUNNING
                           : kind == HOOK_POSTSTOP        ? OCI_STOPPED
                           : kind == HOOK_START_CONTAINER ? OCI_CREATED
                                                          : OCI_CREATING;
  cleanup_free char *state = oci_state_text(&self.container, status, status == OCI_STOPPED ? 0 : container->pid, false);
  if (!state)
    return report_errno("running a hook", "malloc", "%s", "");
  return hooks_run(hooks, state, kind == HOOK_START_CONTAINER ? NULL : self.bundle);
}

/* ---- the parts of create */

static char *absolute(const char *path) {
  char cwd[PATH_MAX], *joined;
  if (path[0] == '/')
    return strdup(path);
  return getcwd(cwd, sizeof cwd) && asprintf(&joined, "%s/%s", cwd, path) >= 0 ? joined : NULL;
}

static json_object *child_of(json_object *parent, const char *key, json_type type) {
  json_object *child = cgroup_member(parent, key);
  if (json_object_is_type(child, type))
    return child;
  child = type == json_type_array ? json_object_new_array() : json_object_new_object();
  json_object_object_add(parent, key, child);
  return child;
}

static void append_env(json_object *config, const char *text) {
  json_object *process = cgroup_member(config, "process");
  if (process)
    json_object_array_add(child_of(process, "env", json_type_array), json_object_new_string(text));
}

/* sd_listen_fds(3): descriptors that our caller's service manager gave it are the program's. */
static void pass_listeners(json_object *config, struct create_options *options) {
  char text[64];
  const char *count = getenv("LISTEN_FDS");
  if (!count || atoi(count) <= 0)
    return;
  options->preserve_fds += atoi(count);
  snprintf(text, sizeof text, "LISTEN_FDS=%d", atoi(count));
  append_env(config, text);
  append_env(config, "LISTEN_PID=1");
}

/* sd_notify(3): the program gets a socket of ours in place of the host's; start passes on what it says. */
static int pass_notify(json_object *config) {
  if (!getenv("NOTIFY_SOCKET"))
    return 0;
  cleanup_free char *directory = oci_path(&self.container, "notify");
  if (mkdir(directory, 0755) < 0)
    return report_errno("making the notify socket", "mkdir", "%s", directory);
  json_object *mount = json_object_new_object(), *list = json_object_new_array();
  json_object_array_add(list, json_object_new_string("bind"));
  json_object_object_add(mount, "destination", json_object_new_string("/run/notify"));
  json_object_object_add(mount, "type", json_object_new_string("bind"));
  json_object_object_add(mount, "source", json_object_new_string(directory));
  json_object_object_add(mount, "options", list);
  json_object_array_add(child_of(config, "mounts", json_type_array), mount);
  append_env(config, "NOTIFY_SOCKET=/run/notify/notify.sock");
  return 0;
}

static void add_device_rule(json_object *rules, bool allow, const char *type, int64_t major, int64_t minor,
                            const char *access) {
  json_object *rule = json_object_new_object();
  json_object_object_add(rule, "allow", json_object_new_boolean(allow));
  json_object_object_add(rule, "type", json_object_new_string(type));
  if (major >= 0)
    json_object_object_add(rule, "major", json_object_new_int64(major));
  if (minor >= 0)
    json_object_object_add(rule, "minor", json_object_new_int64(minor));
  json_object_object_add(rule, "access", json_object_new_string(access));
  json_object_array_add(rules, rule);
}

/* config.json's rules come first; what every container may use (config-linux.md, "Default Devices", terminals, nodes
 * that stay closed) is allowed after them, as runc and crun do. No rules at all allow what linux.devices makes, and
 * deny the rest. */
static void allow_devices(json_object *config) {
  static const struct {
    const char *type;
    int major, minor;
    const char *access;
  } always[] = {{"c", -1, -1, "m"}, {"b", -1, -1, "m"}, {"c", 1, 3, "rwm"},   {"c", 1, 5, "rwm"},
                {"c", 1, 7, "rwm"}, {"c", 1, 8, "rwm"}, {"c", 1, 9, "rwm"},   {"c", 5, 0, "rwm"},
                {"c", 5, 1, "rwm"}, {"c", 5, 2, "rwm"}, {"c", 136, -1, "rwm"}};
  json_object *linux_object = child_of(config, "linux", json_type_object),
              *rules = child_of(child_of(linux_object, "resources", json_type_object), "devices", json_type_array),
              *devices = cgroup_member(linux_object, "devices");
  bool has_none = json_object_array_length(rules) == 0;
  if (has_none)
    add_device_rule(rules, false, "a", -1, -1, "rwm");
  for (size_t i = 0; i < sizeof always / sizeof *always; i++)
    add_device_rule(rules, true, always[i].type, always[i].major, always[i].minor, always[i].access);
  for (size_t i = 0; has_none && json_object_is_type(devices, json_type_array) && i < json_object_array_length(devices);
       i++) {
    json_object *device = json_object_array_get_idx(devices, i);
    const char *type = json_object_get_string(cgroup_member(device, "type"));
    if (type && strchr("cub", type[0]))
      add_device_rule(rules, true, type[0] == 'b' ? "b" : "c", json_object_get_int64(cgroup_member(device, "major")),
                      json_object_get_int64(cgroup_member(device, "minor")), "rwm");
  }
}

static int check_console(const struct spec_process *process, const struct create_options *options) {
  static const char *const step = "checking the console";
  if (process->terminal && options->detach && !options->console_socket)
    return report_invalid(step, "process.terminal needs --console-socket when the runtime does not stay");
  if (!process->terminal && options->console_socket)
    return report_invalid(step, "--console-socket is for a process with a terminal");
  return 0;
}

/* config.md, "Mounts": the source of a bind mount is absolute or relative to the bundle. */
static int resolve_sources(json_object *config) {
  json_object *mounts = cgroup_member(config, "mounts");
  for (size_t i = 0; json_object_is_type(mounts, json_type_array) && i < json_object_array_length(mounts); i++) {
    json_object *mount = json_object_array_get_idx(mounts, i), *options = cgroup_member(mount, "options");
    const char *source = json_object_get_string(cgroup_member(mount, "source")),
               *type = json_object_get_string(cgroup_member(mount, "type"));
    bool bind = type && strcmp(type, "bind") == 0;
    for (size_t k = 0; json_object_is_type(options, json_type_array) && k < json_object_array_length(options); k++) {
      const char *option = json_object_get_string(json_object_array_get_idx(options, k));
      bind = bind || (option && (strcmp(option, "bind") == 0 || strcmp(option, "rbind") == 0));
    }
    cleanup_free char *path = NULL;
    if (!bind || !source || source[0] == '/')
      continue;
    if (asprintf(&path, "%s/%s", self.bundle, source) < 0)
      return report_errno("reading the bundle", "malloc", "%s", source);
    json_object_object_add(mount, "source", json_object_new_string(path));
  }
  return 0;
}

static int open_bundle(struct create_options *options) {
  static const char *const step = "reading the bundle";
  self.bundle = realpath(options->bundle ? options->bundle : ".", NULL);
  if (!self.bundle)
    return report_errno(step, "realpath", "%s", options->bundle);
  cleanup_free char *path = NULL, *copy = oci_path(&self.container, "config.json");
  if (asprintf(&path, "%s/config.json", self.bundle) < 0)
    return report_errno(step, "malloc", "%s", "");
  json_object *config = self.container.config = oci_read_json(path, step);
  if (!config)
    return -1;
  pass_listeners(config, options);
  allow_devices(config);
  struct spec *spec = &self.container.container.spec;
  if (pass_notify(config) < 0 || resolve_sources(config) < 0 || spec_parse(json_object_get(config), spec) < 0 ||
      check_console(&spec->process, options) < 0)
    return -1;
  /* A path into the bundle; that it is a directory, and no other one by now, open_tree sees. */
  if ((spec->root_path[0] == '/' ? asprintf(&self.rootfs, "%s", spec->root_path)
                                 : asprintf(&self.rootfs, "%s/%s", self.bundle, spec->root_path)) < 0)
    return report_errno(step, "malloc", "%s", "");
  struct stat at;
  if (stat(self.rootfs, &at) < 0 || !S_ISDIR(at.st_mode))
    return report_invalid(step, "root.path %s is not a directory", self.rootfs);
  spec->root_path = self.rootfs;
  const char *text = json_object_to_json_string_ext(config, JSON_C_TO_STRING_NOSLASHESCAPE);
  return oci_write_file(copy, text, strlen(text));
}

static int make_cgroup(void) {
  struct container *container = &self.container.container;
  const char *wanted = container->spec.cgroups_path;
  cleanup_free char *path = NULL;
  pid_t pid;
  if (asprintf(&path, "%s%s", wanted && wanted[0] == '/' ? "" : "/", wanted && wanted[0] ? wanted : self.container.id) <
          0 ||
      cgroup_open(&container->cgroup, path) < 0)
    return -1;
  if (cgroup_pids(&container->cgroup, &pid, 1) > 0) {
    cgroup_free(&container->cgroup); /* not ours to remove */
    return report_invalid("making the cgroup", "%s has processes that are not this container's", path);
  }
  if (oci_write_state(&self.container, self.bundle, self.rootfs) < 0 ||
      cgroup_delegate(&container->cgroup, &container->spec) < 0)
    return -1;
  return cgroup_create(&container->cgroup, container->spec.resources);
}

static int open_door(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  cleanup_fd int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/start.sock", self.container.lock);
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 1) < 0)
    return report_errno("making the start gate", "bind", "start.sock");
  self.container.container.door = steal_fd(&fd);
  return 0;
}

static int write_pid_file(const char *path) {
  char text[16];
  if (!path)
    return 0;
  int length = snprintf(text, sizeof text, "%d", self.container.container.pid);
  return oci_write_file(path, text, (size_t)length);
}

static int build(struct create_options *options, bool with_door) {
  struct container *container = &self.container.container;
  if (open_bundle(options) < 0)
    return -1;
  for (int fd = 3; fd < 3 + options->preserve_fds; fd++)
    if (fcntl(fd, F_SETFD, 0) < 0)
      return report_errno("preserving descriptors", "fcntl", "descriptor %d is not open", fd);
  container->preserved_fds = options->preserve_fds;
  container->run_hooks = run_hooks;
  container->take_listener = oci_take_listener;
  container->anchor = self.rootfs;
  container->has_overlay = options->overlay.lower.count > 0;
  container->overlay = options->overlay;
  container->overlay.label = container->spec.mount_label;
  if (oci_seccomp(container->spec.seccomp, &container->seccomp) < 0 || make_cgroup() < 0 ||
      (with_door && open_door() < 0))
    return -1;
  oci_listens(&self.container, OCI_CREATING);
  if (container_create(container, (int[3]){0, 1, 2}) < 0) {
    cgroup_blame_memory(&container->cgroup, "starting");
    return -1;
  }
  if (options->console_socket && console_send(options->console_socket, container->terminal) < 0)
    return -1;
  return oci_write_state(&self.container, self.bundle, self.rootfs) < 0 ? -1 : write_pid_file(options->pid_file);
}

/* Of one that could not be made nothing stays. */
static void undo(void) {
  struct failure kept = failure;
  struct container *container = &self.container.container;
  if (container->pid > 0) {
    kill(container->pid, SIGKILL);
    waitpid(container->pid, NULL, __WALL);
  }
  /* Descriptors may be what was lacking: removing needs some. */
  if (self.container.lock > 3)
    sys_close_range(3, (unsigned)self.container.lock - 1, 0);
  sys_close_range((unsigned)self.container.lock + 1, UINT_MAX, 0);
  oci_remove(&self.container);
  oci_close(&self.container);
  failure = kept;
}

static int make(const char *id, struct create_options *options, bool with_door) {
  umask(022);
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  if (oci_make(&self.container, id) < 0) {
    oci_close(&self.container);
    return -1;
  }
  if (build(options, with_door) < 0) {
    undo();
    return -1;
  }
  return 0;
}

/* --lower, once for each layer and the topmost first, --upper, --work and --volatile: only whoever calls us says so,
 * never a config.json, which may hold what others wrote. */
static int parse_layer(struct overlay *overlay, const char *path) {
  if (overlay->lower.count == LAYERS_MAX)
    return report_invalid("reading the options", "more than %d layers", LAYERS_MAX);
  const char **items = realloc(overlay->lower.items, sizeof *items * (size_t)(overlay->lower.count + 2));
  if (!items)
    return report_errno("reading the options", "realloc", "--lower");
  items[overlay->lower.count++] = absolute(path);
  items[overlay->lower.count] = NULL;
  overlay->lower.items = items;
  return 0;
}

static int check_layers(const struct overlay *overlay) {
  if (!overlay->upper != !overlay->work || (overlay->upper && !overlay->lower.count))
    return report_invalid("reading the options", "--upper and --work go together, and with --lower");
  if (overlay->is_volatile && !overlay->upper)
    return report_invalid("reading the options", "--volatile is for a root with an --upper layer");
  return 0;
}

static int parse(int argc, char **argv, struct create_options *options, const char **id) {
  enum {
    NO_PIVOT = 256,
    NO_SUBREAPER,
    NO_NEW_KEYRING,
    PRESERVE,
    CONSOLE,
    PID_FILE,
    KEEP,
    LOWER,
    UPPER,
    WORK,
    VOLATILE
  };
  static const struct option known[] = {{"bundle", required_argument, NULL, 'b'},
                                        {"console-socket", required_argument, NULL, CONSOLE},
                                        {"pid-file", required_argument, NULL, PID_FILE},
                                        {"no-pivot", no_argument, NULL, NO_PIVOT},
                                        {"no-subreaper", no_argument, NULL, NO_SUBREAPER},
                                        {"no-new-keyring", no_argument, NULL, NO_NEW_KEYRING},
                                        {"preserve-fds", required_argument, NULL, PRESERVE},
                                        {"detach", no_argument, NULL, 'd'},
                                        {"keep", no_argument, NULL, KEEP},
                                        {"lower", required_argument, NULL, LOWER},
                                        {"upper", required_argument, NULL, UPPER},
                                        {"work", required_argument, NULL, WORK},
                                        {"volatile", no_argument, NULL, VOLATILE},
                                        {0}};
  for (int option; (option = getopt_long(argc, argv, "+b:d", known, NULL)) != -1;)
    switch (option) {
    case 'b':
      options->bundle = optarg;
      break;
    case 'd':
      options->detach = true;
      break;
    case CONSOLE:
      options->console_socket = absolute(optarg);
      break;
    case PID_FILE:
      options->pid_file = absolute(optarg);
      break;
    case PRESERVE:
      options->preserve_fds = atoi(optarg);
      if (options->preserve_fds < 0 || options->preserve_fds > 1000)
        return report_invalid("reading the options", "--preserve-fds takes a number from 0 to 1000");
      break;
    case KEEP:
      options->keep = true;
      break;
    case LOWER:
      if (parse_layer(&options->overlay, optarg) < 0)
        return -1;
      break;
    case UPPER:
      options->overlay.upper = absolute(optarg);
      break;
    case WORK:
      options->overlay.work = absolute(optarg);
      break;
    case VOLATILE:
      options->overlay.is_volatile = true;
      break;
    case NO_PIVOT:
      return report_invalid("reading the options",
                            "--no-pivot is not supported: a root that is only covered can be left (use a root file "
                            "system other than the initramfs)");
    case NO_NEW_KEYRING:
      return report_invalid("reading the options", "--no-new-keyring is not supported: keys would be shared");
    case NO_SUBREAPER:
      break; /* we never are one */
    default:
      return report_invalid("reading the options", "see --help");
    }
  *id = oci_operand(argc, argv, optind);
  return *id ? check_layers(&options->overlay) : -1;
}

int oci_create(int argc, char **argv) {
  struct create_options options = {.detach = true};
  const char *id;
  if (parse(argc, argv, &options, &id) < 0 || make(id, &options, true) < 0)
    return -1;
  if (container_detach(&self.container.container) < 0) {
    undo();
    return -1;
  }
  oci_close(&self.container);
  return 0;
}

/* ---- start */

/* Passes READY=1 from the program on to whoever started us. */
static int open_notify(const struct oci_container *container) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  cleanup_free char *directory = oci_path(container, "notify");
  if (!getenv("NOTIFY_SOCKET") || access(directory, F_OK) < 0)
    return -1;
  cleanup_fd int at = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
  cleanup_fd int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/notify.sock", at);
  if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || fchmodat(at, "notify.sock", 0777, 0) < 0)
    return -1;
  return steal_fd(&fd);
}

static void pass_ready(int notify, int pidfd, pid_t pid) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  char text[4096];
  snprintf(address.sun_path, sizeof address.sun_path, "%s", getenv("NOTIFY_SOCKET"));
  socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(address.sun_path));
  if (address.sun_path[0] == '@')
    address.sun_path[0] = 0;
  struct pollfd fds[] = {{.fd = notify, .events = POLLIN}, {.fd = pidfd, .events = POLLIN}};
  while (poll(fds, 2, -1) > 0 && !(fds[1].revents & POLLIN)) {
    ssize_t length = recv(notify, text, sizeof text - 1, 0);
    text[length > 0 ? length : 0] = 0;
    if (length <= 0 || (strncmp(text, "READY=1", 7) != 0 && !strstr(text, "\nREADY=1")))
      continue;
    length = snprintf(text, sizeof text, "READY=1\nMAINPID=%d\n", pid);
    cleanup_fd int to = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sendto(to, text, (size_t)length, MSG_NOSIGNAL, (struct sockaddr *)&address, size);
    return;
  }
}

/* A failing poststart hook stops the container (runtime-spec 1.3, lifecycle, step 10). */
static int finish_start(struct container *container) {
  if (run_hooks(container, HOOK_POSTSTART) == 0)
    return 0;
  syscall(SYS_pidfd_send_signal, container->pidfd, SIGKILL, NULL, 0);
  return -1;
}

static int start_opened(struct oci_container *opened) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  enum oci_status status = oci_status(opened);
  if (status != OCI_CREATED)
    return report_invalid("starting", "container %s is %s; only a created one can be started", opened->id,
                          oci_status_name(status));
  cleanup_fd int notify = open_notify(opened);
  cleanup_fd int gate = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/start.sock", opened->lock);
  if (gate < 0 || connect(gate, (struct sockaddr *)&address, sizeof address) < 0)
    return report_errno("starting", "connect", "start.sock");
  oci_listens(opened, OCI_CREATED);
  opened->container.take_listener = oci_take_listener;
  int result = container_start_at(&opened->container, gate);
  unlinkat(opened->lock, "start.sock", 0);
  if (result < 0 || finish_start(&opened->container) < 0)
    return -1;
  oci_close(opened); /* others may look at it while we wait */
  if (notify >= 0)
    pass_ready(notify, opened->container.pidfd, opened->container.pid);
  return 0;
}

int oci_start(int argc, char **argv) {
  const char *id = oci_operand(argc, argv, 1);
  if (!id || oci_open(&self.container, id, true) < 0)
    return -1;
  self.bundle = strdup(json_object_get_string(cgroup_member(self.container.state, "bundle")) ?: "/");
  return start_opened(&self.container);
}

/* ---- run */

int oci_run(int argc, char **argv) {
  struct create_options options = {0};
  struct container *container = &self.container.container;
  const char *id;
  if (parse(argc, argv, &options, &id) < 0 || make(id, &options, false) < 0)
    return -1;
  if (!options.detach)
    console_hold_signals();
  oci_listens(&self.container, OCI_CREATED);
  if (container_start(container) < 0 || finish_start(container) < 0) {
    undo();
    return -1;
  }
  oci_close(&self.container);
  if (options.detach)
    return 0;
  int code = console_wait(container->pid, container->pidfd, options.console_socket ? -1 : container->terminal);
  container->pid = 0;
  if (options.keep)
    return code;
  if (oci_remove(&self.container) < 0)
    return -1;
  if (run_hooks(container, HOOK_POSTSTOP) < 0)
    oci_warn(); /* by now it is worth no more */
  return code;
}
