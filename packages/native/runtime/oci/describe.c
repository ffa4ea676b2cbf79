/* state, list, ps, events: what there is. */
#include "oci.h"

#include "../cleanup.h"
#include "../kernel.h"
#include "../report.h"

#include <ctype.h>
#include <dirent.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

static pid_t pid_of(const struct oci_container *self, enum oci_status status) {
  return status == OCI_STOPPED || status == OCI_CREATING ? 0 : self->container.pid;
}

int oci_state(int argc, char **argv) {
  struct oci_container self;
  const char *id = oci_operand(argc, argv, 1);
  if (!id || oci_open(&self, id, false) < 0)
    return -1;
  enum oci_status status = oci_status(&self);
  cleanup_free char *text = oci_state_text(&self, status, pid_of(&self, status), true);
  puts(text);
  return 0;
}

static void list_one(const char *id, json_object *all, bool json, bool quiet) {
  struct oci_container self;
  if (oci_open(&self, id, false) < 0) {
    oci_close(&self);
    return; /* gone meanwhile */
  }
  enum oci_status status = oci_status(&self);
  if (quiet)
    puts(id);
  else if (json) {
    cleanup_free char *text = oci_state_text(&self, status, pid_of(&self, status), false);
    json_object_array_add(all, json_tokener_parse(text));
  } else
    printf("%-36s  %-8d  %-9s  %-40s  %s\n", id, pid_of(&self, status), oci_status_name(status),
           json_object_get_string(cgroup_member(self.state, "bundle")) ?: "",
           json_object_get_string(cgroup_member(self.state, "created")) ?: "");
  oci_close(&self);
}

int oci_list(int argc, char **argv) {
  static const struct option known[] = {
      {"format", required_argument, NULL, 'f'}, {"quiet", no_argument, NULL, 'q'}, {0}};
  bool json = false, quiet = false;
  for (int option; (option = getopt_long(argc, argv, "f:q", known, NULL)) != -1;) {
    if (option == 'q')
      quiet = true;
    else if (option == 'f' && (strcmp(optarg, "json") == 0 || strcmp(optarg, "table") == 0))
      json = optarg[0] == 'j';
    else
      return report_invalid("reading the options", "--format takes table or json");
  }
  json_object *all = json_object_new_array();
  struct dirent **entries;
  int count = scandir(oci.root, &entries, NULL, alphasort);
  if (!json && !quiet)
    printf("%-36s  %-8s  %-9s  %-40s  %s\n", "ID", "PID", "STATUS", "BUNDLE", "CREATED");
  for (int i = 0; i < count; i++)
    if (entries[i]->d_name[0] != '.')
      list_one(entries[i]->d_name, all, json, quiet);
  if (json && !quiet)
    puts(json_object_to_json_string_ext(all, JSON_C_TO_STRING_NOSLASHESCAPE));
  return 0;
}

/* ---- ps */

static bool is_one_of(pid_t pid, const pid_t *pids, int count) {
  for (int i = 0; i < count; i++)
    if (pids[i] == pid)
      return true;
  return false;
}

/* ps(1) of the host with the caller's options, and of its lines those whose PID is of the container. */
static int print_table(char **arguments, const pid_t *pids, int count) {
  static char *const common[] = {"ps", "-ef", NULL};
  int ends[2], column = -1, status;
  if (pipe2(ends, O_CLOEXEC) < 0)
    return report_errno("listing processes", "pipe2", "%s", "");
  pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], 1);
    if (*arguments)
      *--arguments = "ps";
    execvp("ps", *arguments ? arguments : common);
    _exit(127);
  }
  close(ends[1]);
  FILE *lines = fdopen(ends[0], "r");
  char *line = NULL;
  size_t size = 0;
  for (bool first = true; lines && getline(&line, &size, lines) >= 0; first = false) {
    int at = 0;
    bool wanted = first;
    cleanup_free char *copy = strdup(line);
    char *save = NULL;
    for (char *word = strtok_r(copy, " \t\n", &save); word; word = strtok_r(NULL, " \t\n", &save), at++) {
      if (first && strcmp(word, "PID") == 0)
        column = at;
      if (!first && at == column)
        wanted = is_one_of(atoi(word), pids, count);
    }
    if (wanted)
      fputs(line, stdout);
  }
  free(line);
  waitpid(child, &status, 0);
  if (WEXITSTATUS(status) == 127)
    return report_invalid("listing processes", "ps is not installed; use --format json");
  return column < 0 ? report_invalid("listing processes", "ps printed no column PID") : 0;
}

