// Applies a tar stream below a directory. Every name is cleaned lexically, its parent is opened by openat2 with the
// tree as root, and its last component is only ever used relative to that descriptor and never followed. So whatever
// names, links and order the archive has, nothing outside the tree is read, written, linked to or has its mode changed.
#pragma once

#include "beneath.h"
#include "tar_reader.h"

#include <climits>
#include <dirent.h>
#include <memory>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

namespace tar {

constexpr size_t depthMax = 512;

struct ApplyOptions {
  bool layer = true;
  int64_t bytesMax = 0;
  int64_t entriesMax = 0;
  int64_t uidShift = 0;
  int64_t gidShift = 0;
  bool keepKinds = false;
};

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

class Applier {
public:
  Applier(int fd, int root, ApplyOptions options) : reader(fd, options.bytesMax), root(root), options(options) {}

  error::Failure run() {
    Entry entry;
    while (reader.next(entry)) {
      if (++entries > options.entriesMax)
        return error::with(EFBIG, "applyTar", {}, "the archive has more entries than allowed");
      if (!apply(entry))
        return failure ? failure : reader.failure;
    }
    if (reader.failure)
      return reader.failure;
    applyDirectoryTimes();
    return {};
  }

  int64_t bytes = 0;
  int64_t entries = 0;

private:
  bool fail(const char *syscall, const Entry &entry) {
    failure = error::last(syscall, entry.name);
    return false;
  }
  bool refuse(int number, const Entry &entry, const char *detail) {
    failure = error::with(number, "applyTar", entry.name, detail);
    return false;
  }

  bool apply(const Entry &entry) {
    std::vector<std::string> parts = components(entry.name);
    if (parts.size() > depthMax)
      return refuse(ENAMETOOLONG, entry, "directories are nested deeper than allowed");
    if (parts.empty()) {
      if (entry.type != '5')
        return refuse(EBADMSG, entry, "the root of the archive is not a directory");
      beneath::Fd self(beneath::open(root, ".", O_RDONLY | O_DIRECTORY));
      return self ? metadata(self.get(), entry, "") : fail("openat2", entry);
    }
    const std::string &base = parts.back();
    if (base.size() > 255)
      return refuse(ENAMETOOLONG, entry, "a file name is longer than 255 bytes");
    std::string above = joined(parts, parts.size() - 1);
    int parent = openParent(above, entry);
    if (parent < 0)
      return false;
    if (options.layer && base.rfind(".wh.", 0) == 0)
      return whiteout(parent, base, entry);
    switch (entry.type) {
    case '0':
      return file(parent, base, entry);
    case '1':
      return hardLink(parent, base, entry);
    case '2':
      return symbolicLink(parent, base, entry);
    case '3':
    case '4':
    case '6':
      return node(parent, base, entry);
    case '5':
      return directory(parent, base, joined(parts, parts.size()), entry);
    default:
      return refuse(EBADMSG, entry, "an entry of a kind that is not known");
    }
  }

  /// The descriptor of the directory `path`, made where it is missing. Kept for the next entry of the same directory.
  int openParent(const std::string &path, const Entry &entry) {
    if (stale)
      parentFd.reset(-1);
    stale = false;
    if (parentFd && parentPath == path)
      return parentFd.get();
    parentFd.reset(beneath::open(root, path.c_str(), O_PATH | O_DIRECTORY));
    if (!parentFd && errno == ENOENT && makeDirectories(path, 0))
      parentFd.reset(beneath::open(root, path.c_str(), O_PATH | O_DIRECTORY));
    if (!parentFd) {
      if (errno == ENOTDIR || errno == ELOOP || errno == ENOENT)
        refuse(EBADMSG, entry, "a parent of the entry is not a directory");
      else
        fail("openat2", entry);
      return -1;
    }
    parentPath = path;
    return parentFd.get();
  }

