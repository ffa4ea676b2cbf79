#include "label.h"

#include "cleanup.h"
#include "kernel.h"
#include "report.h"

#include <linux/keyctl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

#define PROC_ROOT_INODE 1 /* of every procfs, and of nothing that is below one */

int label_open_proc(void) {
  struct statfs fs;
  struct stat at;
  cleanup_fd int proc = open("/proc", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (proc < 0 || fstatfs(proc, &fs) < 0 || fstat(proc, &at) < 0)
    return report_errno("opening /proc", "open", "/proc");
  if (fs.f_type != PROC_SUPER_MAGIC || at.st_ino != PROC_ROOT_INODE)
    return report_invalid("opening /proc", "what is mounted at /proc is not the proc file system");
  return steal_fd(&proc);
}

/* Reads back what was written: a label that did not reach the kernel is no label (CVE-2025-52881). */
static int write_attribute(int proc, const char *name, const char *prefix, const char *value, const char *what) {
  static const char *const step = "applying a security label";
  char path[64], text[600], back[600] = "";
  snprintf(path, sizeof path, "thread-self/attr/%s", name);
  int length = snprintf(text, sizeof text, "%s%s", prefix, value);
  cleanup_fd int fd = sys_openat2(proc, path, O_RDWR, 0, RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV);
  if (fd < 0 && errno == ENOENT)
    return report_invalid(step, "%s: this kernel has no %s", value, what);
  if (fd < 0)
    return report_errno(step, "openat2", "/proc/%s", path);
  if (write(fd, text, (size_t)length) < 0) {
    if (errno == EINVAL)
      return report_errno(step, "write", "%s: %s is not active in this kernel, or does not know it", value, what);
    return report_errno(step, "write", "%s%s", value, errno == ENOENT ? ": no such profile is loaded" : "");
  }
  size_t named = strlen(value);
  if (pread(fd, back, sizeof back - 1, 0) > 0 &&
      (strncmp(back, value, named) != 0 || (back[named] && !strchr(" \n", back[named]))))
    return report_invalid(step, "%s was asked for and %s is what the kernel has", value, back);
  return 0;
}

/* Whether an AppArmor profile holds us already: what we start is to be held by it too. */
static bool is_confined(int proc) {
  char current[600] = "";
  cleanup_fd int fd = sys_openat2(proc, "thread-self/attr/apparmor/current", O_RDONLY, 0,
                                  RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV);
  if (fd < 0 || pread(fd, current, sizeof current - 1, 0) <= 0)
    return false;
  return strncmp(current, "unconfined", 10) != 0 || (current[10] && !strchr(" \n", current[10]));
}

static int check_name(const char *name, const char *refused, const char *what) {
  for (const char *at = name; *at; at++)
    if (*at <= ' ' || *at == 0x7f || strchr(refused, *at))
      return report_invalid("applying a security label", "%s is no name of %s", name, what);
  return strlen(name) < 512 ? 0 : report_invalid("applying a security label", "the name of %s is too long", what);
}

int label_apply(int proc, const struct spec_process *process) {
  const char *profile = process->apparmor_profile, *label = process->selinux_label;
  if (label && *label &&
      (check_name(label, "", "an SELinux label") < 0 || write_attribute(proc, "exec", "", label, "SELinux") < 0))
    return -1;
  if (!profile || !*profile || strcmp(profile, "unconfined") == 0)
    return 0;
  /* No stacks (//&), no namespaces (:x:), nothing that AppArmor's attribute reads as more than one name. */
  if (check_name(profile, ":&", "an AppArmor profile") < 0)
    return -1;
  /* A second profile beside ours and not in its place: under no_new_privs the kernel lets nothing be given up. */
  return write_attribute(proc, "apparmor/exec", is_confined(proc) ? "stack " : "exec ", profile, "AppArmor");
}

/* Keys of the host's session stay there. What the kernel makes a keyring with is told beforehand, and forgotten after.
 */
int label_session(int proc, const struct spec_process *process) {
  static const char *const step = "applying a security label"; /* to the session keyring */
  const char *label = process->selinux_label;
  cleanup_fd int fd = -1;
  if (label && *label) {
    fd = sys_openat2(proc, "thread-self/attr/keycreate", O_RDWR, 0,
                     RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV);
    if (fd < 0)
      return report_errno(step, "openat2", "attr/keycreate");
    if (write(fd, label, strlen(label)) < 0)
      return report_errno(step, "write", "%s: SELinux is not active in this kernel, or does not know it", label);
  }
  syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL); /* kernels without keys have none to leak */
  if (fd >= 0 && write(fd, "\n", 1) < 0)
    return report_errno(step, "write", "attr/keycreate");
  return 0;
}

int label_file(int fd, const char *label) {
  if (fsetxattr(fd, "security.selinux", label, strlen(label) + 1, 0) < 0)
    return report_errno("labelling", "fsetxattr", "%s", label);
  return 0;
}
