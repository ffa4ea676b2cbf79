/*
 * OCI linux.resources.devices: v1's files, and on cgroup v2, which has none, a BPF program of a few instructions a rule
 * (BPF_PROG_TYPE_CGROUP_DEVICE, cgroup-v2.rst "Device controller").
 */
#include "cgroup_limits.h"

#include "cleanup.h"
#include "report.h"

#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>

#define RULES_MAX 400
#define ALL_ACCESS (BPF_DEVCG_ACC_MKNOD | BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE)

static const char *const step = "limiting devices";

/* What the program keeps where: what is asked and not yet granted, the device, and a register to reckon in. */
enum { ASKED = BPF_REG_2, TYPE = BPF_REG_3, MAJOR = BPF_REG_4, MINOR = BPF_REG_5, SCRATCH = BPF_REG_6 };

static struct bpf_insn load_u32(int to, size_t offset) {
  return (struct bpf_insn){
      .code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = (uint8_t)(to & 15), .src_reg = BPF_REG_1, .off = (int16_t)offset};
}
static struct bpf_insn compute(int operation, int to, int value) {
  return (struct bpf_insn){
      .code = (uint8_t)(BPF_ALU64 | operation | BPF_K), .dst_reg = (uint8_t)(to & 15), .imm = value};
}
static struct bpf_insn copy(int to, int from) {
  return (struct bpf_insn){
      .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = (uint8_t)(to & 15), .src_reg = (uint8_t)(from & 15)};
}
static struct bpf_insn jump(int condition, int reg, int value) {
  return (struct bpf_insn){
      .code = (uint8_t)(BPF_JMP | condition | BPF_K), .dst_reg = (uint8_t)(reg & 15), .imm = value};
}

struct program {
  struct bpf_insn code[RULES_MAX * 9 + 16];
  int length;
};

static void emit(struct program *program, struct bpf_insn instruction) {
  program->code[program->length++] = instruction;
}

static void emit_answer(struct program *program, int answer) {
  emit(program, compute(BPF_MOV, BPF_REG_0, answer));
  emit(program, (struct bpf_insn){.code = BPF_JMP | BPF_EXIT});
}

struct rule {
  bool allow;
  int type, access;     /* BPF_DEVCG_*; type 0: both */
  int64_t major, minor; /* -1: all */
};

static void emit_rule(struct program *program, const struct rule *rule) {
  int first = program->length;
  if (rule->type)
    emit(program, jump(BPF_JNE, TYPE, rule->type));
  if (rule->major >= 0)
    emit(program, jump(BPF_JNE, MAJOR, (int)rule->major));
  if (rule->minor >= 0)
    emit(program, jump(BPF_JNE, MINOR, (int)rule->minor));
  if (rule->allow) {
    emit(program, compute(BPF_AND, ASKED, ALL_ACCESS & ~rule->access));
    emit(program, jump(BPF_JNE, ASKED, 0));
  } else {
    emit(program, copy(SCRATCH, ASKED));
    emit(program, compute(BPF_AND, SCRATCH, rule->access));
    emit(program, jump(BPF_JEQ, SCRATCH, 0));
  }
  emit_answer(program, rule->allow);
  for (int i = first; i < program->length; i++) /* all of its jumps lead behind it */
    if (BPF_CLASS(program->code[i].code) == BPF_JMP && BPF_OP(program->code[i].code) != BPF_EXIT)
      program->code[i].off = (int16_t)(program->length - i - 1);
}

