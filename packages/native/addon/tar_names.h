// Names as in a chroot.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

namespace tar {

constexpr size_t depthMax = 512;

/// The components of a name as in a chroot: `.` and empty ones dropped, `..` never above the root.
inline std::vector<std::string> components(const std::string &name) {
  std::vector<std::string> result;
  size_t at = 0;
  while (at <= name.size()) {
    size_t slash = std::min(name.find('/', at), name.size());
    std::string part = name.substr(at, slash - at);
    if (part == "..") {
      if (!result.empty())
        result.pop_back();
    } else if (!part.empty() && part != ".") {
      result.push_back(std::move(part));
    }
    at = slash + 1;
  }
  return result;
}

inline std::string joined(const std::vector<std::string> &parts, size_t count) {
  std::string result;
  for (size_t i = 0; i < count; i++)
    result += (i ? "/" : "") + parts[i];
  return result;
}

} // namespace tar