int oci_ps(int argc, char **argv) {
  static const struct option known[] = {{"format", required_argument, NULL, 'f'}, {0}};
  enum { PIDS_MAX = 32768 };
  struct oci_container self;
  bool json = false;
  for (int option; (option = getopt_long(argc, argv, "+f:", known, NULL)) != -1;) {
    if (option != 'f' || (strcmp(optarg, "json") != 0 && strcmp(optarg, "table") != 0))
      return report_invalid("reading the options", "--format takes table or json");
    json = optarg[0] == 'j';
  }
  const char *id = oci_operand(argc, argv, optind);
  cleanup_free pid_t *pids = malloc(sizeof(pid_t) * PIDS_MAX);
  if (!id || !pids || oci_open(&self, id, false) < 0)
    return -1;
  enum oci_status status = oci_status(&self);
  if (status == OCI_STOPPED || status == OCI_CREATING)
    return report_invalid("listing processes", "container %s is %s", id, oci_status_name(status));
  int count = cgroup_pids(&self.container.cgroup, pids, PIDS_MAX);
  if (!json)
    return print_table(argv + optind + 1, pids, count);
  printf("[");
  for (int i = 0; i < count; i++)
    printf("%s%d", i ? "," : "", pids[i]);
  printf("]\n");
  return 0;
}

/* ---- events */

static void add_number(json_object *to, const char *key, const char *directory, const char *file) {
  char text[64];
  if (cgroup_read(directory, file, text, sizeof text) > 0 && isdigit((unsigned char)text[0]))
    json_object_object_add(to, key, json_object_new_uint64(strtoull(text, NULL, 10)));
}

/* "name value" lines, cgroup-v2.rst "Flat keyed". */
static json_object *read_keyed(const char *directory, const char *file) {
  char text[8192], *save = NULL;
  json_object *object = json_object_new_object();
  if (cgroup_read(directory, file, text, sizeof text) <= 0)
    return object;
  for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
    char *space = strchr(line, ' ');
    if (!space)
      continue;
    *space = 0;
    json_object_object_add(object, line, json_object_new_uint64(strtoull(space + 1, NULL, 10)));
  }
  return object;
}

static const char *directory_of(const struct cgroup *cgroup, const char *controller) {
  const struct cgroup_hierarchy *hierarchy = cgroup_of(cgroup, controller);
  return hierarchy ? hierarchy->directory : "/nonexistent";
}

static json_object *cpu_stats(const struct cgroup *cgroup) {
  json_object *cpu = json_object_new_object(), *usage = json_object_new_object();
  if (cgroup->v2) {
    json_object *stat = read_keyed(directory_of(cgroup, "cpu"), "cpu.stat");
    uint64_t microseconds = json_object_get_uint64(cgroup_member(stat, "usage_usec"));
    json_object_object_add(usage, "total", json_object_new_uint64(microseconds * 1000));
    json_object_object_add(usage, "kernel",
                           json_object_new_uint64(json_object_get_uint64(cgroup_member(stat, "system_usec")) * 1000));
    json_object_object_add(usage, "user",
                           json_object_new_uint64(json_object_get_uint64(cgroup_member(stat, "user_usec")) * 1000));
    json_object_object_add(cpu, "throttling", stat);
  } else {
    add_number(usage, "total", directory_of(cgroup, "cpuacct"), "cpuacct.usage");
    add_number(usage, "kernel", directory_of(cgroup, "cpuacct"), "cpuacct.usage_sys");
    add_number(usage, "user", directory_of(cgroup, "cpuacct"), "cpuacct.usage_user");
    json_object_object_add(cpu, "throttling", read_keyed(directory_of(cgroup, "cpu"), "cpu.stat"));
  }
  json_object_object_add(cpu, "usage", usage);
  return cpu;
}

