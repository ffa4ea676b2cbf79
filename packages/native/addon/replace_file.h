// A file of a container is replaced as a whole: whoever reads it meanwhile has the old one or the new one, and a
// process of ours that dies in between leaves the old one.
#pragma once

#include "open_file.h"
#include "path_stat.h"
#include "walk.h"

#include <climits>
#include <cstdio>
#include <mutex>
#include <sys/random.h>
#include <sys/sendfile.h>
#include <sys/xattr.h>

namespace files {

/// A name in a directory that is open: what is done to it is done there, whatever its path leads to by then.
struct Spot {
  beneath::Fd parent;
  std::string name;
};

/// The last component is not followed. @returns EINVAL for a path that names no entry of a directory
inline error::Failure locate(int root, const std::string &path, Spot &spot) {
  size_t end = path.find_last_not_of('/');
  size_t slash = end == std::string::npos ? end : path.rfind('/', end);
  if (end != std::string::npos)
    spot.name =
        path.substr(slash == std::string::npos ? 0 : slash + 1, end - (slash == std::string::npos ? -1 : slash));
  if (spot.name.empty() || spot.name == "." || spot.name == "..")
    return error::with(EINVAL, "openat2", path, "not the path of a file");
  std::string above = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  spot.parent.reset(beneath::open(root, above.c_str(), O_PATH | O_DIRECTORY));
  return spot.parent ? beneath::refuseKernel(spot.parent.get(), path) : error::last("openat2", path);
}

/// As locate, but of what links lead to; each step by the kernel, inside the root.
inline error::Failure locateTarget(int root, std::string path, Spot &spot) {
  constexpr int linksMax = 40;
  for (int links = 0; links < linksMax; links++) {
    if (error::Failure failure = locate(root, path, spot))
      return failure;
    std::string target;
    error::Failure failure = path_stat::readTarget(spot.parent.get(), spot.name.c_str(), target);
    if (failure)
      return failure.number == EINVAL || failure.number == ENOENT ? error::Failure{} : failure;
    size_t end = path.find_last_not_of('/'), slash = path.rfind('/', end);
    path = !target.empty() && target[0] == '/' ? target
           : slash == std::string::npos        ? target
                                               : path.substr(0, slash + 1) + target;
  }
  return error::with(ELOOP, "openat2", path);
}

/// What a client has seen of a file before it writes: "" there was none, "*" any, else its version.
inline error::Failure check(const Spot &spot, const std::string &expected, bool isConditional, struct stat &old,
                            bool &exists) {
  exists = fstatat(spot.parent.get(), spot.name.c_str(), &old, AT_SYMLINK_NOFOLLOW) == 0;
  if (!exists && errno != ENOENT)
    return error::last("fstatat", spot.name);
  if (isConditional &&
      (expected.empty() ? exists : !exists || (expected != "*" && expected != path_stat::versionOf(old))))
    return error::with(ESTALE, "renameat2", spot.name, "the file has changed meanwhile");
  if (exists && !S_ISREG(old.st_mode))
    return S_ISDIR(old.st_mode) ? error::with(EISDIR, "renameat2", spot.name)
                                : error::with(EINVAL, "renameat2", spot.name, "not a regular file");
  return {};
}

inline error::Failure copyContent(int from, int to) {
  off_t at = 0;
  ssize_t sent;
  while ((sent = sendfile(to, from, &at, 1 << 24)) > 0)
    ;
  return sent < 0 ? error::last("sendfile") : error::Failure{};
}

/// Attributes that belong to a file and not to its content; a file capability goes with what it was given to.
inline void copyAttributes(int from, int to) {
  char names[64 << 10];
  std::string self = "/proc/self/fd/" + std::to_string(from);
  ssize_t size = listxattr(self.c_str(), names, sizeof names);
  for (ssize_t at = 0; at < size;) {
    std::string name(names + at);
    at += static_cast<ssize_t>(name.size()) + 1;
    bool isUser = name.rfind("user.", 0) == 0 && name.rfind("user.overlay.", 0) != 0;
    if (!isUser && name != "security.selinux" && name != "system.posix_acl_access")
      continue;
    std::string value(64 << 10, '\0');
    ssize_t length = getxattr(self.c_str(), name.c_str(), value.data(), value.size());
    if (length >= 0)
      fsetxattr(to, name.c_str(), value.data(), static_cast<size_t>(length), 0);
  }
}

struct Replacement {
  bool isConditional = false;
  std::string expected;
  int64_t uid = 0, gid = 0;
  mode_t mode = 0644;
};

class Replacer {
public:
  Replacer(int root, Replacement how) : root(root), how(std::move(how)) {}

