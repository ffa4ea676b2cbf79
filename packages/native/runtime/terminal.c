/* The pseudo terminal is the container's own devpts'; its peer is had from the master itself, never by path. */
#include "cleanup.h"
#include "container.h"
#include "kernel.h"
#include "mounts.h"
#include "report.h"

#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>

int terminal_open(int root, const struct spec_process *process, int *peer) {
  struct statfs fs;
  int zero = 0;
  cleanup_fd int master =
      sys_openat2(root, "/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_NOFOLLOW, 0, RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS);
  if (master < 0 || fstatfs(master, &fs) < 0)
    return report_errno("opening a terminal", "openat2", "/dev/pts/ptmx");
  if (fs.f_type != DEVPTS_SUPER_MAGIC)
    return report_invalid("opening a terminal", "/dev/pts is not a devpts file system");
  if (ioctl(master, TIOCSPTLCK, &zero) < 0)
    return report_errno("opening a terminal", "ioctl", "TIOCSPTLCK");
  *peer = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (*peer < 0)
    return report_errno("opening a terminal", "ioctl", "TIOCGPTPEER");
  if (process->width && process->height)
    terminal_resize(master, process->width, process->height);
  if (fchown(*peer, process->uid, process->gid) < 0 && errno != EINVAL)
    return report_errno("opening a terminal", "fchown", "%u", process->uid);
  return steal_fd(&master);
}

int terminal_console(int root, int peer) {
  cleanup_fd int tree = sys_open_tree(peer, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
  if (tree < 0)
    return report_errno("making /dev/console", "open_tree", "%s", "");
  return mounts_attach(root, tree, "/dev/console", false);
}

int terminal_resize(int terminal, unsigned width, unsigned height) {
  struct winsize size = {.ws_row = (unsigned short)height, .ws_col = (unsigned short)width};
  if (ioctl(terminal, TIOCSWINSZ, &size) < 0)
    return report_errno("resizing the terminal", "ioctl", "TIOCSWINSZ");
  return 0;
}
