#include "spec.h"

#include "capabilities.h"
#include "cleanup.h"
#include "report.h"

#include <limits.h>
#include <linux/ioprio.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif
#ifndef CLONE_NEWCGROUP
#define CLONE_NEWCGROUP 0x02000000
#endif

/* In the order of joining: the user namespace first, so that its owner may join the others. */
const struct spec_namespace spec_namespaces[8] = {
    {"user", CLONE_NEWUSER, "user"}, {"cgroup", CLONE_NEWCGROUP, "cgroup"}, {"ipc", CLONE_NEWIPC, "ipc"},
    {"uts", CLONE_NEWUTS, "uts"},    {"network", CLONE_NEWNET, "net"},      {"pid", CLONE_NEWPID, "pid"},
    {"mount", CLONE_NEWNS, "mnt"},   {"time", CLONE_NEWTIME, "time"},
};

static const struct {
  const char *name;
  int resource;
} rlimit_names[] = {
    {"RLIMIT_AS", RLIMIT_AS},           {"RLIMIT_CORE", RLIMIT_CORE},         {"RLIMIT_CPU", RLIMIT_CPU},
    {"RLIMIT_DATA", RLIMIT_DATA},       {"RLIMIT_FSIZE", RLIMIT_FSIZE},       {"RLIMIT_LOCKS", RLIMIT_LOCKS},
    {"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK}, {"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE}, {"RLIMIT_NICE", RLIMIT_NICE},
    {"RLIMIT_NOFILE", RLIMIT_NOFILE},   {"RLIMIT_NPROC", RLIMIT_NPROC},       {"RLIMIT_RSS", RLIMIT_RSS},
    {"RLIMIT_RTPRIO", RLIMIT_RTPRIO},   {"RLIMIT_RTTIME", RLIMIT_RTTIME},     {"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING},
    {"RLIMIT_STACK", RLIMIT_STACK},
};

static const char *const step = "reading config.json";

/* The first member that is there and of the wrong type: no default may take its place. */
static _Thread_local const char *mistyped_key;
static _Thread_local json_type mistyped_type;

static json_object *get(json_object *parent, const char *key, json_type type) {
  json_object *value = NULL;
  if (!json_object_is_type(parent, json_type_object) || !json_object_object_get_ex(parent, key, &value))
    return NULL;
  if (json_object_is_type(value, type))
    return value;
  if (value && !mistyped_key) {
    mistyped_key = key;
    mistyped_type = type;
  }
  return NULL;
}

static int check_types(void) {
  const char *key = mistyped_key;
  mistyped_key = NULL;
  return key ? report_invalid(step, "%s must be of JSON type %s", key, json_type_to_name(mistyped_type)) : 0;
}

static const char *get_string(json_object *parent, const char *key) {
  json_object *value = get(parent, key, json_type_string);
  return value ? json_object_get_string(value) : NULL;
}

static bool get_bool(json_object *parent, const char *key) {
  json_object *value = get(parent, key, json_type_boolean);
  return value && json_object_get_boolean(value);
}

/* An unsigned 32-bit number; `fallback` when absent. @return -1 when out of range */
static int get_u32(json_object *parent, const char *key, uint32_t fallback, uint32_t *out) {
  json_object *value = NULL;
  *out = fallback;
  if (!json_object_is_type(parent, json_type_object) || !json_object_object_get_ex(parent, key, &value) || !value)
    return 0;
  int64_t number = json_object_get_int64(value);
  if (!json_object_is_type(value, json_type_int) || number < 0 || number > (int64_t)UINT32_MAX)
    return report_invalid(step, "%s must be a number from 0 to 4294967295", key);
  *out = (uint32_t)number;
  return 0;
}

static int get_strings(json_object *parent, const char *key, struct strings *out) {
  json_object *array = get(parent, key, json_type_array);
  int count = array ? (int)json_object_array_length(array) : 0;
  out->items = calloc((size_t)count + 1, sizeof *out->items);
  if (!out->items)
    return report_errno(step, "calloc", "%s", key);
  for (int i = 0; i < count; i++) {
    json_object *item = json_object_array_get_idx(array, (size_t)i);
    if (!json_object_is_type(item, json_type_string) ||
        strlen(json_object_get_string(item)) != (size_t)json_object_get_string_len(item))
      return report_invalid(step, "%s[%d] must be a string without NUL", key, i);
    out->items[i] = json_object_get_string(item);
  }
  out->count = count;
  return 0;
}

static int get_id_maps(json_object *parent, const char *key, struct id_maps *out) {
  json_object *array = get(parent, key, json_type_array);
  int count = array ? (int)json_object_array_length(array) : 0;
  if (count == 0)
    return 0;
  if (count > SPEC_ID_MAPS_MAX)
    return report_invalid(step, "%s has %d entries; the kernel takes %d", key, count, SPEC_ID_MAPS_MAX);
  out->items = calloc((size_t)count, sizeof *out->items);
  if (!out->items)
    return report_errno(step, "calloc", "%s", key);
  out->count = count;
  for (int i = 0; i < count; i++) {
    json_object *item = json_object_array_get_idx(array, (size_t)i);
    struct id_map *map = &out->items[i];
    if (get_u32(item, "containerID", 0, &map->container_id) < 0 || get_u32(item, "hostID", 0, &map->host_id) < 0 ||
        get_u32(item, "size", 0, &map->size) < 0)
      return -1;
    if (map->size == 0 || map->size > UINT32_MAX - map->host_id || map->size > UINT32_MAX - map->container_id)
      return report_invalid(step, "%s[%d] has an impossible size", key, i);
  }
  return 0;
}

static int parse_capabilities(json_object *tree, struct capability_sets *sets) {
  json_object *object = get(tree, "capabilities", json_type_object);
  struct {
    const char *key;
    uint64_t *set;
  } kinds[] = {{"bounding", &sets->bounding},
               {"effective", &sets->effective},
               {"inheritable", &sets->inheritable},
               {"permitted", &sets->permitted},
               {"ambient", &sets->ambient}};
  for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
    json_object *array = get(object, kinds[k].key, json_type_array);
    for (size_t i = 0; array && i < json_object_array_length(array); i++) {
      json_object *item = json_object_array_get_idx(array, i);
      if (!json_object_is_type(item, json_type_string))
        return report_invalid(step, "capabilities.%s[%zu] must be a string", kinds[k].key, i);
      int number = capability_number(json_object_get_string(item));
      if (number >= 0)
        *kinds[k].set |= 1ull << number;
      else if (k == 0 || !get(object, "bounding", json_type_array)) /* config.md: a warning, no failure */
        report_warning("unknown capability %s is left out", json_object_get_string(item));
    }
  }
  return 0;
}