  /// mkdir -p in the tree. A dangling symlink on the way has its target made, inside the tree, as in a chroot.
  bool makeDirectories(const std::string &path, int links) {
    std::vector<std::string> parts = components(path);
    if (parts.size() > depthMax) {
      errno = ENAMETOOLONG;
      return false;
    }
    beneath::Fd at(beneath::open(root, ".", O_PATH | O_DIRECTORY));
    for (size_t i = 0; at && i < parts.size(); i++) {
      std::string prefix = joined(parts, i + 1);
      beneath::Fd next(beneath::open(root, prefix.c_str(), O_PATH | O_DIRECTORY));
      if (!next && errno == ENOENT) {
        if (mkdirat(at.get(), parts[i].c_str(), 0755) == 0) {
          next.reset(openat(at.get(), parts[i].c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
          if (next && (options.uidShift || options.gidShift) &&
              fchownat(next.get(), "", static_cast<uid_t>(options.uidShift), static_cast<gid_t>(options.gidShift),
                       AT_EMPTY_PATH) != 0)
            return false;
        } else if (errno == EEXIST && links < 40) {
          char target[PATH_MAX];
          ssize_t size = readlinkat(at.get(), parts[i].c_str(), target, sizeof target);
          if (size <= 0 || size == static_cast<ssize_t>(sizeof target))
            return false;
          std::string to(target, static_cast<size_t>(size));
          if (!makeDirectories(to[0] == '/' ? to : joined(parts, i) + "/" + to, links + 1))
            return false;
          next.reset(beneath::open(root, prefix.c_str(), O_PATH | O_DIRECTORY));
        }
      }
      if (!next)
        return false;
      at = std::move(next);
    }
    return static_cast<bool>(at);
  }

  /// Takes away what stands at the place of a new entry.
  bool clear(int parent, const std::string &base, const Entry &entry) {
    struct stat existing;
    if (fstatat(parent, base.c_str(), &existing, AT_SYMLINK_NOFOLLOW) != 0)
      return errno == ENOENT || fail("fstatat", entry);
    bool isDirectory = S_ISDIR(existing.st_mode);
    if (options.keepKinds && isDirectory != (entry.type == '5'))
      return refuse(isDirectory ? EISDIR : ENOTDIR, entry,
                    isDirectory ? "cannot overwrite a directory with a non-directory"
                                : "cannot overwrite a non-directory with a directory");
    bool removed = removeAt(parent, base.c_str());
    if (isDirectory || S_ISLNK(existing.st_mode))
      forgetParent();
    return removed || fail("unlinkat", entry);
  }

  /// A kept descriptor may now point to a directory that is no longer at its path.
  void forgetParent() {
    stale = true;
  }

  static bool isWhiteout(const struct stat &file) {
    return S_ISCHR(file.st_mode) && file.st_rdev == 0;
  }

  bool whiteout(int parent, const std::string &base, const Entry &entry) {
    if (base == ".wh..wh..opq")
      return setOpaque(parent, entry);
    // Other names of aufs' own (`.wh..wh.plnk`, `.wh..wh.aufs`) say nothing about the image.
    if (base.rfind(".wh..wh.", 0) == 0)
      return true;
    std::string hidden = base.substr(4);
    if (hidden.empty() || hidden == "." || hidden == "..")
      return refuse(EBADMSG, entry, "a whiteout of nothing");
    struct stat existing;
    if (fstatat(parent, hidden.c_str(), &existing, AT_SYMLINK_NOFOLLOW) == 0) {
      // Made by this very layer: the whiteout is meant for those below, which a directory would otherwise merge with.
      if (!S_ISDIR(existing.st_mode))
        return true;
      beneath::Fd directory(openat(parent, hidden.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      return directory ? setOpaque(directory.get(), entry) : fail("openat", entry);
    }
    return mknodat(parent, hidden.c_str(), S_IFCHR, makedev(0, 0)) == 0 || fail("mknodat", entry);
  }

  bool setOpaque(int directory, const Entry &entry) {
    beneath::Fd open(openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return (open && fsetxattr(open.get(), "trusted.overlay.opaque", "y", 1, 0) == 0) || fail("fsetxattr", entry);
  }

  bool file(int parent, const std::string &base, const Entry &entry) {
    if (bytes + entry.size > options.bytesMax)
      return refuse(EFBIG, entry, "the archive's files are larger than allowed");
    if (!clear(parent, base, entry))
      return false;
    beneath::Fd out(openat(parent, base.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!out)
      return fail("openat", entry);
    ssize_t count;
    while ((count = reader.content(chunk.data(), chunk.size())) > 0) {
      for (ssize_t written = 0; written < count;) {
        ssize_t step = write(out.get(), chunk.data() + written, static_cast<size_t>(count - written));
        if (step < 0 && errno != EINTR)
          return fail("write", entry);
        written += std::max<ssize_t>(step, 0);
      }
      bytes += count;
    }
    return count == 0 && metadata(out.get(), entry, base);
  }

  bool hardLink(int parent, const std::string &base, const Entry &entry) {
    std::vector<std::string> parts = components(entry.link);
    if (parts.empty())
      return refuse(EBADMSG, entry, "a hard link to a directory");
    // A descriptor of the parent and a last name that linkat does not follow: a link to a symlink links the symlink.
    beneath::Fd targetParent(beneath::open(root, joined(parts, parts.size() - 1).c_str(), O_PATH | O_DIRECTORY));
    struct stat target, existing;
    if (!targetParent || fstatat(targetParent.get(), parts.back().c_str(), &target, AT_SYMLINK_NOFOLLOW) != 0)
      return refuse(EBADMSG, entry, "a hard link to a file that is not in the archive before it");
    if (S_ISDIR(target.st_mode) || (options.layer && isWhiteout(target)))
      return refuse(EBADMSG, entry, "a hard link to something that is not a file");
    if (fstatat(parent, base.c_str(), &existing, AT_SYMLINK_NOFOLLOW) == 0 && existing.st_ino == target.st_ino &&
        existing.st_dev == target.st_dev)
      return true;
    if (!clear(parent, base, entry))
      return false;
    if (linkat(targetParent.get(), parts.back().c_str(), parent, base.c_str(), 0) != 0)
      return fail("linkat", entry);
    if (S_ISLNK(target.st_mode))
      forgetParent();
    return true;
  }

  bool symbolicLink(int parent, const std::string &base, const Entry &entry) {
    if (entry.link.empty())
      return refuse(EBADMSG, entry, "a symbolic link to nothing");
    if (!clear(parent, base, entry))
      return false;
    if (symlinkat(entry.link.c_str(), parent, base.c_str()) != 0)
      return fail("symlinkat", entry);
    uid_t uid = 0;
    gid_t gid = 0;
    if (!owner(entry, uid, gid))
      return false;
    if (fchownat(parent, base.c_str(), uid, gid, AT_SYMLINK_NOFOLLOW) != 0)
      return fail("fchownat", entry);
    struct timespec times[2];
    timesOf(entry, times);
    utimensat(parent, base.c_str(), times, AT_SYMLINK_NOFOLLOW);
    forgetParent();
    return true;
  }

  bool node(int parent, const std::string &base, const Entry &entry) {
    mode_t kind = entry.type == '3' ? S_IFCHR : entry.type == '4' ? S_IFBLK : S_IFIFO;
    // Device 0:0 is how overlayfs writes "removed": an archive says that with a .wh. name only.
    if (kind == S_IFCHR && entry.major == 0 && entry.minor == 0)
      return refuse(EBADMSG, entry, "character device 0:0 is not a device");
    if (!clear(parent, base, entry))
      return false;
    if (mknodat(parent, base.c_str(), kind | 0600, makedev(entry.major, entry.minor)) != 0)
      return fail("mknodat", entry);
    uid_t uid = 0;
    gid_t gid = 0;
    if (!owner(entry, uid, gid))
      return false;
    // Made a moment ago in a directory nobody else writes to, or, in a running container, by whom else but its root:
    // neither call follows a link.
    if (fchownat(parent, base.c_str(), uid, gid, AT_SYMLINK_NOFOLLOW) != 0)
      return fail("fchownat", entry);
    beneath::Fd self(openat(parent, base.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    struct stat made;
    if (!self || fstat(self.get(), &made) != 0 || (made.st_mode & S_IFMT) != kind)
      return fail("openat", entry);
    std::string path = "/proc/self/fd/" + std::to_string(self.get());
    if (chmod(path.c_str(), entry.mode) != 0)
      return fail("chmod", entry);
    struct timespec times[2];
    timesOf(entry, times);
    utimensat(parent, base.c_str(), times, AT_SYMLINK_NOFOLLOW);
    return true;
  }

  bool directory(int parent, const std::string &base, const std::string &path, const Entry &entry) {
    struct stat existing;
    bool exists = fstatat(parent, base.c_str(), &existing, AT_SYMLINK_NOFOLLOW) == 0;
    bool hides = exists && options.layer && isWhiteout(existing);
    if (!exists || !S_ISDIR(existing.st_mode)) {
      if (!clear(parent, base, entry))
        return false;
      if (mkdirat(parent, base.c_str(), 0700) != 0)
        return fail("mkdirat", entry);
    }
    beneath::Fd made(openat(parent, base.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!made)
      return fail("openat", entry);
    if (hides && !setOpaque(made.get(), entry))
      return false;
    return metadata(made.get(), entry, path);
  }

  bool owner(const Entry &entry, uid_t &uid, gid_t &gid) {
    int64_t shiftedUid = entry.uid + options.uidShift, shiftedGid = entry.gid + options.gidShift;
    constexpr int64_t idMax = 0xfffffffeLL;
    if (entry.uid < 0 || entry.gid < 0 || shiftedUid > idMax || shiftedGid > idMax)
      return refuse(EBADMSG, entry, "an owner that is not a user or group id");
    uid = static_cast<uid_t>(shiftedUid);
    gid = static_cast<gid_t>(shiftedGid);
    return true;
  }

  /// Owner, attributes, mode, times, in this order: chown clears setuid bits and file capabilities.
  bool metadata(int fd, const Entry &entry, const std::string &path) {
    uid_t uid = 0;
    gid_t gid = 0;
    if (!owner(entry, uid, gid))
      return false;
    if (fchown(fd, uid, gid) != 0)
      return fail("fchown", entry);
    for (const auto &[name, value] : entry.xattrs) {
      if (!isAllowed(name))
        continue;
      if (fsetxattr(fd, name.c_str(), value.data(), value.size(), 0) != 0 && errno != ENOTSUP && errno != EPERM)
        return fail("fsetxattr", entry);
    }
    if (fchmod(fd, entry.mode) != 0)
      return fail("fchmod", entry);
    if (entry.type == '5') {
      directoryTimes.push_back({path, entry.mtime, entry.mtimeNanos});
      return true;
    }
    struct timespec times[2];
    timesOf(entry, times);
    futimens(fd, times);
    return true;
  }

  /// What an image may say about a file. overlayfs' own names would redirect it, security.selinux is the host's policy.
  static bool isAllowed(const std::string &name) {
    if (name.rfind("user.overlay.", 0) == 0)
      return false;
    return name.rfind("user.", 0) == 0 || name == "security.capability" || name == "system.posix_acl_access" ||
           name == "system.posix_acl_default";
  }

  static void timesOf(const Entry &entry, struct timespec times[2]) {
    setTimes(entry.mtime, entry.mtimeNanos, times);
  }
  static void setTimes(int64_t seconds, long nanos, struct timespec times[2]) {
    constexpr int64_t earliest = -(1LL << 31), latest = (1LL << 33);
    times[0] = {0, UTIME_OMIT};
    times[1] = {std::clamp(seconds, earliest, latest), nanos};
  }

  /// Last, because every entry made in a directory changes its time; deepest last made first.
  void applyDirectoryTimes() {
    for (auto at = directoryTimes.rbegin(); at != directoryTimes.rend(); ++at) {
      beneath::Fd fd(beneath::open(root, at->path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
      struct timespec times[2];
      setTimes(at->seconds, at->nanos, times);
      if (fd)
        futimens(fd.get(), times);
    }
  }

  struct DirectoryTime {
    std::string path;
    int64_t seconds;
    long nanos;
  };

  Reader reader;
  int root;
  ApplyOptions options;
  error::Failure failure;
  beneath::Fd parentFd;
  std::string parentPath;
  bool stale = false;
  std::vector<DirectoryTime> directoryTimes;
  std::vector<char> chunk = std::vector<char>(128 << 10);
};

} // namespace tar
