// What this kernel can do, found by trying, never by its version.
#include "beneath.h"
#include "error.h"

#include <csignal>
#include <fstream>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <linux/magic.h>
#include <memory>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <vector>

namespace host {

namespace {

struct Features {
  std::string cgroup;
  std::vector<std::string> controllers;
  std::vector<std::pair<const char *, bool>> flags;
  int landlock = 0;
};

bool exists(const char *path) {
  return access(path, F_OK) == 0;
}

std::string first_line(const char *path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

void read_controllers(Features &features) {
  struct statfs fs;
  bool v2 = statfs("/sys/fs/cgroup", &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC;
  features.cgroup = v2 ? "v2" : exists("/sys/fs/cgroup/unified") ? "hybrid" : "v1";
  std::ifstream file(v2 ? "/sys/fs/cgroup/cgroup.controllers" : "/proc/cgroups");
  std::string word, line;
  if (v2) {
    while (file >> word)
      features.controllers.push_back(word);
    return;
  }
  while (std::getline(file, line))
    if (!line.empty() && line[0] != '#' && exists(("/sys/fs/cgroup/" + line.substr(0, line.find('\t'))).c_str()))
      features.controllers.push_back(line.substr(0, line.find('\t')));
}

bool syscall_exists(long result) {
  return result >= 0 || errno != ENOSYS;
}

// A user namespace in a process of its own; gone at once.
bool makes_user_namespace() {
  int pid = static_cast<int>(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, nullptr, nullptr, nullptr, nullptr));
  if (pid == 0)
    syscall(SYS_exit_group, 0);
  int status = 0;
  return pid > 0 && waitpid(pid, &status, 0) == pid;
}

bool has_capability(int number) {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2];
  return syscall(SYS_capget, &header, data) == 0 && (data[number / 32].effective >> (number % 32) & 1) != 0;
}

error::Failure probe(Features &features) {
  read_controllers(features);
  beneath::Fd nft(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 12 /* NETLINK_NETFILTER */));
  std::string lsm = first_line("/sys/kernel/security/lsm");
  long landlock = syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  features.landlock = landlock > 0 ? static_cast<int>(landlock) : 0;
  bool idmap = syscall_exists(syscall(SYS_mount_setattr, -1, nullptr, 0, nullptr, 0));
  features.flags = {
      {"userNamespaces", makes_user_namespace()},
      {"idmappedMounts", idmap},
      {"overlayIdmap", idmap},
      {"openat2", syscall_exists(syscall(SYS_openat2, -1, nullptr, nullptr, 0))},
      {"clone3", syscall_exists(syscall(SYS_clone3, nullptr, 0))},
      {"cgroupKill", features.cgroup == "v2"},
      {"pidfdInfo", syscall_exists(syscall(SYS_pidfd_open, getpid(), 0xffffffff))},
      {"seccomp", prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0},
      {"appArmor", exists("/sys/kernel/security/apparmor") || lsm.find("apparmor") != std::string::npos},
      {"selinux", exists("/sys/fs/selinux/enforce")},
      {"nftables", static_cast<bool>(nft)},
      {"timeNamespaces", exists("/proc/self/ns/time")},
      {"capSysResource", has_capability(CAP_SYS_RESOURCE)},
  };
  return {};
}

Napi::Value probe_host(const Napi::CallbackInfo &info) {
  auto features = std::make_shared<Features>();
  return error::run(
      info.Env(), [features] { return probe(*features); },
      [features](Napi::Env env) -> Napi::Value {
        Napi::Object value = Napi::Object::New(env);
        Napi::Array controllers = Napi::Array::New(env, features->controllers.size());
        for (uint32_t i = 0; i < features->controllers.size(); i++)
          controllers.Set(i, features->controllers[i]);
        value.Set("cgroup", features->cgroup);
        value.Set("controllers", controllers);
        value.Set("landlockAbi", Napi::Number::New(env, features->landlock));
        for (const auto &[name, has] : features->flags)
          value.Set(name, Napi::Boolean::New(env, has));
        return value;
      });
}

} // namespace

void init(Napi::Env env, Napi::Object exports) {
  exports.Set("probeHost", Napi::Function::New(env, probe_host, "probeHost"));
}

} // namespace host