static int parse_rlimits(json_object *tree, struct spec_process *process) {
  json_object *array = get(tree, "rlimits", json_type_array);
  int count = array ? (int)json_object_array_length(array) : 0;
  if (count == 0)
    return 0;
  process->rlimits = calloc((size_t)count, sizeof *process->rlimits);
  if (!process->rlimits)
    return report_errno(step, "calloc", "rlimits");
  for (int i = 0; i < count; i++) {
    json_object *item = json_object_array_get_idx(array, (size_t)i);
    const char *type = get_string(item, "type");
    json_object *soft = get(item, "soft", json_type_int), *hard = get(item, "hard", json_type_int);
    struct spec_rlimit *limit = &process->rlimits[i];
    limit->name = NULL;
    for (size_t k = 0; type && k < sizeof rlimit_names / sizeof *rlimit_names; k++)
      if (strcmp(type, rlimit_names[k].name) == 0) {
        limit->resource = rlimit_names[k].resource;
        limit->name = rlimit_names[k].name;
      }
    if (!limit->name || !soft || !hard)
      return report_invalid(step, "rlimits[%d]: unknown type %s, or soft or hard missing", i, type ? type : "null");
    if (json_object_get_int64(soft) < 0 || json_object_get_int64(hard) < 0)
      return report_invalid(step, "%s: a limit is no negative number", type);
    limit->value.rlim_cur = json_object_get_uint64(soft);
    limit->value.rlim_max = json_object_get_uint64(hard);
    if (limit->value.rlim_cur > limit->value.rlim_max)
      return report_invalid(step, "%s: the soft limit is above the hard one", type);
    for (int k = 0; k < i; k++)
      if (process->rlimits[k].resource == limit->resource)
        return report_invalid(step, "%s is given twice", type);
    process->rlimit_count = i + 1;
  }
  return 0;
}

