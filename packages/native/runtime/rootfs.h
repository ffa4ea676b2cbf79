/*
 * The container's root as a detached mount: an overlay of layer directories, or a bundle's directory. It is attached
 * only inside the container's mount namespace, so nothing of it ever shows in the host's mount table.
 */
#ifndef ROOTFS_H
#define ROOTFS_H

#include "spec.h"

struct overlay {
  struct strings lower; /* topmost first */
  const char *upper, *work;
  bool is_volatile;  /* nothing of it is ever synced: for what is thrown away (overlayfs.rst, "Volatile mount") */
  const char *label; /* SELinux label of everything in it, or NULL */
};

/* `userns`: descriptor of the container's user namespace for idmapped layers, or -1. `root_uid`, `root_gid`: host ids
 * of the container's root. Returns the mount's descriptor. */
int rootfs_overlay(const struct overlay *overlay, int userns, uid_t root_uid, gid_t root_gid);
/* `propagation`: linux.rootfsPropagation, or NULL. */
int rootfs_directory(const char *path, const char *propagation);
/* A clone of `source`'s tree with the attributes that the mount's options name, idmapped when they ask. */
int rootfs_bind_source(const struct spec_mount *mount, int userns);
/* Inside the container: move the root in, pivot, forget the old one. cwd must be a directory of the host to cover. */
int rootfs_attach(int root);
int rootfs_pivot(int root, bool readonly, const char *propagation);

#endif
