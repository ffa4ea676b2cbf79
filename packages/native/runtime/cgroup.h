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

struct spec;

struct cgroup {
  bool v2;    /* the cgroup2 mount has every controller; false: v1, perhaps with a cgroup2 mount beside it (hybrid) */
  char *path; /* below each hierarchy's mount, begins with / */
  char *systemd_mount; /* v1's hierarchy without a controller: joined only by those that manage cgroups themselves */
  bool is_delegated;
  uid_t owner_uid; /* of the delegated subtree */
  gid_t owner_gid;
  int count;
  struct cgroup_hierarchy {
    char *controller; /* "memory", "cpu", ...; the cgroup2 mount is "v2", or "unified" beside v1 */
    char *mount;
    char *directory;
    char *controllers; /* of the cgroup2 mount: " cpu io memory ", those that it has; NULL: v1 */
  } hierarchies[CGROUP_HIERARCHIES_MAX];
};

/* Finds the mounted hierarchies; makes nothing. */
int cgroup_open(struct cgroup *cgroup, const char *path);
/* Makes the directories, its parents with them, and writes the limits. */
int cgroup_create(struct cgroup *cgroup, json_object *resources);
/* Of one in use: as a whole. When one of its limits is refused, those written before are put back. */
int cgroup_update(const struct cgroup *cgroup, json_object *resources);
/* Before it is made: its subtree will be the container's root's, where the spec has the cgroup mount writable. */
int cgroup_delegate(struct cgroup *cgroup, const struct spec *spec);
/* cgroup_delegate.c: done by cgroup_create. */
int cgroup_give(const struct cgroup *cgroup);
int cgroup_add(struct cgroup *cgroup, const char *controller, const char *mount);
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
/* To a cgroup that the container has made below its own, for one more process. */
int cgroup_descend(struct cgroup *cgroup, const char *below);
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
/* Says that memory did not suffice, when a process was killed for it while `what` was done. */
void cgroup_blame_memory(const struct cgroup *cgroup, const char *what);
/* Readable when something was killed for memory; -1 where the kernel has no such thing. */
int cgroup_oom_fd(const struct cgroup *cgroup);
/*
 * Exceptional (POLLPRI) when processes waited for `resource` ("memory", "cpu", "io") `stall_us` out of two seconds; -1
 * where the kernel tells no pressure of a cgroup. kind "some": any of them; "full": all that were not idle.
 */
int cgroup_pressure_fd(const struct cgroup *cgroup, const char *resource, const char *kind, int stall_us);
/* Removes the directories, those made inside by the container too. */
int cgroup_remove(const struct cgroup *cgroup);
void cgroup_free(struct cgroup *cgroup);
/* Where a controller is, under v1's name; NULL: this host has none. */
const struct cgroup_hierarchy *cgroup_of(const struct cgroup *cgroup, const char *controller);
/* The cgroup2 mount, NULL where there is v1 alone. */
const struct cgroup_hierarchy *cgroup_unified(const struct cgroup *cgroup);
/* Turns a controller of the cgroup2 mount on from its top down to the cgroup. */
int cgroup_enable(const struct cgroup_hierarchy *unified, const char *controller);
/* {"memory":"/abs/dir",...} */
int cgroup_json(const struct cgroup *cgroup, char *buffer, int size);

/* Write `value` to directory/file. */
int cgroup_write(const char *directory, const char *file, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int cgroup_read(const char *directory, const char *file, char *buffer, int size);
bool cgroup_has(const char *directory, const char *file);
json_object *cgroup_member(json_object *parent, const char *key);

#endif