static int number_named(const char *name, const char *const *names, int count) {
  for (int i = 0; name && i < count; i++)
    if (names[i] && strcmp(name, names[i]) == 0)
      return i;
  return -1;
}

static int parse_scheduler(json_object *tree, struct spec_scheduler *scheduler) {
  static const char *const policies[] = {"SCHED_OTHER", "SCHED_FIFO", "SCHED_RR",      "SCHED_BATCH",
                                         NULL,          "SCHED_IDLE", "SCHED_DEADLINE"};
  static const char *const flags[] = {"SCHED_FLAG_RESET_ON_FORK", "SCHED_FLAG_RECLAIM",     "SCHED_FLAG_DL_OVERRUN",
                                      "SCHED_FLAG_KEEP_POLICY",   "SCHED_FLAG_KEEP_PARAMS", "SCHED_FLAG_UTIL_CLAMP_MIN",
                                      "SCHED_FLAG_UTIL_CLAMP_MAX"};
  json_object *object = get(tree, "scheduler", json_type_object), *list = get(object, "flags", json_type_array);
  if (!object)
    return 0;
  const char *name = get_string(object, "policy");
  if (name && strcmp(name, "SCHED_ISO") == 0)
    return report_invalid(step, "scheduler.policy: the kernel has no SCHED_ISO");
  int policy = number_named(name, policies, 7);
  if (policy < 0)
    return report_invalid(step, "scheduler.policy: unknown policy %s", name ? name : "null");
  scheduler->given = true;
  scheduler->policy = (uint32_t)policy;
  scheduler->nice = json_object_get_int(get(object, "nice", json_type_int));
  scheduler->priority = (uint32_t)json_object_get_int(get(object, "priority", json_type_int));
  scheduler->runtime_ns = json_object_get_uint64(get(object, "runtime", json_type_int));
  scheduler->deadline_ns = json_object_get_uint64(get(object, "deadline", json_type_int));
  scheduler->period_ns = json_object_get_uint64(get(object, "period", json_type_int));
  for (size_t i = 0; list && i < json_object_array_length(list); i++) {
    const char *flag = json_object_get_string(json_object_array_get_idx(list, i));
    int bit = number_named(flag, flags, 7);
    if (bit < 0)
      return report_invalid(step, "scheduler.flags: unknown flag %s", flag ? flag : "null");
    scheduler->flags |= 1ull << bit;
  }
  return 0;
}

static int parse_io_priority(json_object *tree, struct spec_process *process) {
  static const char *const classes[] = {NULL, "IOPRIO_CLASS_RT", "IOPRIO_CLASS_BE", "IOPRIO_CLASS_IDLE"};
  json_object *object = get(tree, "ioPriority", json_type_object);
  process->io_priority = -1;
  if (!object)
    return 0;
  const char *name = get_string(object, "class");
  int class = number_named(name, classes, 4), priority = json_object_get_int(get(object, "priority", json_type_int));
  if (class < 0 || priority < 0 || priority > 7)
    return report_invalid(step, "ioPriority: the class must be known and the priority 0 to 7");
  process->io_priority = IOPRIO_PRIO_VALUE(class, priority);
  return 0;
}

