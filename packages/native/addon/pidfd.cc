// Processes by descriptor. A pidfd is readable when its process has ended; the event loop polls it as it does sockets.
#include "error.h"

#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

namespace pidfd {

namespace {

// linux/pidfd.h of 6.15; Debian 12's headers are older.
struct pidfd_info {
  uint64_t mask, cgroupid;
  uint32_t pid, tgid, ppid, ruid, rgid, euid, egid, suid, sgid, fsuid, fsgid;
  int32_t exit_code;
  uint32_t coredump_mask, coredump_signal;
};
constexpr uint64_t pidfd_info_exit = 1u << 3;
#define BERTH_PIDFD_GET_INFO _IOWR(0xFF, 11, struct pidfd_info)

Napi::Value open_pidfd(const Napi::CallbackInfo &info) {
  long fd = syscall(SYS_pidfd_open, info[0].ToNumber().Int32Value(), 0);
  if (fd < 0)
    error::raise(info.Env(), error::last("pidfd_open"));
  return Napi::Number::New(info.Env(), static_cast<double>(fd));
}

Napi::Value inode(const Napi::CallbackInfo &info) {
  struct stat at;
  if (fstat(info[0].ToNumber().Int32Value(), &at) < 0) {
    error::raise(info.Env(), error::last("fstat"));
    return info.Env().Undefined();
  }
  return Napi::BigInt::New(info.Env(), static_cast<uint64_t>(at.st_ino));
}

Napi::Value send_signal(const Napi::CallbackInfo &info) {
  if (syscall(SYS_pidfd_send_signal, info[0].ToNumber().Int32Value(), info[1].ToNumber().Int32Value(), nullptr, 0) < 0)
    error::raise(info.Env(), error::last("pidfd_send_signal"));
  return info.Env().Undefined();
}

struct End {
  bool known = false;
  int code = 0;
  int signal = 0;
};

// Our own child is reaped; of a stranger the kernel tells since 6.15, once it has been reaped.
End end_of(int fd) {
  End end;
  siginfo_t told;
  memset(&told, 0, sizeof told);
  if (waitid(static_cast<idtype_t>(P_PIDFD), static_cast<id_t>(fd), &told, WEXITED | WNOHANG) == 0 &&
      told.si_pid != 0) {
    end.known = true;
    (told.si_code == CLD_EXITED ? end.code : end.signal) = told.si_status;
    return end;
  }
  pidfd_info asked;
  memset(&asked, 0, sizeof asked);
  asked.mask = pidfd_info_exit;
  if (ioctl(fd, BERTH_PIDFD_GET_INFO, &asked) == 0 && (asked.mask & pidfd_info_exit)) {
    end.known = true;
    end.signal = WIFSIGNALED(asked.exit_code) ? WTERMSIG(asked.exit_code) : 0;
    end.code = WIFEXITED(asked.exit_code) ? WEXITSTATUS(asked.exit_code) : 0;
  }
  return end;
}

struct Watch {
  uv_poll_t poll;
  int fd;
  Napi::FunctionReference on_end;
  // What JavaScript's handle holds; empty once the watch has closed itself.
  std::shared_ptr<Watch *> handle;
};

void close_watch(Watch *watch) {
  *watch->handle = nullptr;
  uv_poll_stop(&watch->poll);
  uv_close(reinterpret_cast<uv_handle_t *>(&watch->poll), [](uv_handle_t *handle) {
    Watch *watch = static_cast<Watch *>(handle->data);
    close(watch->fd);
    delete watch;
  });
}

void on_ready(uv_poll_t *poll, int, int) {
  Watch *watch = static_cast<Watch *>(poll->data);
  Napi::Env env = watch->on_end.Env();
  Napi::HandleScope scope(env);
  End end = end_of(watch->fd);
  Napi::Object value = Napi::Object::New(env);
  value.Set("exitCode",
            end.known ? Napi::Value(Napi::Number::New(env, end.signal ? 128 + end.signal : end.code)) : env.Null());
  value.Set("signal", end.known && end.signal ? Napi::Value(Napi::Number::New(env, end.signal)) : env.Null());
  Napi::FunctionReference on_end = std::move(watch->on_end);
  close_watch(watch);
  on_end.MakeCallback(env.Global(), {value});
}

Napi::Value watch_pidfd(const Napi::CallbackInfo &info) {
  Napi::Env env = info.Env();
  uv_loop_t *loop = nullptr;
  napi_get_uv_event_loop(env, &loop);
  Watch *watch = new Watch;
  // A descriptor of our own: the caller may close its one at any time.
  watch->fd = fcntl(info[0].ToNumber().Int32Value(), F_DUPFD_CLOEXEC, 0);
  if (watch->fd < 0 || uv_poll_init(loop, &watch->poll, watch->fd) != 0) {
    error::raise(env, error::last("fcntl"));
    delete watch;
    return env.Undefined();
  }
  watch->poll.data = watch;
  watch->on_end = Napi::Persistent(info[1].As<Napi::Function>());
  uv_poll_start(&watch->poll, UV_READABLE, on_ready);
  uv_unref(reinterpret_cast<uv_handle_t *>(&watch->poll));
  watch->handle = std::make_shared<Watch *>(watch);
  std::shared_ptr<Watch *> open = watch->handle;
  Napi::Object handle = Napi::Object::New(env);
  handle.Set("close", Napi::Function::New(env, [open](const Napi::CallbackInfo &) {
               if (*open != nullptr)
                 close_watch(*open);
             }));
  return handle;
}

} // namespace

void init(Napi::Env env, Napi::Object exports) {
  exports.Set("openPidfd", Napi::Function::New(env, open_pidfd, "openPidfd"));
  exports.Set("pidfdInode", Napi::Function::New(env, inode, "pidfdInode"));
  exports.Set("sendSignal", Napi::Function::New(env, send_signal, "sendSignal"));
  exports.Set("watchPidfd", Napi::Function::New(env, watch_pidfd, "watchPidfd"));
}

} // namespace pidfd
