// Starts a supervisor without forking Node: a clone that shares this address space until it executes, like vfork, on a
// stack of its own, so that it costs the same at any size of this process. The child calls only raw system calls.
#include "error.h"

#include <csignal>
#include <fcntl.h>
#include <memory>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x00001000
#endif

namespace spawn {

namespace {

struct Plan {
  int executable;
  std::vector<std::string> arguments;
  std::vector<int> fds;
  int pid = -1;
  int pidfd = -1;
};

// What the child reads and, as memory is shared, where it leaves its errno.
struct Child {
  int executable;
  const int *fds;
  int count;
  char *const *argv;
  char *const *envp;
  int number;
};

struct kernel_sigaction {
  void *handler;
  unsigned long flags;
  void *restorer;
  unsigned long mask;
};

int fail(Child *child, int number) {
  child->number = number;
  syscall(SYS_exit, 127);
  return 0;
}

int child_main(void *argument) {
  Child *child = static_cast<Child *>(argument);
  // Handlers are ours and ignored signals survive execve: all go back to their default.
  kernel_sigaction plain = {nullptr, 0, nullptr, 0};
  for (int i = 1; i < 65; i++)
    syscall(SYS_rt_sigaction, i, &plain, nullptr, sizeof(unsigned long));
  syscall(SYS_setsid);
  // Every source first moves above the targets, so that none is overwritten before it is used.
  int base = child->count + 1;
  int moved[64];
  for (int i = 0; i < child->count; i++) {
    moved[i] = static_cast<int>(syscall(SYS_fcntl, child->fds[i], F_DUPFD_CLOEXEC, base));
    if (moved[i] < 0)
      return fail(child, errno);
  }
  int executable = static_cast<int>(syscall(SYS_fcntl, child->executable, F_DUPFD_CLOEXEC, base));
  for (int i = 0; i < child->count; i++)
    if (syscall(SYS_dup3, moved[i], i, 0) < 0)
      return fail(child, errno);
  syscall(SYS_close_range, child->count, ~0u, 4 /* CLOSE_RANGE_CLOEXEC */);
  unsigned long none = 0;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, nullptr, sizeof none);
  syscall(SYS_execveat, executable, "", child->argv, child->envp, AT_EMPTY_PATH);
  return fail(child, errno);
}

// Node raises its soft limit of open files to the hard one; programs that select(2) expect the usual.
void restore_nofile(int pid) {
  struct rlimit limit;
  if (prlimit(pid, RLIMIT_NOFILE, nullptr, &limit) == 0 && limit.rlim_cur > 1024) {
    limit.rlim_cur = 1024;
    prlimit(pid, RLIMIT_NOFILE, &limit, nullptr);
  }
}

error::Failure start(Plan &plan) {
  std::vector<char *> argv;
  for (std::string &argument : plan.arguments)
    argv.push_back(argument.data());
  argv.push_back(nullptr);
  char *envp[] = {nullptr};
  Child child = {plan.executable, plan.fds.data(), static_cast<int>(plan.fds.size()), argv.data(), envp, 0};
  constexpr size_t stack_size = 64 * 1024;
  std::unique_ptr<char[]> stack(new char[stack_size]);
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  plan.pid =
      clone(child_main, stack.get() + stack_size, CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, &child, &plan.pidfd);
  int number = errno;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (plan.pid < 0)
    return error::with(number, "clone");
  if (child.number != 0) {
    waitid(P_PID, static_cast<id_t>(plan.pid), nullptr, WEXITED);
    close(plan.pidfd);
    return error::with(child.number, "execveat");
  }
  restore_nofile(plan.pid);
  return {};
}

Napi::Value spawn_supervisor(const Napi::CallbackInfo &info) {
  Napi::Env env = info.Env();
  Napi::Object options = info[0].As<Napi::Object>();
  auto plan = std::make_shared<Plan>();
  plan->executable = options.Get("executableFd").ToNumber().Int32Value();
  Napi::Array arguments = options.Get("argv").As<Napi::Array>(), fds = options.Get("fds").As<Napi::Array>();
  for (uint32_t i = 0; i < arguments.Length(); i++)
    plan->arguments.push_back(arguments.Get(i).ToString());
  for (uint32_t i = 0; i < fds.Length(); i++)
    plan->fds.push_back(fds.Get(i).ToNumber().Int32Value());
  if (plan->fds.size() > 60) {
    error::raise(env, error::with(EINVAL, "clone", {}, "at most 60 descriptors can be passed"));
    return env.Undefined();
  }
  return error::run(
      env, [plan] { return start(*plan); },
      [plan](Napi::Env env) -> Napi::Value {
        Napi::Object result = Napi::Object::New(env);
        result.Set("pid", Napi::Number::New(env, plan->pid));
        result.Set("pidfd", Napi::Number::New(env, plan->pidfd));
        return result;
      });
}

} // namespace

void init(Napi::Env env, Napi::Object exports) {
  exports.Set("spawnSupervisor", Napi::Function::New(env, spawn_supervisor, "spawnSupervisor"));
}

} // namespace spawn
