#include "capabilities.h"

#include "report.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* By number, as in linux/capability.h. */
static const char *const names[] = {
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_DAC_READ_SEARCH",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETPCAP",
    "CAP_LINUX_IMMUTABLE",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_BROADCAST",
    "CAP_NET_ADMIN",
    "CAP_NET_RAW",
    "CAP_IPC_LOCK",
    "CAP_IPC_OWNER",
    "CAP_SYS_MODULE",
    "CAP_SYS_RAWIO",
    "CAP_SYS_CHROOT",
    "CAP_SYS_PTRACE",
    "CAP_SYS_PACCT",
    "CAP_SYS_ADMIN",
    "CAP_SYS_BOOT",
    "CAP_SYS_NICE",
    "CAP_SYS_RESOURCE",
    "CAP_SYS_TIME",
    "CAP_SYS_TTY_CONFIG",
    "CAP_MKNOD",
    "CAP_LEASE",
    "CAP_AUDIT_WRITE",
    "CAP_AUDIT_CONTROL",
    "CAP_SETFCAP",
    "CAP_MAC_OVERRIDE",
    "CAP_MAC_ADMIN",
    "CAP_SYSLOG",
    "CAP_WAKE_ALARM",
    "CAP_BLOCK_SUSPEND",
    "CAP_AUDIT_READ",
    "CAP_PERFMON",
    "CAP_BPF",
    "CAP_CHECKPOINT_RESTORE",
};
#define NAME_COUNT ((int)(sizeof names / sizeof *names))

int capability_number(const char *name) {
  for (int i = 0; i < NAME_COUNT; i++)
    if (strcmp(name, names[i]) == 0)
      return i;
  return -1;
}

const char *capability_name(int number) {
  return number >= 0 && number < NAME_COUNT ? names[number] : NULL;
}

int capabilities_bound(const struct capability_sets *sets) {
  for (int i = 0; i < 64; i++) {
    int has = prctl(PR_CAPBSET_READ, i, 0, 0, 0);
    if (has < 0)
      break; /* past the last one this kernel has */
    if (has && !(sets->bounding >> i & 1) && prctl(PR_CAPBSET_DROP, i, 0, 0, 0) < 0)
      return report_errno("dropping capabilities", "prctl", "%s from the bounding set", names[i < NAME_COUNT ? i : 0]);
  }
  return 0;
}

int capabilities_apply(const struct capability_sets *sets) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct now[2], data[2];
  if (syscall(SYS_capget, &header, now) < 0)
    return report_errno("setting capabilities", "capget", "%s", "");
  /* What this machine's root itself lacks cannot be given; a default set must not fail for it. */
  uint64_t have = now[0].permitted | (uint64_t)now[1].permitted << 32;
  uint64_t permitted = sets->permitted & have, effective = sets->effective & permitted;
  uint64_t inheritable = sets->inheritable & have;
  for (int i = 0; i < 2; i++) {
    data[i].effective = (uint32_t)(effective >> (32 * i));
    data[i].permitted = (uint32_t)(permitted >> (32 * i));
    data[i].inheritable = (uint32_t)(inheritable >> (32 * i));
  }
  if (syscall(SYS_capset, &header, data) < 0)
    return report_errno("setting capabilities", "capset", "%s", "");
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 && errno != EINVAL)
    return report_errno("setting capabilities", "prctl", "clearing the ambient set");
  for (int i = 0; i < NAME_COUNT; i++)
    if ((sets->ambient & permitted & inheritable) >> i & 1)
      if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0) < 0)
        return report_errno("setting capabilities", "prctl", "raising ambient %s", names[i]);
  return 0;
}
