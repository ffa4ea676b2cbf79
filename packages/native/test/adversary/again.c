/* again PID: a process with this number, which another had before (clone3(2), set_tid). It sleeps. */
#define _GNU_SOURCE
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv) {
  pid_t wanted = argc == 2 ? atoi(argv[1]) : 0;
  struct clone_args arguments = {.exit_signal = SIGCHLD, .set_tid = (uint64_t)(uintptr_t)&wanted, .set_tid_size = 1};
  long pid = syscall(SYS_clone3, &arguments, sizeof arguments);
  if (pid < 0) {
    perror("again: clone3");
    return 2;
  }
  if (pid > 0)
    _exit(0);
  puts("there");
  fflush(stdout);
  sleep(1000);
  return 0;
}
