/* exec: one more process in a container. */
#include "oci.h"

#include "../cleanup.h"
#include "../report.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

struct exec_options {
  const char *process, *cwd, *user, *pid_file, *console_socket, *label, *apparmor, *cgroup;
  json_object *env, *groups, *capabilities;
  bool terminal, detach, no_new_privileges, ignore_paused;
  int preserve_fds;
};

static int number_or_fail(const char *text, const char **rest, uint32_t *out) {
  char *end;
  errno = 0;
  unsigned long long value = strtoull(text, &end, 10);
  if (end == text || text[0] < '0' || text[0] > '9' || errno || value >= UINT32_MAX)
    return report_invalid("reading the options", "%s is no id", text);
  *out = (uint32_t)value;
  *rest = end;
  return 0;
}

/* UID or UID:GID and nothing else (CVE-2026-30892). */
static int set_user(json_object *user, const char *text) {
  uint32_t uid, gid;
  const char *rest;
  if (number_or_fail(text, &rest, &uid) < 0)
    return -1;
  json_object_object_add(user, "uid", json_object_new_int64(uid));
  if (!*rest)
    return 0;
  if (*rest != ':' || number_or_fail(rest + 1, &rest, &gid) < 0 || *rest)
    return report_invalid("reading the options", "--user takes UID or UID:GID in numbers, not %s", text);
  json_object_object_add(user, "gid", json_object_new_int64(gid));
  return 0;
}

static void append_all(json_object *parent, const char *key, json_object *items) {
  json_object *list = cgroup_member(parent, key);
  if (!items)
    return;
  if (!json_object_is_type(list, json_type_array)) {
    list = json_object_new_array();
    json_object_object_add(parent, key, list);
  }
  for (size_t i = 0; i < json_object_array_length(items); i++)
    json_object_array_add(list, json_object_get(json_object_array_get_idx(items, i)));
}

/* The container's own process with what the options change. */
static json_object *process_of(const struct oci_container *self, const struct exec_options *options, char **args) {
  static const char *const sets[] = {"bounding", "effective", "permitted"};
  json_object *process = NULL, *list = json_object_new_array();
  if (json_object_deep_copy(cgroup_member(self->config, "process"), &process, NULL) < 0)
    return NULL;
  for (; *args; args++)
    json_object_array_add(list, json_object_new_string(*args));
  json_object_object_add(process, "args", list);
  json_object_object_add(process, "terminal", json_object_new_boolean(options->terminal));
  if (options->cwd)
    json_object_object_add(process, "cwd", json_object_new_string(options->cwd));
  if (options->label)
    json_object_object_add(process, "selinuxLabel", json_object_new_string(options->label));
  if (options->apparmor)
    json_object_object_add(process, "apparmorProfile", json_object_new_string(options->apparmor));
  if (options->no_new_privileges)
    json_object_object_add(process, "noNewPrivileges", json_object_new_boolean(true));
  append_all(process, "env", options->env);
  if (!cgroup_member(process, "user"))
    json_object_object_add(process, "user", json_object_new_object());
  append_all(cgroup_member(process, "user"), "additionalGids", options->groups);
  if (options->capabilities && !cgroup_member(process, "capabilities"))
    json_object_object_add(process, "capabilities", json_object_new_object());
  for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
    append_all(cgroup_member(process, "capabilities"), sets[i], options->capabilities);
  if (options->user && set_user(cgroup_member(process, "user"), options->user) < 0) {
    json_object_put(process);
    return NULL;
  }
  return process;
}

static void add_to(json_object **list, json_object *item) {
  if (!*list)
    *list = json_object_new_array();
  json_object_array_add(*list, item);
}

