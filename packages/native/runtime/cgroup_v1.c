/* cgroup v1 and hybrid: a directory in each mounted hierarchy (Documentation/admin-guide/cgroup-v1). */
#include "cgroup.h"
#include "report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A new cpuset is empty and takes no process: it gets its parent's cpus and memory nodes, from the top down. */
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

int cgroup_v1_prepare(struct cgroup *cgroup) {
  const struct cgroup_hierarchy *cpuset = cgroup_of(cgroup, "cpuset");
  return cpuset ? inherit_cpuset(cpuset) : 0;
}

/* Writes a number of `object` to a file of a controller; a limit for a controller that is not there is an error. */
static int number(struct cgroup *cgroup, const char *controller, const char *file, json_object *object,
                  const char *key) {
  json_object *value = cgroup_member(object, key);
  if (!value)
    return 0;
  const struct cgroup_hierarchy *hierarchy = cgroup_of(cgroup, controller);
  if (!hierarchy)
    return report_invalid("writing a cgroup limit", "%s: this host has no %s controller", key, controller);
  return cgroup_write(hierarchy->directory, file, "%lld", (long long)json_object_get_int64(value));
}

static int text(struct cgroup *cgroup, const char *controller, const char *file, json_object *object, const char *key) {
  json_object *value = cgroup_member(object, key);
  const struct cgroup_hierarchy *hierarchy = cgroup_of(cgroup, controller);
  if (!value || !hierarchy || !json_object_get_string(value)[0])
    return 0;
  return cgroup_write(hierarchy->directory, file, "%s", json_object_get_string(value));
}

/* memory+swap is never below memory: raising writes the sum first, lowering the memory first. */
static int limit_memory(struct cgroup *cgroup, json_object *memory) {
  const struct cgroup_hierarchy *hierarchy = cgroup_of(cgroup, "memory");
  if (!memory || !hierarchy)
    return 0;
  json_object *swap = cgroup_has(hierarchy->directory, "memory.memsw.limit_in_bytes") ? memory : NULL;
  if (number(cgroup, "memory", "memory.limit_in_bytes", memory, "limit") < 0) {
    if (failure.number != EINVAL || !swap)
      return -1;
    if (number(cgroup, "memory", "memory.memsw.limit_in_bytes", swap, "swap") < 0 ||
        number(cgroup, "memory", "memory.limit_in_bytes", memory, "limit") < 0)
      return -1;
  }
  if (number(cgroup, "memory", "memory.memsw.limit_in_bytes", swap, "swap") < 0 ||
      number(cgroup, "memory", "memory.soft_limit_in_bytes", memory, "reservation") < 0 ||
      number(cgroup, "memory", "memory.swappiness", memory, "swappiness") < 0)
    return -1;
  json_object *disable = cgroup_member(memory, "disableOOMKiller");
  if (disable && json_object_get_boolean(disable))
    return cgroup_write(hierarchy->directory, "memory.oom_control", "1");
  return 0;
}

static int limit_pids(struct cgroup *cgroup, json_object *pids) {
  json_object *limit = cgroup_member(pids, "limit");
  const struct cgroup_hierarchy *hierarchy = cgroup_of(cgroup, "pids");
  if (!limit)
    return 0;
  if (!hierarchy)
    return report_invalid("writing a cgroup limit", "pids.limit: this host has no pids controller");
  int64_t value = json_object_get_int64(limit);
  if (value < 0)
    return cgroup_write(hierarchy->directory, "pids.max", "max");
  return cgroup_write(hierarchy->directory, "pids.max", "%lld", (long long)value);
}

static int limit_devices(struct cgroup *cgroup, json_object *rules) {
  const struct cgroup_hierarchy *hierarchy = cgroup_of(cgroup, "devices");
  if (!hierarchy || !json_object_is_type(rules, json_type_array))
    return 0;
  for (size_t i = 0; i < json_object_array_length(rules); i++) {
    json_object *rule = json_object_array_get_idx(rules, i), *major = cgroup_member(rule, "major"),
                *minor = cgroup_member(rule, "minor");
    const char *type = json_object_get_string(cgroup_member(rule, "type")),
               *access = json_object_get_string(cgroup_member(rule, "access"));
    char numbers[2][24] = {"*", "*"};
    if (major && json_object_get_int64(major) >= 0)
      snprintf(numbers[0], sizeof numbers[0], "%lld", (long long)json_object_get_int64(major));
    if (minor && json_object_get_int64(minor) >= 0)
      snprintf(numbers[1], sizeof numbers[1], "%lld", (long long)json_object_get_int64(minor));
    const char *file = json_object_get_boolean(cgroup_member(rule, "allow")) ? "devices.allow" : "devices.deny";
    if (cgroup_write(hierarchy->directory, file, "%c %s:%s %s", type && *type ? *type : 'a', numbers[0], numbers[1],
                     access && *access ? access : "rwm") < 0)
      return -1;
  }
  return 0;
}

static int throttle(struct cgroup *cgroup, json_object *block, const char *key, const char *file) {
  json_object *list = cgroup_member(block, key);
  const struct cgroup_hierarchy *hierarchy = cgroup_of(cgroup, "blkio");
  for (size_t i = 0; hierarchy && json_object_is_type(list, json_type_array) && i < json_object_array_length(list);
       i++) {
    json_object *item = json_object_array_get_idx(list, i);
    if (cgroup_write(hierarchy->directory, file, "%lld:%lld %llu",
                     (long long)json_object_get_int64(cgroup_member(item, "major")),
                     (long long)json_object_get_int64(cgroup_member(item, "minor")),
                     (unsigned long long)json_object_get_uint64(cgroup_member(item, "rate"))) < 0)
      return -1;
  }
  return 0;
}

int cgroup_v1_limit(struct cgroup *cgroup, json_object *resources) {
  json_object *cpu = cgroup_member(resources, "cpu"), *block = cgroup_member(resources, "blockIO");
  if (limit_memory(cgroup, cgroup_member(resources, "memory")) < 0 ||
      limit_pids(cgroup, cgroup_member(resources, "pids")) < 0)
    return -1;
  if (number(cgroup, "cpu", "cpu.shares", cpu, "shares") < 0 ||
      number(cgroup, "cpu", "cpu.cfs_period_us", cpu, "period") < 0 ||
      number(cgroup, "cpu", "cpu.cfs_quota_us", cpu, "quota") < 0 ||
      text(cgroup, "cpuset", "cpuset.cpus", cpu, "cpus") < 0 || text(cgroup, "cpuset", "cpuset.mems", cpu, "mems") < 0)
    return -1;
  if (throttle(cgroup, block, "throttleReadBpsDevice", "blkio.throttle.read_bps_device") < 0 ||
      throttle(cgroup, block, "throttleWriteBpsDevice", "blkio.throttle.write_bps_device") < 0 ||
      throttle(cgroup, block, "throttleReadIOPSDevice", "blkio.throttle.read_iops_device") < 0 ||
      throttle(cgroup, block, "throttleWriteIOPSDevice", "blkio.throttle.write_iops_device") < 0)
    return -1;
  return limit_devices(cgroup, cgroup_member(resources, "devices"));
}
