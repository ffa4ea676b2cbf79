/* Loads a ready-made program: compiling is the agent's business (or seccomp_compile.c's, for a plain OCI bundle). */
#include "container.h"
#include "report.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int seccomp_apply(const struct seccomp_program *program) {
  if (!program->count)
    return 0;
  struct sock_fprog filter = {.len = program->count, .filter = program->filters};
  int result = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, program->flags, &filter);
  if (result < 0)
    return report_errno("loading the seccomp filter", "seccomp", "%u instructions", program->count);
  return result;
}