static int parse(int argc, char **argv, struct exec_options *options) {
  enum { CWD = 256, PID_FILE, CONSOLE, LABEL, APPARMOR, NNP, PRESERVE, IGNORE_PAUSED, CGROUP };
  static const struct option known[] = {{"process", required_argument, NULL, 'p'},
                                        {"cwd", required_argument, NULL, CWD},
                                        {"env", required_argument, NULL, 'e'},
                                        {"tty", no_argument, NULL, 't'},
                                        {"user", required_argument, NULL, 'u'},
                                        {"additional-gids", required_argument, NULL, 'g'},
                                        {"detach", no_argument, NULL, 'd'},
                                        {"pid-file", required_argument, NULL, PID_FILE},
                                        {"console-socket", required_argument, NULL, CONSOLE},
                                        {"process-label", required_argument, NULL, LABEL},
                                        {"apparmor", required_argument, NULL, APPARMOR},
                                        {"no-new-privs", no_argument, NULL, NNP},
                                        {"cap", required_argument, NULL, 'c'},
                                        {"preserve-fds", required_argument, NULL, PRESERVE},
                                        {"ignore-paused", no_argument, NULL, IGNORE_PAUSED},
                                        {"cgroup", required_argument, NULL, CGROUP},
                                        {0}};
  for (int option; (option = getopt_long(argc, argv, "+p:e:tu:g:dc:", known, NULL)) != -1;) {
    const char *rest;
    uint32_t gid;
    switch (option) {
    case 'p':
      options->process = optarg;
      break;
    case CWD:
      options->cwd = optarg;
      break;
    case 'e':
      add_to(&options->env, json_object_new_string(optarg));
      break;
    case 't':
      options->terminal = true;
      break;
    case 'u':
      options->user = optarg;
      break;
    case 'g':
      if (number_or_fail(optarg, &rest, &gid) < 0 || *rest)
        return report_invalid("reading the options", "--additional-gids takes one id, not %s", optarg);
      add_to(&options->groups, json_object_new_int64(gid));
      break;
    case 'd':
      options->detach = true;
      break;
    case PID_FILE:
      options->pid_file = optarg;
      break;
    case CONSOLE:
      options->console_socket = optarg;
      break;
    case LABEL:
      options->label = optarg;
      break;
    case APPARMOR:
      options->apparmor = optarg;
      break;
    case NNP:
      options->no_new_privileges = true;
      break;
    case 'c':
      add_to(&options->capabilities, json_object_new_string(optarg));
      break;
    case PRESERVE:
      options->preserve_fds = atoi(optarg);
      if (options->preserve_fds < 0 || options->preserve_fds > 1000)
        return report_invalid("reading the options", "--preserve-fds takes a number from 0 to 1000");
      break;
    case IGNORE_PAUSED:
      options->ignore_paused = true;
      break;
    case CGROUP:
      options->cgroup = optarg;
      break;
    default:
      return report_invalid("reading the options", "see --help");
    }
  }
  return 0;
}

static int check(const struct oci_container *self, const struct exec_options *options,
                 const struct spec_process *process) {
  enum oci_status status = oci_status(self);
  if (status != OCI_RUNNING && status != OCI_CREATED && !(status == OCI_PAUSED && options->ignore_paused))
    return report_invalid("executing", "container %s is %s", self->id, oci_status_name(status));
  if (process->terminal && options->detach && !options->console_socket)
    return report_invalid("checking the console", "a terminal needs --console-socket when the runtime does not stay");
  if (!process->terminal && options->console_socket)
    return report_invalid("checking the console", "--console-socket is for a process with a terminal");
  return 0;
}

static int execute(struct oci_container *self, const struct exec_options *options, json_object *process) {
  struct container *container = &self->container;
  struct exec exec = {0};
  char pid[16];
  if (spec_parse_process(process, &exec.process) < 0 || check(self, options, &exec.process) < 0 ||
      oci_seccomp(container->spec.seccomp, &container->seccomp) < 0)
    return -1;
  if (options->cgroup && cgroup_descend(&container->cgroup, options->cgroup) < 0)
    return -1;
  container->preserved_fds = options->preserve_fds;
  container->take_listener = oci_take_listener;
  oci_listens(self, OCI_RUNNING);
  oci_close(self); /* it may be long */
  if (!options->detach)
    console_hold_signals();
  if (container_exec(container, &exec, (int[3]){0, 1, 2}, true) < 0)
    return -1;
  int length = snprintf(pid, sizeof pid, "%d", exec.pid);
  if (options->console_socket && console_send(options->console_socket, exec.terminal) < 0)
    return -1;
  if (options->pid_file && oci_write_file(options->pid_file, pid, (size_t)length) < 0)
    return -1;
  if (options->detach)
    return 0;
  return console_wait(exec.pid, exec.pidfd, options->console_socket ? -1 : exec.terminal);
}

int oci_exec(int argc, char **argv) {
  struct exec_options options = {0};
  struct oci_container self;
  if (parse(argc, argv, &options) < 0)
    return -1;
  const char *id = oci_operand(argc, argv, optind);
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  if (!id || oci_open(&self, id, true) < 0)
    return -1;
  if (!self.config)
    return report_invalid("executing", "container %s is creating", id);
  if (!options.process && !argv[optind + 1])
    return report_invalid("executing", "name a program, or a file with --process");
  json_object *process = options.process ? oci_read_json(options.process, "reading the process")
                                         : process_of(&self, &options, argv + optind + 1);
  if (!process)
    return -1;
  return execute(&self, &options, process);
}
