/* linux.resources.cpu: shares, bandwidth, real-time and cpusets. */
#include "cgroup_limits.h"
#include "report.h"

#include <stdio.h>
#include <string.h>

struct cpu {
  struct limits_number shares, quota, period, burst, idle, realtime_runtime, realtime_period;
};

static int read_cpu(json_object *object, struct cpu *cpu) {
  if (limits_number(object, "cpu.shares", &cpu->shares) < 0 || limits_number(object, "cpu.quota", &cpu->quota) < 0 ||
      limits_number(object, "cpu.period", &cpu->period) < 0 || limits_number(object, "cpu.burst", &cpu->burst) < 0 ||
      limits_number(object, "cpu.idle", &cpu->idle) < 0 ||
      limits_number(object, "cpu.realtimeRuntime", &cpu->realtime_runtime) < 0 ||
      limits_number(object, "cpu.realtimePeriod", &cpu->realtime_period) < 0)
    return -1;
  limits_zero_is_nothing(&cpu->shares);
  limits_zero_is_nothing(&cpu->quota);
  limits_zero_is_nothing(&cpu->period);
  limits_zero_is_nothing(&cpu->realtime_runtime);
  limits_zero_is_nothing(&cpu->realtime_period);
  if (cpu->shares.value < 0 || cpu->period.value < 0 || cpu->burst.value < 0)
    return report_invalid("writing a cgroup limit", "cpu: shares, period and burst must not be negative");
  if (cpu->idle.value < 0 || cpu->idle.value > 1)
    return limits_refuse("cpu.idle", "must be 0 or 1");
  return 0;
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
  return weight < 1 ? 1 : weight > 10000 ? 10000 : (int)(weight + 0.999999); /* up, as they round */
}

/* An idle cgroup has no weight: it ceases to be idle before its weight is written, and becomes so after. */
static int add_share(struct limits *limits, const struct cgroup_hierarchy *at, const struct cpu *cpu) {
  bool idles = cpu->idle.given && cpu->idle.value;
  if (cpu->idle.given && !cgroup_has(at->directory, "cpu.idle")) {
    if (idles)
      return limits_refuse("cpu.idle", "this kernel has no idle cgroups");
  } else if (cpu->idle.given && !idles && limits_add(limits, at, "cpu.idle", "0") < 0)
    return -1;
  if (cpu->shares.given &&
      (at->controllers ? limits_add(limits, at, "cpu.weight", "%d", weight_of((uint64_t)cpu->shares.value)) < 0
                       : limits_add_number(limits, at, "cpu.shares", cpu->shares.value) < 0))
    return -1;
  return idles ? limits_add(limits, at, "cpu.idle", "1") : 0;
}

static int add_quota_v1(struct limits *limits, const struct cgroup_hierarchy *at, const struct cpu *cpu) {
  if (cpu->period.given && limits_add_number(limits, at, "cpu.cfs_period_us", cpu->period.value) < 0)
    return -1;
  return cpu->quota.given ? limits_add_number(limits, at, "cpu.cfs_quota_us", cpu->quota.value) : 0;
}

static int add_quota_v2(struct limits *limits, const struct cgroup_hierarchy *at, const struct cpu *cpu) {
  char now[64], quota[32] = "max", period[32] = "";
  if (cpu->period.given)
    snprintf(period, sizeof period, " %lld", (long long)cpu->period.value);
  if (cpu->quota.value > 0)
    snprintf(quota, sizeof quota, "%lld", (long long)cpu->quota.value);
  else if (!cpu->quota.given && cgroup_read(at->directory, "cpu.max", now, sizeof now) > 0)
    snprintf(quota, sizeof quota, "%.*s", (int)strcspn(now, " \n"), now);
  return limits_add(limits, at, "cpu.max", "%s%s", quota, period);
}

/* The burst is never above the quota: a smaller one comes before it, a larger one after. */
static int add_bandwidth(struct limits *limits, const struct cgroup_hierarchy *at, const struct cpu *cpu) {
  const char *file = at->controllers ? "cpu.max.burst" : "cpu.cfs_burst_us";
  bool bursts = cpu->burst.given && (cpu->burst.value || cgroup_has(at->directory, file));
  bool first = bursts && cpu->burst.value < limits_now(at, file);
  if (first && limits_add_number(limits, at, file, cpu->burst.value) < 0)
    return -1;
  if ((cpu->quota.given || cpu->period.given) &&
      (at->controllers ? add_quota_v2(limits, at, cpu) : add_quota_v1(limits, at, cpu)) < 0)
    return -1;
  return bursts && !first ? limits_add_number(limits, at, file, cpu->burst.value) : 0;
}

static int add_realtime(struct limits *limits, const struct cgroup_hierarchy *at, const struct cpu *cpu) {
  if (!cpu->realtime_runtime.given && !cpu->realtime_period.given)
    return 0;
  if (at->controllers)
    return limits_refuse("cpu.realtimeRuntime, cpu.realtimePeriod", "cgroup v2 gives no cgroup a share of real time");
  if (!cgroup_has(at->directory, "cpu.rt_runtime_us"))
    return limits_refuse("cpu.realtimeRuntime, cpu.realtimePeriod", "this kernel gives no cgroup a share of real time");
  if (cpu->realtime_period.given && limits_add_number(limits, at, "cpu.rt_period_us", cpu->realtime_period.value) < 0)
    return -1;
  return cpu->realtime_runtime.given ? limits_add_number(limits, at, "cpu.rt_runtime_us", cpu->realtime_runtime.value)
                                     : 0;
}

static int add_set(struct limits *limits, json_object *object, const char *field, const char *file) {
  json_object *value = cgroup_member(object, strrchr(field, '.') + 1);
  if (value && !json_object_is_type(value, json_type_string))
    return limits_refuse(field, "must be a string");
  if (!value || !json_object_get_string(value)[0])
    return 0;
  const struct cgroup_hierarchy *at = limits_at(limits, "cpuset", field);
  return at ? limits_add(limits, at, file, "%s", json_object_get_string(value)) : -1;
}

int limits_cpu(struct limits *limits, json_object *object) {
  struct cpu cpu = {0};
  if (read_cpu(object, &cpu) < 0)
    return -1;
  if (cpu.shares.given || cpu.quota.given || cpu.period.given || cpu.burst.given || cpu.idle.given ||
      cpu.realtime_runtime.given || cpu.realtime_period.given) {
    const struct cgroup_hierarchy *at = limits_at(limits, "cpu", "cpu");
    if (!at || add_share(limits, at, &cpu) < 0 || add_bandwidth(limits, at, &cpu) < 0 ||
        add_realtime(limits, at, &cpu) < 0)
      return -1;
  }
  return add_set(limits, object, "cpu.cpus", "cpuset.cpus") < 0 ? -1
                                                                : add_set(limits, object, "cpu.mems", "cpuset.mems");
}