static int read_rule(json_object *object, size_t index, struct rule *rule) {
  const char *type = json_object_get_string(cgroup_member(object, "type")),
             *access = json_object_get_string(cgroup_member(object, "access"));
  json_object *major = cgroup_member(object, "major"), *minor = cgroup_member(object, "minor");
  memset(rule, 0, sizeof *rule);
  rule->allow = json_object_get_boolean(cgroup_member(object, "allow"));
  rule->major = major ? json_object_get_int64(major) : -1;
  rule->minor = minor ? json_object_get_int64(minor) : -1;
  if (type && *type && strcmp(type, "a") != 0)
    rule->type = strcmp(type, "b") == 0   ? BPF_DEVCG_DEV_BLOCK
                 : strcmp(type, "c") == 0 ? BPF_DEVCG_DEV_CHAR
                 : strcmp(type, "u") == 0 ? BPF_DEVCG_DEV_CHAR
                                          : -1;
  for (const char *at = access && *access ? access : "rwm"; *at; at++)
    rule->access |= *at == 'r'   ? BPF_DEVCG_ACC_READ
                    : *at == 'w' ? BPF_DEVCG_ACC_WRITE
                    : *at == 'm' ? BPF_DEVCG_ACC_MKNOD
                                 : 1 << 10;
  if (rule->type < 0 || rule->access & ~ALL_ACCESS || rule->major > INT32_MAX || rule->minor > INT32_MAX)
    return report_invalid(step, "devices[%zu]: the type is one of a, b, c, u, the access of r, w, m", index);
  return 0;
}

/* ---- cgroup v2 */

/* The last rule that speaks of a device and an access decides; what none speaks of is denied. */
static int compile(json_object *rules, struct program *program) {
  emit(program, load_u32(ASKED, offsetof(struct bpf_cgroup_dev_ctx, access_type)));
  emit(program, copy(TYPE, ASKED));
  emit(program, compute(BPF_AND, TYPE, 0xffff));
  emit(program, compute(BPF_RSH, ASKED, 16));
  emit(program, load_u32(MAJOR, offsetof(struct bpf_cgroup_dev_ctx, major)));
  emit(program, load_u32(MINOR, offsetof(struct bpf_cgroup_dev_ctx, minor)));
  for (size_t i = json_object_array_length(rules); i-- > 0;) {
    struct rule rule;
    if (read_rule(json_object_array_get_idx(rules, i), i, &rule) < 0)
      return -1;
    emit_rule(program, &rule);
  }
  emit_answer(program, 0);
  return 0;
}

static int bpf(int command, union bpf_attr *attributes) {
  return (int)syscall(SYS_bpf, command, attributes, sizeof *attributes);
}

/* Takes away those that were there before the newest. */
static int detach_others(int cgroup, const uint32_t *ids, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    union bpf_attr by_id = {.prog_id = ids[i]};
    cleanup_fd int old = bpf(BPF_PROG_GET_FD_BY_ID, &by_id);
    union bpf_attr detach = {
        .target_fd = (uint32_t)cgroup, .attach_bpf_fd = (uint32_t)old, .attach_type = BPF_CGROUP_DEVICE};
    if (old < 0 || bpf(BPF_PROG_DETACH, &detach) < 0)
      return report_errno(step, "bpf", "taking the rules of before away");
  }
  return 0;
}

static int limit_v2(const char *directory, json_object *rules) {
  enum { IDS_MAX = 64 };
  uint32_t ids[IDS_MAX];
  cleanup_free struct program *program = calloc(1, sizeof *program);
  if (!program)
    return report_errno(step, "calloc", "%s", "");
  if (compile(rules, program) < 0)
    return -1;
  union bpf_attr load = {.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
                         .insns = (uint64_t)(uintptr_t)program->code,
                         .insn_cnt = (uint32_t)program->length,
                         .license = (uint64_t)(uintptr_t) "Apache-2.0"};
  cleanup_fd int loaded = bpf(BPF_PROG_LOAD, &load);
  if (loaded < 0)
    return report_errno(step, "bpf", "loading a program of %d instructions", program->length);
  cleanup_fd int cgroup = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  union bpf_attr query = {.query = {.target_fd = (uint32_t)cgroup,
                                    .attach_type = BPF_CGROUP_DEVICE,
                                    .prog_ids = (uint64_t)(uintptr_t)ids,
                                    .prog_cnt = IDS_MAX}};
  if (cgroup < 0 || bpf(BPF_PROG_QUERY, &query) < 0)
    return report_errno(step, "bpf", "asking %s for its programs", directory);
  union bpf_attr attach = {.target_fd = (uint32_t)cgroup,
                           .attach_bpf_fd = (uint32_t)loaded,
                           .attach_type = BPF_CGROUP_DEVICE,
                           .attach_flags = BPF_F_ALLOW_MULTI};
  if (bpf(BPF_PROG_ATTACH, &attach) < 0)
    return report_errno(step, "bpf", "attaching to %s", directory);
  /* Until here both hold: nothing is open for a moment that neither allows. */
  return detach_others(cgroup, ids, query.query.prog_cnt);
}

