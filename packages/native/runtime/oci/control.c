/* kill, delete, pause, resume, update. */
#include "oci.h"

#include "../cleanup.h"
#include "../hooks.h"
#include "../report.h"

#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

/* ---- kill */

int oci_signal(const char *text) {
  char *end;
  long number = strtol(text, &end, 10);
  if (end != text && !*end)
    return number >= 0 && number < 65 ? (int)number : -1;
  if (strncasecmp(text, "SIG", 3) == 0)
    text += 3;
  for (int i = 1; i < 32; i++)
    if (sigabbrev_np(i) && strcasecmp(text, sigabbrev_np(i)) == 0)
      return i;
  int base = strncasecmp(text, "RTMIN", 5) == 0 ? SIGRTMIN : strncasecmp(text, "RTMAX", 5) == 0 ? SIGRTMAX : 0;
  if (!base)
    return -1;
  number = strtol(text + 5, &end, 10);
  return *end || base + number < SIGRTMIN || base + number > SIGRTMAX ? -1 : base + (int)number;
}

static int signal_it(const struct oci_container *self, int signal, bool all) {
  const struct spec *spec = &self->container.spec;
  /* Without a pid namespace of its own its other processes outlive the first one. */
  bool own_pids = (spec->clone_flags & CLONE_NEWPID) || spec->namespace_paths[5];
  if (all || (signal == SIGKILL && !own_pids)) {
    if (cgroup_frozen(&self->container.cgroup) && signal == SIGKILL)
      return cgroup_kill(&self->container.cgroup);
    cgroup_signal(&self->container.cgroup, signal);
    return 0;
  }
  if (syscall(SYS_pidfd_send_signal, self->container.pidfd, signal, NULL, 0) < 0)
    return report_errno("signalling", "pidfd_send_signal", "%d", signal);
  return 0;
}

int oci_kill(int argc, char **argv) {
  static const struct option known[] = {{"all", no_argument, NULL, 'a'}, {0}};
  struct oci_container self;
  bool all = false;
  for (int option; (option = getopt_long(argc, argv, "a", known, NULL)) != -1;) {
    if (option != 'a')
      return report_invalid("reading the options", "see --help");
    all = true;
  }
  const char *id = oci_operand(argc, argv, optind), *name = id && argv[optind + 1] ? argv[optind + 1] : "TERM";
  int signal = oci_signal(name);
  if (!id)
    return -1;
  if (signal < 0)
    return report_invalid("signalling", "there is no signal %s", name);
  if (oci_open(&self, id, true) < 0)
    return -1;
  enum oci_status status = oci_status(&self);
  if (status == OCI_STOPPED && all) {
    cgroup_signal(&self.container.cgroup, signal); /* what outlived its first process */
    return 0;
  }
  if (status == OCI_STOPPED || status == OCI_CREATING)
    return report_invalid("signalling", "container not running: %s is %s", id, oci_status_name(status));
  return signal_it(&self, signal, all);
}

/* ---- delete */

static int end_it(const struct oci_container *self) {
  struct pollfd ended = {.fd = self->container.pidfd, .events = POLLIN};
  if (self->container.pidfd < 0)
    return 0;
  if (syscall(SYS_pidfd_send_signal, self->container.pidfd, SIGKILL, NULL, 0) < 0 && errno != ESRCH)
    return report_errno("deleting", "pidfd_send_signal", "%d", SIGKILL);
  if (self->container.cgroup.count && cgroup_frozen(&self->container.cgroup))
    cgroup_freeze(&self->container.cgroup, false);
  if (poll(&ended, 1, 30000) != 1)
    return report_invalid("deleting", "container %s does not end; a process of it may wait in the kernel", self->id);
  return 0;
}

static void run_poststop(const struct oci_container *self) {
  const struct spec_hooks *hooks = &self->container.spec.hooks[HOOK_POSTSTOP];
  if (!hooks->count)
    return;
  cleanup_free char *state = oci_state_text(self, OCI_STOPPED, 0, false);
  if (hooks_run(hooks, state, json_object_get_string(cgroup_member(self->state, "bundle"))) == 0)
    return;
  oci_warn(); /* the specification: log it, and go on */
}

