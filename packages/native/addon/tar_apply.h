// Applies a tar stream below a directory. Every name is cleaned lexically, its parent is opened by openat2 with the
// tree as root, and its last component is only ever used relative to that descriptor and never followed. So whatever
// names, links and order the archive has, nothing outside the tree is read, written, linked to or has its mode changed.
#pragma once

#include "file_capability.h"
#include "tar_parents.h"
#include "tar_reader.h"
#include "walk.h"

#include <climits>
#include <cstdio>
#include <sys/sysmacros.h>

namespace tar {

struct ApplyOptions {
  bool layer = true;
  int64_t bytesMax = 0;
  int64_t entriesMax = 0;
  int64_t uidShift = 0;
  int64_t gidShift = 0;
  bool keepKinds = false;
};

/// The calling thread has no umask (thread::ownUmask).
class Applier {
public:
  Applier(stream::Source &source, int root, ApplyOptions options)
      : reader(source, options.bytesMax), options(options), parents(root, options.layer), user(geteuid()),
        group(getegid()) {}

  error::Failure run() {
    Entry entry;
    while (reader.next(entry)) {
      if (++entries > options.entriesMax) {
        refuse(EFBIG, entry, "the archive has more entries than entriesMax " + std::to_string(options.entriesMax));
        break;
      }
      if (!apply(entry))
        break;
    }
    parents.letGoAll();
    return failure ? failure : reader.failure;
  }

  int64_t bytes = 0;
  int64_t entries = 0;
  /// Of a layer: its root is opaque, which overlayfs does not read at a root.
  bool hidesBelow = false;

private:
  bool fail(const char *syscall, const Entry &entry) {
    failure = error::last(syscall, entry.name);
    return false;
  }
  bool refuse(int number, const Entry &entry, std::string detail) {
    failure = error::with(number, "applyTar", entry.name, std::move(detail));
    return false;
  }

  bool apply(const Entry &entry) {
    std::vector<std::string> parts = components(entry.name);
    if (parts.size() > depthMax)
      return refuse(ENAMETOOLONG, entry, "directories are nested deeper than 512");
    if (parts.empty() && entry.type != '5')
      return refuse(EBADMSG, entry, "the name stands for the root, which is a directory");
    if (!parts.empty() && parts.back().size() > NAME_MAX)
      return refuse(ENAMETOOLONG, entry, "a file name is longer than 255 bytes");
    if (!owner(entry))
      return false;
    Directory *parent = openParent(joined(parts, parts.empty() ? 0 : parts.size() - 1), entry);
    if (!parent)
      return false;
    if (parts.empty())
      return nameDirectory(*parent, entry);
    const std::string &base = parts.back();
    if (options.layer && base.rfind(".wh.", 0) == 0)
      return whiteout(*parent, base, entry);
    switch (entry.type) {
    case '0':
      return file(*parent, base, entry);
    case '1':
      return hardLink(*parent, base, entry);
    case '2':
      return symbolicLink(*parent, base, entry);
    case '3':
    case '4':
    case '6':
      return node(*parent, base, entry);
    case '5':
      return directory(*parent, base, joined(parts, parts.size()), entry);
    default:
      return refuse(EBADMSG, entry, "an entry of a kind that is not known");
    }
  }

  // ---- directories on the way

  /// The directory `path`, made where it is missing.
  Directory *openParent(const std::string &path, const Entry &entry) {
    Directory *parent = parents.find(path);
    if (!parent && (errno == ENOENT || errno == ENOTDIR) && makeDirectories(path, 0))
      parent = parents.find(path);
    if (!parent) {
      if (errno == ENOTDIR || errno == ELOOP || errno == ENOENT || errno == EEXIST)
        refuse(EBADMSG, entry, "a parent of the entry is not a directory");
      else
        fail("openat2", entry);
    }
    return parent;
  }

  /// mkdir -p in the tree. A dangling symlink on the way has its target made, inside the tree, as in a chroot.
  bool makeDirectories(const std::string &path, int links) {
    std::vector<std::string> parts = components(path);
    if (parts.size() > depthMax || links > 40) {
      errno = links > 40 ? ELOOP : ENAMETOOLONG;
      return false;
    }
    for (size_t i = 0; i < parts.size(); i++) {
      if (parents.find(joined(parts, i + 1)))
        continue;
      if (errno != ENOENT && errno != ENOTDIR)
        return false;
      std::string above = joined(parts, i);
      Directory *parent = parents.find(above);
      if (!parent)
        return false;
      if (makeDirectory(*parent, parts[i]))
        continue;
      if (errno != EEXIST)
        return false;
      char target[PATH_MAX];
      ssize_t size = readlinkat(parent->fd.get(), parts[i].c_str(), target, sizeof target);
      if (size <= 0 || size == static_cast<ssize_t>(sizeof target)) {
        errno = ENOTDIR;
        return false;
      }
      std::string to(target, static_cast<size_t>(size));
      if (!makeDirectories(to[0] == '/' ? to : above + "/" + to, links + 1))
        return false;
    }
    return true;
  }

