#include "mounts.h"

#include "cleanup.h"
#include "kernel.h"
#include "label.h"
#include "report.h"

#include <fnmatch.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#define IN_ROOT (RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS)

int mounts_mkdir(int root, const char *path, mode_t mode) {
  char copy[4096];
  snprintf(copy, sizeof copy, "%s", path);
  for (size_t at = 1;; at++) {
    if (copy[at] != '/' && copy[at] != 0)
      continue;
    char kept = copy[at];
    copy[at] = 0;
    cleanup_fd int there = sys_openat2(root, copy, O_PATH | O_DIRECTORY, 0, IN_ROOT);
    if (there < 0) {
      if (errno != ENOENT)
        return report_errno("making a mount point", "openat2", "%s", copy);
      char *slash = strrchr(copy, '/');
      *slash = 0;
      cleanup_fd int parent = sys_openat2(root, copy[0] ? copy : "/", O_PATH | O_DIRECTORY, 0, IN_ROOT);
      *slash = '/';
      /* The name itself may be a dangling link: mkdirat makes nothing through it. */
      if (parent < 0 || (slash[1] && mkdirat(parent, slash + 1, mode) < 0 && errno != EEXIST))
        return report_errno("making a mount point", "mkdirat", "%s", copy);
    }
    copy[at] = kept;
    if (!kept)
      return 0;
  }
}

static int make_file(int root, const char *path) {
  char directory[4096];
  snprintf(directory, sizeof directory, "%s", path);
  char *slash = strrchr(directory, '/');
  *slash = 0;
  if (directory[0] && mounts_mkdir(root, directory, 0755) < 0)
    return -1;
  cleanup_fd int fd = sys_openat2(root, path, O_CREAT | O_RDONLY | O_NONBLOCK, 0644, IN_ROOT);
  return fd < 0 ? report_errno("making a mount point", "openat2", "%s", path) : 0;
}

static int open_target(int root, const char *path, bool directory) {
  int fd = sys_openat2(root, path, O_PATH, 0, IN_ROOT);
  if (fd < 0 && errno == ENOENT) {
    if ((directory ? mounts_mkdir(root, path, 0755) : make_file(root, path)) < 0)
      return -1;
    fd = sys_openat2(root, path, O_PATH, 0, IN_ROOT);
  }
  return fd < 0 ? report_errno("opening a mount point", "openat2", "%s", path) : fd;
}

/* What the kernel is told to trust must not be a place that the image chose: an ordinary directory, not a link. */
static int refuse_link(int root, const char *path) {
  struct stat at;
  cleanup_fd int fd = sys_openat2(root, path, O_PATH | O_NOFOLLOW, 0, IN_ROOT);
  if (fd >= 0 && fstat(fd, &at) == 0 && !S_ISDIR(at.st_mode))
    return report_invalid("opening a mount point", "%s must be an ordinary directory in the image", path);
  return 0;
}

static bool is_directory(int tree) {
  struct stat at;
  return fstat(tree, &at) == 0 && S_ISDIR(at.st_mode);
}

/* A mount over a part of procfs would undo its masks, or stand where we write labels and sysctls (CVE-2019-16884). What
 * the path has led to counts: the image may have a link to /proc, the spec may spell it in many ways. Procfs's own root
 * (inode 1) may be covered whole, and a few files that only inform. */
static int refuse_below_proc(int target, const char *destination) {
  static const char *const allowed[] = {"/proc/cpuinfo", "/proc/diskstats", "/proc/meminfo",
                                        "/proc/stat",    "/proc/swaps",     "/proc/uptime",
                                        "/proc/loadavg", "/proc/slabinfo",  "/proc/net/dev"};
  struct statfs fs;
  struct stat at;
  for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
    if (strcmp(destination, allowed[i]) == 0)
      return 0;
  if (fstatfs(target, &fs) < 0 || fstat(target, &at) < 0)
    return report_errno("mounting", "fstatfs", "%s", destination);
  if (fnmatch("/proc/*", destination, 0) == 0 || (fs.f_type == PROC_SUPER_MAGIC && at.st_ino != 1))
    return report_invalid("mounting", "%s: nothing may be mounted below /proc", destination);
  return 0;
}

