/* Landlock (landlock(7)) where the namespaces leave a hole: abstract sockets belong to the network namespace, so a
 * container that shares the host's reaches every one of the host's by name (CVE-2020-15257). */
#ifndef LANDLOCK_H
#define LANDLOCK_H

/* This process and its children connect only to abstract sockets that they made. Linux 6.12 (ABI 6). */
int landlock_scope_abstract_sockets(void);

#endif