  /// A directory that no entry has named (yet). In the place of a whiteout it is a new one, that hides what is below.
  bool makeDirectory(Directory &parent, const std::string &base) {
    struct stat existing;
    bool hides = options.layer && fstatat(parent.fd.get(), base.c_str(), &existing, AT_SYMLINK_NOFOLLOW) == 0 &&
                 isWhiteout(existing) && unlinkat(parent.fd.get(), base.c_str(), 0) == 0;
    if (mkdirat(parent.fd.get(), base.c_str(), 0755) != 0)
      return false;
    parent.isChanged = true;
    beneath::Fd made(openat(parent.fd.get(), base.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    // A layer unpacks to the same tree every time: what it does not say is not the time of now.
    struct timespec epoch[2] = {};
    return made &&
           fchown(made.get(), static_cast<uid_t>(options.uidShift), static_cast<gid_t>(options.gidShift)) == 0 &&
           fchmod(made.get(), 0755) == 0 && (!hides || setOpaque(made.get())) &&
           (!options.layer || futimens(made.get(), epoch) == 0);
  }

  /// Takes away what stands at the place of a new entry.
  bool clear(Directory &parent, const std::string &base, const Entry &entry) {
    struct stat existing;
    if (fstatat(parent.fd.get(), base.c_str(), &existing, AT_SYMLINK_NOFOLLOW) != 0)
      return errno == ENOENT || fail("fstatat", entry);
    bool isDirectory = S_ISDIR(existing.st_mode);
    if (options.keepKinds && isDirectory != (entry.type == '5'))
      return refuse(isDirectory ? EISDIR : ENOTDIR, entry,
                    isDirectory ? "cannot overwrite a directory with a non-directory"
                                : "cannot overwrite a non-directory with a directory");
    if (isDirectory || S_ISLNK(existing.st_mode))
      parents.forgetPaths();
    // What is mounted in a running container's tree is not the archive's to take away.
    failure = walk::Remover(!options.layer).run(parent.fd.get(), base);
    return !failure;
  }

  /// Makes something that is not there, as a rule; else again, when what is there has been taken away.
  template <typename Make>
  bool place(Directory &parent, const std::string &base, const Entry &entry, const char *syscall, Make make) {
    parent.isChanged = true;
    if (make())
      return true;
    if (errno != EEXIST)
      return fail(syscall, entry);
    return clear(parent, base, entry) && (make() || fail(syscall, entry));
  }

  // ---- whiteouts

  static bool isWhiteout(const struct stat &file) {
    return S_ISCHR(file.st_mode) && file.st_rdev == 0;
  }
  static bool setOpaque(int directory) {
    return fsetxattr(directory, "trusted.overlay.opaque", "y", 1, 0) == 0;
  }

  bool whiteout(Directory &parent, const std::string &base, const Entry &entry) {
    if (base == ".wh..wh..opq") {
      hidesBelow = hidesBelow || components(entry.name).size() == 1;
      return setOpaque(parent.fd.get()) || fail("fsetxattr", entry);
    }
    // Other names of aufs' own (`.wh..wh.plnk`, `.wh..wh.aufs`) say nothing about the image.
    if (base.rfind(".wh..wh.", 0) == 0)
      return true;
    std::string hidden = base.substr(4);
    if (hidden.empty() || hidden == "." || hidden == "..")
      return refuse(EBADMSG, entry, "a whiteout of nothing");
    parent.isChanged = true;
    if (mknodat(parent.fd.get(), hidden.c_str(), S_IFCHR, makedev(0, 0)) == 0)
      return true;
    if (errno != EEXIST)
      return fail("mknodat", entry);
    // Made by this very layer: the whiteout is meant for those below, which a directory would otherwise merge with.
    beneath::Fd made(openat(parent.fd.get(), hidden.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    return made ? setOpaque(made.get()) || fail("fsetxattr", entry)
                : errno == ENOTDIR || errno == ELOOP || fail("openat", entry);
  }

  // ---- entries

  bool file(Directory &parent, const std::string &base, const Entry &entry) {
    if (entry.size > options.bytesMax - bytes)
      return refuse(EFBIG, entry, "the archive's files are larger than bytesMax " + std::to_string(options.bytesMax));
    bytes += entry.size;
    bool isReady = isOwnerGiven(parent) && (entry.mode & 07000) == 0;
    beneath::Fd out;
    auto make = [&] {
      int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
      out.reset(openat(parent.fd.get(), base.c_str(), flags, isReady ? entry.mode : 0600));
      return static_cast<bool>(out);
    };
    if (!place(parent, base, entry, "openat", make) || !fill(out.get(), entry))
      return false;
    if (!isReady && fchown(out.get(), uid, gid) != 0)
      return fail("fchown", entry);
    if (!attributes(out.get(), parent, entry))
      return false;
    if (!isReady && fchmod(out.get(), entry.mode) != 0)
      return fail("fchmod", entry);
    struct timespec times[2];
    timesOf(entry, times);
    return futimens(out.get(), times) == 0 || fail("futimens", entry);
  }

  bool fill(int out, const Entry &entry) {
    if (!entry.isSparse)
      return copy(out, entry, entry.size);
    for (const Piece &piece : entry.pieces) {
      if (lseek(out, piece.offset, SEEK_SET) < 0)
        return fail("lseek", entry);
      if (!copy(out, entry, piece.bytes))
        return false;
    }
    return ftruncate(out, entry.size) == 0 || fail("ftruncate", entry);
  }

  bool copy(int out, const Entry &entry, int64_t left) {
    while (left > 0) {
      const char *from = nullptr;
      ssize_t count = reader.content(from, left);
      if (count <= 0)
        return false;
      left -= count;
      while (count > 0) {
        ssize_t step = write(out, from, static_cast<size_t>(count));
        if (step < 0 && errno != EINTR)
          return fail("write", entry);
        step = std::max<ssize_t>(step, 0);
        from += step;
        count -= step;
      }
    }
    return true;
  }

  bool hardLink(Directory &parent, const std::string &base, const Entry &entry) {
    std::vector<std::string> parts = components(entry.link);
    if (parts.empty())
      return refuse(EBADMSG, entry, "a hard link to a directory");
    // A descriptor of the parent and a last name that linkat does not follow: a link to a symlink links the symlink.
    Directory *from = parents.find(joined(parts, parts.size() - 1));
    const char *name = parts.back().c_str();
    struct stat target, existing;
    if (!from || fstatat(from->fd.get(), name, &target, AT_SYMLINK_NOFOLLOW) != 0)
      return refuse(EBADMSG, entry, "a hard link to a file that is not in the archive before it: " + entry.link);
    if (S_ISDIR(target.st_mode) || (options.layer && isWhiteout(target)))
      return refuse(EBADMSG, entry, "a hard link to something that is not a file: " + entry.link);
    if (fstatat(parent.fd.get(), base.c_str(), &existing, AT_SYMLINK_NOFOLLOW) == 0 &&
        existing.st_ino == target.st_ino && existing.st_dev == target.st_dev)
      return true;
    return place(parent, base, entry, "linkat",
                 [&] { return linkat(from->fd.get(), name, parent.fd.get(), base.c_str(), 0) == 0; });
  }

  bool symbolicLink(Directory &parent, const std::string &base, const Entry &entry) {
    if (entry.link.empty())
      return refuse(EBADMSG, entry, "a symbolic link to nothing");
    int at = parent.fd.get();
    if (!place(parent, base, entry, "symlinkat", [&] { return symlinkat(entry.link.c_str(), at, base.c_str()) == 0; }))
      return false;
    if (!isOwnerGiven(parent) && fchownat(at, base.c_str(), uid, gid, AT_SYMLINK_NOFOLLOW) != 0)
      return fail("fchownat", entry);
    return setTimesAt(at, base, entry);
  }

  bool node(Directory &parent, const std::string &base, const Entry &entry) {
    mode_t kind = entry.type == '3' ? S_IFCHR : entry.type == '4' ? S_IFBLK : S_IFIFO;
    // Device 0:0 is how overlayfs writes "removed": an archive says that with a .wh. name only.
    if (kind == S_IFCHR && entry.major == 0 && entry.minor == 0)
      return refuse(EBADMSG, entry, "character device 0:0 is not a device");
    int at = parent.fd.get();
    dev_t device = makedev(entry.major, entry.minor);
    if (!place(parent, base, entry, "mknodat", [&] { return mknodat(at, base.c_str(), kind | 0600, device) == 0; }))
      return false;
    // By a descriptor of what was made: in a running container another may have taken its place.
    beneath::Fd self(openat(at, base.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    struct stat made;
    if (!self || fstat(self.get(), &made) != 0 || (made.st_mode & S_IFMT) != kind)
      return fail("openat", entry);
    if (fchownat(self.get(), "", uid, gid, AT_EMPTY_PATH) != 0)
      return fail("fchownat", entry);
    std::string path = "/proc/self/fd/" + std::to_string(self.get());
    if (chmod(path.c_str(), entry.mode) != 0)
      return fail("chmod", entry);
    return setTimesAt(at, base, entry);
  }

  bool directory(Directory &parent, const std::string &base, const std::string &path, const Entry &entry) {
    int at = parent.fd.get();
    auto enter = [&] { return openat(at, base.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC); };
    struct stat existing;
    beneath::Fd made;
    bool hides = false;
    auto make = [&] { return mkdirat(at, base.c_str(), 0700) == 0; };
    if (!make()) {
      if (errno != EEXIST || fstatat(at, base.c_str(), &existing, AT_SYMLINK_NOFOLLOW) != 0)
        return fail("mkdirat", entry);
      hides = options.layer && isWhiteout(existing);
      if (!S_ISDIR(existing.st_mode) && !place(parent, base, entry, "mkdirat", make))
        return false;
    } else {
      parent.isChanged = true;
    }
    made.reset(enter());
    if (!made || (hides && !setOpaque(made.get())))
      return fail(made ? "fsetxattr" : "openat", entry);
    Directory *kept = parents.keep(std::move(made), path);
    return kept ? nameDirectory(*kept, entry) : fail("fstat", entry);
  }

  bool nameDirectory(Directory &directory, const Entry &entry) {
    int fd = directory.fd.get();
    if (fchown(fd, uid, gid) != 0)
      return fail("fchown", entry);
    if (!attributes(fd, directory, entry))
      return false;
    if (fchmod(fd, entry.mode) != 0)
      return fail("fchmod", entry);
    struct timespec times[2];
    timesOf(entry, times);
    parents.name(directory, times[1]);
    return true;
  }

  // ---- what an entry says about itself

  /// The owner on disk, in `uid` and `gid`.
  bool owner(const Entry &entry) {
    // A layer's ids, and those that are shifted, are a container's own, and it has so many.
    bool isContainers = options.layer || options.uidShift || options.gidShift;
    int64_t idMax = isContainers ? 65535 : 0xfffffffeLL;
    for (auto [id, what] : {std::pair{entry.uid, "user"}, {entry.gid, "group"}}) {
      if (id < 0 || id > idMax)
        return refuse(EOVERFLOW, entry,
                      std::string("it belongs to ") + what + " " + std::to_string(id) +
                          ", and a container has ids up to " + std::to_string(idMax));
    }
    uid = static_cast<uid_t>(entry.uid + options.uidShift);
    gid = static_cast<gid_t>(entry.gid + options.gidShift);
    return true;
  }

  /// Whether what is made in this directory has the entry's owner, and the mode it is made with, from the beginning.
  bool isOwnerGiven(const Directory &parent) const {
    return options.layer && uid == user && gid == group && parent.stat.st_gid == group && !parent.hasDefaultAcl &&
           (parent.stat.st_mode & S_ISGID) == 0;
  }

  /// Between owner and mode: a change of owner clears file capabilities.
  bool attributes(int fd, const Directory &inheritsFrom, const Entry &entry) {
    if (options.layer && inheritsFrom.hasDefaultAcl) {
      for (const char *inherited : {"system.posix_acl_access", "system.posix_acl_default"})
        fremovexattr(fd, inherited);
    }
    for (const auto &[name, given] : entry.xattrs) {
      // A file capability counts for the container's root, by its id here.
      const std::string &value = name == capability::attribute ? capability::shifted(given, options.uidShift) : given;
      if (!isAllowed(name) || fsetxattr(fd, name.c_str(), value.data(), value.size(), 0) == 0 || errno == ENOTSUP)
        continue;
      failure = error::with(errno, "fsetxattr", entry.name,
                            "the extended attribute " + name + " cannot be set: " + strerror(errno));
      return false;
    }
    return true;
  }

  /// What an image may say about a file. overlayfs' own names would redirect it, security.selinux is the host's policy.
  static bool isAllowed(const std::string &name) {
    if (name.rfind("user.overlay.", 0) == 0)
      return false;
    return name.rfind("user.", 0) == 0 || name == "security.capability" || name == "system.posix_acl_access" ||
           name == "system.posix_acl_default";
  }

  /// The kernel moves what the file system cannot hold to the earliest or latest that it can.
  static void timesOf(const Entry &entry, struct timespec times[2]) {
    times[0] = {0, UTIME_OMIT};
    times[1] = {entry.mtime, entry.mtimeNanos};
  }
  bool setTimesAt(int parent, const std::string &base, const Entry &entry) {
    struct timespec times[2];
    timesOf(entry, times);
    return utimensat(parent, base.c_str(), times, AT_SYMLINK_NOFOLLOW) == 0 || fail("utimensat", entry);
  }

  Reader reader;
  ApplyOptions options;
  Parents parents;
  uid_t user, uid = 0;
  gid_t group, gid = 0;
  error::Failure failure;
};

} // namespace tar