static int parse_process(json_object *tree, struct spec_process *process) {
  memset(process, 0, sizeof *process);
  process->umask = -1;
  process->terminal = get_bool(tree, "terminal");
  json_object *size = get(tree, "consoleSize", json_type_object), *user = get(tree, "user", json_type_object);
  uint32_t number;
  uint32_t width, height;
  if (get_u32(size, "width", 0, &width) < 0 || get_u32(size, "height", 0, &height) < 0)
    return -1;
  if (width > USHRT_MAX || height > USHRT_MAX)
    return report_invalid(step, "consoleSize: a terminal has at most %d columns and lines", USHRT_MAX);
  process->width = (unsigned short)width;
  process->height = (unsigned short)height;
  if (get_u32(user, "uid", 0, &process->uid) < 0 || get_u32(user, "gid", 0, &process->gid) < 0)
    return -1;
  if (process->uid == UINT32_MAX || process->gid == UINT32_MAX)
    return report_invalid(step, "user: 4294967295 is no id");
  if (get_u32(user, "umask", UINT32_MAX, &number) < 0)
    return -1;
  process->umask = number == UINT32_MAX ? -1 : (int)(number & 0777);
  json_object *groups = get(user, "additionalGids", json_type_array);
  process->group_count = groups ? (int)json_object_array_length(groups) : 0;
  process->groups = calloc((size_t)process->group_count + 1, sizeof *process->groups);
  if (!process->groups)
    return report_errno(step, "calloc", "additionalGids");
  for (int i = 0; i < process->group_count; i++) {
    json_object *item = json_object_array_get_idx(groups, (size_t)i);
    int64_t gid = json_object_get_int64(item);
    if (!json_object_is_type(item, json_type_int) || gid < 0 || gid >= (int64_t)UINT32_MAX)
      return report_invalid(step, "additionalGids[%d] is no id", i);
    process->groups[i] = (gid_t)gid;
  }
  if (get_strings(tree, "args", &process->args) < 0 || get_strings(tree, "env", &process->env) < 0)
    return -1;
  for (int i = 0; i < process->env.count; i++)
    if (process->env.items[i][0] == '=' || !strchr(process->env.items[i], '='))
      return report_invalid(step, "env[%d] is not NAME=value", i);
  process->cwd = get_string(tree, "cwd");
  if (!process->cwd || process->cwd[0] != '/')
    return report_invalid(step, "process.cwd must be an absolute path");
  if (process->args.count == 0 || process->args.items[0][0] == 0)
    return report_invalid(step, "process.args must name a program");
  process->no_new_privileges = get_bool(tree, "noNewPrivileges");
  json_object *adjust = get(tree, "oomScoreAdj", json_type_int);
  process->has_oom_score_adj = adjust != NULL;
  process->oom_score_adj = adjust ? json_object_get_int(adjust) : 0;
  if (process->oom_score_adj < -1000 || process->oom_score_adj > 1000)
    return report_invalid(step, "oomScoreAdj must be from -1000 to 1000");
  process->apparmor_profile = get_string(tree, "apparmorProfile");
  process->selinux_label = get_string(tree, "selinuxLabel");
  json_object *affinity = get(tree, "execCPUAffinity", json_type_object);
  process->cpus_initial = get_string(affinity, "initial");
  process->cpus_final = get_string(affinity, "final");
  if (parse_scheduler(tree, &process->scheduler) < 0 || parse_io_priority(tree, process) < 0 ||
      parse_capabilities(tree, &process->capabilities) < 0)
    return -1;
  return parse_rlimits(tree, process);
}

int spec_parse_process(json_object *tree, struct spec_process *process) {
  mistyped_key = NULL;
  return parse_process(tree, process) < 0 ? -1 : check_types();
}

