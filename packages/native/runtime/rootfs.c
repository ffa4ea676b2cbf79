#include "rootfs.h"

#include "cleanup.h"
#include "kernel.h"
#include "mounts.h"
#include "report.h"

#include <linux/securebits.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

static const char *const step = "assembling the root file system";

/* A private clone of a directory on the host, idmapped so that ids on disk count from 0. */
static int open_layer(const char *path, int userns) {
  cleanup_fd int fd = sys_open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
  if (fd < 0)
    return report_errno(step, "open_tree", "%s", path);
  struct mount_attr attributes = {.attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)(unsigned)userns};
  if (userns >= 0 && sys_mount_setattr(fd, "", AT_EMPTY_PATH, &attributes) < 0)
    return report_errno(step, "mount_setattr",
                        "%s: this file system or kernel has no idmapped mounts; turn the user namespace off", path);
  return steal_fd(&fd);
}

/* Overlay layers as descriptors need Linux 6.13; before, their /proc names do as long as they have no colon. A detached
 * tree dissolves when its descriptor closes: `layer` stays open until the overlay has its own clone. */
static int add_layer(int context, const char *key, const char *path, int layer) {
  if (sys_fsconfig(context, FSCONFIG_SET_FD, key, NULL, layer) == 0)
    return 0;
  char name[64];
  snprintf(name, sizeof name, "/proc/self/fd/%d", layer);
  if (sys_fsconfig(context, FSCONFIG_SET_STRING, key, name, 0) < 0)
    return report_errno(step, "fsconfig", "%s %s", key, path);
  return 0;
}

