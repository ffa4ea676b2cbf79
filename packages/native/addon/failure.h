// What went wrong, as Node's errors tell it. Without JavaScript, so that the tar code can be built and fuzzed alone.
#pragma once

#include <cerrno>
#include <string>
#include <utility>

namespace error {

struct Failure {
  int number = 0;
  std::string syscall;
  std::string path;
  std::string detail;
  explicit operator bool() const {
    return number != 0;
  }
};

/// The errno of now, with what failed.
inline Failure last(const char *syscall, std::string path = {}) {
  return {errno, syscall, std::move(path), {}};
}
inline Failure with(int number, const char *syscall, std::string path = {}, std::string detail = {}) {
  return {number, syscall, std::move(path), std::move(detail)};
}

} // namespace error
