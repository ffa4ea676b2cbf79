/*
 * linux.resources.blockIO. Weights are BFQ's (of a device whose scheduler it is) or, on v2, io.cost's as well; CFQ and
 * its leaf weights left Linux with 5.0.
 */
#include "cgroup_limits.h"

#include "cleanup.h"
#include "report.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

static const char *const bfq_files[] = {"blkio.bfq.weight", "io.bfq.weight"};

static bool is_bfq(int64_t major, int64_t minor) {
  char directory[96], scheduler[256];
  snprintf(directory, sizeof directory, "/sys/dev/block/%lld:%lld/queue", (long long)major, (long long)minor);
  return cgroup_read(directory, "scheduler", scheduler, sizeof scheduler) > 0 && strstr(scheduler, "[bfq]");
}

/* From 10..1000 to io.cost's 1..10000, as runc and crun do. */
static long long cost_weight(int64_t weight) {
  return 1 + (weight - 10) * 9999 / 990;
}

static int check_weight(const char *field, int64_t weight) {
  return weight < 10 || weight > 1000 ? limits_refuse(field, "must be from 10 to 1000") : 0;
}

static int add_weight(struct limits *limits, const struct cgroup_hierarchy *at, int64_t weight) {
  bool v2 = at->controllers != NULL, bfq = cgroup_has(at->directory, bfq_files[v2]),
       cost = v2 && cgroup_has(at->directory, "io.weight");
  if (check_weight("blockIO.weight", weight) < 0)
    return -1;
  if (!bfq && !cost)
    return limits_refuse("blockIO.weight", "no block device of this host has the BFQ scheduler, which knows weights");
  if (bfq && limits_add_number(limits, at, bfq_files[v2], weight) < 0)
    return -1;
  return cost ? limits_add(limits, at, "io.weight", "%lld", cost_weight(weight)) : 0;
}

static int read_device(json_object *item, int64_t *major, int64_t *minor) {
  struct limits_number numbers[2];
  if (limits_number(item, "blockIO.major", &numbers[0]) < 0 || limits_number(item, "blockIO.minor", &numbers[1]) < 0)
    return -1;
  if (!numbers[0].given || !numbers[1].given || numbers[0].value < 0 || numbers[1].value < 0)
    return limits_refuse("blockIO", "a device must have a major and a minor number");
  *major = numbers[0].value;
  *minor = numbers[1].value;
  return 0;
}

static int add_weight_device(struct limits *limits, const struct cgroup_hierarchy *at, json_object *item) {
  struct limits_number weight, leaf;
  int64_t major, minor;
  if (read_device(item, &major, &minor) < 0 || limits_number(item, "blockIO.weightDevice.weight", &weight) < 0 ||
      limits_number(item, "blockIO.weightDevice.leafWeight", &leaf) < 0)
    return -1;
  if (leaf.value)
    return limits_refuse("blockIO.weightDevice.leafWeight", "belongs to CFQ, which Linux has no more");
  if (!weight.value)
    return 0;
  if (check_weight("blockIO.weightDevice.weight", weight.value) < 0)
    return -1;
  bool v2 = at->controllers != NULL;
  if (!v2 || is_bfq(major, minor)) {
    const char *file = v2 ? bfq_files[1] : "blkio.bfq.weight_device";
    if (!cgroup_has(at->directory, file) || !is_bfq(major, minor))
      return report_invalid("writing a cgroup limit",
                            "blockIO.weightDevice: the scheduler of %lld:%lld is not BFQ, which knows weights",
                            (long long)major, (long long)minor);
    return limits_add(limits, at, file, "%lld:%lld %lld", (long long)major, (long long)minor, (long long)weight.value);
  }
  return limits_add(limits, at, "io.weight", "%lld:%lld %lld", (long long)major, (long long)minor,
                    cost_weight(weight.value));
}

static const struct {
  const char *field, *v1, *v2;
} throttles[] = {{"throttleReadBpsDevice", "blkio.throttle.read_bps_device", "rbps"},
                 {"throttleWriteBpsDevice", "blkio.throttle.write_bps_device", "wbps"},
                 {"throttleReadIOPSDevice", "blkio.throttle.read_iops_device", "riops"},
                 {"throttleWriteIOPSDevice", "blkio.throttle.write_iops_device", "wiops"}};

/* 0 is no limit, which v2 calls max. */
static int add_throttle(struct limits *limits, const struct cgroup_hierarchy *at, json_object *item, size_t which) {
  struct limits_number rate;
  int64_t major, minor;
  if (read_device(item, &major, &minor) < 0 || limits_number(item, "blockIO.rate", &rate) < 0)
    return -1;
  if (rate.value < 0)
    return limits_refuse(throttles[which].field, "a rate must not be negative");
  if (!at->controllers)
    return limits_add(limits, at, throttles[which].v1, "%lld:%lld %lld", (long long)major, (long long)minor,
                      (long long)rate.value);
  if (!rate.value)
    return limits_add(limits, at, "io.max", "%lld:%lld %s=max", (long long)major, (long long)minor,
                      throttles[which].v2);
  return limits_add(limits, at, "io.max", "%lld:%lld %s=%lld", (long long)major, (long long)minor, throttles[which].v2,
                    (long long)rate.value);
}

int limits_io(struct limits *limits, json_object *block) {
  struct limits_number weight, leaf;
  json_object *weights = cgroup_member(block, "weightDevice");
  const struct cgroup_hierarchy *at = NULL;
  if (limits_number(block, "blockIO.weight", &weight) < 0 || limits_number(block, "blockIO.leafWeight", &leaf) < 0)
    return -1;
  if (leaf.value)
    return limits_refuse("blockIO.leafWeight", "belongs to CFQ, which Linux has no more");
  if (weight.value &&
      (!(at = limits_at(limits, "blkio", "blockIO.weight")) || add_weight(limits, at, weight.value) < 0))
    return -1;
  for (size_t i = 0; json_object_is_type(weights, json_type_array) && i < json_object_array_length(weights); i++)
    if (!(at = limits_at(limits, "blkio", "blockIO.weightDevice")) ||
        add_weight_device(limits, at, json_object_array_get_idx(weights, i)) < 0)
      return -1;
  for (size_t which = 0; which < sizeof throttles / sizeof *throttles; which++) {
    json_object *list = cgroup_member(block, throttles[which].field);
    for (size_t i = 0; json_object_is_type(list, json_type_array) && i < json_object_array_length(list); i++)
      if (!(at = limits_at(limits, "blkio", throttles[which].field)) ||
          add_throttle(limits, at, json_object_array_get_idx(list, i), which) < 0)
        return -1;
  }
  return 0;
}