static int parse_mounts(json_object *tree, struct spec *spec) {
  json_object *array = get(tree, "mounts", json_type_array);
  int count = array ? (int)json_object_array_length(array) : 0;
  spec->mounts = calloc((size_t)count + 1, sizeof *spec->mounts);
  if (!spec->mounts)
    return report_errno(step, "calloc", "mounts");
  for (int i = 0; i < count; i++) {
    json_object *item = json_object_array_get_idx(array, (size_t)i);
    struct spec_mount *mount = &spec->mounts[i];
    spec->mount_count = i + 1;
    mount->destination = get_string(item, "destination");
    mount->type = get_string(item, "type");
    mount->source = get_string(item, "source");
    if (!mount->destination || mount->destination[0] != '/' || strlen(mount->destination) >= 4096)
      return report_invalid(step, "mounts[%d].destination must be an absolute path under 4096 bytes", i);
    if (get_strings(item, "options", &mount->options) < 0 || get_id_maps(item, "uidMappings", &mount->uid_maps) < 0 ||
        get_id_maps(item, "gidMappings", &mount->gid_maps) < 0)
      return -1;
  }
  return 0;
}

static int parse_namespaces(json_object *linux_object, struct spec *spec) {
  json_object *array = get(linux_object, "namespaces", json_type_array);
  for (size_t i = 0; array && i < json_object_array_length(array); i++) {
    json_object *item = json_object_array_get_idx(array, i);
    const char *type = get_string(item, "type"), *path = get_string(item, "path");
    int found = -1;
    for (int k = 0; type && k < 8; k++)
      if (strcmp(type, spec_namespaces[k].name) == 0)
        found = k;
    if (found < 0)
      return report_invalid(step, "unknown namespace type %s", type ? type : "null");
    if ((spec->clone_flags & spec_namespaces[found].flag) || spec->namespace_paths[found])
      return report_invalid(step, "namespace %s is given twice", type);
    if (path && path[0])
      spec->namespace_paths[found] = path;
    else
      spec->clone_flags |= spec_namespaces[found].flag;
  }
  return 0;
}

static int parse_devices(json_object *linux_object, struct spec *spec) {
  json_object *array = get(linux_object, "devices", json_type_array);
  int count = array ? (int)json_object_array_length(array) : 0;
  spec->devices = calloc((size_t)count + 1, sizeof *spec->devices);
  if (!spec->devices)
    return report_errno(step, "calloc", "devices");
  for (int i = 0; i < count; i++) {
    json_object *item = json_object_array_get_idx(array, (size_t)i);
    struct spec_device *device = &spec->devices[i];
    const char *type = get_string(item, "type");
    uint32_t mode, uid, gid;
    device->path = get_string(item, "path");
    if (!device->path || device->path[0] != '/' || !device->path[1] || strlen(device->path) >= 4096 || !type ||
        strlen(type) != 1 || !strchr("cubp", type[0]))
      return report_invalid(step, "devices[%d] needs an absolute path and a type of c, u, b or p", i);
    device->type = type[0] == 'b' ? S_IFBLK : type[0] == 'p' ? S_IFIFO : S_IFCHR;
    if (get_u32(item, "major", 0, &device->major) < 0 || get_u32(item, "minor", 0, &device->minor) < 0 ||
        get_u32(item, "fileMode", 0666, &mode) < 0 || get_u32(item, "uid", 0, &uid) < 0 ||
        get_u32(item, "gid", 0, &gid) < 0)
      return -1;
    device->mode = mode & 07777;
    device->uid = uid;
    device->gid = gid;
    spec->device_count = i + 1;
  }
  return 0;
}

static int parse_hooks(json_object *tree, struct spec *spec) {
  static const char *const kinds[HOOK_KINDS] = {"prestart",       "createRuntime", "createContainer",
                                                "startContainer", "poststart",     "poststop"};
  json_object *object = get(tree, "hooks", json_type_object);
  for (int kind = 0; kind < HOOK_KINDS; kind++) {
    json_object *array = get(object, kinds[kind], json_type_array);
    int count = array ? (int)json_object_array_length(array) : 0;
    struct spec_hooks *hooks = &spec->hooks[kind];
    if (count == 0)
      continue;
    hooks->items = calloc((size_t)count, sizeof *hooks->items);
    if (!hooks->items)
      return report_errno(step, "calloc", "%s", kinds[kind]);
    hooks->count = count;
    for (int i = 0; i < count; i++) {
      json_object *item = json_object_array_get_idx(array, (size_t)i), *timeout = NULL;
      struct spec_hook *hook = &hooks->items[i];
      hook->path = get_string(item, "path");
      if (!hook->path || hook->path[0] != '/')
        return report_invalid(step, "hooks.%s[%d].path must be an absolute path", kinds[kind], i);
      if (get_strings(item, "args", &hook->args) < 0 || get_strings(item, "env", &hook->env) < 0)
        return -1;
      if (json_object_object_get_ex(item, "timeout", &timeout)) {
        hook->timeout_seconds = json_object_get_int(timeout);
        if (!json_object_is_type(timeout, json_type_int) || hook->timeout_seconds <= 0)
          return report_invalid(step, "hooks.%s[%d].timeout must be a number of seconds above 0", kinds[kind], i);
      }
    }
  }
  return 0;
}

