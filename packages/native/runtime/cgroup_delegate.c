/*
 * A container that may write its cgroup mount, in cgroup and user namespaces of its own, manages its subtree: that is
 * what systemd inside needs. Its root owns the directory and the files by which a subtree is managed, and no limit: the
 * limits of the directory itself stay the host's (cgroup-v2.rst, "Delegation"). Of v1 only systemd's own hierarchy,
 * which has no controller, can be given away safely.
 */
#include "cgroup.h"

#include "cleanup.h"
#include "report.h"
#include "spec.h"

#include <stdio.h>
#include <string.h>

static bool wants(const struct spec *spec) {
  int needed = CLONE_NEWUSER | CLONE_NEWCGROUP;
  if ((spec->clone_flags & needed) != needed)
    return false;
  for (int i = 0; i < spec->mount_count; i++) {
    const struct spec_mount *mount = &spec->mounts[i];
    bool readonly = false;
    for (int option = 0; option < mount->options.count; option++)
      if (strcmp(mount->options.items[option], "ro") == 0 || strcmp(mount->options.items[option], "rw") == 0)
        readonly = mount->options.items[option][1] == 'o';
    if (mount->type && strncmp(mount->type, "cgroup", 6) == 0 && !readonly)
      return true;
  }
  return false;
}

static uint32_t host_root(const struct id_maps *maps) {
  for (int i = 0; i < maps->count; i++)
    if (maps->items[i].container_id == 0)
      return maps->items[i].host_id;
  return UINT32_MAX;
}

static int give(const char *directory, const char *file, uid_t uid, gid_t gid) {
  char path[4352];
  snprintf(path, sizeof path, "%s/%s", directory, file);
  if (lchown(path, uid, gid) < 0 && errno != ENOENT)
    return report_errno("delegating the cgroup", "chown", "%s", path);
  return 0;
}

static int give_v2(const char *directory, uid_t uid, gid_t gid) {
  char files[1024], *save = NULL;
  if (cgroup_read("/sys/kernel/cgroup", "delegate", files, sizeof files) <= 0)
    snprintf(files, sizeof files, "cgroup.procs\ncgroup.threads\ncgroup.subtree_control\n");
  for (char *file = strtok_r(files, "\n", &save); file; file = strtok_r(NULL, "\n", &save))
    if (strchr(file, '/') || give(directory, file, uid, gid) < 0)
      return -1;
  return give(directory, "", uid, gid);
}

int cgroup_delegate(struct cgroup *cgroup, const struct spec *spec) {
  cgroup->owner_uid = host_root(&spec->uid_maps);
  cgroup->owner_gid = host_root(&spec->gid_maps);
  cgroup->is_delegated = wants(spec) && cgroup->owner_uid != UINT32_MAX && cgroup->owner_gid != UINT32_MAX;
  return cgroup->is_delegated && cgroup->systemd_mount ? cgroup_add(cgroup, "systemd", cgroup->systemd_mount) : 0;
}

int cgroup_give(const struct cgroup *cgroup) {
  uid_t uid = cgroup->owner_uid;
  gid_t gid = cgroup->owner_gid;
  for (int i = 0; cgroup->is_delegated && i < cgroup->count; i++) {
    const struct cgroup_hierarchy *hierarchy = &cgroup->hierarchies[i];
    if (hierarchy->controllers && give_v2(hierarchy->directory, uid, gid) < 0)
      return -1;
    if (strcmp(hierarchy->controller, "systemd") == 0 &&
        (give(hierarchy->directory, "", uid, gid) < 0 || give(hierarchy->directory, "cgroup.procs", uid, gid) < 0 ||
         give(hierarchy->directory, "tasks", uid, gid) < 0))
      return -1;
  }
  return 0;
}
