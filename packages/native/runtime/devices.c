/* Device nodes: what every container has (config-linux.md, "Default Devices"), and linux.devices. */
#include "cleanup.h"
#include "kernel.h"
#include "mounts.h"
#include "report.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define IN_ROOT (RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS)

static const struct spec_device standard_devices[] = {
    {"/dev/null", S_IFCHR, 0666, 1, 3, 0, 0},    {"/dev/zero", S_IFCHR, 0666, 1, 5, 0, 0},
    {"/dev/full", S_IFCHR, 0666, 1, 7, 0, 0},    {"/dev/random", S_IFCHR, 0666, 1, 8, 0, 0},
    {"/dev/urandom", S_IFCHR, 0666, 1, 9, 0, 0}, {"/dev/tty", S_IFCHR, 0666, 5, 0, 0, 0},
};

/* In a user namespace nodes cannot be made: the host's own are bound, after a look that they are what they are named.
 */
static int bind_device(int root, const struct spec_device *device) {
  struct stat at;
  cleanup_fd int tree =
      sys_open_tree(AT_FDCWD, device->path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW);
  if (tree < 0 || fstat(tree, &at) < 0)
    return report_errno("making devices", "open_tree", "%s", device->path);
  if ((at.st_mode & S_IFMT) != device->type || at.st_rdev != makedev(device->major, device->minor))
    return report_invalid("making devices", "%s on the host is not device %u:%u", device->path, device->major,
                          device->minor);
  return mounts_attach(root, tree, device->path, false);
}

static int make_device(int root, const struct spec_device *device, bool bind) {
  if (bind && device->type != S_IFIFO)
    return bind_device(root, device);
  char directory[4096];
  snprintf(directory, sizeof directory, "%s", device->path);
  char *name = strrchr(directory, '/');
  *name++ = 0;
  const char *above = directory[0] ? directory : "/";
  if (mounts_mkdir(root, above, 0755) < 0)
    return -1;
  cleanup_fd int parent = sys_openat2(root, above, O_PATH | O_DIRECTORY, 0, IN_ROOT);
  if (parent < 0)
    return report_errno("making devices", "openat2", "%s", directory);
  if (mknodat(parent, name, device->type | device->mode, makedev(device->major, device->minor)) < 0) {
    if (errno == EEXIST)
      return 0;
    return errno == EPERM ? bind_device(root, device) : report_errno("making devices", "mknodat", "%s", device->path);
  }
  if (fchownat(parent, name, device->uid, device->gid, AT_SYMLINK_NOFOLLOW) < 0)
    return report_errno("making devices", "fchownat", "%s", device->path);
  return fchmodat(parent, name, device->mode, 0) < 0 ? report_errno("making devices", "fchmodat", "%s", device->path)
                                                     : 0;
}

/* One that the spec binds from elsewhere comes with its devices. */
static bool brings_dev(const struct spec *spec) {
  bool is_bound = false;
  for (int i = 0; i < spec->mount_count; i++) {
    struct mount_options options;
    if (strcmp(spec->mounts[i].destination, "/dev") == 0)
      is_bound = mounts_options(&spec->mounts[i], &options) == 0 && options.bind;
  }
  return is_bound;
}

static int make_links(int root) {
  static const struct {
    const char *name, *target;
  } links[] = {{"fd", "/proc/self/fd"},       {"stdin", "/proc/self/fd/0"}, {"stdout", "/proc/self/fd/1"},
               {"stderr", "/proc/self/fd/2"}, {"ptmx", "pts/ptmx"},         {"core", "/proc/kcore"}};
  cleanup_fd int dev = sys_openat2(root, "/dev", O_PATH | O_DIRECTORY | O_NOFOLLOW, 0, IN_ROOT);
  if (dev < 0)
    return report_errno("making devices", "openat2", "/dev");
  for (size_t i = 0; i < sizeof links / sizeof *links; i++)
    if (symlinkat(links[i].target, dev, links[i].name) < 0 && errno != EEXIST)
      return report_errno("making devices", "symlinkat", "/dev/%s", links[i].name);
  return 0;
}

int mounts_devices(int root, const struct spec *spec) {
  bool bind = (spec->clone_flags & CLONE_NEWUSER) || spec->namespace_paths[0];
  if (!brings_dev(spec)) {
    for (size_t i = 0; i < sizeof standard_devices / sizeof *standard_devices; i++)
      if (make_device(root, &standard_devices[i], bind) < 0 && failure.number != EROFS)
        return -1;
    if (make_links(root) < 0 && failure.number != EROFS) /* then the image's own /dev is what there is */
      return -1;
  }
  for (int i = 0; i < spec->device_count; i++)
    if (make_device(root, &spec->devices[i], bind) < 0)
      return -1;
  return 0;
}
