// Making files as a container's root.
#pragma once

#include "error.h"

#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

// An idmapped mount takes no file from an id that it does not map: this thread, which ends with the call, makes files
// as the container's root. Its capabilities stay (SECBIT_NO_SETUID_FIXUP), and nobody else's credentials change.
inline error::Failure actAs(int64_t uid, int64_t gid) {
  if (uid <= 0)
    return {};
  if (prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0) != 0)
    return error::last("prctl");
  syscall(SYS_setfsgid, static_cast<gid_t>(gid));
  syscall(SYS_setfsuid, static_cast<uid_t>(uid));
  return {};
}
