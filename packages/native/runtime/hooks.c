#include "hooks.h"

#include "cleanup.h"
#include "kernel.h"
#include "report.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

static void run_hook(const struct spec_hook *hook, int input, int complaints, const char *cwd)
    __attribute__((noreturn));

static void run_hook(const struct spec_hook *hook, int input, int complaints, const char *cwd) {
  static const char *const nothing[] = {NULL};
  const char *by_path[] = {hook->path, NULL};
  sigset_t none;
  for (int i = 1; i < 65; i++)
    signal(i, SIG_DFL);
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  if ((cwd && chdir(cwd) < 0) || dup2(input, 0) < 0 || dup2(complaints, 1) < 0 || dup2(complaints, 2) < 0 ||
      sys_close_range(3, ~0u, 0) < 0)
    _exit(126);
  execve(hook->path, (char *const *)(uintptr_t)(hook->args.count ? hook->args.items : by_path),
         (char *const *)(uintptr_t)(hook->env.count ? hook->env.items : nothing));
  dprintf(2, "%s", strerror(errno));
  _exit(127);
}

/* The state is small and goes into a pipe whole, so that a hook that reads nothing holds nobody up. */
static int open_input(const char *state) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0)
    return -1;
  cleanup_fd int to = ends[1];
  fcntl(to, F_SETPIPE_SZ, 1 << 20);
  size_t length = strlen(state);
  if (fcntl(to, F_SETFL, O_NONBLOCK) < 0 || write(to, state, length) != (ssize_t)length) {
    close(ends[0]);
    errno = E2BIG;
    return -1;
  }
  return ends[0];
}

/* Reads what the hook says, as long as it runs, to tell it should it fail. @return false when it took too long */
static bool wait_for(int pidfd, int complaints, int timeout_seconds, char *said, size_t size) {
  struct pollfd fds[2] = {{.fd = pidfd, .events = POLLIN}, {.fd = complaints, .events = POLLIN}};
  size_t used = 0;
  char chunk[512];
  int left_ms = timeout_seconds ? timeout_seconds * 1000 : -1;
  while (!(fds[0].revents & POLLIN)) {
    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    if (poll(fds, 2, left_ms) == 0)
      return false;
    if (fds[1].revents) {
      ssize_t length = read(complaints, chunk, sizeof chunk);
      if (length <= 0)
        fds[1].fd = -1;
      for (ssize_t i = 0; i < length && used < size - 1; i++)
        said[used++] = chunk[i];
    }
    clock_gettime(CLOCK_MONOTONIC, &to);
    if (left_ms > 0) {
      left_ms -= (int)((to.tv_sec - from.tv_sec) * 1000 + (to.tv_nsec - from.tv_nsec) / 1000000);
      left_ms = left_ms < 0 ? 0 : left_ms;
    }
  }
  struct pollfd rest = {.fd = complaints, .events = POLLIN};
  while (fds[1].fd >= 0 && used < size - 1 && poll(&rest, 1, 0) == 1) {
    ssize_t length = read(complaints, said + used, size - 1 - used);
    if (length <= 0)
      break;
    used += (size_t)length;
  }
  said[used] = 0;
  return true;
}

static int run_one(const struct spec_hook *hook, const char *state, const char *cwd) {
  int ends[2], status = 0;
  char said[256] = "";
  cleanup_fd int input = open_input(state);
  if (input < 0 || pipe2(ends, O_CLOEXEC) < 0)
    return report_errno("running a hook", "pipe2", "%s", hook->path);
  cleanup_fd int from = ends[0], to = ends[1];
  pid_t pid = fork(); /* not clone3, which a container's seccomp filter, loaded by now or not, may not know */
  if (pid < 0)
    return report_errno("running a hook", "fork", "%s", hook->path);
  if (pid == 0)
    run_hook(hook, input, to, cwd);
  close(steal_fd(&to));
  cleanup_fd int running = sys_pidfd_open(pid);
  bool in_time = running >= 0 && wait_for(running, from, hook->timeout_seconds, said, sizeof said);
  if (!in_time)
    kill(pid, SIGKILL);
  waitpid(pid, &status, 0);
  said[strcspn(said, "\n")] = 0;
  if (!in_time)
    return report_invalid("running a hook", "%s took longer than its timeout of %d s", hook->path,
                          hook->timeout_seconds);
  if (WIFSIGNALED(status))
    return report_invalid("running a hook", "%s was ended by signal %d", hook->path, WTERMSIG(status));
  if (WEXITSTATUS(status))
    return report_invalid("running a hook", "%s: exit code %d%s%s", hook->path, WEXITSTATUS(status),
                          said[0] ? ": " : "", said);
  return 0;
}

int hooks_run(const struct spec_hooks *hooks, const char *state, const char *cwd) {
  for (int i = 0; i < hooks->count; i++)
    if (run_one(&hooks->items[i], state, cwd) < 0)
      return -1;
  return 0;
}
