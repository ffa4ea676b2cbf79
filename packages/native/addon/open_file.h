// Opening a regular file of a container: first as a mere place, so that no FIFO, device or socket that stands there, or
// is put there meanwhile, is ever opened; then that very file, by its descriptor.
#pragma once

#include "beneath.h"
#include "error.h"

#include <linux/magic.h>
#include <string>
#include <sys/stat.h>
#include <sys/vfs.h>

namespace beneath {

/// The kernel's own file systems answer the agent, which is root of the host, otherwise than they answer the container.
inline bool isOfKernel(int fd) {
  static constexpr long kinds[] = {PROC_SUPER_MAGIC,   SYSFS_MAGIC,   CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC,
                                   DEVPTS_SUPER_MAGIC, DEBUGFS_MAGIC, TRACEFS_MAGIC,      SECURITYFS_MAGIC,
                                   BPF_FS_MAGIC,       SELINUX_MAGIC, PSTOREFS_MAGIC,     EFIVARFS_MAGIC,
                                   BINFMTFS_MAGIC,     NSFS_MAGIC,    0x19800202 /* mqueue */};
  struct statfs fs;
  if (fstatfs(fd, &fs) != 0)
    return true;
  for (long kind : kinds)
    if (fs.f_type == kind)
      return true;
  return false;
}

inline error::Failure refuseKernel(int fd, const std::string &path) {
  if (!isOfKernel(fd))
    return {};
  return error::with(EPERM, "openat2", path, "it belongs to a file system of the kernel's own");
}

/// Follows links inside the root. @returns EINVAL for what is no regular file
inline error::Failure openFile(int root, const std::string &path, Fd &file) {
  struct stat at;
  Fd place(open(root, path.c_str(), O_PATH));
  if (!place || fstat(place.get(), &at) < 0)
    return error::last("openat2", path);
  if (S_ISDIR(at.st_mode))
    return error::with(EISDIR, "openat2", path);
  if (!S_ISREG(at.st_mode))
    return error::with(EINVAL, "openat2", path, "not a regular file");
  if (error::Failure failure = refuseKernel(place.get(), path))
    return failure;
  std::string self = "/proc/self/fd/" + std::to_string(place.get());
  file.reset(::open(self.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  return file ? error::Failure{} : error::last("open", path);
}

} // namespace beneath
