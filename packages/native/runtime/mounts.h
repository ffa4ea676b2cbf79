/* What is mounted below the root, in the spec's order, every target resolved by openat2 inside it. */
#ifndef MOUNTS_H
#define MOUNTS_H

#include "cgroup.h"
#include "spec.h"

#include <sys/stat.h>

struct mount_options {
  bool bind, recursive, idmap, idmap_recursive, copy_up;
  uint64_t set, clear, set_recursive, clear_recursive; /* MOUNT_ATTR_* */
  unsigned long propagation;                           /* MS_SHARED and so on, 0: leave */
  bool propagation_recursive;
  const char *subpath; /* of a bind: what of its source is mounted, resolved inside it; or NULL */
  const char *context; /* SELinux label of everything in it, or NULL */
  char data[1024];     /* what the file system itself understands, comma separated */
};

int mounts_options(const struct spec_mount *mount, struct mount_options *options);
/* MS_SHARED and so on of "rshared" and so on; 0 when it is none. */
unsigned long mounts_propagation(const char *name, bool *recursive);
/* `trees[i]`: detached tree of a bind mount, or -1, which becomes the mount that only mounts_readonly may close. */
int mounts_make(int root, const struct spec *spec, int *trees, const struct cgroup *cgroup);
int mounts_devices(int root, const struct spec *spec);
int mounts_mask(int root, const struct spec *spec);
int mounts_readonly(int root, const struct spec *spec, const int *trees);
int mounts_sysctl(int root, const struct spec *spec);
/* Into the detached `tmpfs` that is to cover `path`. */
int mounts_copy_up(int root, const char *path, int tmpfs);
/* mkdir -p inside the root. */
int mounts_mkdir(int root, const char *path, mode_t mode);
/* Attaches a detached mount at `path` of the root, making a missing file or directory. */
int mounts_attach(int root, int tree, const char *path, bool directory);

#endif
