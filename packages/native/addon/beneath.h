// Paths of an image or container, resolved by the kernel alone: openat2(2) with the container's tree as root, so that
// neither `..` nor a symlink, nor one swapped meanwhile, leads out of it. No path string is ever resolved twice.
#pragma once

#include <cerrno>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string>
#include <sys/syscall.h>
#include <unistd.h>

namespace beneath {

/// Owns one descriptor.
class Fd {
public:
  Fd() = default;
  explicit Fd(int number) : number(number) {}
  Fd(Fd &&other) noexcept : number(other.release()) {}
  Fd &operator=(Fd &&other) noexcept {
    if (this != &other)
      reset(other.release());
    return *this;
  }
  ~Fd() {
    reset(-1);
  }
  int get() const {
    return number;
  }
  explicit operator bool() const {
    return number >= 0;
  }
  int release() {
    int result = number;
    number = -1;
    return result;
  }
  void reset(int next) {
    if (number >= 0) {
      int saved = errno;
      close(number);
      errno = saved;
    }
    number = next;
  }

private:
  int number = -1;
};

/// openat2 with `root` as the root directory; -1 and errno on failure. EAGAIN (a rename raced) is tried again.
inline int open(int root, const char *path, int flags, int mode = 0) {
  struct open_how how = {};
  how.flags = static_cast<unsigned>(flags) | O_CLOEXEC;
  how.mode = static_cast<unsigned>(mode);
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  for (int attempt = 0; attempt < 64; attempt++) {
    long fd = syscall(SYS_openat2, root, *path ? path : ".", &how, sizeof how);
    if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
      return static_cast<int>(fd);
  }
  return -1;
}

} // namespace beneath
