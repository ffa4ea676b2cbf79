// Project quotas: a limit on all that lies below one directory (quotactl_fd(2), ioctl_xfs_fsgetxattr(2)); ext4 and xfs
// have them where they are mounted with prjquota.
#include "beneath.h"
#include "error.h"

#include <cerrno>
#include <fcntl.h>
#include <linux/dqblk_xfs.h>
#include <linux/fs.h>
#include <linux/quota.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_quotactl_fd
#define SYS_quotactl_fd 443
#endif

namespace quota {

namespace {

constexpr unsigned project_quota = 2;  // PRJQUOTA
constexpr uint64_t block_bytes = 1024; // of if_dqblk, whatever the file system's

error::Failure set_limit(int fd, const std::string &path, uint32_t project, uint64_t bytes) {
  struct if_dqblk limits = {};
  limits.dqb_bhardlimit = (bytes + block_bytes - 1) / block_bytes;
  limits.dqb_valid = QIF_BLIMITS;
  if (syscall(SYS_quotactl_fd, fd, QCMD(Q_SETQUOTA, project_quota), project, &limits) < 0)
    return error::last("quotactl_fd", path);
  return {};
}

error::Failure limit(const std::string &path, uint32_t project, uint64_t bytes) {
  beneath::Fd directory(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct fsxattr attributes;
  if (!directory)
    return error::last("open", path);
  // The limit first: nothing is written below the project before it has one.
  error::Failure failed = set_limit(directory.get(), path, project, bytes);
  if (failed)
    return failed;
  if (ioctl(directory.get(), FS_IOC_FSGETXATTR, &attributes) < 0)
    return error::last("FS_IOC_FSGETXATTR", path);
  attributes.fsx_projid = project;
  attributes.fsx_xflags |= FS_XFLAG_PROJINHERIT;
  if (ioctl(directory.get(), FS_IOC_FSSETXATTR, &attributes) < 0)
    return error::last("FS_IOC_FSSETXATTR", path);
  return {};
}

Napi::Value limit_directory(const Napi::CallbackInfo &info) {
  error::Failure failed = limit(info[0].ToString(), info[1].ToNumber().Uint32Value(),
                                static_cast<uint64_t>(info[2].ToNumber().Int64Value()));
  if (failed)
    error::raise(info.Env(), failed);
  return info.Env().Undefined();
}

Napi::Value forget_limit(const Napi::CallbackInfo &info) {
  std::string path = info[0].ToString();
  beneath::Fd directory(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  error::Failure failed =
      directory ? set_limit(directory.get(), path, info[1].ToNumber().Uint32Value(), 0) : error::last("open", path);
  if (failed)
    error::raise(info.Env(), failed);
  return info.Env().Undefined();
}

} // namespace

void init(Napi::Env env, Napi::Object exports) {
  exports.Set("limitDirectory", Napi::Function::New(env, limit_directory, "limitDirectory"));
  exports.Set("forgetLimit", Napi::Function::New(env, forget_limit, "forgetLimit"));
}

} // namespace quota
