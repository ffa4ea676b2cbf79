// What a tree takes: apparent sizes of what is no directory, a file of several names once. As Docker counts a volume.
#pragma once

#include "walk.h"

#include <set>

namespace walk {

struct Size {
  double bytes = 0, inodes = 0;
};

class Measure {
public:
  error::Failure run(const std::string &path) {
    struct stat at;
    if (fstatat(AT_FDCWD, path.c_str(), &at, AT_SYMLINK_NOFOLLOW) < 0)
      return errno == ENOENT ? error::Failure{} : error::last("fstatat", path);
    device = at.st_dev;
    count(at);
    if (!S_ISDIR(at.st_mode))
      return {};
    Cursor cursor(beneath::Fd(openDirectory(AT_FDCWD, path.c_str())));
    if (cursor.fd() < 0)
      return errno == ENOENT ? error::Failure{} : error::last("openat", path);
    error::Failure failure = read(cursor);
    while (!failure) {
      if (cursor.level().pending.empty()) {
        if (cursor.depth() == 1)
          break;
        cursor.leave();
        continue;
      }
      std::string next = std::move(cursor.level().pending.back());
      cursor.level().pending.pop_back();
      if (cursor.enter(next))
        failure = read(cursor);
      else if (errno != ENOENT && errno != ENOTDIR && errno != ELOOP)
        failure = error::last("openat", next);
    }
    return failure;
  }

  Size size;

private:
  void count(const struct stat &at) {
    if (!S_ISDIR(at.st_mode) && at.st_nlink > 1 && !linked.insert(at.st_ino).second)
      return;
    size.inodes++;
    if (!S_ISDIR(at.st_mode))
      size.bytes += static_cast<double>(at.st_size);
  }

  error::Failure read(Cursor &cursor) {
    error::Failure failure;
    std::vector<std::string> directories;
    int fd = cursor.fd();
    error::Failure read = eachName(fd, [&](const char *name) {
      struct stat at;
      if (fstatat(fd, name, &at, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) < 0) {
        if (errno != ENOENT)
          failure = error::last("fstatat", name);
      } else if (at.st_dev == device) {
        count(at);
        if (S_ISDIR(at.st_mode))
          directories.emplace_back(name);
      }
      return !failure;
    });
    cursor.level().pending = std::move(directories);
    return failure ? failure : read;
  }

  dev_t device = 0;
  std::set<ino_t> linked;
};

} // namespace walk
