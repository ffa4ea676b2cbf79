/* tmpcopyup: a new tmpfs begins with what the image has at its place. By descriptor on both sides; what the image has
 * there besides directories, files and links (devices, sockets) stays behind. */
#include "cleanup.h"
#include "kernel.h"
#include "mounts.h"
#include "report.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#define DEPTH_MAX 64

static const char *const step = "copying the image's files into a tmpfs";

static int copy_directory(int from, int to, int depth);

static int copy_file(int from, int to, const char *name, const struct stat *at) {
  cleanup_fd int in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  cleanup_fd int out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (in < 0 || out < 0)
    return report_errno(step, "openat", "%s", name);
  ssize_t sent;
  while ((sent = sendfile(out, in, NULL, 1 << 20)) > 0)
    ;
  if (sent < 0 || fchown(out, at->st_uid, at->st_gid) < 0 || fchmod(out, at->st_mode & 07777) < 0)
    return report_errno(step, "sendfile", "%s", name);
  return 0;
}

static int copy_link(int from, int to, const char *name, const struct stat *at) {
  char target[4096];
  ssize_t length = readlinkat(from, name, target, sizeof target - 1);
  if (length < 0)
    return report_errno(step, "readlinkat", "%s", name);
  target[length] = 0;
  if (symlinkat(target, to, name) < 0 || fchownat(to, name, at->st_uid, at->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
    return report_errno(step, "symlinkat", "%s", name);
  return 0;
}

static int copy_child(int from, int to, const char *name, const struct stat *at, int depth) {
  if (depth == DEPTH_MAX)
    return report_invalid(step, "%s lies deeper than %d directories", name, DEPTH_MAX);
  if (mkdirat(to, name, 0700) < 0)
    return report_errno(step, "mkdirat", "%s", name);
  cleanup_fd int in = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  cleanup_fd int out = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (in < 0 || out < 0)
    return report_errno(step, "openat", "%s", name);
  if (copy_directory(in, out, depth + 1) < 0)
    return -1;
  if (fchown(out, at->st_uid, at->st_gid) < 0 || fchmod(out, at->st_mode & 07777) < 0)
    return report_errno(step, "fchown", "%s", name);
  return 0;
}

static int copy_directory(int from, int to, int depth) {
  int again = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  cleanup_closedir DIR *entries = again < 0 ? NULL : fdopendir(again);
  if (!entries)
    return report_errno(step, "openat", "%s", "");
  for (struct dirent *entry; (entry = readdir(entries));) {
    const char *name = entry->d_name;
    struct stat at;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
      continue;
    if (fstatat(from, name, &at, AT_SYMLINK_NOFOLLOW) < 0)
      return report_errno(step, "fstatat", "%s", name);
    int result = S_ISDIR(at.st_mode)   ? copy_child(from, to, name, &at, depth)
                 : S_ISREG(at.st_mode) ? copy_file(from, to, name, &at)
                 : S_ISLNK(at.st_mode) ? copy_link(from, to, name, &at)
                                       : 0;
    if (result < 0)
      return -1;
  }
  return 0;
}

int mounts_copy_up(int root, const char *path, int tmpfs) {
  cleanup_fd int from = sys_openat2(root, path, O_RDONLY | O_DIRECTORY, 0, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
  if (from < 0)
    return errno == ENOENT ? 0 : report_errno(step, "openat2", "%s", path);
  cleanup_fd int to = openat(tmpfs, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  return to < 0 ? report_errno(step, "openat", "%s", path) : copy_directory(from, to, 0);
}
