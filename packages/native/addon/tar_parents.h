// The directories that entries are made in, kept open: most entries are in the same one as the entry before. Whatever
// is made or removed in a directory changes its time, so the time is put back when the directory is let go.
#pragma once

#include "beneath.h"
#include "tar_names.h"

#include <array>
#include <cstdint>
#include <set>
#include <sys/stat.h>
#include <sys/xattr.h>

namespace tar {

struct Directory {
  beneath::Fd fd;
  std::string path;
  struct stat stat = {};
  struct timespec modified = {};
  bool isTimeKept = false;
  bool isChanged = false;
  bool hasDefaultAcl = false;
  uint64_t used = 0;
};

class Parents {
public:
  /// `keepsAllTimes`: not only of the directories that the archive itself names.
  Parents(int root, bool keepsAllTimes) : root(root), keepsAllTimes(keepsAllTimes) {}

  /// The directory at `path` (as `joined` makes it) if there is one; null and errno. Valid until the next call.
  Directory *find(const std::string &path) {
    for (Directory &directory : directories) {
      if (directory.fd && directory.path == path)
        return use(directory);
    }
    beneath::Fd fd(beneath::open(root, path.c_str(), O_RDONLY | O_DIRECTORY));
    return fd ? keep(std::move(fd), path) : nullptr;
  }

  /// Keeps the directory open under this path. One that is open already, under another path, is the same one.
  Directory *keep(beneath::Fd fd, const std::string &path) {
    struct stat stat;
    if (fstat(fd.get(), &stat) != 0)
      return nullptr;
    Directory *oldest = directories.data();
    for (Directory &directory : directories) {
      if (directory.fd && directory.stat.st_ino == stat.st_ino && directory.stat.st_dev == stat.st_dev) {
        directory.path = path;
        return use(directory);
      }
      if (directory.used < oldest->used)
        oldest = &directory;
    }
    letGo(*oldest);
    oldest->fd = std::move(fd);
    oldest->path = path;
    oldest->stat = stat;
    oldest->modified = stat.st_mtim;
    oldest->isTimeKept = keepsAllTimes || named.contains({stat.st_dev, stat.st_ino});
    oldest->isChanged = false;
    oldest->hasDefaultAcl = fgetxattr(oldest->fd.get(), "system.posix_acl_default", nullptr, 0) > 0;
    return use(*oldest);
  }

  /// The archive says what the directory is: its owner and mode have just been set, its time is set later.
  void name(Directory &directory, const struct timespec &modified) {
    if (!keepsAllTimes)
      named.emplace(directory.stat.st_dev, directory.stat.st_ino);
    directory.modified = modified;
    directory.isTimeKept = directory.isChanged = true;
    fstat(directory.fd.get(), &directory.stat);
    directory.hasDefaultAcl = fgetxattr(directory.fd.get(), "system.posix_acl_default", nullptr, 0) > 0;
  }

  /// A directory or link was removed: paths may lead elsewhere now. What is open stays so, for its time.
  void forgetPaths() {
    for (Directory &directory : directories)
      directory.path = "/";
  }

  void letGoAll() {
    for (Directory &directory : directories)
      letGo(directory);
  }

private:
  Directory *use(Directory &directory) {
    directory.used = ++clock;
    return &directory;
  }

  static void letGo(Directory &directory) {
    if (directory.fd && directory.isChanged && directory.isTimeKept) {
      struct timespec times[2] = {{0, UTIME_OMIT}, directory.modified};
      futimens(directory.fd.get(), times);
    }
    directory.fd.reset(-1);
    directory.used = 0;
  }

  int root;
  bool keepsAllTimes;
  std::array<Directory, 16> directories;
  std::set<std::pair<dev_t, ino_t>> named;
  uint64_t clock = 0;
};

} // namespace tar
