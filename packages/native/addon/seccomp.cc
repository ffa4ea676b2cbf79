// libseccomp as a compiler: an OCI linux.seccomp object becomes classic BPF, which the supervisor only loads.
#include "beneath.h"
#include "error.h"

#include <algorithm>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <memory>
#include <seccomp.h>
#include <sys/mman.h>
#include <vector>

namespace seccomp {

namespace {

// Names newer than Debian 12's libseccomp; since 5.3 every architecture has the same numbers (uretprobe: x86-64 only).
constexpr struct {
  const char *name;
  int number;
} newer_names[] = {{"cachestat", 451},         {"fchmodat2", 452},        {"map_shadow_stack", 453},
                   {"futex_wake", 454},        {"futex_wait", 455},       {"futex_requeue", 456},
                   {"statmount", 457},         {"listmount", 458},        {"lsm_get_self_attr", 459},
                   {"lsm_set_self_attr", 460}, {"lsm_list_modules", 461}, {"mseal", 462},
                   {"setxattrat", 463},        {"getxattrat", 464},       {"listxattrat", 465},
                   {"removexattrat", 466},     {"open_tree_attr", 467},   {"file_getattr", 468},
                   {"file_setattr", 469},      {"uretprobe", 335},        {"set_mempolicy_home_node", 450}};

int number_of(const std::string &name) {
  int number = seccomp_syscall_resolve_name(name.c_str());
  if (number != __NR_SCMP_ERROR)
    return number;
  for (const auto &known : newer_names)
    if (name == known.name)
      return known.number;
  return __NR_SCMP_ERROR;
}

constexpr struct {
  const char *name;
  uint32_t token;
} architectures[] = {{"SCMP_ARCH_X86_64", SCMP_ARCH_X86_64},
                     {"SCMP_ARCH_X86", SCMP_ARCH_X86},
                     {"SCMP_ARCH_X32", SCMP_ARCH_X32},
                     {"SCMP_ARCH_AARCH64", SCMP_ARCH_AARCH64},
                     {"SCMP_ARCH_ARM", SCMP_ARCH_ARM}};

constexpr struct {
  const char *name;
  scmp_compare compare;
} comparisons[] = {{"SCMP_CMP_NE", SCMP_CMP_NE},
                   {"SCMP_CMP_LT", SCMP_CMP_LT},
                   {"SCMP_CMP_LE", SCMP_CMP_LE},
                   {"SCMP_CMP_EQ", SCMP_CMP_EQ},
                   {"SCMP_CMP_GE", SCMP_CMP_GE},
                   {"SCMP_CMP_GT", SCMP_CMP_GT},
                   {"SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ}};

struct Rule {
  std::vector<std::string> names;
  uint32_t action = 0;
  std::vector<scmp_arg_cmp> arguments;
};

struct Profile {
  uint32_t default_action = 0;
  std::vector<uint32_t> architectures;
  std::vector<Rule> rules;
};

error::Failure invalid(const std::string &what) {
  return error::with(EINVAL, "seccomp", {}, what);
}

error::Failure parse_action(const std::string &name, const Napi::Value &errno_value, uint32_t &action) {
  uint16_t number = errno_value.IsNumber() ? static_cast<uint16_t>(errno_value.ToNumber().Uint32Value()) : EPERM;
  if (name == "SCMP_ACT_ALLOW")
    action = SCMP_ACT_ALLOW;
  else if (name == "SCMP_ACT_ERRNO")
    action = SCMP_ACT_ERRNO(number);
  else if (name == "SCMP_ACT_KILL" || name == "SCMP_ACT_KILL_THREAD")
    action = SCMP_ACT_KILL_THREAD;
  else if (name == "SCMP_ACT_KILL_PROCESS")
    action = SCMP_ACT_KILL_PROCESS;
  else if (name == "SCMP_ACT_TRAP")
    action = SCMP_ACT_TRAP;
  else if (name == "SCMP_ACT_LOG")
    action = SCMP_ACT_LOG;
  else if (name == "SCMP_ACT_TRACE")
    action = SCMP_ACT_TRACE(number);
  else
    return invalid("unknown action " + name);
  return {};
}

error::Failure parse_arguments(const Napi::Object &entry, Rule &rule) {
  if (!entry.Get("args").IsArray())
    return {};
  Napi::Array list = entry.Get("args").As<Napi::Array>();
  for (uint32_t i = 0; i < list.Length(); i++) {
    Napi::Object item = list.Get(i).As<Napi::Object>();
    std::string op = item.Get("op").ToString();
    auto found =
        std::find_if(std::begin(comparisons), std::end(comparisons), [&op](const auto &c) { return op == c.name; });
    uint32_t index = item.Get("index").ToNumber().Uint32Value();
    if (found == std::end(comparisons) || index > 5)
      return invalid("unknown comparison " + op);
    scmp_arg_cmp argument = {};
    argument.arg = index;
    argument.op = found->compare;
    argument.datum_a = static_cast<scmp_datum_t>(item.Get("value").ToNumber().Int64Value());
    if (item.Get("valueTwo").IsNumber())
      argument.datum_b = static_cast<scmp_datum_t>(item.Get("valueTwo").ToNumber().Int64Value());
    rule.arguments.push_back(argument);
  }
  return {};
}

error::Failure parse(const Napi::Object &object, Profile &profile) {
  if (error::Failure failure =
          parse_action(object.Get("defaultAction").ToString(), object.Get("defaultErrnoRet"), profile.default_action))
    return failure;
  if (object.Get("architectures").IsArray()) {
    Napi::Array list = object.Get("architectures").As<Napi::Array>();
    for (uint32_t i = 0; i < list.Length(); i++) {
      std::string name = list.Get(i).ToString();
      auto found = std::find_if(std::begin(architectures), std::end(architectures),
                                [&name](const auto &a) { return name == a.name; });
      if (found == std::end(architectures))
        return invalid("unknown architecture " + name);
      profile.architectures.push_back(found->token);
    }
  }
  if (!object.Get("syscalls").IsArray())
    return {};
  Napi::Array list = object.Get("syscalls").As<Napi::Array>();
  for (uint32_t i = 0; i < list.Length(); i++) {
    Napi::Object entry = list.Get(i).As<Napi::Object>();
    Rule rule;
    if (error::Failure failure = parse_action(entry.Get("action").ToString(), entry.Get("errnoRet"), rule.action))
      return failure;
    Napi::Array names = entry.Get("names").As<Napi::Array>();
    for (uint32_t k = 0; k < names.Length(); k++)
      rule.names.push_back(names.Get(k).ToString());
    if (error::Failure failure = parse_arguments(entry, rule))
      return failure;
    profile.rules.push_back(std::move(rule));
  }
  return {};
}

error::Failure add_rules(scmp_filter_ctx context, const Profile &profile) {
  for (const Rule &rule : profile.rules) {
    if (rule.action == profile.default_action)
      continue;
    for (const std::string &name : rule.names) {
      int number = number_of(name);
      if (number == __NR_SCMP_ERROR)
        continue; /* of another architecture or age; the default action answers it */
      int result = seccomp_rule_add_array(context, rule.action, number, static_cast<unsigned>(rule.arguments.size()),
                                          rule.arguments.data());
      if (result < 0 && result != -EEXIST && result != -EDOM)
        return error::with(-result, "seccomp_rule_add", name);
    }
  }
  return {};
}

error::Failure compile(const Profile &profile, std::vector<uint8_t> &program) {
  std::unique_ptr<void, decltype(&seccomp_release)> context(seccomp_init(profile.default_action), seccomp_release);
  if (!context)
    return error::with(ENOMEM, "seccomp_init");
  seccomp_attr_set(context.get(), SCMP_FLTATR_CTL_NNP, 0);
  seccomp_attr_set(context.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);
  /* A call by another architecture's numbers ends the process: 32-bit and x32 entries are doors around the list. */
  seccomp_attr_set(context.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS));
  for (uint32_t token : profile.architectures)
    if (int result = seccomp_arch_add(context.get(), token); result < 0 && result != -EEXIST)
      return error::with(-result, "seccomp_arch_add");
  if (error::Failure failure = add_rules(context.get(), profile))
    return failure;
  beneath::Fd fd(memfd_create("seccomp", MFD_CLOEXEC));
  if (int result = seccomp_export_bpf(context.get(), fd.get()); result < 0)
    return error::with(-result, "seccomp_export_bpf");
  off_t size = lseek(fd.get(), 0, SEEK_END);
  program.resize(static_cast<size_t>(size));
  return pread(fd.get(), program.data(), program.size(), 0) == size ? error::Failure{} : error::last("pread");
}

Napi::Value compile_seccomp(const Napi::CallbackInfo &info) {
  Napi::Env env = info.Env();
  Napi::Object json = env.Global().Get("JSON").As<Napi::Object>();
  Napi::Value value = json.Get("parse").As<Napi::Function>().Call(json, {info[0]});
  if (env.IsExceptionPending())
    return env.Undefined();
  auto profile = std::make_shared<Profile>();
  if (error::Failure failure =
          value.IsObject() ? parse(value.As<Napi::Object>(), *profile) : invalid("not an object")) {
    error::raise(env, failure);
    return env.Undefined();
  }
  auto program = std::make_shared<std::vector<uint8_t>>();
  return error::run(
      env, [profile, program] { return compile(*profile, *program); },
      [program](Napi::Env env) -> Napi::Value {
        return Napi::Buffer<uint8_t>::Copy(env, program->data(), program->size());
      });
}

} // namespace

void init(Napi::Env env, Napi::Object exports) {
  exports.Set("compileSeccomp", Napi::Function::New(env, compile_seccomp, "compileSeccomp"));
}

} // namespace seccomp