  error::Failure run(const std::string &path, int content, path_stat::Stat &result) {
    if (error::Failure failure = locateTarget(root, path, spot))
      return failure;
    bool exists = false;
    struct stat old = {};
    if (error::Failure failure = check(spot, how.expected, how.isConditional, old, exists))
      return failure;
    if (error::Failure failure = make(content, exists, old))
      return failure;
    error::Failure failure = publish(path);
    if (!temporary.empty())
      unlinkat(spot.parent.get(), temporary.c_str(), 0);
    if (failure)
      return failure;
    beneath::Fd directory(openat(spot.parent.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (directory)
      fsync(directory.get());
    result.name = spot.name;
    return fstat(file.get(), &result.at) == 0 ? error::Failure{} : error::last("fstat", path);
  }

private:
  static std::string randomName() {
    uint64_t number = 0;
    if (getrandom(&number, sizeof number, 0) != sizeof number)
      number = static_cast<uint64_t>(getpid());
    char text[32];
    snprintf(text, sizeof text, ".berth-%016llx", static_cast<unsigned long long>(number));
    return text;
  }

  /// Without a name where the file system can: then a crash leaves nothing.
  error::Failure make(int content, bool exists, const struct stat &old) {
    int parent = spot.parent.get();
    file.reset(openat(parent, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600));
    if (!file) {
      if (errno != EOPNOTSUPP && errno != EISDIR)
        return error::last("openat", spot.name);
      temporary = randomName();
      file.reset(openat(parent, temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
      if (!file)
        return error::last("openat", spot.name);
    }
    error::Failure failure = copyContent(content, file.get());
    if (!failure)
      failure = dress(exists, old);
    if (!failure && fsync(file.get()) != 0)
      failure = error::last("fsync", spot.name);
    if (failure && !temporary.empty())
      unlinkat(parent, temporary.c_str(), 0);
    return failure;
  }

  /// Owner, mode and attributes of what was there; set-id bits go, as for anybody who writes to a file.
  error::Failure dress(bool exists, const struct stat &old) {
    uid_t uid = exists ? old.st_uid : static_cast<uid_t>(how.uid);
    gid_t gid = exists ? old.st_gid : static_cast<gid_t>(how.gid);
    if (fchown(file.get(), uid, gid) != 0 || fchmod(file.get(), exists ? old.st_mode & 01777 : how.mode) != 0)
      return error::last("fchown", spot.name);
    if (exists) {
      beneath::Fd before(openat(spot.parent.get(), spot.name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
      if (before)
        copyAttributes(before.get(), file.get());
    }
    return {};
  }

  /// One at a time: of two that have seen the same version, the second finds the first one's.
  error::Failure publish(const std::string &path) {
    static std::mutex one;
    std::lock_guard<std::mutex> lock(one);
    int parent = spot.parent.get();
    struct stat now = {};
    bool exists = false;
    if (error::Failure failure = check(spot, how.expected, how.isConditional, now, exists))
      return failure;
    if (exists && walk::mountOf(parent, spot.name.c_str()) != walk::mountOf(parent, ""))
      return error::with(EBUSY, "renameat2", path, "something is mounted there");
    if (temporary.empty()) {
      std::string self = "/proc/self/fd/" + std::to_string(file.get());
      std::string name = exists ? randomName() : spot.name;
      if (linkat(AT_FDCWD, self.c_str(), parent, name.c_str(), AT_SYMLINK_FOLLOW) != 0)
        return errno == EEXIST ? error::with(ESTALE, "linkat", path, "the file has changed meanwhile")
                               : error::last("linkat", path);
      if (!exists)
        return {};
      temporary = name;
    }
    if (renameat2(parent, temporary.c_str(), parent, spot.name.c_str(), exists ? 0 : RENAME_NOREPLACE) != 0)
      return errno == EEXIST ? error::with(ESTALE, "renameat2", path, "the file has changed meanwhile")
                             : error::last("renameat2", path);
    temporary.clear();
    return {};
  }

  int root;
  Replacement how;
  Spot spot;
  beneath::Fd file;
  std::string temporary;
};

} // namespace files
