/* The first process of a container, up to its start gate and over it. */
#ifndef INIT_H
#define INIT_H

#include "container.h"

void init_main(struct container *container, int gate, const int *stdio, const struct cgroup_doors *doors)
    __attribute__((noreturn));
/* It stops with its mounts made and its root not yet changed, for the hooks of the runtime's namespaces. */
bool init_waits_for_hooks(const struct container *container);

#endif
