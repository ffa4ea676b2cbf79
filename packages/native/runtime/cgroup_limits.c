#include "cgroup_limits.h"

#include "cleanup.h"
#include "report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const step = "writing a cgroup limit";

/* ---- reading the document */

int(limits_refuse)(const char *field, const char *why) {
  return report_invalid(step, "%s: %s", field, why);
}

int limits_number(json_object *object, const char *field, struct limits_number *number) {
  json_object *value = cgroup_member(object, strrchr(field, '.') + 1);
  number->given = value != NULL;
  number->value = value ? json_object_get_int64(value) : 0;
  if (value && !json_object_is_type(value, json_type_int))
    return limits_refuse(field, "must be a whole number");
  return 0;
}

const struct cgroup_hierarchy *limits_at(const struct limits *limits, const char *controller, const char *field) {
  const struct cgroup_hierarchy *at = cgroup_of(limits->cgroup, controller);
  if (!at)
    report_invalid(step, "%s: this host has no %s controller", field, controller);
  if (at && at->controllers && !limits->cgroup->v2 && cgroup_enable(at, controller) < 0)
    return NULL;
  return at;
}

int64_t limits_now(const struct cgroup_hierarchy *at, const char *file) {
  char text[64];
  if (cgroup_read(at->directory, file, text, sizeof text) <= 0 || strncmp(text, "max", 3) == 0)
    return -1;
  return strtoll(text, NULL, 10);
}

/* ---- the writes */

int limits_add(struct limits *limits, const struct cgroup_hierarchy *at, const char *file, const char *format, ...) {
  struct limits_write *write = &limits->writes[limits->count];
  va_list arguments;
  if (limits->count == LIMITS_WRITES_MAX)
    return report_invalid(step, "more than %d limits", LIMITS_WRITES_MAX);
  va_start(arguments, format);
  int length = vasprintf(&write->value, format, arguments);
  va_end(arguments);
  write->directory = at->directory;
  write->file = strdup(file);
  if (length < 0 || !write->file)
    return report_errno(step, "malloc", "%s", file);
  limits->count++;
  return 0;
}

int limits_add_number(struct limits *limits, const struct cgroup_hierarchy *at, const char *file, int64_t value) {
  if (value < 0)
    return limits_add(limits, at, file, "%s", at->controllers || strcmp(file, "pids.max") == 0 ? "max" : "-1");
  return limits_add(limits, at, file, "%lld", (long long)value);
}

/* A device or an interface without a line of its own has its file's default. */
static const char *default_of(const char *file) {
  static const struct {
    const char *suffix, *value;
  } defaults[] = {{"io.max", "rbps=max wbps=max riops=max wiops=max"},
                  {"rdma.max", "hca_handle=max hca_object=max"},
                  {"weight", "default"},
                  {"weight_device", "default"}};
  for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++) {
    size_t length = strlen(file), suffix = strlen(defaults[i].suffix);
    if (length >= suffix && strcmp(file + length - suffix, defaults[i].suffix) == 0)
      return defaults[i].value;
  }
  return "0";
}

static bool has_line_of_its_own(const struct limits_write *write) {
  size_t key = strcspn(write->value, " ");
  return memchr(write->value, ':', key) || strcmp(write->file, "rdma.max") == 0 ||
         strcmp(write->file, "net_prio.ifpriomap") == 0;
}

/* Of a file with a line for each device, that of the device that is written; else all of it. */
static int remember(struct limits_write *write) {
  char text[8192], *save = NULL;
  size_t key = strcspn(write->value, " ");
  bool keyed = has_line_of_its_own(write);
  if (cgroup_read(write->directory, write->file, text, sizeof text) < 0)
    return 0; /* not there: the write says so */
  if (!keyed)
    write->before = strdup(text);
  for (char *line = keyed ? strtok_r(text, "\n", &save) : NULL; line; line = strtok_r(NULL, "\n", &save))
    if (strncmp(line, write->value, key) == 0 && line[key] == ' ' && !write->before)
      write->before = strdup(line);
  if (keyed && !write->before &&
      asprintf(&write->before, "%.*s %s", (int)key, write->value, default_of(write->file)) < 0)
    write->before = NULL;
  return write->before ? 0 : report_errno(step, "malloc", "%s", write->file);
}