static json_object *memory_stats(const struct cgroup *cgroup) {
  const char *directory = directory_of(cgroup, "memory");
  json_object *memory = json_object_new_object(), *usage = json_object_new_object();
  add_number(usage, "usage", directory, cgroup->v2 ? "memory.current" : "memory.usage_in_bytes");
  add_number(usage, "limit", directory, cgroup->v2 ? "memory.max" : "memory.limit_in_bytes");
  add_number(usage, "max", directory, cgroup->v2 ? "memory.peak" : "memory.max_usage_in_bytes");
  json_object_object_add(memory, "usage", usage);
  json_object_object_add(memory, "raw", read_keyed(directory, "memory.stat"));
  return memory;
}

static void print_event(const char *id, const char *type, json_object *data) {
  json_object *event = json_object_new_object();
  json_object_object_add(event, "type", json_object_new_string(type));
  json_object_object_add(event, "id", json_object_new_string(id));
  if (data)
    json_object_object_add(event, "data", data);
  puts(json_object_to_json_string_ext(event, JSON_C_TO_STRING_NOSLASHESCAPE));
  fflush(stdout);
  json_object_put(event);
}

static void print_stats(const struct oci_container *self) {
  const struct cgroup *cgroup = &self->container.cgroup;
  json_object *data = json_object_new_object(), *pids = json_object_new_object();
  json_object_object_add(data, "cpu", cpu_stats(cgroup));
  json_object_object_add(data, "memory", memory_stats(cgroup));
  add_number(pids, "current", directory_of(cgroup, "pids"), "pids.current");
  add_number(pids, "limit", directory_of(cgroup, "pids"), "pids.max");
  json_object_object_add(data, "pids", pids);
  print_event(self->id, "stats", data);
}

static int watch(struct oci_container *self, int interval_ms) {
  char drained[4096];
  struct pollfd fds[] = {{.fd = self->container.pidfd, .events = POLLIN},
                         {.fd = cgroup_oom_fd(&self->container.cgroup), .events = POLLIN}};
  uint64_t kills = cgroup_oom_kills(&self->container.cgroup);
  if (fds[1].fd >= 0)
    fcntl(fds[1].fd, F_SETFL, O_NONBLOCK);
  for (;;) {
    int ready = poll(fds, 2, interval_ms);
    if (fds[0].revents & POLLIN)
      return 0;
    if (fds[1].revents)
      while (read(fds[1].fd, drained, sizeof drained) > 0)
        ;
    for (uint64_t now = cgroup_oom_kills(&self->container.cgroup); kills < now; kills++)
      print_event(self->id, "oom", NULL);
    if (ready == 0)
      print_stats(self);
  }
}

int oci_events(int argc, char **argv) {
  static const struct option known[] = {
      {"interval", required_argument, NULL, 'i'}, {"stats", no_argument, NULL, 's'}, {0}};
  struct oci_container self;
  bool once = false;
  double seconds = 5;
  for (int option; (option = getopt_long(argc, argv, "i:s", known, NULL)) != -1;) {
    char *unit = "";
    if (option == 's')
      once = true;
    else if (option == 'i') {
      seconds = strtod(optarg, &unit);
      seconds = strcmp(unit, "ms") == 0 ? seconds / 1000 : strcmp(unit, "m") == 0 ? seconds * 60 : seconds;
    }
    if (option == '?' || seconds < 0.01 || seconds > 86400)
      return report_invalid("reading the options", "--interval takes a time such as 5s");
  }
  const char *id = oci_operand(argc, argv, optind);
  if (!id || oci_open(&self, id, false) < 0)
    return -1;
  enum oci_status status = oci_status(&self);
  oci_close(&self);
  if (status == OCI_STOPPED || status == OCI_CREATING)
    return report_invalid("watching", "container %s is %s", id, oci_status_name(status));
  if (once) {
    print_stats(&self);
    return 0;
  }
  return watch(&self, (int)(seconds * 1000));
}
