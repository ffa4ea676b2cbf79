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
};
struct spec_scheduler { /* sched_setattr(2) */
  bool given;
  uint32_t policy;
  int32_t nice;
  uint32_t priority;
  uint64_t flags, runtime_ns, deadline_ns, period_ns;
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
  struct spec_scheduler scheduler;
  int io_priority; /* as ioprio_set(2) takes it, -1: not given */
  const char *cpus_initial, *cpus_final;
};
/* By the time they run (runtime-spec, config.md, "POSIX-platform Hooks"). */
enum hook_kind {
  HOOK_PRESTART,
  HOOK_CREATE_RUNTIME,
  HOOK_CREATE_CONTAINER,
  HOOK_START_CONTAINER,
  HOOK_POSTSTART,
  HOOK_POSTSTOP,
  HOOK_KINDS
};
struct spec_hook {
  const char *path;
  struct strings args, env;
  int timeout_seconds; /* 0: none */
};
struct spec_hooks {
  struct spec_hook *items;
  int count;
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
  const char *rootfs_propagation, *mount_label;
  struct spec_hooks hooks[HOOK_KINDS];
  json_object *annotations;
  bool has_personality;
  unsigned long personality;
  char time_offsets[128]; /* lines for /proc/PID/timens_offsets, time_namespaces(7) */
};

extern const struct spec_namespace {
  const char *name;
  int flag;
  const char *file;
} spec_namespaces[8];

int spec_parse(json_object *tree, struct spec *spec);
int spec_parse_process(json_object *tree, struct spec_process *process);
/* The id outside of the user namespace; UINT32_MAX when the map has none. */
uint32_t spec_host_id(const struct id_maps *maps, uint32_t id);
void spec_free(struct spec *spec);
void spec_free_process(struct spec_process *process);

#endif