int oci_delete(int argc, char **argv) {
  static const struct option known[] = {{"force", no_argument, NULL, 'f'}, {0}};
  struct oci_container self;
  bool force = false;
  for (int option; (option = getopt_long(argc, argv, "f", known, NULL)) != -1;) {
    if (option != 'f')
      return report_invalid("reading the options", "see --help");
    force = true;
  }
  const char *id = oci_operand(argc, argv, optind);
  if (!id)
    return -1;
  if (oci_open(&self, id, true) < 0) {
    bool absent = self.directory && access(self.directory, F_OK) < 0 && errno == ENOENT;
    return force && absent ? 0 : -1;
  }
  enum oci_status status = oci_status(&self);
  if (status != OCI_STOPPED && !force)
    return report_invalid("deleting", "container %s is %s; stop it first, or use --force", id, oci_status_name(status));
  if (end_it(&self) < 0 || oci_remove(&self) < 0)
    return -1;
  run_poststop(&self);
  return 0;
}

/* ---- pause, resume */

static int freeze(int argc, char **argv, bool frozen) {
  struct oci_container self;
  const char *id = oci_operand(argc, argv, 1);
  if (!id || oci_open(&self, id, true) < 0)
    return -1;
  enum oci_status status = oci_status(&self);
  if (status != (frozen ? OCI_RUNNING : OCI_PAUSED) && !(frozen && status == OCI_CREATED))
    return report_invalid(frozen ? "pausing" : "resuming", "container %s is %s", id, oci_status_name(status));
  return cgroup_freeze(&self.container.cgroup, frozen);
}

int oci_pause(int argc, char **argv) {
  return freeze(argc, argv, true);
}

int oci_resume(int argc, char **argv) {
  return freeze(argc, argv, false);
}

/* ---- update */

static const struct {
  const char *option, *controller, *member;
  bool text;
} updates[] = {
    {"blkio-weight", "blockIO", "weight", false},
    {"cpu-period", "cpu", "period", false},
    {"cpu-quota", "cpu", "quota", false},
    {"cpu-burst", "cpu", "burst", false},
    {"cpu-rt-period", "cpu", "realtimePeriod", false},
    {"cpu-rt-runtime", "cpu", "realtimeRuntime", false},
    {"cpu-share", "cpu", "shares", false},
    {"cpu-idle", "cpu", "idle", false},
    {"cpuset-cpus", "cpu", "cpus", true},
    {"cpuset-mems", "cpu", "mems", true},
    {"memory", "memory", "limit", false},
    {"memory-reservation", "memory", "reservation", false},
    {"memory-swap", "memory", "swap", false},
    {"pids-limit", "pids", "limit", false},
};
#define UPDATE_COUNT ((int)(sizeof updates / sizeof *updates))

static int take_update(json_object *resources, int which, const char *value) {
  json_object *controller = cgroup_member(resources, updates[which].controller);
  char *end;
  long long number = strtoll(value, &end, 10);
  if (!updates[which].text && (end == value || *end))
    return report_invalid("reading the options", "--%s takes a number, not %s", updates[which].option, value);
  if (!controller) {
    controller = json_object_new_object();
    json_object_object_add(resources, updates[which].controller, controller);
  }
  json_object_object_add(controller, updates[which].member,
                         updates[which].text ? json_object_new_string(value) : json_object_new_int64(number));
  return 0;
}

int oci_update(int argc, char **argv) {
  struct option known[UPDATE_COUNT + 2] = {0};
  struct oci_container self;
  json_object *resources = json_object_new_object();
  for (int i = 0; i < UPDATE_COUNT; i++)
    known[i] = (struct option){updates[i].option, required_argument, NULL, 256 + i};
  known[UPDATE_COUNT] = (struct option){"resources", required_argument, NULL, 'r'};
  for (int option; (option = getopt_long(argc, argv, "r:", known, NULL)) != -1;) {
    if (option == 'r') {
      resources = oci_read_json(optarg, "reading the resources");
      if (!resources)
        return -1;
    } else if (option < 256 || option >= 256 + UPDATE_COUNT)
      return report_invalid("reading the options", "see --help");
    else if (take_update(resources, option - 256, optarg) < 0)
      return -1;
  }
  const char *id = oci_operand(argc, argv, optind);
  if (!id || oci_open(&self, id, true) < 0)
    return -1;
  enum oci_status status = oci_status(&self);
  if (status == OCI_STOPPED || status == OCI_CREATING)
    return report_invalid("updating", "container %s is %s", id, oci_status_name(status));
  return cgroup_update(&self.container.cgroup, resources);
}
