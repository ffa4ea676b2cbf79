/* config.json (OCI runtime-spec) as C. Parsed here alone; strings live as long as the json tree. */
#ifndef SPEC_H
#define SPEC_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#define SPEC_ID_MAPS_MAX 340

struct strings {
  const char **items; /* null-terminated */
  int count;
};
struct id_map {
  uint32_t container_id, host_id, size;
};
struct id_maps {
  struct id_map *items;
  int count;
};
struct spec_rlimit {
  int resource;
  struct rlimit value;
  const char *name;
};
struct capability_sets {
  uint64_t bounding, effective, inheritable, permitted, ambient;
  bool given;
};
struct spec_process {
  bool terminal;
  unsigned short width, height;
  uid_t uid;
  gid_t gid;
  gid_t *groups;
  int group_count;
  int umask; /* -1: not given */
  struct strings args, env;
  const char *cwd;
  struct capability_sets capabilities;
  struct spec_rlimit *rlimits;
  int rlimit_count;
  bool no_new_privileges;
  bool has_oom_score_adj;
  int oom_score_adj;
  const char *apparmor_profile, *selinux_label;
};
struct spec_mount {
  const char *destination, *type, *source;
  struct strings options;
  struct id_maps uid_maps, gid_maps;
};
struct spec_device {
  const char *path;
  mode_t type, mode;
  unsigned major, minor;
  uid_t uid;
  gid_t gid;
};
struct spec {
  json_object *tree;
  const char *root_path;
  bool root_readonly;
  const char *hostname, *domainname;
  struct spec_process process;
  struct spec_mount *mounts;
  int mount_count;
  int clone_flags;                /* namespaces to make: CLONE_NEW* */
  const char *namespace_paths[8]; /* to join; index as in spec_namespaces */
  struct id_maps uid_maps, gid_maps;
  struct spec_device *devices;
  int device_count;
  const char *cgroups_path;
  json_object *resources; /* linux.resources, read by cgroup.c */
  json_object *sysctl;    /* object of strings */
  json_object *seccomp;
  struct strings masked_paths, readonly_paths;
  const char *rootfs_propagation;
};

extern const struct spec_namespace {
  const char *name;
  int flag;
  const char *file;
} spec_namespaces[8];

int spec_parse(json_object *tree, struct spec *spec);
int spec_parse_process(json_object *tree, struct spec_process *process);
void spec_free(struct spec *spec);
void spec_free_process(struct spec_process *process);

#endif
