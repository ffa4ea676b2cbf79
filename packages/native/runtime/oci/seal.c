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

extern char **environ;

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
  if (fchmod(copy, 0500) < 0 || fcntl(copy, F_ADD_SEALS, SEALS) < 0)
    return report_errno(step, "fcntl", "F_ADD_SEALS");
  fexecve(copy, argv, environ);
  return report_errno(step, "fexecve", "%s", "");
}