static int parse_personality(json_object *linux_object, struct spec *spec) {
  json_object *object = get(linux_object, "personality", json_type_object),
              *flags = get(object, "flags", json_type_array);
  if (!object)
    return 0;
  const char *domain = get_string(object, "domain");
  if (flags && json_object_array_length(flags) > 0)
    return report_invalid(step, "linux.personality.flags: none is defined");
  if (domain && strcmp(domain, "LINUX") != 0 && strcmp(domain, "LINUX32") != 0)
    return report_invalid(step, "linux.personality.domain must be LINUX or LINUX32, not %s", domain);
  spec->has_personality = true;
  spec->personality = domain && strcmp(domain, "LINUX32") == 0 ? 0x0008 : 0; /* PER_LINUX32, PER_LINUX */
  return 0;
}

static int parse_time_offsets(json_object *linux_object, struct spec *spec) {
  static const char *const clocks[] = {"monotonic", "boottime"};
  json_object *object = get(linux_object, "timeOffsets", json_type_object);
  size_t used = 0;
  if (!object || json_object_object_length(object) == 0)
    return 0;
  if (!(spec->clone_flags & CLONE_NEWTIME))
    return report_invalid(step, "linux.timeOffsets needs a time namespace of its own");
  json_object_object_foreach(object, clock, value) {
    if (number_named(clock, clocks, 2) < 0)
      return report_invalid(step, "linux.timeOffsets: no offset can be set for clock %s", clock);
    used += (size_t)snprintf(spec->time_offsets + used, sizeof spec->time_offsets - used, "%s %lld %u\n", clock,
                             (long long)json_object_get_int64(get(value, "secs", json_type_int)),
                             (unsigned)json_object_get_int(get(value, "nanosecs", json_type_int)));
  }
  return 0;
}

/* What is in the specification and not here must be refused, never skipped. */
static int refuse_unsupported(json_object *linux_object) {
  static const char *const members[] = {"intelRdt", "netDevices", "memoryPolicy"};
  for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
    json_object *object = get(linux_object, members[i], json_type_object);
    if (object && json_object_object_length(object) > 0)
      return report_invalid(step, "linux.%s is not supported", members[i]);
  }
  return 0;
}

static int parse_linux(json_object *linux_object, struct spec *spec) {
  spec->cgroups_path = get_string(linux_object, "cgroupsPath");
  spec->resources = get(linux_object, "resources", json_type_object);
  spec->sysctl = get(linux_object, "sysctl", json_type_object);
  spec->seccomp = get(linux_object, "seccomp", json_type_object);
  spec->mount_label = get_string(linux_object, "mountLabel");
  spec->rootfs_propagation = get_string(linux_object, "rootfsPropagation");
  static const char *const propagations[] = {"private", "rprivate", "slave",      "rslave",
                                             "shared",  "rshared",  "unbindable", "runbindable"};
  if (spec->rootfs_propagation && spec->rootfs_propagation[0] &&
      number_named(spec->rootfs_propagation, propagations, 8) < 0)
    return report_invalid(step, "linux.rootfsPropagation: unknown value %s", spec->rootfs_propagation);
  if (refuse_unsupported(linux_object) < 0 || parse_personality(linux_object, spec) < 0)
    return -1;
  if (parse_namespaces(linux_object, spec) < 0 || parse_time_offsets(linux_object, spec) < 0 ||
      parse_devices(linux_object, spec) < 0 || get_id_maps(linux_object, "uidMappings", &spec->uid_maps) < 0 ||
      get_id_maps(linux_object, "gidMappings", &spec->gid_maps) < 0 ||
      get_strings(linux_object, "maskedPaths", &spec->masked_paths) < 0 ||
      get_strings(linux_object, "readonlyPaths", &spec->readonly_paths) < 0)
    return -1;
  if ((spec->clone_flags & CLONE_NEWUSER) && (spec->uid_maps.count == 0 || spec->gid_maps.count == 0))
    return report_invalid(step, "a new user namespace needs uidMappings and gidMappings");
  return 0;
}

