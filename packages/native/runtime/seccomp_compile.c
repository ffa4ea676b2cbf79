/* libseccomp as a compiler. Part of berth-runtime, and of the addon, where several threads may be in it at once. */
#include "seccomp_compile.h"

#include "cleanup.h"
#include "report.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

static const char *const step = "compiling the seccomp profile";

/* Names newer than Debian 12's libseccomp; since 5.3 every architecture has the same numbers (uretprobe: x86-64 only).
 */
static const struct {
  const char *name;
  int number;
} newer_names[] = {{"set_mempolicy_home_node", 450},
                   {"cachestat", 451},
                   {"fchmodat2", 452},
                   {"map_shadow_stack", 453},
                   {"futex_wake", 454},
                   {"futex_wait", 455},
                   {"futex_requeue", 456},
                   {"statmount", 457},
                   {"listmount", 458},
                   {"lsm_get_self_attr", 459},
                   {"lsm_set_self_attr", 460},
                   {"lsm_list_modules", 461},
                   {"mseal", 462},
                   {"setxattrat", 463},
                   {"getxattrat", 464},
                   {"listxattrat", 465},
                   {"removexattrat", 466},
                   {"open_tree_attr", 467},
                   {"file_getattr", 468},
                   {"file_setattr", 469},
                   {"uretprobe", 335}};

static json_object *member(json_object *parent, const char *key) {
  json_object *value = NULL;
  if (json_object_is_type(parent, json_type_object))
    json_object_object_get_ex(parent, key, &value);
  return value;
}

struct named {
  const char *name;
  uint32_t value;
};

static const struct named architectures[] = {
    {"SCMP_ARCH_X86", SCMP_ARCH_X86},         {"SCMP_ARCH_X86_64", SCMP_ARCH_X86_64},
    {"SCMP_ARCH_X32", SCMP_ARCH_X32},         {"SCMP_ARCH_ARM", SCMP_ARCH_ARM},
    {"SCMP_ARCH_AARCH64", SCMP_ARCH_AARCH64}, {"SCMP_ARCH_MIPS", SCMP_ARCH_MIPS},
    {"SCMP_ARCH_MIPS64", SCMP_ARCH_MIPS64},   {"SCMP_ARCH_MIPS64N32", SCMP_ARCH_MIPS64N32},
    {"SCMP_ARCH_MIPSEL", SCMP_ARCH_MIPSEL},   {"SCMP_ARCH_MIPSEL64", SCMP_ARCH_MIPSEL64},
    {"SCMP_ARCH_PPC", SCMP_ARCH_PPC},         {"SCMP_ARCH_MIPSEL64N32", SCMP_ARCH_MIPSEL64N32},
    {"SCMP_ARCH_PPC64", SCMP_ARCH_PPC64},     {"SCMP_ARCH_PPC64LE", SCMP_ARCH_PPC64LE},
    {"SCMP_ARCH_S390", SCMP_ARCH_S390},       {"SCMP_ARCH_S390X", SCMP_ARCH_S390X},
    {"SCMP_ARCH_PARISC", SCMP_ARCH_PARISC},   {"SCMP_ARCH_PARISC64", SCMP_ARCH_PARISC64},
    {"SCMP_ARCH_RISCV64", SCMP_ARCH_RISCV64}, {NULL, 0}};

static const struct named comparisons[] = {{"SCMP_CMP_NE", SCMP_CMP_NE},
                                           {"SCMP_CMP_LT", SCMP_CMP_LT},
                                           {"SCMP_CMP_LE", SCMP_CMP_LE},
                                           {"SCMP_CMP_EQ", SCMP_CMP_EQ},
                                           {"SCMP_CMP_GE", SCMP_CMP_GE},
                                           {"SCMP_CMP_GT", SCMP_CMP_GT},
                                           {"SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ},
                                           {NULL, 0}};

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV /* Linux 5.19 */
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1U << 5)
#endif

