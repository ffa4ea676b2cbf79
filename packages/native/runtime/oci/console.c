#include "oci.h"

#include "../cleanup.h"
#include "../kernel.h"
#include "../report.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>

int oci_send_descriptor(const char *step, const char *socket_path, const char *text, int fd) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  cleanup_fd int to = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (strlen(socket_path) >= sizeof address.sun_path)
    return report_invalid(step, "%s: the path of a socket has at most %zu bytes", socket_path,
                          sizeof address.sun_path - 1);
  memcpy(address.sun_path, socket_path, strlen(socket_path) + 1);
  if (to < 0 || connect(to, (struct sockaddr *)&address, sizeof address) < 0)
    return report_errno(step, "connect", "%s", socket_path);
  char control[CMSG_SPACE(sizeof(int))] __attribute__((aligned(sizeof(size_t)))) = {0};
  struct iovec part = {(void *)(uintptr_t)text, strlen(text)};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(header), &fd, sizeof fd);
  return sendmsg(to, &message, MSG_NOSIGNAL) < 0 ? report_errno(step, "sendmsg", "%s", socket_path) : 0;
}

int console_send(const char *socket_path, int terminal) {
  return oci_send_descriptor("handing the terminal over", socket_path, "/dev/ptmx", terminal); /* as runc calls it */
}

/* ---- in the foreground */

static struct termios kept;
static bool is_raw;

static void make_raw(void) {
  struct termios raw;
  if (tcgetattr(0, &kept) < 0)
    return;
  raw = kept;
  cfmakeraw(&raw);
  is_raw = tcsetattr(0, TCSANOW, &raw) == 0;
}

static void restore(void) {
  if (is_raw)
    tcsetattr(0, TCSANOW, &kept);
}

static void pass_size(int terminal) {
  struct winsize size;
  if (ioctl(0, TIOCGWINSZ, &size) == 0)
    ioctl(terminal, TIOCSWINSZ, &size);
}

/* @return false at the end of what `from` has */
static bool pass(int from, int to) {
  char chunk[16 << 10];
  ssize_t length = read(from, chunk, sizeof chunk);
  if (length < 0 && (errno == EINTR || errno == EAGAIN))
    return true;
  for (ssize_t at = 0, written; at < length; at += written) {
    written = write(to, chunk + at, (size_t)(length - at));
    if (written < 0 && errno == EINTR)
      written = 0;
    else if (written < 0)
      return false;
  }
  return length > 0;
}

void console_hold_signals(void) {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, NULL);
}

static void pass_signals(int signals, int pidfd, int terminal) {
  struct signalfd_siginfo info;
  while (read(signals, &info, sizeof info) == sizeof info) {
    int number = (int)info.ssi_signo;
    if (number == SIGWINCH && terminal >= 0)
      pass_size(terminal);
    else if (number != SIGCHLD && number != SIGPIPE && number != SIGWINCH && number != SIGTTOU && number != SIGTTIN)
      syscall(SYS_pidfd_send_signal, pidfd, number, NULL, 0);
  }
}

int console_wait(pid_t pid, int pidfd, int terminal) {
  enum { ENDED, SIGNALS, OUTPUT, INPUT };
  sigset_t all;
  int status = 0;
  sigfillset(&all);
  cleanup_fd int signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
  struct pollfd fds[] = {{.fd = pidfd, .events = POLLIN},
                         {.fd = signals, .events = POLLIN},
                         {.fd = terminal, .events = POLLIN},
                         {.fd = terminal >= 0 ? 0 : -1, .events = POLLIN}};
  if (terminal >= 0) {
    make_raw();
    pass_size(terminal);
  }
  while (!(fds[ENDED].revents & POLLIN)) {
    if (poll(fds, 4, -1) < 0 && errno != EINTR)
      break;
    if (fds[SIGNALS].revents)
      pass_signals(signals, pidfd, terminal);
    if (fds[OUTPUT].revents && !pass(terminal, 1))
      fds[OUTPUT].fd = -1;
    if (fds[INPUT].revents && !pass(0, terminal))
      fds[INPUT].fd = -1;
  }
  for (struct pollfd rest = {.fd = fds[OUTPUT].fd, .events = POLLIN}; rest.fd >= 0 && poll(&rest, 1, 0) == 1;)
    if (!pass(terminal, 1))
      break;
  restore();
  if (waitpid(pid, &status, __WALL) < 0)
    return report_errno("waiting", "waitpid", "%d", pid);
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
