/* mounts[].options (runtime-spec, config-linux's table): what is of the mount, what is of its file system. */
#include "kernel.h"
#include "mounts.h"
#include "report.h"

#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

/* Each of them with an r in front as well: for the whole tree (rro, rsuid, rnoatime, ...). */
static const struct {
  const char *name;
  uint64_t set, clear;
} attributes[] = {
    {"ro", MOUNT_ATTR_RDONLY, 0},
    {"rw", 0, MOUNT_ATTR_RDONLY},
    {"nosuid", MOUNT_ATTR_NOSUID, 0},
    {"suid", 0, MOUNT_ATTR_NOSUID},
    {"nodev", MOUNT_ATTR_NODEV, 0},
    {"dev", 0, MOUNT_ATTR_NODEV},
    {"noexec", MOUNT_ATTR_NOEXEC, 0},
    {"exec", 0, MOUNT_ATTR_NOEXEC},
    {"nosymfollow", MOUNT_ATTR_NOSYMFOLLOW, 0},
    {"symfollow", 0, MOUNT_ATTR_NOSYMFOLLOW},
    {"noatime", MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME},
    {"atime", 0, MOUNT_ATTR__ATIME},
    {"relatime", 0, MOUNT_ATTR__ATIME},
    {"norelatime", 0, MOUNT_ATTR__ATIME},
    {"strictatime", MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME},
    {"nostrictatime", 0, MOUNT_ATTR__ATIME},
    {"nodiratime", MOUNT_ATTR_NODIRATIME, 0},
    {"diratime", 0, MOUNT_ATTR_NODIRATIME},
};

static const struct {
  const char *name;
  unsigned long flag;
  bool recursive;
} propagations[] = {
    {"private", MS_PRIVATE, false},       {"rprivate", MS_PRIVATE, true},       {"slave", MS_SLAVE, false},
    {"rslave", MS_SLAVE, true},           {"shared", MS_SHARED, false},         {"rshared", MS_SHARED, true},
    {"unbindable", MS_UNBINDABLE, false}, {"runbindable", MS_UNBINDABLE, true},
};

/* Of the file system: for a new one the kernel reads them from its data, for one that is there they change nothing. */
static const char *const of_file_system[] = {"sync", "async", "dirsync", "mand", "nomand", "lazytime", "nolazytime"};

/* Nothing to ask for: the default, what the kernel prints, what every file system that knows it does by now. */
static const char *const without_effect[] = {"defaults", "silent", "loud", "iversion", "noiversion"};

static bool is_one_of(const char *name, const char *const *list, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (strcmp(name, list[i]) == 0)
      return true;
  return false;
}

static bool take_attribute(const char *name, struct mount_options *options) {
  for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++) {
    bool recursive = name[0] == 'r' && strcmp(name + 1, attributes[i].name) == 0;
    if (!recursive && strcmp(name, attributes[i].name) != 0)
      continue;
    uint64_t *set = recursive ? &options->set_recursive : &options->set,
             *clear = recursive ? &options->clear_recursive : &options->clear;
    *set = (*set & ~attributes[i].clear) | attributes[i].set;
    *clear = (*clear & ~attributes[i].set) | attributes[i].clear;
    return true;
  }
  return false;
}

static bool take_propagation(const char *name, struct mount_options *options) {
  for (size_t i = 0; i < sizeof propagations / sizeof *propagations; i++)
    if (strcmp(name, propagations[i].name) == 0) {
      options->propagation = propagations[i].flag;
      options->propagation_recursive = propagations[i].recursive;
      return true;
    }
  return false;
}

/* Of our own: what of a bind's source is mounted. */
static const char subpath_option[] = "org.berth.subpath=";

static bool take_kind(const char *name, struct mount_options *options) {
  if (strcmp(name, "bind") == 0 || strcmp(name, "rbind") == 0) {
    options->bind = true;
    options->recursive = options->recursive || name[0] == 'r';
  } else if (strcmp(name, "idmap") == 0 || strcmp(name, "ridmap") == 0) {
    options->idmap = true;
    options->idmap_recursive = name[0] == 'r';
  } else if (strcmp(name, "tmpcopyup") == 0)
    options->copy_up = true;
  else if (strncmp(name, subpath_option, sizeof subpath_option - 1) == 0)
    options->subpath = name + sizeof subpath_option - 1;
  else
    return is_one_of(name, without_effect, sizeof without_effect / sizeof *without_effect);
  return true;
}

static int append_data(const char *destination, const char *option, struct mount_options *options) {
  size_t used = strlen(options->data);
  int length = snprintf(options->data + used, sizeof options->data - used, "%s%s", used ? "," : "", option);
  if (length < 0 || used + (size_t)length >= sizeof options->data)
    return report_invalid("reading mounts", "%s: options are too long", destination);
  return 0;
}

int mounts_options(const struct spec_mount *mount, struct mount_options *options) {
  const char *type = mount->type ? mount->type : "";
  memset(options, 0, sizeof *options);
  options->bind = strcmp(type, "bind") == 0;
  for (int i = 0; i < mount->options.count; i++)
    options->bind =
        options->bind || strcmp(mount->options.items[i], "bind") == 0 || strcmp(mount->options.items[i], "rbind") == 0;
  for (int i = 0; i < mount->options.count; i++) {
    const char *option = mount->options.items[i];
    if (take_kind(option, options) || take_attribute(option, options) || take_propagation(option, options))
      continue;
    if (options->bind && is_one_of(option, of_file_system, sizeof of_file_system / sizeof *of_file_system))
      continue;
    if (options->bind)
      return report_invalid("reading mounts", "%s: unknown option %s", mount->destination, option);
    if (append_data(mount->destination, option, options) < 0)
      return -1;
  }
  if (mount->uid_maps.count || mount->gid_maps.count)
    options->idmap = true;
  if (!options->bind && options->idmap)
    return report_invalid("reading mounts", "%s: only a bind mount takes an id mapping", mount->destination);
  if (options->subpath && !options->bind)
    return report_invalid("reading mounts", "%s: only a bind mount takes a subpath", mount->destination);
  if (options->copy_up && strcmp(type, "tmpfs") != 0)
    return report_invalid("reading mounts", "%s: tmpcopyup is for a tmpfs", mount->destination);
  return 0;
}

unsigned long mounts_propagation(const char *name, bool *recursive) {
  struct mount_options options = {0};
  if (!take_propagation(name, &options))
    return 0;
  *recursive = options.propagation_recursive;
  return options.propagation;
}
