// Where a stream's bytes come from, a block at a time and without a copy.
#pragma once

#include "failure.h"

#include <poll.h>
#include <unistd.h>
#include <vector>

namespace stream {

class Source {
public:
  Source() = default;
  Source(const Source &) = delete;
  Source &operator=(const Source &) = delete;
  virtual ~Source() = default;

  /// The next bytes, valid until the next call. False at the end, and on failure: then `failure` says why.
  virtual bool next(const char *&data, size_t &size) = 0;

  error::Failure failure;
};

/// A pipe or file that is read until it ends.
class FdSource : public Source {
public:
  explicit FdSource(int fd) : fd(fd), buffer(256 << 10) {}

  bool next(const char *&data, size_t &size) override {
    for (;;) {
      ssize_t count = read(fd, buffer.data(), buffer.size());
      if (count > 0) {
        data = buffer.data();
        size = static_cast<size_t>(count);
        return true;
      }
      if (count == 0)
        return false;
      if (errno == EAGAIN) {
        struct pollfd waiting = {fd, POLLIN, 0};
        poll(&waiting, 1, -1);
      } else if (errno != EINTR) {
        failure = error::last("read");
        return false;
      }
    }
  }

private:
  int fd;
  std::vector<char> buffer;
};

} // namespace stream
