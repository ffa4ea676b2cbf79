/* Descriptors and allocations that end with their scope; what every file needs to be short and leak nothing. */
#ifndef CLEANUP_H
#define CLEANUP_H

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_close(int *fd) {
  if (*fd >= 0) {
    int saved = errno;
    close(*fd);
    errno = saved;
  }
}
static inline void cleanup_free_pointer(void *pointer) {
  free(*(void **)pointer);
}
static inline void cleanup_closedir_pointer(DIR **directory) {
  if (*directory)
    closedir(*directory);
}
static inline int steal_fd(int *fd) {
  int taken = *fd;
  *fd = -1;
  return taken;
}
static inline void close_all(int *fds, int count) {
  for (int i = 0; i < count; i++) {
    if (fds[i] >= 0)
      close(fds[i]);
    fds[i] = -1;
  }
}

#define cleanup_fd __attribute__((cleanup(cleanup_close)))
#define cleanup_free __attribute__((cleanup(cleanup_free_pointer)))
#define cleanup_closedir __attribute__((cleanup(cleanup_closedir_pointer)))

#endif
