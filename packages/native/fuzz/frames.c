/* libFuzzer: what a client says to the supervisor of a container that was not started: frames, attach, updates, and
 * whatever else. Nothing reaches a kernel object: there is no container, and its cgroup's directories do not exist. */
#include "../runtime/supervise.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* START is left out: a fuzzer that executes programs finds other things. */
static bool has_start(const uint8_t *data, size_t size) {
  struct supervisor_frame frame;
  for (size_t at = 0; at + sizeof frame <= size;) {
    memcpy(&frame, data + at, sizeof frame);
    if (frame.type == SUPERVISOR_START)
      return true;
    at += sizeof frame + ntohl(frame.length);
  }
  return false;
}

static void make_cgroup(bool v2) {
  static char directory[] = "/nonexistent", controllers[] = " cpu cpuset io memory pids hugetlb ";
  static const char *const v1[] = {"memory", "cpu", "cpuset", "pids", "blkio", "devices", "freezer"};
  struct cgroup *cgroup = &self.container.cgroup;
  *cgroup = (struct cgroup){.v2 = v2, .path = directory, .count = v2 ? 1 : 7};
  for (int i = 0; i < cgroup->count; i++)
    cgroup->hierarchies[i] = (struct cgroup_hierarchy){(char *)(uintptr_t)(v2 ? "v2" : v1[i]), directory, directory,
                                                       v2 ? controllers : NULL};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  int ends[2];
  if (size < 1 || size > 60000 || has_start(data + 1, size - 1))
    return 0;
  memset(&self, 0, sizeof self);
  self.listener = self.signals = self.oom = self.seccomp_fd = self.terminal_peer = -1;
  self.container.terminal = self.container.pidfd = self.container.gate = self.container.door = -1;
  for (int i = 0; i < 3; i++)
    self.container.stdio[i] = -1;
  for (size_t i = 0; i < sizeof self.pressures / sizeof *self.pressures; i++)
    self.pressures[i].fd = -1;
  make_cgroup(data[0] & 1);
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) < 0)
    abort();
  struct client *client = add_client(ends[0]);
  for (size_t at = 1; at < size && !client->gone;) {
    ssize_t sent = send(ends[1], data + at, size - at, MSG_NOSIGNAL);
    at += sent > 0 ? (size_t)sent : 0;
    read_client(client);
  }
  for (size_t length = client->in.length + 1; !client->gone && client->in.length && client->in.length != length;) {
    length = client->in.length;
    read_client(client);
  }
  remove_client(client);
  buffer_free(&self.input);
  close(ends[1]);
  return 0;
}
