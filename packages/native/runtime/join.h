/* Namespaces that are there already, by path (config-linux.md, "Namespaces"). */
#ifndef JOIN_H
#define JOIN_H

#include "container.h"

/* Opens spec->namespace_paths as `namespaces`, each of which must be of the kind it is named. One that is our own is as
 * good as none given: its path becomes NULL. */
int join_open(struct spec *spec, int *namespaces);
/* Joins them all; the pid and time namespaces count for children. */
int join_all(const struct spec *spec, const int *namespaces);

/* With a user namespace of its own, a container's first process has no rights over other namespaces any more, and one
 * that joins a user namespace has no rights over those that it had made before. So a helper joins them all, and clones
 * the first process as its sibling. */
bool join_needs_helper(const struct spec *spec);
void join_and_clone(struct container *container, uint64_t flags, int gate, const int *stdio,
                    const struct cgroup_doors *doors) __attribute__((noreturn));
int join_await(int gate, pid_t helper, pid_t *pid, int *pidfd);

#endif