static const struct named flags[] = {{"SECCOMP_FILTER_FLAG_TSYNC", 0}, /* there is one thread */
                                     {"SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG},
                                     {"SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW},
                                     {"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV},
                                     {NULL, 0}};

static int lookup(const struct named *table, json_object *name, const char *what, uint32_t *value) {
  const char *text = json_object_get_string(name);
  for (; text && table->name; table++)
    if (strcmp(text, table->name) == 0) {
      *value = table->value;
      return 0;
    }
  return report_invalid(step, "unknown %s %s", what, text ? text : "null");
}

static int action_of(json_object *object, const char *key, const char *errno_key, uint32_t *action) {
  json_object *number = member(object, errno_key);
  int64_t value = number ? json_object_get_int64(number) : EPERM;
  if (value < 0 || value > 4095)
    return report_invalid(step, "%s must be an errno", errno_key);
  const struct named actions[] = {{"SCMP_ACT_ALLOW", SCMP_ACT_ALLOW},
                                  {"SCMP_ACT_ERRNO", SCMP_ACT_ERRNO((uint32_t)value)},
                                  {"SCMP_ACT_TRACE", SCMP_ACT_TRACE((uint32_t)value)},
                                  {"SCMP_ACT_TRAP", SCMP_ACT_TRAP},
                                  {"SCMP_ACT_KILL", SCMP_ACT_KILL_THREAD},
                                  {"SCMP_ACT_KILL_THREAD", SCMP_ACT_KILL_THREAD},
                                  {"SCMP_ACT_KILL_PROCESS", SCMP_ACT_KILL_PROCESS},
                                  {"SCMP_ACT_LOG", SCMP_ACT_LOG},
                                  {"SCMP_ACT_NOTIFY", SCMP_ACT_NOTIFY},
                                  {NULL, 0}};
  return lookup(actions, member(object, key), key, action);
}

static int number_of(const char *name) {
  int number = seccomp_syscall_resolve_name(name);
  for (size_t i = 0; number == __NR_SCMP_ERROR && i < sizeof newer_names / sizeof *newer_names; i++)
    if (strcmp(name, newer_names[i].name) == 0)
      number = newer_names[i].number;
  return number;
}

static int arguments_of(json_object *list, struct scmp_arg_cmp *arguments, unsigned *count) {
  *count = 0;
  for (size_t i = 0; json_object_is_type(list, json_type_array) && i < json_object_array_length(list); i++) {
    json_object *item = json_object_array_get_idx(list, i);
    int64_t index = json_object_get_int64(member(item, "index"));
    uint32_t comparison;
    if (lookup(comparisons, member(item, "op"), "comparison", &comparison) < 0)
      return -1;
    if (index < 0 || index > 5 || *count == 6)
      return report_invalid(step, "a system call has arguments 0 to 5");
    arguments[(*count)++] = (struct scmp_arg_cmp){.arg = (unsigned)index,
                                                  .op = (enum scmp_compare)comparison,
                                                  .datum_a = json_object_get_uint64(member(item, "value")),
                                                  .datum_b = json_object_get_uint64(member(item, "valueTwo"))};
  }
  return 0;
}

/* Several conditions on one argument mean any of them in runc and crun: one rule each. */
static bool repeats_argument(const struct scmp_arg_cmp *arguments, unsigned count) {
  for (unsigned i = 0; i < count; i++)
    for (unsigned k = 0; k < i; k++)
      if (arguments[i].arg == arguments[k].arg)
        return true;
  return false;
}

static int add_rule(scmp_filter_ctx context, uint32_t action, const char *name, const struct scmp_arg_cmp *arguments,
                    unsigned count, int *highest) {
  int number = number_of(name), result = 0;
  if (number == __NR_SCMP_ERROR)
    return 0; /* of another architecture; the default action answers it */
  if (number > *highest && number < 4096)
    *highest = number;
  if (repeats_argument(arguments, count))
    for (unsigned i = 0; result >= 0 && i < count; i++)
      result = seccomp_rule_add_array(context, action, number, 1, &arguments[i]);
  else
    result = seccomp_rule_add_array(context, action, number, count, arguments);
  if (result < 0 && result != -EEXIST && result != -EDOM) {
    errno = -result;
    return report_errno(step, "seccomp_rule_add", "%s", name);
  }
  return 0;
}

static int add_rules(scmp_filter_ctx context, json_object *profile, uint32_t default_action, int *highest) {
  json_object *list = member(profile, "syscalls");
  for (size_t i = 0; json_object_is_type(list, json_type_array) && i < json_object_array_length(list); i++) {
    json_object *entry = json_object_array_get_idx(list, i), *names = member(entry, "names");
    struct scmp_arg_cmp arguments[6];
    uint32_t action;
    unsigned count;
    if (action_of(entry, "action", "errnoRet", &action) < 0 ||
        arguments_of(member(entry, "args"), arguments, &count) < 0)
      return -1;
    for (size_t k = 0; json_object_is_type(names, json_type_array) && k < json_object_array_length(names); k++) {
      const char *name = json_object_get_string(json_object_array_get_idx(names, k));
      if (name && action == SCMP_ACT_NOTIFY && (strcmp(name, "sendmsg") == 0 || strcmp(name, "recvmsg") == 0))
        return report_invalid(step, "SCMP_ACT_NOTIFY of %s: the listener itself is handed over with it", name);
      if (action == default_action) {
        int number = name ? number_of(name) : -1;
        *highest = number > *highest && number < 4096 ? number : *highest;
      } else if (!name || add_rule(context, action, name, arguments, count, highest) < 0)
        return name ? -1 : report_invalid(step, "syscalls[%zu].names holds something other than names", i);
    }
  }
  return 0;
}

/* Calls newer than the profile answer ENOSYS, so that a C library falls back, where an EPERM would be taken for the
 * end of it. In front of the rest; other architectures' numbers go on to it. */
static size_t begin_program(struct sock_filter *program, uint32_t default_action, int highest) {
  if ((default_action & SECCOMP_RET_ACTION_FULL) != SECCOMP_RET_ERRNO || highest <= 0 ||
      (default_action & SECCOMP_RET_DATA) == ENOSYS)
    return 0;
  const struct sock_filter prefix[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, seccomp_arch_native(), 0, 4),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 2, 0), /* x32 */
      BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, (uint32_t)highest, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
  };
  memcpy(program, prefix, sizeof prefix);
  return sizeof prefix / sizeof *prefix;
}

static int export_program(scmp_filter_ctx context, uint32_t default_action, int highest, struct seccomp_code *program) {
  cleanup_fd int fd = memfd_create("seccomp", MFD_CLOEXEC);
  int result = fd < 0 ? -errno : seccomp_export_bpf(context, fd);
  if (result < 0) {
    errno = -result;
    return report_errno(step, "seccomp_export_bpf", "%s", "");
  }
  struct stat at;
  struct sock_filter *filters = fstat(fd, &at) < 0 ? NULL : malloc((size_t)at.st_size + 6 * sizeof *filters);
  if (!filters)
    return report_errno(step, "malloc", "%s", "");
  size_t first = begin_program(filters, default_action, highest), count = first + (size_t)at.st_size / sizeof *filters;
  if (pread(fd, filters + first, (size_t)at.st_size, 0) != at.st_size || count > BPF_MAXINSNS) {
    free(filters);
    return report_invalid(step, "its program is longer than %d instructions", BPF_MAXINSNS);
  }
  program->filters = filters;
  program->count = (unsigned short)count;
  return 0;
}

static bool notifies(json_object *profile) {
  json_object *list = member(profile, "syscalls");
  for (size_t i = 0; json_object_is_type(list, json_type_array) && i < json_object_array_length(list); i++) {
    const char *action = json_object_get_string(member(json_object_array_get_idx(list, i), "action"));
    if (action && strcmp(action, "SCMP_ACT_NOTIFY") == 0)
      return true;
  }
  return false;
}

static int flags_of(json_object *profile, struct seccomp_code *program) {
  json_object *list = member(profile, "flags");
  for (size_t i = 0; json_object_is_type(list, json_type_array) && i < json_object_array_length(list); i++) {
    uint32_t flag;
    if (lookup(flags, json_object_array_get_idx(list, i), "flag", &flag) < 0)
      return -1;
    program->flags |= flag;
  }
  const char *listener = json_object_get_string(member(profile, "listenerPath"));
  bool has_listener = listener && *listener, is_notified = notifies(profile);
  if (member(profile, "listenerMetadata") && !has_listener)
    return report_invalid(step, "listenerMetadata needs a listenerPath");
  if (is_notified && !has_listener)
    return report_invalid(step, "SCMP_ACT_NOTIFY needs a listenerPath");
  if ((program->flags & SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV) && !is_notified)
    return report_invalid(step, "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV needs SCMP_ACT_NOTIFY");
  if (is_notified)
    program->flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
  return 0;
}

int seccomp_compile(json_object *profile, struct seccomp_code *program) {
  json_object *list = member(profile, "architectures");
  uint32_t default_action, token;
  int highest = 0, result = 0;
  memset(program, 0, sizeof *program);
  if (flags_of(profile, program) < 0 || action_of(profile, "defaultAction", "defaultErrnoRet", &default_action) < 0)
    return -1;
  if (default_action == SCMP_ACT_NOTIFY)
    return report_invalid(step, "SCMP_ACT_NOTIFY cannot be the default action");
  scmp_filter_ctx context = seccomp_init(default_action);
  if (!context)
    return report_invalid(step, "seccomp_init refused the default action");
  seccomp_attr_set(context, SCMP_FLTATR_CTL_NNP, 0);
  seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2);
  seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS)); /* doors around the list */
  for (size_t i = 0; json_object_is_type(list, json_type_array) && i < json_object_array_length(list); i++) {
    if (lookup(architectures, json_object_array_get_idx(list, i), "architecture", &token) < 0) {
      seccomp_release(context);
      return -1;
    }
    result = seccomp_arch_add(context, token);
    if (result < 0 && result != -EEXIST) {
      seccomp_release(context);
      errno = -result;
      return report_errno(step, "seccomp_arch_add", "%#x", token);
    }
  }
  result = add_rules(context, profile, default_action, &highest);
  if (result == 0)
    result = export_program(context, default_action, highest, program);
  seccomp_release(context);
  return result;
}