int mounts_attach(int root, int tree, const char *path, bool directory) {
  cleanup_fd int target = open_target(root, path, directory);
  if (target < 0 || refuse_below_proc(target, path) < 0)
    return -1;
  if (sys_move_mount(tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
    return report_errno("mounting", "move_mount", "%s", path);
  return 0;
}

static int make_file_system(const char *type, const char *source, const struct mount_options *options,
                            const char *where) {
  cleanup_fd int context = sys_fsopen(type);
  if (context < 0)
    return report_errno("mounting", "fsopen", "%s at %s", type, where);
  sys_fsconfig(context, FSCONFIG_SET_STRING, "source", source ? source : type, 0);
  char data[1024], *save = NULL;
  snprintf(data, sizeof data, "%s", options->data);
  for (char *option = strtok_r(data, ",", &save); option; option = strtok_r(NULL, ",", &save)) {
    char *equals = strchr(option, '=');
    if (equals)
      *equals = 0;
    int done = equals ? sys_fsconfig(context, FSCONFIG_SET_STRING, option, equals + 1, 0)
                      : sys_fsconfig(context, FSCONFIG_SET_FLAG, option, NULL, 0);
    if (done < 0)
      return report_errno("mounting", "fsconfig", "%s at %s: option %s%s%s", type, where, option, equals ? "=" : "",
                          equals ? equals + 1 : "");
  }
  if (options->context && *options->context &&
      sys_fsconfig(context, FSCONFIG_SET_STRING, "context", options->context, 0) < 0)
    return report_errno("mounting", "fsconfig", "%s at %s: SELinux label %s", type, where, options->context);
  if (sys_fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
    return report_errno("mounting", "fsconfig", "%s at %s", type, where);
  int mount = sys_fsmount(context, (unsigned)(options->set | options->set_recursive));
  return mount < 0 ? report_errno("mounting", "fsmount", "%s at %s", type, where) : mount;
}

static int clone_of_host(const char *path, uint64_t attributes) {
  cleanup_fd int tree = sys_open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
  struct mount_attr change = {.attr_set = attributes};
  if (tree < 0 || (attributes && sys_mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &change) < 0))
    return report_errno("mounting", "open_tree", "%s", path);
  return steal_fd(&tree);
}

/* sysfs belongs to its network namespace; with the host's one, the host's own view is all there is to show. */
static int make_sysfs(const struct mount_options *options) {
  int mount = make_file_system("sysfs", "sysfs", options, "/sys");
  if (mount >= 0 || failure.number != EPERM)
    return mount;
  return clone_of_host("/sys", options->set | MOUNT_ATTR_RDONLY);
}

/* Who mounts it in the host's cgroup namespace sets the options of the host's own mount (cgroup_get_tree: nsdelegate
 * would be lost): without a cgroup namespace of the container's own it gets that very mount. */
static int make_cgroup2(const struct spec_mount *mount, const struct mount_options *options, const struct spec *spec) {
  if (!(spec->clone_flags & CLONE_NEWCGROUP) && !spec->namespace_paths[1])
    return clone_of_host("/sys/fs/cgroup", options->set);
  return make_file_system("cgroup2", mount->source, options, mount->destination);
}

/* v1: a tmpfs with each hierarchy's own subtree, seen through the cgroup namespace the child has entered by now. */
static int mount_cgroup_v1(int root, const struct spec_mount *mount, const struct mount_options *options,
                           const struct cgroup *cgroup) {
  struct mount_options tmpfs = {.set = options->set & ~(uint64_t)MOUNT_ATTR_RDONLY, .data = "mode=755,size=64k"};
  cleanup_fd int base = make_file_system("tmpfs", "tmpfs", &tmpfs, mount->destination);
  if (base < 0 || mounts_attach(root, base, mount->destination, true) < 0)
    return -1;
  for (int i = 0; i < cgroup->count; i++) {
    const struct cgroup_hierarchy *hierarchy = &cgroup->hierarchies[i];
    const char *name = strrchr(hierarchy->mount, '/') + 1;
    cleanup_fd int tree = sys_open_tree(AT_FDCWD, hierarchy->directory, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    struct mount_attr change = {.attr_set = options->set};
    if (tree < 0 || (sys_mount_setattr(tree, "", AT_EMPTY_PATH, &change) < 0))
      return report_errno("mounting", "open_tree", "%s", hierarchy->directory);
    char path[4352];
    snprintf(path, sizeof path, "%s/%s", mount->destination, name);
    cleanup_fd int there = sys_openat2(root, path, O_PATH | O_DIRECTORY, 0, IN_ROOT);
    if (there < 0 && mounts_attach(root, tree, path, true) < 0)
      return -1;
  }
  struct mount_attr change = {.attr_set = options->set & MOUNT_ATTR_RDONLY};
  if (change.attr_set && sys_mount_setattr(base, "", AT_EMPTY_PATH, &change) < 0)
    return report_errno("mounting", "mount_setattr", "%s", mount->destination);
  return 0;
}

static int propagate(int tree, const struct mount_options *options) {
  struct mount_attr change = {.propagation = options->propagation};
  if (!options->propagation)
    return 0;
  if (sys_mount_setattr(tree, "", AT_EMPTY_PATH | (options->propagation_recursive ? AT_RECURSIVE : 0), &change) < 0)
    return report_errno("setting a mount's propagation", "mount_setattr", "%s", "");
  return 0;
}

/* A file system mounted over a directory takes over its mode when the spec names none (runc, crun do so for tmpfs). */
static void inherit_mode(int root, const struct spec_mount *mount, struct mount_options *options) {
  struct stat at;
  if (strstr(options->data, "mode="))
    return;
  cleanup_fd int target = sys_openat2(root, mount->destination, O_PATH, 0, IN_ROOT);
  if (target < 0 || fstat(target, &at) < 0)
    return;
  size_t used = strlen(options->data);
  snprintf(options->data + used, sizeof options->data - used, "%smode=%o", used ? "," : "", at.st_mode & 07777);
}

static int make_one(int root, const struct spec_mount *mount, int *kept, const struct cgroup *cgroup,
                    const struct spec *spec) {
  const char *label = spec->mount_label;
  struct mount_options options;
  if (mounts_options(mount, &options) < 0)
    return -1;
  const char *type = mount->type ? mount->type : "";
  if (*kept >= 0)
    return mounts_attach(root, *kept, mount->destination, is_directory(*kept));
  if (strcmp(type, "proc") == 0 || strcmp(type, "sysfs") == 0 || strcmp(mount->destination, "/dev") == 0)
    if (refuse_link(root, mount->destination) < 0)
      return -1;
  if (strcmp(type, "cgroup") == 0 && !cgroup->v2)
    return cgroup->count ? mount_cgroup_v1(root, mount, &options, cgroup) : 0;
  if (strcmp(type, "tmpfs") == 0 || strcmp(type, "devpts") == 0)
    options.context = label;
  if (strcmp(type, "tmpfs") == 0)
    inherit_mode(root, mount, &options);
  bool is_cgroup = strcmp(type, "cgroup") == 0 || strcmp(type, "cgroup2") == 0,
       is_late = strcmp(type, "tmpfs") == 0 && (options.set & MOUNT_ATTR_RDONLY);
  if (is_late) /* others may be mounted in it, devices made */
    options.set &= ~(uint64_t)MOUNT_ATTR_RDONLY;
  cleanup_fd int tree = strcmp(type, "sysfs") == 0 ? make_sysfs(&options)
                        : is_cgroup && cgroup->v2  ? make_cgroup2(mount, &options, spec)
                                                  : make_file_system(type, mount->source, &options, mount->destination);
  /* This one is made with its namespace and takes no context any more: what is made in it inherits its root's. */
  if (tree >= 0 && label && *label && strcmp(type, "mqueue") == 0) {
    cleanup_fd int top = openat(tree, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (top < 0 || label_file(top, label) < 0)
      return top < 0 ? report_errno("mounting", "openat", "%s", mount->destination) : -1;
  }
  if (tree < 0 || (options.copy_up && mounts_copy_up(root, mount->destination, tree) < 0) ||
      mounts_attach(root, tree, mount->destination, true) < 0 || propagate(tree, &options) < 0)
    return -1;
  if (is_late)
    *kept = steal_fd(&tree);
  return 0;
}

int mounts_make(int root, const struct spec *spec, int *trees, const struct cgroup *cgroup) {
  for (int i = 0; i < spec->mount_count; i++)
    if (make_one(root, &spec->mounts[i], &trees[i], cgroup, spec) < 0)
      return -1;
  return 0;
}

/* ---- masks */

int mounts_mask(int root, const struct spec *spec) {
  cleanup_fd int empty = -1;
  for (int i = 0; i < spec->masked_paths.count; i++) {
    const char *path = spec->masked_paths.items[i];
    struct stat at;
    cleanup_fd int target = sys_openat2(root, path, O_PATH, 0, IN_ROOT);
    if (target < 0) {
      if (errno == ENOENT || errno == ENOTDIR || errno == EACCES)
        continue;
      return report_errno("masking", "openat2", "%s", path);
    }
    if (fstat(target, &at) < 0)
      return report_errno("masking", "fstat", "%s", path);
    cleanup_fd int mask = -1;
    if (S_ISDIR(at.st_mode)) {
      if (empty < 0) { /* one for all: hundreds of masks must not be hundreds of file systems */
        struct mount_options options = {.set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
                                               MOUNT_ATTR_NOEXEC,
                                        .context = spec->mount_label,
                                        .data = "size=0,nr_inodes=2,mode=755"};
        empty = make_file_system("tmpfs", "tmpfs", &options, path);
      }
      if (empty < 0)
        return -1;
      mask = sys_open_tree(empty, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
      if (mask < 0) { /* before Linux 6.15 a detached mount cannot be cloned: attach the first, clone that */
        struct mount_options options = {.set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
                                               MOUNT_ATTR_NOEXEC,
                                        .context = spec->mount_label,
                                        .data = "size=0,nr_inodes=2,mode=755"};
        mask = make_file_system("tmpfs", "tmpfs", &options, path);
      }
    } else {
      mask = sys_open_tree(AT_FDCWD, "/dev/null", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW);
      if (mask >= 0 && fstat(mask, &at) < 0)
        return report_errno("masking", "fstat", "/dev/null");
      if (mask >= 0 && (!S_ISCHR(at.st_mode) || at.st_rdev != makedev(1, 3)))
        return report_invalid("masking", "/dev/null on the host is not the null device");
    }
    if (mask < 0 || sys_move_mount(mask, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
      return report_errno("masking", "move_mount", "%s", path);
  }
  return 0;
}

int mounts_readonly(int root, const struct spec *spec, const int *trees) {
  struct mount_attr change = {.attr_set = MOUNT_ATTR_RDONLY};
  for (int i = 0; i < spec->mount_count; i++) {
    struct mount_options options;
    if (trees[i] < 0 || mounts_options(&spec->mounts[i], &options) < 0 || options.bind)
      continue;
    if (sys_mount_setattr(trees[i], "", AT_EMPTY_PATH, &change) < 0)
      return report_errno("making a mount read-only", "mount_setattr", "%s", spec->mounts[i].destination);
  }
  for (int i = 0; i < spec->readonly_paths.count; i++) {
    const char *path = spec->readonly_paths.items[i];
    cleanup_fd int target = sys_openat2(root, path, O_PATH, 0, IN_ROOT);
    if (target < 0) {
      if (errno == ENOENT || errno == ENOTDIR || errno == EACCES)
        continue;
      return report_errno("making a path read-only", "openat2", "%s", path);
    }
    cleanup_fd int tree = sys_open_tree(target, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | AT_RECURSIVE);
    if (tree < 0 || sys_mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &change) < 0)
      return report_errno("making a path read-only", "open_tree", "%s", path);
    if (sys_move_mount(tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
      return report_errno("making a path read-only", "move_mount", "%s", path);
  }
  return 0;
}
