// Writes a file or tree as a tar stream: ustar headers, with a PAX header before an entry that needs one. Links are
// written as links, files are opened by descriptor after it is known that they are files, mounts of the kernel's own
// file systems are not entered.
#pragma once

#include "beneath.h"
#include "error.h"
#include "file_capability.h"
#include "walk.h"

#include <algorithm>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <linux/magic.h>
#include <map>
#include <poll.h>
#include <string>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <utility>
#include <vector>

namespace tar {

struct WriteOptions {
  std::string name;
  bool layer = false;
  int64_t uidShift = 0;
  int64_t gidShift = 0;
};

class Writer {
public:
  Writer(int fd, WriteOptions options) : fd(fd), options(std::move(options)) {
    pending.reserve(flushBytes * 2);
  }

  error::Failure run(int root, const std::string &path) {
    // O_PATH|O_NOFOLLOW: a symlink named last is written as a symlink, and a FIFO is not opened.
    beneath::Fd top(beneath::open(root, path.c_str(), O_PATH | O_NOFOLLOW));
    if (!top)
      return error::last("openat2", path);
    if (!tree(top.get(), options.name, 0))
      return failure;
    pending.append(1024, '\0');
    flush();
    return failure;
  }

private:
  using Attributes = std::vector<std::pair<std::string, std::string>>;
  static constexpr size_t flushBytes = 256 << 10;
  static constexpr int depthMax = 512;

  struct Identity {
    dev_t device;
    ino_t inode;
    bool operator<(const Identity &other) const {
      return device != other.device ? device < other.device : inode < other.inode;
    }
  };

  bool fail(const char *syscall, const std::string &path) {
    failure = error::last(syscall, path);
    return false;
  }

  bool flush() {
    size_t at = 0;
    while (at < pending.size()) {
      ssize_t count = write(fd, pending.data() + at, pending.size() - at);
      if (count >= 0) {
        at += static_cast<size_t>(count);
      } else if (errno == EAGAIN) {
        struct pollfd waiting = {fd, POLLOUT, 0};
        poll(&waiting, 1, -1);
      } else if (errno != EINTR) {
        return fail("write", {});
      }
    }
    pending.clear();
    return true;
  }

  static std::string procPath(int fd) {
    return "/proc/self/fd/" + std::to_string(fd);
  }

  bool tree(int file, const std::string &name, int depth) {
    struct stat stat;
    if (fstat(file, &stat) != 0)
      return fail("fstat", name);
    if (S_ISSOCK(stat.st_mode))
      return true;
    if (options.layer && S_ISCHR(stat.st_mode) && stat.st_rdev == 0) {
      size_t slash = name.rfind('/');
      std::string hidden =
          slash == std::string::npos ? ".wh." + name : name.substr(0, slash + 1) + ".wh." + name.substr(slash + 1);
      return mark(hidden);
    }
    if (options.layer && !isKept(name))
      return false;
    Attributes xattrs;
    bool opaque = false;
    if (!readXattrs(file, name, stat, xattrs, opaque))
      return false;
    if (!S_ISDIR(stat.st_mode)) {
      if (stat.st_nlink > 1) {
        auto [known, isNew] = links.try_emplace({stat.st_dev, stat.st_ino}, name);
        if (!isNew)
          return header(name, stat, '1', known->second, 0, {});
      }
      return S_ISREG(stat.st_mode) ? content(file, name, stat, xattrs) : special(file, name, stat, xattrs);
    }
    if (depth > depthMax) {
      errno = ELOOP;
      return fail("createTar", name);
    }
    if (!header(name.empty() ? "./" : name + "/", stat, '5', {}, 0, xattrs))
      return false;
    if (opaque && !mark(under(name, ".wh..wh..opq")))
      return false;
    return isKernelTree(file) || children(file, name, depth);
  }

  /// An empty file that says something by its name; the same whenever it was made.
  bool mark(const std::string &name) {
    struct stat empty = {};
    empty.st_mode = S_IFREG;
    return header(name, empty, '0', {}, 0, {});
  }

  static std::string under(const std::string &name, const std::string &child) {
    return name.empty() || name == "." ? child : name + "/" + child;
  }

  static bool isKernelTree(int file) {
    struct statfs fs;
    if (fstatfs(file, &fs) != 0)
      return true;
    return fs.f_type == PROC_SUPER_MAGIC || fs.f_type == SYSFS_MAGIC || fs.f_type == CGROUP_SUPER_MAGIC ||
           fs.f_type == CGROUP2_SUPER_MAGIC || fs.f_type == DEVPTS_SUPER_MAGIC;
  }

