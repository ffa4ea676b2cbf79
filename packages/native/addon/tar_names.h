// Names as in a chroot, and the removal of whole trees by descriptors.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <string>
#include <unistd.h>
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

/// rm -r of parent/name by descriptors, without recursion: a tree may be deeper than a stack.
inline bool removeAt(int parent, const char *name) {
  if (unlinkat(parent, name, 0) == 0 || errno == ENOENT)
    return true;
  if (errno != EISDIR && errno != EPERM)
    return false;
  struct Level {
    std::unique_ptr<DIR, int (*)(DIR *)> dir;
    std::string name;
  };
  auto enter = [](int at, const char *child) {
    int fd = openat(at, child, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return std::unique_ptr<DIR, int (*)(DIR *)>(fd < 0 ? nullptr : fdopendir(fd), closedir);
  };
  std::vector<Level> levels;
  levels.push_back({enter(parent, name), name});
  while (!levels.empty()) {
    DIR *dir = levels.back().dir.get();
    if (!dir)
      return false;
    struct dirent *child = readdir(dir);
    if (!child) {
      int above = levels.size() > 1 ? dirfd(levels[levels.size() - 2].dir.get()) : parent;
      if (unlinkat(above, levels.back().name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT)
        return false;
      levels.pop_back();
      continue;
    }
    if (strcmp(child->d_name, ".") == 0 || strcmp(child->d_name, "..") == 0)
      continue;
    if (unlinkat(dirfd(dir), child->d_name, 0) == 0 || errno == ENOENT)
      continue;
    if (errno != EISDIR && errno != EPERM)
      return false;
    if (levels.size() > depthMax * 2) {
      errno = ELOOP;
      return false;
    }
    levels.push_back({enter(dirfd(dir), child->d_name), child->d_name});
  }
  return true;
}

} // namespace tar