/* ---- cgroup v1 */

static int write_v1(const char *directory, const struct rule *rule) {
  static const char types[] = {[BPF_DEVCG_DEV_BLOCK] = 'b', [BPF_DEVCG_DEV_CHAR] = 'c'};
  char numbers[2][24] = {"*", "*"}, access[4] = "";
  size_t length = 0;
  if (rule->major >= 0)
    snprintf(numbers[0], sizeof numbers[0], "%lld", (long long)rule->major);
  if (rule->minor >= 0)
    snprintf(numbers[1], sizeof numbers[1], "%lld", (long long)rule->minor);
  if (rule->access & BPF_DEVCG_ACC_READ)
    access[length++] = 'r';
  if (rule->access & BPF_DEVCG_ACC_WRITE)
    access[length++] = 'w';
  if (rule->access & BPF_DEVCG_ACC_MKNOD)
    access[length++] = 'm';
  return cgroup_write(directory, rule->allow ? "devices.allow" : "devices.deny", "%c %s:%s %s",
                      rule->type ? types[rule->type] : 'a', numbers[0], numbers[1], access);
}

static void put_back_v1(const char *directory, char *list) {
  struct failure kept = failure;
  char *save = NULL;
  cgroup_write(directory, list[0] == 'a' ? "devices.allow" : "devices.deny", "a");
  for (char *line = strtok_r(list, "\n", &save); line && line[0] != 'a'; line = strtok_r(NULL, "\n", &save))
    cgroup_write(directory, "devices.allow", "%s", line);
  failure = kept;
}

static int limit_v1(const char *directory, json_object *rules, bool in_use) {
  enum { LIST_BYTES_MAX = 32768 };
  struct rule rule;
  cleanup_free char *list = in_use ? malloc(LIST_BYTES_MAX) : NULL;
  for (size_t i = 0; i < json_object_array_length(rules); i++)
    if (read_rule(json_object_array_get_idx(rules, i), i, &rule) < 0)
      return -1;
  if (in_use && (!list || cgroup_read(directory, "devices.list", list, LIST_BYTES_MAX) <= 0))
    return report_errno(step, "read", "%s/devices.list", directory);
  for (size_t i = 0; i < json_object_array_length(rules); i++)
    if (read_rule(json_object_array_get_idx(rules, i), i, &rule) < 0 || write_v1(directory, &rule) < 0) {
      if (list)
        put_back_v1(directory, list);
      return -1;
    }
  return 0;
}

int cgroup_devices(const struct cgroup *cgroup, json_object *rules, bool in_use) {
  const struct cgroup_hierarchy *v1 = cgroup_of(cgroup, "devices"), *unified = cgroup_unified(cgroup);
  if (!json_object_is_type(rules, json_type_array) || json_object_array_length(rules) == 0)
    return 0;
  if (json_object_array_length(rules) > RULES_MAX)
    return report_invalid(step, "more than %d rules", RULES_MAX);
  if (v1)
    return limit_v1(v1->directory, rules, in_use);
  return unified ? limit_v2(unified->directory, rules) : report_invalid(step, "this host has no device controller");
}
