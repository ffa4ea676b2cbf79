// Trees of any depth, by descriptors: one directory is open at a time, and the way back up is `..`, which is taken only
// when it leads to where we came from. So neither a stack nor the limit of descriptors ends before the tree does, and
// nobody who moves directories meanwhile leads the walk elsewhere.
#pragma once

#include "beneath.h"
#include "failure.h"

#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <utility>
#include <vector>

namespace walk {

struct Place {
  dev_t device = 0;
  ino_t inode = 0;
  bool operator==(const Place &other) const = default;
};

inline Place placeOf(int fd) {
  struct stat at;
  return fstat(fd, &at) == 0 ? Place{at.st_dev, at.st_ino} : Place{};
}

/// The mount that a file is seen through: a file system mounted twice has two, a bind mount one of its own.
inline uint64_t mountOf(int parent, const char *name) {
  struct statx at = {};
  int flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | (*name ? 0 : AT_EMPTY_PATH);
  return statx(parent, name, flags, STATX_MNT_ID, &at) == 0 ? at.stx_mnt_id : 0;
}

inline int openDirectory(int parent, const char *name) {
  return openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/// Each name of a directory but the two that lead elsewhere. `each` returns whether to go on.
template <typename Each> error::Failure eachName(int directory, Each each) {
  int again = openDirectory(directory, ".");
  std::unique_ptr<DIR, int (*)(DIR *)> entries(again < 0 ? nullptr : fdopendir(again), closedir);
  if (!entries)
    return error::last("openat", ".");
  errno = 0;
  while (struct dirent *entry = readdir(entries.get())) {
    std::string_view name = entry->d_name;
    if (name != "." && name != ".." && !each(entry->d_name))
      return {};
    errno = 0;
  }
  return errno == 0 ? error::Failure{} : error::last("readdir", ".");
}

/// Where the walk is, and what is still to be entered on each level above.
class Cursor {
public:
  struct Level {
    std::string name;
    Place place;
    std::vector<std::string> pending;
    int rounds = 0;
  };

  explicit Cursor(beneath::Fd top) : top(std::move(top)) {
    current.reset(openDirectory(this->top.get(), "."));
    levels.push_back({{}, placeOf(current.get()), {}, 0});
  }
  int fd() const {
    return current.get();
  }
  Level &level() {
    return levels.back();
  }
  size_t depth() const {
    return levels.size();
  }
  bool enter(const std::string &name) {
    beneath::Fd next(openDirectory(current.get(), name.c_str()));
    if (!next)
      return false;
    levels.push_back({name, placeOf(next.get()), {}, 0});
    current = std::move(next);
    return true;
  }
  /// To the level above. When that has been moved meanwhile: to the nearest one that is still where it was.
  void leave() {
    levels.pop_back();
    beneath::Fd above(openDirectory(current.get(), ".."));
    if (above && placeOf(above.get()) == levels.back().place) {
      current = std::move(above);
      return;
    }
    current.reset(openDirectory(top.get(), "."));
    for (size_t at = 1; at < levels.size(); at++) {
      beneath::Fd next(openDirectory(current.get(), levels[at].name.c_str()));
      if (!next || !(placeOf(next.get()) == levels[at].place)) {
        levels.resize(at);
        return;
      }
      current = std::move(next);
    }
  }

private:
  beneath::Fd top, current;
  std::vector<Level> levels;
};

constexpr int roundsMax = 8;

/// rm -r of parent/name. `stay`: what is mounted in it, or is a mount itself, is left alone and refused (EBUSY), since
/// unlinking it would take the mount away from whoever has it.
class Remover {
public:
  explicit Remover(bool stay) : stay(stay) {}

  error::Failure run(int parent, const std::string &name) {
    uint64_t mount = stay ? mountOf(parent, "") : 0;
    if (stay && mountOf(parent, name.c_str()) != mount)
      return errno = EBUSY, error::last("unlinkat", name);
    if (unlinkat(parent, name.c_str(), 0) == 0 || errno == ENOENT)
      return {};
    if (errno != EISDIR && errno != EPERM)
      return error::last("unlinkat", name);
    beneath::Fd top(openDirectory(parent, name.c_str()));
    if (!top)
      return error::last("openat", name);
    error::Failure failure = empty(std::move(top), mount);
    if (!failure && unlinkat(parent, name.c_str(), AT_REMOVEDIR) < 0 && errno != ENOENT)
      failure = error::last("unlinkat", name);
    return failure;
  }

private:
  error::Failure empty(beneath::Fd top, uint64_t mount) {
    Cursor cursor(std::move(top));
    if (cursor.fd() < 0)
      return error::last("openat", ".");
    error::Failure failure = unlinkFiles(cursor, mount);
    while (!failure) {
      if (!cursor.level().pending.empty()) {
        std::string next = std::move(cursor.level().pending.back());
        cursor.level().pending.pop_back();
        if (cursor.enter(next))
          failure = unlinkFiles(cursor, mount);
        else if (errno != ENOENT)
          return error::last("openat", next);
        continue;
      }
      if (cursor.depth() == 1)
        return failure;
      std::string done = cursor.level().name;
      size_t depth = cursor.depth();
      int rounds = cursor.level().rounds;
      cursor.leave();
      if (cursor.depth() != depth - 1) { // moved meanwhile: what is there now is looked at again
        failure = again(cursor, mount);
        continue;
      }
      if (unlinkat(cursor.fd(), done.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT)
        continue;
      if (errno != ENOTEMPTY || rounds >= roundsMax || !cursor.enter(done))
        return error::last("unlinkat", done);
      cursor.level().rounds = rounds;
      failure = again(cursor, mount);
    }
    return failure;
  }

  error::Failure again(Cursor &cursor, uint64_t mount) {
    if (++cursor.level().rounds > roundsMax)
      return error::with(ENOTEMPTY, "unlinkat", cursor.level().name);
    return unlinkFiles(cursor, mount);
  }

  error::Failure unlinkFiles(Cursor &cursor, uint64_t mount) {
    error::Failure failure;
    std::vector<std::string> directories;
    int fd = cursor.fd();
    error::Failure read = eachName(fd, [&](const char *name) {
      if (stay && mountOf(fd, name) != mount) {
        failure = error::with(EBUSY, "unlinkat", name, "something is mounted there");
        return false;
      }
      if (unlinkat(fd, name, 0) == 0 || errno == ENOENT)
        return true;
      if (errno == EISDIR || errno == EPERM)
        directories.emplace_back(name);
      else
        failure = error::last("unlinkat", name);
      return !failure;
    });
    cursor.level().pending = std::move(directories);
    return failure ? failure : read;
  }

  bool stay;
};

} // namespace walk
