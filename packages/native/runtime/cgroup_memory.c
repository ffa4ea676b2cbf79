/* linux.resources.memory. OCI's swap is memory plus swap, as v1's; v2's is swap alone. */
#include "cgroup_limits.h"
#include "report.h"

#include <stdio.h>
#include <string.h>

struct memory {
  struct limits_number limit, reservation, swap, kernel, kernel_tcp, swappiness;
  bool disable_oom_killer, use_hierarchy, has_use_hierarchy, check;
};

static int read_flag(json_object *object, const char *key, bool *given, bool *value) {
  json_object *member = cgroup_member(object, key);
  if (given)
    *given = member != NULL;
  *value = member && json_object_get_boolean(member);
  if (member && !json_object_is_type(member, json_type_boolean))
    return report_invalid("writing a cgroup limit", "memory.%s: must be true or false", key);
  return 0;
}

static int read_memory(json_object *object, struct memory *memory) {
  if (limits_number(object, "memory.limit", &memory->limit) < 0 ||
      limits_number(object, "memory.reservation", &memory->reservation) < 0 ||
      limits_number(object, "memory.swap", &memory->swap) < 0 ||
      limits_number(object, "memory.kernel", &memory->kernel) < 0 ||
      limits_number(object, "memory.kernelTCP", &memory->kernel_tcp) < 0 ||
      limits_number(object, "memory.swappiness", &memory->swappiness) < 0 ||
      read_flag(object, "disableOOMKiller", NULL, &memory->disable_oom_killer) < 0 ||
      read_flag(object, "useHierarchy", &memory->has_use_hierarchy, &memory->use_hierarchy) < 0 ||
      read_flag(object, "checkBeforeUpdate", NULL, &memory->check) < 0)
    return -1;
  limits_zero_is_nothing(&memory->limit);
  limits_zero_is_nothing(&memory->reservation);
  limits_zero_is_nothing(&memory->swap);
  limits_zero_is_nothing(&memory->kernel);
  limits_zero_is_nothing(&memory->kernel_tcp);
  if (memory->kernel.value > 0)
    return limits_refuse("memory.kernel", "Linux limits kernel memory as part of memory.limit, and not on its own");
  if (memory->swap.value > 0 && memory->limit.value > memory->swap.value)
    return limits_refuse("memory.swap", "memory plus swap is below memory.limit");
  if (memory->swappiness.given && (memory->swappiness.value < 0 || memory->swappiness.value > 100))
    return limits_refuse("memory.swappiness", "must be from 0 to 100");
  return 0;
}

static int check_use(const struct cgroup_hierarchy *at, const char *file, const struct memory *memory) {
  int64_t used = memory->check ? limits_now(at, file) : 0;
  if (memory->limit.value > 0 && used > memory->limit.value)
    return report_invalid("writing a cgroup limit", "memory.limit: %lld is less than the %lld bytes in use",
                          (long long)memory->limit.value, (long long)used);
  return 0;
}

/* memory+swap is never below memory: when the limit is raised over the sum of now, the sum comes first. */
static int add_v1_limits(struct limits *limits, const struct cgroup_hierarchy *at, const struct memory *memory) {
  static const char *const limit = "memory.limit_in_bytes", *const sum = "memory.memsw.limit_in_bytes";
  bool with_sum = memory->swap.given && cgroup_has(at->directory, sum); /* else this kernel accounts no swap */
  bool sum_first = with_sum && (memory->limit.value < 0 || memory->limit.value > limits_now(at, sum));
  if ((sum_first && limits_add_number(limits, at, sum, memory->swap.value) < 0) ||
      (memory->limit.given && limits_add_number(limits, at, limit, memory->limit.value) < 0))
    return -1;
  return with_sum && !sum_first ? limits_add_number(limits, at, sum, memory->swap.value) : 0;
}

static int limits_v1(struct limits *limits, const struct cgroup_hierarchy *at, const struct memory *memory) {
  if (memory->has_use_hierarchy && limits_now(at, "memory.use_hierarchy") != memory->use_hierarchy &&
      limits_add(limits, at, "memory.use_hierarchy", "%d", memory->use_hierarchy) < 0)
    return -1;
  if (check_use(at, "memory.usage_in_bytes", memory) < 0 || add_v1_limits(limits, at, memory) < 0 ||
      (memory->reservation.given &&
       limits_add_number(limits, at, "memory.soft_limit_in_bytes", memory->reservation.value) < 0) ||
      (memory->kernel_tcp.given &&
       limits_add_number(limits, at, "memory.kmem.tcp.limit_in_bytes", memory->kernel_tcp.value) < 0) ||
      (memory->swappiness.given && limits_add_number(limits, at, "memory.swappiness", memory->swappiness.value) < 0))
    return -1;
  return memory->disable_oom_killer ? limits_add(limits, at, "memory.oom_control", "1") : 0;
}

static int add_v2_swap(struct limits *limits, const struct cgroup_hierarchy *at, const struct memory *memory) {
  /* No limit of memory and nothing said of swap is none of swap either. */
  if (!memory->swap.given && memory->limit.value >= 0)
    return 0;
  if (!cgroup_has(at->directory, "memory.swap.max"))
    return 0; /* a kernel without swap has nothing to limit */
  if (memory->swap.value <= 0)
    return limits_add(limits, at, "memory.swap.max", "max");
  int64_t limit = memory->limit.given ? memory->limit.value : limits_now(at, "memory.max");
  if (limit < 0)
    return limits_refuse("memory.swap", "memory plus swap needs memory.limit");
  if (memory->swap.value < limit)
    return limits_refuse("memory.swap", "memory plus swap is below the limit of memory");
  return limits_add_number(limits, at, "memory.swap.max", memory->swap.value - limit);
}

static int limits_v2(struct limits *limits, const struct cgroup_hierarchy *at, const struct memory *memory) {
  if (memory->kernel_tcp.value > 0)
    return limits_refuse("memory.kernelTCP", "cgroup v2 has no such limit; memory.limit holds it");
  if (memory->swappiness.given)
    return limits_refuse("memory.swappiness", "cgroup v2 has no swappiness of a cgroup");
  if (memory->disable_oom_killer)
    return limits_refuse("memory.disableOOMKiller", "cgroup v2 cannot go without; unified \"memory.high\" throttles");
  if (memory->has_use_hierarchy && !memory->use_hierarchy)
    return limits_refuse("memory.useHierarchy", "cgroup v2 is always hierarchical");
  if (check_use(at, "memory.current", memory) < 0 || add_v2_swap(limits, at, memory) < 0)
    return -1;
  if (memory->reservation.given && limits_add_number(limits, at, "memory.low", memory->reservation.value) < 0)
    return -1;
  return memory->limit.given ? limits_add_number(limits, at, "memory.max", memory->limit.value) : 0;
}

int limits_memory(struct limits *limits, json_object *object) {
  struct memory memory = {0};
  if (read_memory(object, &memory) < 0)
    return -1;
  if (!memory.limit.given && !memory.reservation.given && !memory.swap.given && !memory.kernel_tcp.given &&
      !memory.swappiness.given && !memory.disable_oom_killer && !memory.has_use_hierarchy)
    return 0;
  const struct cgroup_hierarchy *at = limits_at(limits, "memory", "memory");
  if (!at)
    return -1;
  return at->controllers ? limits_v2(limits, at, &memory) : limits_v1(limits, at, &memory);
}
