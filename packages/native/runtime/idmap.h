/* Id mappings of user namespaces: of containers, and of those made only to be the mapping of a mount. */
#ifndef IDMAP_H
#define IDMAP_H

#include "spec.h"

/* `file`: uid_map or gid_map of /proc/PID. */
int idmap_write(pid_t pid, const char *file, const struct id_maps *maps);
/* @return the user namespace of a process */
int idmap_open(pid_t pid);
/* @return a user namespace with these mappings and no process in it */
int idmap_make(const struct id_maps *uids, const struct id_maps *gids);
/* Takes over the mappings of one that is there. */
int idmap_read(int userns, struct id_maps *uids, struct id_maps *gids);

#endif