/* Layers cloned by open_tree may not be taken as upper by older kernels; work and upper must be of one mount. */
static int add_upper(int context, const struct overlay *overlay, int userns, int *both) {
  char parent[4096];
  snprintf(parent, sizeof parent, "%s", overlay->upper);
  char *slash = strrchr(parent, '/');
  if (!slash || slash == parent || strncmp(overlay->work, parent, (size_t)(slash - parent) + 1) != 0)
    return report_invalid(step, "upper and work must lie in one directory");
  *slash = 0;
  *both = open_layer(parent, userns);
  if (*both < 0)
    return -1;
  cleanup_fd int upper =
      openat(*both, overlay->upper + (slash - parent) + 1, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  cleanup_fd int work =
      openat(*both, overlay->work + (slash - parent) + 1, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (upper < 0 || work < 0)
    return report_errno(step, "openat", "%s", parent);
  if (sys_fsconfig(context, FSCONFIG_SET_FD, "upperdir", NULL, upper) == 0 &&
      sys_fsconfig(context, FSCONFIG_SET_FD, "workdir", NULL, work) == 0)
    return 0;
  char names[2][64];
  snprintf(names[0], sizeof names[0], "/proc/self/fd/%d", upper);
  snprintf(names[1], sizeof names[1], "/proc/self/fd/%d", work);
  if (sys_fsconfig(context, FSCONFIG_SET_STRING, "upperdir", names[0], 0) < 0 ||
      sys_fsconfig(context, FSCONFIG_SET_STRING, "workdir", names[1], 0) < 0)
    return report_errno(step, "fsconfig", "upperdir %s", overlay->upper);
  return 0;
}

/* Makes the overlay of layers whose trees `layers` holds: one for each lower, the last for upper and work. */
static int assemble_from(const struct overlay *overlay, int userns, int *layers) {
  cleanup_fd int context = sys_fsopen("overlay");
  if (context < 0)
    return report_errno(step, "fsopen", "overlay");
  sys_fsconfig(context, FSCONFIG_SET_STRING, "source", "overlay", 0);
  for (int i = 0; i < overlay->lower.count; i++) {
    layers[i] = open_layer(overlay->lower.items[i], userns);
    if (layers[i] < 0 || add_layer(context, "lowerdir+", overlay->lower.items[i], layers[i]) < 0)
      return -1;
  }
  if (overlay->upper && add_upper(context, overlay, userns, &layers[overlay->lower.count]) < 0)
    return -1;
  if (sys_fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0) {
    char why[256] = "";
    report_errno(step, "fsconfig", "overlay of %d layers", overlay->lower.count);
    ssize_t length = read(context, why, sizeof why - 1); /* the kernel's own words, fsopen(2) */
    if (length > 0)
      snprintf(failure.detail, sizeof failure.detail, "overlay of %d layers: %s", overlay->lower.count, why);
    return -1;
  }
  int mount = sys_fsmount(context, 0);
  return mount < 0 ? report_errno(step, "fsmount", "overlay") : mount;
}

static int assemble(const struct overlay *overlay, int userns) {
  cleanup_free int *layers = malloc(sizeof(int) * (size_t)(overlay->lower.count + 1));
  if (!layers)
    return report_errno(step, "malloc", "%d layers", overlay->lower.count);
  for (int i = 0; i <= overlay->lower.count; i++)
    layers[i] = -1;
  int mount = assemble_from(overlay, userns, layers);
  for (int i = 0; i <= overlay->lower.count; i++)
    cleanup_close(&layers[i]);
  return mount;
}

int rootfs_overlay(const struct overlay *overlay, int userns, uid_t root_uid, gid_t root_gid) {
  if (userns < 0)
    return assemble(overlay, userns);
  /* The overlay makes files in its work directory as the mounter: with an id that the map does not have, it would
   * mount read-only and report success. Capabilities stay while the file system ids change. */
  int bits = prctl(PR_GET_SECUREBITS, 0, 0, 0, 0);
  if (prctl(PR_SET_SECUREBITS, bits | SECBIT_NO_SETUID_FIXUP, 0, 0, 0) < 0)
    return report_errno(step, "prctl", "PR_SET_SECUREBITS");
  setfsgid(root_gid);
  setfsuid(root_uid);
  int mount = assemble(overlay, userns);
  setfsuid(0);
  setfsgid(0);
  prctl(PR_SET_SECUREBITS, bits, 0, 0, 0);
  struct statfs fs;
  if (mount >= 0 && overlay->upper && fstatfs(mount, &fs) == 0 && (fs.f_flags & ST_RDONLY)) {
    close(mount);
    return report_invalid(step, "the overlay came up read-only; the kernel log says why");
  }
  return mount;
}

int rootfs_directory(const char *path) {
  int fd = sys_open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
  return fd < 0 ? report_errno(step, "open_tree", "%s", path) : fd;
}

int rootfs_bind_source(const struct spec_mount *mount, int userns) {
  struct mount_options options;
  if (mounts_options(mount, &options) < 0)
    return -1;
  unsigned recursive = options.recursive ? AT_RECURSIVE : 0;
  cleanup_fd int fd = sys_open_tree(AT_FDCWD, mount->source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | recursive);
  if (fd < 0)
    return report_errno("opening a bind mount's source", "open_tree", "%s", mount->source);
  if (options.idmap && userns >= 0) {
    struct mount_attr attributes = {.attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)(unsigned)userns};
    if (sys_mount_setattr(fd, "", AT_EMPTY_PATH | (options.idmap_recursive ? AT_RECURSIVE : 0), &attributes) < 0)
      return report_errno("mapping a bind mount's ids", "mount_setattr",
                          "%s: its file system has no idmapped mounts; turn the user namespace off", mount->source);
  }
  struct mount_attr attributes = {.attr_set = options.set, .attr_clr = options.clear};
  if ((options.set || options.clear) && sys_mount_setattr(fd, "", AT_EMPTY_PATH, &attributes) < 0)
    return report_errno("setting a bind mount's options", "mount_setattr", "%s", mount->source);
  attributes = (struct mount_attr){.attr_set = options.set_recursive};
  if (options.set_recursive && sys_mount_setattr(fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes) < 0)
    return report_errno("setting a bind mount's options", "mount_setattr", "%s", mount->source);
  return steal_fd(&fd);
}

int rootfs_attach(int root) {
  /* Nothing that is mounted here shows outside, and nothing that is mounted outside comes in. */
  if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
    return report_errno(step, "mount", "making / private");
  if (sys_move_mount(root, "", AT_FDCWD, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
    return report_errno(step, "move_mount", "attaching the root");
  return 0;
}

int rootfs_pivot(int root, bool readonly) {
  if (fchdir(root) < 0)
    return report_errno("changing the root", "fchdir", "%s", "");
  if (syscall(SYS_pivot_root, ".", ".") < 0)
    return report_errno("changing the root", "pivot_root", "%s", "");
  /* The old root now lies on top of the new one at `.`; slave, so that its unmounting goes nowhere. */
  if (mount(NULL, ".", NULL, MS_REC | MS_SLAVE, NULL) < 0)
    return report_errno("changing the root", "mount", "making the old root a slave");
  if (umount2(".", MNT_DETACH) < 0)
    return report_errno("changing the root", "umount2", "the old root");
  if (chdir("/") < 0)
    return report_errno("changing the root", "chdir", "/");
  struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY};
  if (readonly && sys_mount_setattr(AT_FDCWD, "/", 0, &attributes) < 0)
    return report_errno("making the root read-only", "mount_setattr", "/");
  return 0;
}