static void put_back(const struct limits_write *writes, int count) {
  struct failure kept = failure;
  while (count-- > 0) {
    char *save = NULL, *lines = writes[count].before;
    if (lines && !lines[strspn(lines, "\n")])
      cgroup_write(writes[count].directory, writes[count].file, "\n");
    for (char *line = lines ? strtok_r(lines, "\n", &save) : NULL; line; line = strtok_r(NULL, "\n", &save))
      cgroup_write(writes[count].directory, writes[count].file, "%s", line);
  }
  failure = kept;
}

static int write_all(struct limits *limits, json_object *devices, bool in_use) {
  for (int i = 0; i < limits->count; i++) {
    struct limits_write *write = &limits->writes[i];
    if ((in_use && remember(write) < 0) || cgroup_write(write->directory, write->file, "%s", write->value) < 0) {
      put_back(limits->writes, i);
      return -1;
    }
  }
  if (cgroup_devices(limits->cgroup, devices, in_use) == 0)
    return 0;
  put_back(limits->writes, limits->count);
  return -1;
}

/* ---- the controllers of one or two files */

static int limits_pids(struct limits *limits, json_object *pids) {
  struct limits_number limit;
  if (limits_number(pids, "pids.limit", &limit) < 0 || !limit.given)
    return limit.given ? -1 : 0;
  const struct cgroup_hierarchy *at = limits_at(limits, "pids", "pids.limit");
  /* v2 lets no process in at 0; with its program inside, 1 is as much. */
  return at ? limits_add_number(limits, at, "pids.max", limit.value == 0 && at->controllers ? 1 : limit.value) : -1;
}

static int limits_hugetlb(struct limits *limits, json_object *list) {
  for (size_t i = 0; json_object_is_type(list, json_type_array) && i < json_object_array_length(list); i++) {
    json_object *item = json_object_array_get_idx(list, i), *size = cgroup_member(item, "pageSize");
    char file[96];
    struct limits_number limit;
    const struct cgroup_hierarchy *at = limits_at(limits, "hugetlb", "hugepageLimits");
    if (!at || limits_number(item, "hugepageLimits.limit", &limit) < 0)
      return -1;
    const char *name = json_object_is_type(size, json_type_string) ? json_object_get_string(size) : "";
    const char *limit_of = at->controllers ? "max" : "limit_in_bytes";
    snprintf(file, sizeof file, "hugetlb.%.32s.%s", name, limit_of);
    if (!name[0] || strchr(name, '/') || !cgroup_has(at->directory, file))
      return report_invalid(step, "hugepageLimits[%zu].pageSize: this host has no huge pages of %s", i, name);
    if (limits_add_number(limits, at, file, limit.value) < 0)
      return -1;
    snprintf(file, sizeof file, "hugetlb.%.32s.rsvd.%s", name, limit_of);
    if (cgroup_has(at->directory, file) && limits_add_number(limits, at, file, limit.value) < 0)
      return -1;
  }
  return 0;
}

static int limits_network(struct limits *limits, json_object *network) {
  json_object *list = cgroup_member(network, "priorities");
  struct limits_number class;
  if (limits_number(network, "network.classID", &class) < 0)
    return -1;
  if (class.given) {
    const struct cgroup_hierarchy *at = limits_at(limits, "net_cls", "network.classID");
    if (!at || limits_add(limits, at, "net_cls.classid", "%lld", (long long)class.value) < 0)
      return -1;
  }
  for (size_t i = 0; json_object_is_type(list, json_type_array) && i < json_object_array_length(list); i++) {
    json_object *item = json_object_array_get_idx(list, i);
    const char *name = json_object_get_string(cgroup_member(item, "name"));
    const struct cgroup_hierarchy *at = limits_at(limits, "net_prio", "network.priorities");
    struct limits_number priority;
    if (!at || limits_number(item, "network.priorities.priority", &priority) < 0)
      return -1;
    if (!name || !*name || strpbrk(name, " \n"))
      return limits_refuse("network.priorities", "an entry has no name of an interface");
    if (limits_add(limits, at, "net_prio.ifpriomap", "%s %lld", name, (long long)priority.value) < 0)
      return -1;
  }
  return 0;
}

