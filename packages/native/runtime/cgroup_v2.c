/* cgroup v2: one directory, controllers enabled from the top (cgroup-v2.rst, "Enabling and Disabling"). */
#include "cgroup.h"
#include "report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Enables what the host has, one by one: a controller that cannot be had shows when its limit is written. */
int cgroup_v2_prepare(struct cgroup *cgroup) {
  static const char *const wanted[] = {"cpu", "memory", "pids", "io", "cpuset", "hugetlb"};
  struct cgroup_hierarchy *hierarchy = &cgroup->hierarchies[0];
  char path[4096];
  size_t mount = strlen(hierarchy->mount);
  snprintf(path, sizeof path, "%s", hierarchy->directory);
  for (char *slash = path + mount; slash; slash = strchr(slash + 1, '/')) {
    char kept = *slash, enabled[512] = "";
    *slash = 0;
    cgroup_read(path, "cgroup.subtree_control", enabled, sizeof enabled);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
      if (!strstr(enabled, wanted[i]))
        cgroup_write(path, "cgroup.subtree_control", "+%s", wanted[i]);
    *slash = kept;
  }
  return 0;
}

static int number_or_max(const char *directory, const char *file, json_object *value) {
  if (!value)
    return 0;
  int64_t number = json_object_get_int64(value);
  return number < 0 ? cgroup_write(directory, file, "max") : cgroup_write(directory, file, "%lld", (long long)number);
}

/* OCI's swap is memory plus swap; cgroup v2's is swap alone. */
static int limit_memory(const char *directory, json_object *memory) {
  json_object *limit = cgroup_member(memory, "limit"), *swap = cgroup_member(memory, "swap");
  if (number_or_max(directory, "memory.low", cgroup_member(memory, "reservation")) < 0 ||
      number_or_max(directory, "memory.max", limit) < 0)
    return -1;
  if (!swap || !cgroup_has(directory, "memory.swap.max"))
    return 0;
  int64_t sum = json_object_get_int64(swap), bytes = limit ? json_object_get_int64(limit) : 0;
  if (sum < 0)
    return cgroup_write(directory, "memory.swap.max", "max");
  if (bytes > sum)
    return report_invalid("writing a cgroup limit", "memory.swap (memory plus swap) is below memory.limit");
  return cgroup_write(directory, "memory.swap.max", "%lld", (long long)(sum - bytes));
}

/* The curve that maps 1024 shares to weight 100, as crun 1.23 and runc do. */
static int weight_of(uint64_t shares) {
  if (shares <= 2)
    return 1;
  if (shares >= 262144)
    return 10000;
  double log2 = 0;
  double value = (double)shares;
  while (value >= 2) {
    value /= 2;
    log2++;
  }
  log2 += value - 1; /* linear between powers of two is near enough: both ends are exact */
  double exponent = (log2 * log2 + 125 * log2) / 612.0 - 7.0 / 34.0;
  double weight = 1;
  int whole = (int)exponent;
  for (int i = 0; i < whole; i++)
    weight *= 10;
  double rest = exponent - whole, term = 1, power = 1;
  for (int i = 1; i < 20; i++) {
    term *= rest * 2.302585092994046 / i;
    power += term;
  }
  weight *= power;
  return weight < 1 ? 1 : weight > 10000 ? 10000 : (int)(weight + 0.5);
}

static int limit_cpu(const char *directory, json_object *cpu) {
  json_object *shares = cgroup_member(cpu, "shares"), *quota = cgroup_member(cpu, "quota"),
              *period = cgroup_member(cpu, "period"), *cpus = cgroup_member(cpu, "cpus"),
              *mems = cgroup_member(cpu, "mems");
  if (shares && json_object_get_int64(shares) > 0 &&
      cgroup_write(directory, "cpu.weight", "%d", weight_of(json_object_get_uint64(shares))) < 0)
    return -1;
  if (quota || period) {
    long long microseconds = period ? (long long)json_object_get_int64(period) : 100000;
    int64_t share = quota ? json_object_get_int64(quota) : -1;
    if (share > 0 ? cgroup_write(directory, "cpu.max", "%lld %lld", (long long)share, microseconds) < 0
                  : cgroup_write(directory, "cpu.max", "max %lld", microseconds) < 0)
      return -1;
  }
  if (cpus && json_object_get_string(cpus)[0] &&
      cgroup_write(directory, "cpuset.cpus", "%s", json_object_get_string(cpus)) < 0)
    return -1;
  if (mems && json_object_get_string(mems)[0] &&
      cgroup_write(directory, "cpuset.mems", "%s", json_object_get_string(mems)) < 0)
    return -1;
  return 0;
}

static int limit_io(const char *directory, json_object *block, const char *key, const char *name) {
  json_object *list = cgroup_member(block, key);
  for (size_t i = 0; json_object_is_type(list, json_type_array) && i < json_object_array_length(list); i++) {
    json_object *item = json_object_array_get_idx(list, i);
    if (cgroup_write(directory, "io.max", "%lld:%lld %s=%llu",
                     (long long)json_object_get_int64(cgroup_member(item, "major")),
                     (long long)json_object_get_int64(cgroup_member(item, "minor")), name,
                     (unsigned long long)json_object_get_uint64(cgroup_member(item, "rate"))) < 0)
      return -1;
  }
  return 0;
}

int cgroup_v2_limit(struct cgroup *cgroup, json_object *resources) {
  const char *directory = cgroup->hierarchies[0].directory;
  json_object *memory = cgroup_member(resources, "memory"), *block = cgroup_member(resources, "blockIO"),
              *unified = cgroup_member(resources, "unified");
  if ((memory && limit_memory(directory, memory) < 0) ||
      number_or_max(directory, "pids.max", cgroup_member(cgroup_member(resources, "pids"), "limit")) < 0 ||
      limit_cpu(directory, cgroup_member(resources, "cpu")) < 0 ||
      cgroup_v2_devices(directory, cgroup_member(resources, "devices")) < 0)
    return -1;
  if (limit_io(directory, block, "throttleReadBpsDevice", "rbps") < 0 ||
      limit_io(directory, block, "throttleWriteBpsDevice", "wbps") < 0 ||
      limit_io(directory, block, "throttleReadIOPSDevice", "riops") < 0 ||
      limit_io(directory, block, "throttleWriteIOPSDevice", "wiops") < 0)
    return -1;
  if (!json_object_is_type(unified, json_type_object))
    return 0;
  json_object_object_foreach(unified, file, value) {
    if (strchr(file, '/') || cgroup_write(directory, file, "%s", json_object_get_string(value)) < 0)
      return strchr(file, '/') ? report_invalid("writing a cgroup limit", "unified.%s is no file name", file) : -1;
  }
  return 0;
}