  bool children(int file, const std::string &name, int depth) {
    std::vector<std::string> names;
    error::Failure unread = walk::eachName(file, [&](const char *child) {
      names.emplace_back(child);
      return true;
    });
    if (unread) {
      failure = error::with(unread.number, "openat", name);
      return false;
    }
    std::sort(names.begin(), names.end());
    for (const std::string &child : names) {
      beneath::Fd at(openat(file, child.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
      if (!at) {
        if (errno == ENOENT)
          continue;
        return fail("openat", under(name, child));
      }
      if (!tree(at.get(), under(name, child), depth + 1))
        return false;
    }
    return true;
  }

  bool content(int file, const std::string &name, const struct stat &stat, const Attributes &xattrs) {
    beneath::Fd in(open(procPath(file).c_str(), O_RDONLY | O_CLOEXEC));
    if (!in)
      return fail("open", name);
    if (!header(name, stat, '0', {}, stat.st_size, xattrs))
      return false;
    // A file that grows or shrinks meanwhile still gets exactly as many bytes as its header says.
    int64_t left = stat.st_size;
    while (left > 0) {
      size_t wanted = static_cast<size_t>(std::min<int64_t>(left, static_cast<int64_t>(chunk.size())));
      ssize_t count = read(in.get(), chunk.data(), wanted);
      if (count < 0 && errno == EINTR)
        continue;
      if (count < 0)
        return fail("read", name);
      if (count == 0) {
        std::fill(chunk.begin(), chunk.end(), '\0');
        count = static_cast<ssize_t>(wanted);
      }
      pending.append(chunk.data(), static_cast<size_t>(count));
      left -= count;
      if (pending.size() >= flushBytes && !flush())
        return false;
    }
    pending.append((512 - static_cast<size_t>(stat.st_size % 512)) % 512, '\0');
    return true;
  }

  bool special(int file, const std::string &name, const struct stat &stat, const Attributes &xattrs) {
    if (S_ISLNK(stat.st_mode)) {
      char target[PATH_MAX];
      ssize_t size = readlinkat(file, "", target, sizeof target);
      if (size < 0)
        return fail("readlinkat", name);
      return header(name, stat, '2', std::string(target, static_cast<size_t>(size)), 0, {});
    }
    return header(name, stat, S_ISCHR(stat.st_mode) ? '3' : S_ISBLK(stat.st_mode) ? '4' : '6', {}, 0, xattrs);
  }

  /// What a layer cannot say is refused rather than said differently.
  bool isKept(const std::string &name) {
    std::string base = name.substr(name.rfind('/') + 1);
    bool isLong = name.size() > 4095;
    if (!isLong && base.rfind(".wh.", 0) != 0)
      return true;
    failure = error::with(isLong ? ENAMETOOLONG : EINVAL, "createTar", name,
                          isLong ? "a name is longer than 4095 bytes"
                                 : "a name that begins with .wh. stands for a removed file in a layer");
    return false;
  }

  /// Attributes to write, in the order of their names; and whether the directory hides what lower layers have.
  bool readXattrs(int file, const std::string &name, const struct stat &stat, Attributes &xattrs, bool &isOpaque) {
    if (!S_ISREG(stat.st_mode) && !S_ISDIR(stat.st_mode))
      return true;
    std::string path = procPath(file);
    ssize_t size = listxattr(path.c_str(), attribute.data(), attribute.size());
    if (size < 0)
      return errno == ENOTSUP || fail("listxattr", name);
    std::vector<std::string> names;
    for (const char *at = attribute.data(); at < attribute.data() + size; at += names.back().size() + 1)
      names.emplace_back(at);
    std::sort(names.begin(), names.end());
    for (const std::string &key : names) {
      bool isOverlays = key.rfind("trusted.overlay.", 0) == 0;
      if (!isOverlays && !isWanted(key))
        continue;
      ssize_t length = getxattr(path.c_str(), key.c_str(), attribute.data(), attribute.size());
      if (length < 0 && errno == ENODATA)
        continue;
      if (length < 0)
        return fail("getxattr", name);
      std::string value(attribute.data(), static_cast<size_t>(length));
      if (!isOverlays)
        xattrs.emplace_back("SCHILY.xattr." + key, portable(key, std::move(value)));
      else if (options.layer && !overlays(key.substr(strlen("trusted.overlay.")), value, name, isOpaque))
        return false;
    }
    return true;
  }

  /// A container's processes may set user.overlay.* themselves: it means nothing to mounts without `userxattr`.
  bool isWanted(const std::string &key) const {
    if (key.rfind("user.", 0) == 0)
      return key.rfind("user.overlay.", 0) != 0;
    // The ids in an ACL are not shifted.
    bool isAcl = key == "system.posix_acl_access" || key == "system.posix_acl_default";
    return key == "security.capability" || (isAcl && options.uidShift == 0 && options.gidShift == 0);
  }

  /// Capabilities as of version 3 name the root user they count for, which is this host's idea: version 2 is any root.
  std::string portable(const std::string &key, std::string value) const {
    constexpr size_t version2Bytes = 20, version3Bytes = 24;
    if (key != capability::attribute)
      return value;
    if (options.layer && value.size() == version3Bytes && value[3] == 3) {
      value[3] = 2;
      value.resize(version2Bytes);
    }
    return capability::shifted(std::move(value), options.uidShift);
  }

  /// overlayfs' own notes. Those by which a file's name or content is somewhere else are not in use with us.
  bool overlays(const std::string &note, const std::string &value, const std::string &name, bool &isOpaque) {
    if (note == "opaque")
      isOpaque = value == "y";
    if (note != "redirect" && note != "metacopy" && note != "whiteout")
      return true;
    failure = error::with(ENOTSUP, "createTar", name,
                          "overlayfs keeps a part of it elsewhere (trusted.overlay." + note + ")");
    return false;
  }

  /// `length key=value\n`, where the length counts itself.
  static std::string record(const std::string &key, const std::string &value) {
    size_t rest = key.size() + value.size() + 3, total = rest + 1;
    while (total != rest + std::to_string(total).size())
      total = rest + std::to_string(total).size();
    return std::to_string(total) + " " + key + "=" + value + "\n";
  }

  /// Before 1970 the fraction counts the other way in text than in a timespec.
  static std::string timeText(int64_t seconds, long nanos) {
    bool isNegative = seconds < 0;
    if (isNegative && nanos > 0)
      seconds++, nanos = 1000000000 - nanos;
    char text[40];
    snprintf(text, sizeof text, "%s%lld.%09ld", isNegative ? "-" : "", static_cast<long long>(std::abs(seconds)),
             nanos);
    return nanos == 0 ? std::string(text, strcspn(text, ".")) : text;
  }

  static bool octal(char *field, size_t size, uint64_t value) {
    bool fits = size - 1 >= 22 || value < (1ULL << (3 * (size - 1)));
    snprintf(field, size, "%0*llo", static_cast<int>(size - 1), static_cast<unsigned long long>(fits ? value : 0));
    return fits;
  }

  bool header(const std::string &name, const struct stat &stat, char type, const std::string &link, int64_t size,
              const Attributes &xattrs) {
    int64_t uid = std::max<int64_t>(0, static_cast<int64_t>(stat.st_uid) + options.uidShift);
    int64_t gid = std::max<int64_t>(0, static_cast<int64_t>(stat.st_gid) + options.gidShift);
    std::string extended;
    char block[512] = {};
    auto isPlain = [](const std::string &text) {
      return text.size() <= 100 && std::all_of(text.begin(), text.end(), [](char c) { return c > 0; });
    };
    if (!isPlain(name))
      extended += record("path", name);
    if (!isPlain(link))
      extended += record("linkpath", link);
    memcpy(block, name.data(), std::min<size_t>(name.size(), 100));
    memcpy(block + 157, link.data(), std::min<size_t>(link.size(), 100));
    octal(block + 100, 8, stat.st_mode & 07777);
    if (!octal(block + 108, 8, static_cast<uint64_t>(uid)))
      extended += record("uid", std::to_string(uid));
    if (!octal(block + 116, 8, static_cast<uint64_t>(gid)))
      extended += record("gid", std::to_string(gid));
    if (!octal(block + 124, 12, static_cast<uint64_t>(size)))
      extended += record("size", std::to_string(size));
    int64_t seconds = stat.st_mtim.tv_sec;
    bool fits = octal(block + 136, 12, seconds < 0 ? 1ULL << 40 : static_cast<uint64_t>(seconds));
    if (!fits || stat.st_mtim.tv_nsec != 0)
      extended += record("mtime", timeText(seconds, stat.st_mtim.tv_nsec));
    for (const auto &[key, value] : xattrs)
      extended += record(key, value);
    block[156] = type;
    memcpy(block + 257, "ustar\00000", 8);
    if (type == '3' || type == '4') {
      octal(block + 329, 8, major(stat.st_rdev));
      octal(block + 337, 8, minor(stat.st_rdev));
    }
    if (!extended.empty()) {
      char before[512] = {};
      memcpy(before, "PaxHeaders/entry", 16);
      octal(before + 100, 8, 0644);
      octal(before + 108, 8, 0);
      octal(before + 116, 8, 0);
      octal(before + 124, 12, extended.size());
      octal(before + 136, 12, 0);
      before[156] = 'x';
      memcpy(before + 257, "ustar\00000", 8);
      append(before);
      pending += extended;
      pending.append((512 - extended.size() % 512) % 512, '\0');
    }
    append(block);
    return pending.size() < flushBytes || flush();
  }

  void append(char *block) {
    memset(block + 148, ' ', 8);
    unsigned sum = 0;
    for (int i = 0; i < 512; i++)
      sum += static_cast<unsigned char>(block[i]);
    snprintf(block + 148, 8, "%06o", sum);
    block[155] = ' ';
    pending.append(block, 512);
  }

  int fd;
  WriteOptions options;
  error::Failure failure;
  std::string pending;
  std::vector<char> chunk = std::vector<char>(128 << 10);
  std::vector<char> attribute = std::vector<char>(64 << 10);
  std::map<Identity, std::string> links;
};

} // namespace tar
