/*
 * One interface over cgroup v2 (cgroup-v2.rst) and v1/hybrid (cgroup-v1/). All limits are written before a process is
 * in the cgroup; a limit that was asked for and cannot be written is an error that names the file.
 */
#ifndef CGROUP_H
#define CGROUP_H

#include "kernel.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define CGROUP_HIERARCHIES_MAX 16

struct cgroup {
  bool v2;
  char *path; /* below each hierarchy's mount, begins with / */
  int count;
  struct cgroup_hierarchy {
    char *controller; /* "memory", "cpu", ...; "v2" in v2 mode */
    char *mount;
    char *directory;
  } hierarchies[CGROUP_HIERARCHIES_MAX];
};

/* Finds the mounted hierarchies; makes nothing. */
int cgroup_open(struct cgroup *cgroup, const char *path);
/* Makes the directories, its parents with them, and writes the limits. */
int cgroup_create(struct cgroup *cgroup, json_object *resources);
int cgroup_update(struct cgroup *cgroup, json_object *resources);
/*
 * Joining. A process is cloned into a v2 cgroup (`cgroup_clone`), and enters v1's by its own hand before anything else
 * (`cgroup_doors` in the parent, `cgroup_enter` in the child): a process that moves itself through v1's `tasks` file
 * needs no lock on its thread group, which for one that is moved costs an RCU grace period, many milliseconds.
 */
struct cgroup_doors {
  int fds[CGROUP_HIERARCHIES_MAX];
  int count;
};
int cgroup_doors(const struct cgroup *cgroup, struct cgroup_doors *doors);
int cgroup_enter(const struct cgroup_doors *doors);
void cgroup_close_doors(struct cgroup_doors *doors);
/* As clone3(2), into the cgroup where the kernel can. */
long cgroup_clone(const struct cgroup *cgroup, struct kernel_clone_args *arguments);
int cgroup_freeze(const struct cgroup *cgroup, bool frozen);
bool cgroup_frozen(const struct cgroup *cgroup);
/* SIGKILL to every process, then waits until there is none. */
int cgroup_kill(const struct cgroup *cgroup);
int cgroup_signal(const struct cgroup *cgroup, int signal);
/* How many there are, nested cgroups included; -1 when that can't be read. */
int cgroup_pids(const struct cgroup *cgroup, pid_t *pids, int max);
uint64_t cgroup_oom_kills(const struct cgroup *cgroup);
/* Readable when something was killed for memory; -1 where the kernel has no such thing. */
int cgroup_oom_fd(const struct cgroup *cgroup);
/* Removes the directories, those made inside by the container too. */
int cgroup_remove(const struct cgroup *cgroup);
void cgroup_free(struct cgroup *cgroup);
const struct cgroup_hierarchy *cgroup_of(const struct cgroup *cgroup, const char *controller);
/* {"memory":"/abs/dir",...} */
int cgroup_json(const struct cgroup *cgroup, char *buffer, int size);

/* cgroup_v1.c, cgroup_v2.c */
int cgroup_v1_prepare(struct cgroup *cgroup);
int cgroup_v1_limit(struct cgroup *cgroup, json_object *resources);
int cgroup_v2_prepare(struct cgroup *cgroup);
int cgroup_v2_limit(struct cgroup *cgroup, json_object *resources);
int cgroup_v2_devices(const char *directory, json_object *rules);

/* Shared by both: write `value` to directory/file. */
int cgroup_write(const char *directory, const char *file, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int cgroup_read(const char *directory, const char *file, char *buffer, int size);
bool cgroup_has(const char *directory, const char *file);
json_object *cgroup_member(json_object *parent, const char *key);

#endif