static int limits_rdma(struct limits *limits, json_object *rdma) {
  if (!json_object_is_type(rdma, json_type_object))
    return 0;
  json_object_object_foreach(rdma, name, item) {
    struct limits_number handles, objects;
    char text[2][32] = {"", ""};
    const struct cgroup_hierarchy *at = limits_at(limits, "rdma", "rdma");
    if (!at || limits_number(item, "rdma.hcaHandles", &handles) < 0 ||
        limits_number(item, "rdma.hcaObjects", &objects) < 0)
      return -1;
    if (strpbrk(name, " \n"))
      return limits_refuse("rdma", "an entry has no name of a device");
    if (handles.given)
      snprintf(text[0], sizeof text[0], " hca_handle=%lld", (long long)handles.value);
    if (objects.given)
      snprintf(text[1], sizeof text[1], " hca_object=%lld", (long long)objects.value);
    if (limits_add(limits, at, "rdma.max", "%s%s%s", name, text[0], text[1]) < 0)
      return -1;
  }
  return 0;
}

/* ---- unified: v2's files by name */

static int check_unified(const struct cgroup_hierarchy *at, const char *file) {
  char controller[32];
  size_t length = strcspn(file, ".");
  if (strchr(file, '/') || !file[length] || length == 0 || length >= sizeof controller)
    return report_invalid(step, "unified: %s is no name of a cgroup v2 file", file);
  snprintf(controller, sizeof controller, " %.*s ", (int)(length < 29 ? length : 29), file);
  bool core = strcmp(file, "cgroup.max.depth") == 0 || strcmp(file, "cgroup.max.descendants") == 0 ||
              strcmp(file, "cgroup.pressure") == 0;
  if (!core && !strstr(at->controllers, controller))
    return report_invalid(step, "unified: %s is of no controller that this host has on cgroup v2", file);
  if (!cgroup_has(at->directory, file))
    return report_invalid(step, "unified: this kernel has no %s", file);
  return 0;
}

static int limits_unified(struct limits *limits, json_object *unified) {
  const struct cgroup_hierarchy *at = cgroup_unified(limits->cgroup);
  if (!json_object_is_type(unified, json_type_object) || json_object_object_length(unified) == 0)
    return 0;
  if (!at)
    return limits_refuse("unified", "this host has cgroup v1 alone");
  json_object_object_foreach(unified, file, value) {
    char *save = NULL;
    if (!limits->cgroup->v2) { /* beside v1 a controller is on only when it is used */
      cleanup_free char *controller = strndup(file, strcspn(file, "."));
      if (controller && cgroup_of(limits->cgroup, controller) == at && cgroup_enable(at, controller) < 0)
        return -1;
    }
    if (check_unified(at, file) < 0)
      return -1;
    if (!json_object_is_type(value, json_type_string))
      return report_invalid(step, "unified: the value of %s must be a string", file);
    cleanup_free char *lines = strdup(json_object_get_string(value));
    for (char *line = lines ? strtok_r(lines, "\n", &save) : NULL; line; line = strtok_r(NULL, "\n", &save))
      if (limits_add(limits, at, file, "%s", line) < 0)
        return -1;
  }
  return 0;
}

/* ---- the document */

static int plan(struct limits *limits, json_object *resources) {
  if (limits_memory(limits, cgroup_member(resources, "memory")) < 0 ||
      limits_pids(limits, cgroup_member(resources, "pids")) < 0 ||
      limits_cpu(limits, cgroup_member(resources, "cpu")) < 0 ||
      limits_io(limits, cgroup_member(resources, "blockIO")) < 0 ||
      limits_hugetlb(limits, cgroup_member(resources, "hugepageLimits")) < 0 ||
      limits_network(limits, cgroup_member(resources, "network")) < 0 ||
      limits_rdma(limits, cgroup_member(resources, "rdma")) < 0)
    return -1;
  return limits_unified(limits, cgroup_member(resources, "unified"));
}

int cgroup_limit(const struct cgroup *cgroup, json_object *resources, bool in_use) {
  if (!resources)
    return 0;
  cleanup_free struct limits *limits = calloc(1, sizeof *limits);
  if (!limits)
    return report_errno(step, "calloc", "%s", "");
  limits->cgroup = cgroup;
  int result = plan(limits, resources) < 0 ? -1 : write_all(limits, cgroup_member(resources, "devices"), in_use);
  for (int i = 0; i < limits->count; i++) {
    free(limits->writes[i].file);
    free(limits->writes[i].value);
    free(limits->writes[i].before);
  }
  return result;
}
