// Descriptors: sealed memory, pairs of sockets, pipes.
#include "beneath.h"
#include "error.h"

#include <fcntl.h>
#include <memory>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

namespace fds {

namespace {

constexpr int all_seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

Napi::Value pair(Napi::Env env, const int (&ends)[2]) {
  Napi::Array result = Napi::Array::New(env, 2);
  result.Set(0u, Napi::Number::New(env, ends[0]));
  result.Set(1u, Napi::Number::New(env, ends[1]));
  return result;
}

Napi::Value close_fd(const Napi::CallbackInfo &info) {
  if (close(info[0].ToNumber().Int32Value()) < 0)
    error::raise(info.Env(), error::last("close"));
  return info.Env().Undefined();
}

bool write_all(int fd, const uint8_t *data, size_t length) {
  while (length > 0) {
    ssize_t written = write(fd, data, length);
    if (written < 0 && errno == EINTR)
      continue;
    if (written <= 0)
      return false;
    data += written;
    length -= static_cast<size_t>(written);
  }
  return true;
}

// EBUSY: somebody holds a page of it just now, as compaction and the lists of the page cache do in passing
// (memfd_wait_for_pins in mm/memfd.c). Each try waits about 150 ms in the kernel.
bool add_seals(int fd) {
  constexpr int tries_max = 20;
  for (int tries = 1; fcntl(fd, F_ADD_SEALS, all_seals) < 0; tries++)
    if (errno != EBUSY || tries == tries_max)
      return false;
  return true;
}

Napi::Value create_sealed_memfd(const Napi::CallbackInfo &info) {
  Napi::Env env = info.Env();
  std::string name = info[0].ToString();
  Napi::Uint8Array data = info[1].As<Napi::Uint8Array>();
  beneath::Fd fd(memfd_create(name.c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd || !write_all(fd.get(), data.Data(), data.ByteLength()) || !add_seals(fd.get())) {
    error::raise(env, error::last("memfd_create", name));
    return env.Undefined();
  }
  return Napi::Number::New(env, fd.release());
}

// Kernels before 6.3 know no MFD_EXEC and make every memfd executable.
int make_executable_memfd() {
  int fd = memfd_create("berth-runtime", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
  return fd >= 0 || errno != EINVAL ? fd : memfd_create("berth-runtime", MFD_CLOEXEC | MFD_ALLOW_SEALING);
}

error::Failure seal(const std::string &path, beneath::Fd &sealed) {
  beneath::Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat at;
  if (!file || fstat(file.get(), &at) < 0)
    return error::last("open", path);
  sealed.reset(make_executable_memfd());
  if (!sealed)
    return error::last("memfd_create", path);
  for (off_t left = at.st_size; left > 0;) {
    ssize_t sent = sendfile(sealed.get(), file.get(), nullptr, static_cast<size_t>(left));
    if (sent <= 0)
      return error::last("sendfile", path);
    left -= sent;
  }
  if (fchmod(sealed.get(), 0500) < 0 || !add_seals(sealed.get()))
    return error::last("fcntl", path);
  return {};
}

Napi::Value seal_executable(const Napi::CallbackInfo &info) {
  std::string path = info[0].ToString();
  auto sealed = std::make_shared<beneath::Fd>();
  return error::run(
      info.Env(), [path, sealed] { return seal(path, *sealed); },
      [sealed](Napi::Env env) -> Napi::Value { return Napi::Number::New(env, sealed->release()); });
}

Napi::Value socket_pair(const Napi::CallbackInfo &info) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
    error::raise(info.Env(), error::last("socketpair"));
    return info.Env().Undefined();
  }
  return pair(info.Env(), ends);
}

Napi::Value open_pipe(const Napi::CallbackInfo &info) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) {
    error::raise(info.Env(), error::last("pipe2"));
    return info.Env().Undefined();
  }
  return pair(info.Env(), ends);
}

} // namespace

void init(Napi::Env env, Napi::Object exports) {
  exports.Set("closeFd", Napi::Function::New(env, close_fd, "closeFd"));
  exports.Set("createSealedMemfd", Napi::Function::New(env, create_sealed_memfd, "createSealedMemfd"));
  exports.Set("sealExecutable", Napi::Function::New(env, seal_executable, "sealExecutable"));
  exports.Set("socketPair", Napi::Function::New(env, socket_pair, "socketPair"));
  exports.Set("openPipe", Napi::Function::New(env, open_pipe, "openPipe"));
}

} // namespace fds