int spec_parse(json_object *tree, struct spec *spec) {
  memset(spec, 0, sizeof *spec);
  mistyped_key = NULL;
  spec->tree = tree;
  json_object *root = get(tree, "root", json_type_object), *process = get(tree, "process", json_type_object);
  const char *version = get_string(tree, "ociVersion");
  if (!version || strncmp(version, "1.", 2) != 0 || version[2] < '0' || version[2] > '9')
    return report_invalid(step, "ociVersion must be 1.x, not %s", version ? version : "missing");
  if (!process)
    return report_invalid(step, "process is missing");
  spec->root_path = get_string(root, "path");
  spec->root_readonly = get_bool(root, "readonly");
  spec->hostname = get_string(tree, "hostname");
  spec->domainname = get_string(tree, "domainname");
  spec->annotations = get(tree, "annotations", json_type_object);
  if (!spec->root_path || !spec->root_path[0])
    return report_invalid(step, "root.path is missing");
  if (parse_process(process, &spec->process) < 0 || parse_mounts(tree, spec) < 0 || parse_hooks(tree, spec) < 0)
    return -1;
  if (parse_linux(get(tree, "linux", json_type_object), spec) < 0)
    return -1;
  if (!(spec->clone_flags & CLONE_NEWNS))
    return report_invalid(step, "a mount namespace of its own is needed");
  if (spec->hostname && !(spec->clone_flags & CLONE_NEWUTS) && !spec->namespace_paths[3])
    return report_invalid(step, "hostname needs a uts namespace");
  if (spec->domainname && !(spec->clone_flags & CLONE_NEWUTS) && !spec->namespace_paths[3])
    return report_invalid(step, "domainname needs a uts namespace");
  return check_types();
}

uint32_t spec_host_id(const struct id_maps *maps, uint32_t id) {
  for (int i = 0; i < maps->count; i++)
    if (id >= maps->items[i].container_id && id - maps->items[i].container_id < maps->items[i].size)
      return maps->items[i].host_id + (id - maps->items[i].container_id);
  return maps->count ? UINT32_MAX : id;
}

void spec_free_process(struct spec_process *process) {
  free(process->groups);
  free(process->args.items);
  free(process->env.items);
  free(process->rlimits);
  memset(process, 0, sizeof *process);
}

void spec_free(struct spec *spec) {
  spec_free_process(&spec->process);
  for (int i = 0; i < spec->mount_count; i++) {
    free(spec->mounts[i].options.items);
    free(spec->mounts[i].uid_maps.items);
    free(spec->mounts[i].gid_maps.items);
  }
  for (int kind = 0; kind < HOOK_KINDS; kind++) {
    for (int i = 0; i < spec->hooks[kind].count; i++) {
      free(spec->hooks[kind].items[i].args.items);
      free(spec->hooks[kind].items[i].env.items);
    }
    free(spec->hooks[kind].items);
  }
  free(spec->mounts);
  free(spec->devices);
  free(spec->uid_maps.items);
  free(spec->gid_maps.items);
  free(spec->masked_paths.items);
  free(spec->readonly_paths.items);
  json_object_put(spec->tree);
  memset(spec, 0, sizeof *spec);
}
