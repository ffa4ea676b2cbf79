#include "landlock.h"

#include "cleanup.h"
#include "report.h"

#include <stdint.h>
#include <sys/syscall.h>

/* As of ABI 6; Debian 12's header stops at 2. */
struct ruleset {
  uint64_t handled_access_fs, handled_access_net, scoped;
};
#define SCOPE_ABSTRACT_UNIX_SOCKET (1ull << 0)

int landlock_scope_abstract_sockets(void) {
  static const char *const step = "fencing abstract sockets";
  struct ruleset wanted = {.scoped = SCOPE_ABSTRACT_UNIX_SOCKET};
  cleanup_fd int ruleset = (int)syscall(SYS_landlock_create_ruleset, &wanted, sizeof wanted, 0);
  if (ruleset < 0)
    return report_errno(step, "landlock_create_ruleset", "%s", "Landlock's ABI 6 is needed (Linux 6.12)");
  if (syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
    return report_errno(step, "landlock_restrict_self", "%s", "");
  return 0;
}
