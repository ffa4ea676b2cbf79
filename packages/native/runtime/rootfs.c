#include "rootfs.h"

#include "cleanup.h"
#include "idmap.h"
#include "kernel.h"
#include "mounts.h"
#include "report.h"

#include <linux/securebits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <sys/wait.h>

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

/* The directory of upper and work, which must be of one mount, and their names in it. @return where its name ends */
static int split_upper(const struct overlay *overlay, char *parent, size_t size) {
  snprintf(parent, size, "%s", overlay->upper);
  char *slash = strrchr(parent, '/');
  if (!slash || slash == parent || strncmp(overlay->work, parent, (size_t)(slash - parent) + 1) != 0)
    return report_invalid(step, "upper and work must lie in one directory");
  *slash = 0;
  return (int)(slash - parent);
}

/* A mark of the mount before: overlayfs refuses what may have lost writes, and here that is no harm. */
static void forget_volatile(const struct overlay *overlay) {
  cleanup_fd int work = open(overlay->work, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (work >= 0) {
    unlinkat(work, "work/incompat/volatile/dirty", 0);
    unlinkat(work, "work/incompat/volatile", AT_REMOVEDIR);
  }
}

static int add_upper(int context, const struct overlay *overlay, int userns, int *both) {
  char parent[4096];
  int length = split_upper(overlay, parent, sizeof parent);
  if (length < 0)
    return -1;
  *both = open_layer(parent, userns);
  if (*both < 0)
    return -1;
  cleanup_fd int upper = openat(*both, overlay->upper + length + 1, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  cleanup_fd int work = openat(*both, overlay->work + length + 1, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (upper < 0 || work < 0)
    return report_errno(step, "openat", "%s", parent);
  if (sys_fsconfig(context, FSCONFIG_SET_FD, "upperdir", NULL, upper) < 0 ||
      sys_fsconfig(context, FSCONFIG_SET_FD, "workdir", NULL, work) < 0)
    return report_errno(step, "fsconfig", "upperdir %s", overlay->upper);
  return 0;
}

/* Makes the overlay of layers whose trees `layers` holds: one for each lower, the last for upper and work. A detached
 * tree dissolves when its descriptor closes: it stays open until the overlay has its own clone. */
static int assemble_from(const struct overlay *overlay, int userns, int *layers) {
  cleanup_fd int context = sys_fsopen("overlay");
  if (context < 0)
    return report_errno(step, "fsopen", "overlay");
  sys_fsconfig(context, FSCONFIG_SET_STRING, "source", "overlay", 0);
  /* Whatever the module's defaults are: a layer is files, not references to files of the layers below it. */
  if (sys_fsconfig(context, FSCONFIG_SET_STRING, "redirect_dir", "off", 0) < 0 ||
      sys_fsconfig(context, FSCONFIG_SET_STRING, "metacopy", "off", 0) < 0)
    return report_errno(step, "fsconfig", "redirect_dir and metacopy");
  for (int i = 0; i < overlay->lower.count; i++) {
    layers[i] = open_layer(overlay->lower.items[i], userns);
    if (layers[i] < 0)
      return -1;
    if (sys_fsconfig(context, FSCONFIG_SET_FD, "lowerdir+", NULL, layers[i]) < 0)
      return report_errno(step, "fsconfig", "lowerdir+ %s", overlay->lower.items[i]);
  }
  if (overlay->upper && add_upper(context, overlay, userns, &layers[overlay->lower.count]) < 0)
    return -1;
  if (overlay->is_volatile && sys_fsconfig(context, FSCONFIG_SET_FLAG, "volatile", NULL, 0) < 0)
    return report_errno(step, "fsconfig", "volatile");
  if (overlay->label && sys_fsconfig(context, FSCONFIG_SET_STRING, "context", overlay->label, 0) < 0)
    return report_errno(step, "fsconfig", "SELinux label %s", overlay->label);
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

static int assemble_from_descriptors(const struct overlay *overlay, int userns) {
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

/* Attaches a layer below the working directory under a short name, which is all that the overlay gets to see. */
static int attach_layer(const char *path, int userns, const char *name) {
  cleanup_fd int layer = open_layer(path, userns);
  if (layer < 0)
    return -1;
  if (mkdir(name, 0700) < 0)
    return report_errno(step, "mkdir", "%s", name);
  if (sys_move_mount(layer, "", AT_FDCWD, name, MOVE_MOUNT_F_EMPTY_PATH) < 0)
    return report_errno(step, "move_mount", "%s", path);
  return 0;
}

static int assemble_from_names(const struct overlay *overlay, int userns) {
  char options[4096], name[16], parent[4096];
  size_t used = (size_t)snprintf(options, sizeof options, "redirect_dir=off,metacopy=off,lowerdir=");
  if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
    return report_errno(step, "unshare", "a mount namespace for the layers");
  if (mount("layers", "/proc", "tmpfs", 0, "mode=711,size=1m") < 0 || chdir("/proc") < 0)
    return report_errno(step, "mount", "a place for the layers");
  for (int i = 0; i < overlay->lower.count; i++) {
    snprintf(name, sizeof name, "%d", i);
    if (attach_layer(overlay->lower.items[i], userns, name) < 0)
      return -1;
    used += (size_t)snprintf(options + used, sizeof options - used, "%s%s", i ? ":" : "", name);
    if (used >= sizeof options)
      return report_invalid(step, "%d layers are more than this kernel takes", overlay->lower.count);
  }
  if (overlay->upper) {
    int length = split_upper(overlay, parent, sizeof parent);
    if (length < 0 || attach_layer(parent, userns, "u") < 0)
      return -1;
    used += (size_t)snprintf(options + used, sizeof options - used, ",upperdir=u/%s,workdir=u/%s",
                             overlay->upper + length + 1, overlay->work + length + 1);
    if (used >= sizeof options)
      return report_invalid(step, "%d layers are more than this kernel takes", overlay->lower.count);
  }
  if (overlay->is_volatile)
    used += (size_t)snprintf(options + used, sizeof options - used, ",volatile");
  if (overlay->label && used < sizeof options)
    used += (size_t)snprintf(options + used, sizeof options - used, ",context=\"%s\"", overlay->label);
  if (used >= sizeof options)
    return report_invalid(step, "%d layers are more than this kernel takes", overlay->lower.count);
  if (mkdir("root", 0700) < 0 || mount("overlay", "root", "overlay", 0, options) < 0)
    return report_errno(step, "mount", "overlay of %d layers", overlay->lower.count);
  int root = sys_open_tree(AT_FDCWD, "root", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
  return root < 0 ? report_errno(step, "open_tree", "overlay") : root;
}

/* Before Linux 6.13 overlayfs takes layers by name only, and only attached ones. They are attached in a mount namespace
 * of a child that shares our descriptors, and is gone when the overlay, which keeps its own clones, is made. */
static int assemble_apart(const struct overlay *overlay, int userns) {
  struct answer {
    int mount;
    struct failure failure;
  } answer = {.mount = -1};
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0)
    return report_errno(step, "pipe2", "%s", "");
  cleanup_fd int from = ends[0], to = ends[1];
  struct kernel_clone_args arguments = {.flags = CLONE_FILES, .exit_signal = SIGCHLD};
  long child = sys_clone3(&arguments);
  if (child < 0)
    return report_errno(step, "clone3", "%s", "");
  if (child == 0) {
    answer.mount = assemble_from_names(overlay, userns);
    answer.failure = failure;
    _exit(write(to, &answer, sizeof answer) != sizeof answer);
  }
  waitpid((pid_t)child, NULL, 0);
  close(steal_fd(&to));
  if (read(from, &answer, sizeof answer) != sizeof answer)
    return report_invalid(step, "the process that attached the layers ended early");
  if (answer.mount < 0)
    failure = answer.failure;
  return answer.mount;
}

/* The kernel's EINVAL has many causes; this one it marks by a directory. */
static int explain(const struct overlay *overlay, int mount) {
  char mark[4200];
  if (mount >= 0 || !overlay->work)
    return mount;
  snprintf(mark, sizeof mark, "%s/work/incompat/volatile", overlay->work);
  if (access(mark, F_OK) == 0)
    return report_invalid(step,
                          "%s: a volatile overlay was here, what it wrote may be incomplete; remove this directory "
                          "to use it all the same",
                          mark);
  return mount;
}

static int assemble(const struct overlay *overlay, int userns) {
  int mount = assemble_from_descriptors(overlay, userns);
  /* EBADF: the kernel takes no O_PATH descriptors here; EINVAL: no descriptors at all. */
  bool refused = mount < 0 && strcmp(failure.syscall, "fsconfig") == 0;
  if (refused && (failure.number == EBADF || failure.number == EINVAL))
    mount = assemble_apart(overlay, userns);
  return explain(overlay, mount);
}

int rootfs_overlay(const struct overlay *overlay, int userns, uid_t root_uid, gid_t root_gid) {
  if (overlay->is_volatile)
    forget_volatile(overlay);
  if (userns < 0)
    return assemble(overlay, userns);
  /* The overlay makes files in its work directory as the mounter: with an id that the map does not have, it would
   * mount read-only and report success. Capabilities stay while the file system ids change. */
  int bits = prctl(PR_GET_SECUREBITS, 0, 0, 0, 0);
  if (bits < 0 || prctl(PR_SET_SECUREBITS, bits | SECBIT_NO_SETUID_FIXUP, 0, 0, 0) < 0)
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

/* A clone is a peer of what it was cloned from: mounts made on the one would show in the other. */
static int separate(int tree, unsigned long propagation, bool recursive) {
  struct mount_attr attributes = {.propagation = propagation};
  if (sys_mount_setattr(tree, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &attributes) < 0)
    return report_errno("setting a mount's propagation", "mount_setattr", "%s", "");
  return 0;
}

int rootfs_directory(const char *path, const char *propagation) {
  bool recursive, slave = propagation && mounts_propagation(propagation, &recursive) == MS_SLAVE;
  cleanup_fd int fd = sys_open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
  if (fd < 0)
    return report_errno(step, "open_tree", "%s", path);
  return separate(fd, slave ? MS_SLAVE : MS_PRIVATE, true) < 0 ? -1 : steal_fd(&fd);
}

/* Shared is what a clone is already; all else takes it out of its peer group with everything below. */
static int propagate(int tree, const struct mount_options *options) {
  unsigned long wanted = options->propagation ? options->propagation : MS_PRIVATE;
  if (wanted == MS_SHARED)
    return separate(tree, MS_SHARED, options->propagation_recursive);
  return separate(tree, wanted == MS_SLAVE ? MS_SLAVE : MS_PRIVATE, true) < 0 ||
                 (wanted == MS_UNBINDABLE && separate(tree, MS_UNBINDABLE, options->propagation_recursive) < 0)
             ? -1
             : 0;
}

/* The mount's own mapping, or else the container's. */
static int map_ids(int tree, const struct spec_mount *mount, const struct mount_options *options, int userns) {
  static const char *const doing = "mapping a bind mount's ids";
  cleanup_fd int own = -1;
  if (mount->uid_maps.count || mount->gid_maps.count) {
    if (!mount->uid_maps.count || !mount->gid_maps.count)
      return report_invalid(doing, "%s: uidMappings and gidMappings come together", mount->destination);
    own = idmap_make(&mount->uid_maps, &mount->gid_maps);
    if (own < 0)
      return -1;
  } else if (userns < 0)
    return report_invalid(doing, "%s: idmap needs uidMappings and gidMappings, or a user namespace",
                          mount->destination);
  struct mount_attr attributes = {.attr_set = MOUNT_ATTR_IDMAP,
                                  .userns_fd = (uint64_t)(unsigned)(own >= 0 ? own : userns)};
  if (sys_mount_setattr(tree, "", AT_EMPTY_PATH | (options->idmap_recursive ? AT_RECURSIVE : 0), &attributes) < 0)
    return report_errno(doing, "mount_setattr", "%s: its file system has no idmapped mounts; turn the mapping off",
                        mount->source);
  return 0;
}

static int set_attributes(int tree, const char *source, uint64_t set, uint64_t clear, unsigned flags) {
  struct mount_attr attributes = {.attr_set = set, .attr_clr = clear};
  if ((set || clear) && sys_mount_setattr(tree, "", AT_EMPTY_PATH | flags, &attributes) < 0)
    return report_errno("setting a bind mount's options", "mount_setattr", "%s", source);
  return 0;
}

/* Whoever writes to the source may exchange its directories for links meanwhile: the kernel keeps them inside. */
static int open_source(const struct spec_mount *mount, const struct mount_options *options) {
  unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (options->recursive ? AT_RECURSIVE : 0);
  if (!options->subpath)
    return sys_open_tree(AT_FDCWD, mount->source, flags);
  cleanup_fd int source = open(mount->source, O_PATH | O_DIRECTORY | O_CLOEXEC);
  cleanup_fd int inside = source < 0 ? -1
                                     : sys_openat2(source, options->subpath[0] ? options->subpath : ".", O_PATH, 0,
                                                   RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
  return inside < 0 ? -1 : sys_open_tree(inside, "", flags | AT_EMPTY_PATH);
}

int rootfs_bind_source(const struct spec_mount *mount, int userns) {
  struct mount_options options;
  if (mounts_options(mount, &options) < 0)
    return -1;
  cleanup_fd int fd = open_source(mount, &options);
  if (fd < 0)
    return report_errno("opening a bind mount's source", "open_tree", "%s%s%s", mount->source,
                        options.subpath ? "/" : "", options.subpath ? options.subpath : "");
  if ((options.idmap && map_ids(fd, mount, &options, userns) < 0) ||
      set_attributes(fd, mount->source, options.set_recursive, options.clear_recursive, AT_RECURSIVE) < 0 ||
      set_attributes(fd, mount->source, options.set, options.clear, 0) < 0 || propagate(fd, &options) < 0)
    return -1;
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

int rootfs_pivot(int root, bool readonly, const char *propagation) {
  bool recursive = false;
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
  unsigned long kind = propagation ? mounts_propagation(propagation, &recursive) : 0;
  if (kind && kind != MS_SLAVE && mount(NULL, "/", NULL, kind | (recursive ? MS_REC : 0), NULL) < 0)
    return report_errno("setting the root's propagation", "mount", "%s", propagation);
  struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY};
  if (readonly && sys_mount_setattr(AT_FDCWD, "/", 0, &attributes) < 0)
    return report_errno("making the root read-only", "mount_setattr", "/");
  return 0;
}
