#include "oci.h"

#include "../cleanup.h"
#include "../report.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

/* Each of them waits about 150 ms in the kernel. */
#define TRIES_MAX 20

extern char **environ;

/* EBUSY: somebody holds a page of it just now, as compaction and the lists of the page cache do in passing
 * (memfd_wait_for_pins in mm/memfd.c). */
static int add_seals(int fd) {
  int tries = 1;
  while (fcntl(fd, F_ADD_SEALS, SEALS) < 0)
    if (errno != EBUSY || tries++ == TRIES_MAX)
      return -1;
  return 0;
}

/* A process on its way into a container can be made to execute itself, and is then a way to its file: that must not
 * be the host's (CVE-2019-5736), nor share its pages (they are written by bugs of the page cache's kind). */
int oci_seal(char **argv) {
  static const char *const step = "sealing the runtime";
  struct stat at;
  cleanup_fd int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  if (self < 0 || fstat(self, &at) < 0)
    return report_errno(step, "open", "/proc/self/exe");
  int seals = fcntl(self, F_GET_SEALS);
  if (seals >= 0 && (seals & SEALS) == SEALS)
    return 0;
  cleanup_fd int copy = memfd_create("berth-runtime", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
  if (copy < 0 && errno == EINVAL) /* before Linux 6.3 */
    copy = memfd_create("berth-runtime", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (copy < 0)
    return report_errno(step, "memfd_create", "vm.memfd_noexec=2 forbids it; it must be 0 or 1");
  for (off_t at_byte = 0; at_byte < at.st_size;) {
    ssize_t sent = sendfile(copy, self, &at_byte, (size_t)(at.st_size - at_byte));
    if (sent <= 0)
      return report_errno(step, "sendfile", "%s", "");
  }
  if (fchmod(copy, 0500) < 0 || add_seals(copy) < 0)
    return report_errno(step, "fcntl", "F_ADD_SEALS");
  fexecve(copy, argv, environ);
  return report_errno(step, "fexecve", "%s", "");
}
