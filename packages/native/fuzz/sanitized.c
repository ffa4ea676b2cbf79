/*
 * What berth-runtime needs to run under the address sanitizer. A process of ours that has a new root, another user and
 * closed descriptors must still be able to report: the file of reports is opened at the start, by the path in
 * BERTH_SANITIZER_REPORTS, and its descriptor survives close_range(2), which --wrap=syscall leads through here.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#define REPORT_FD 999

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the linker's and the sanitizers' names */
long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);
void __sanitizer_set_report_fd(void *fd);
const char *__asan_default_options(void);
const char *__ubsan_default_options(void);
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

/* The leak sanitizer stops its process as a debugger does, which one that is not dumpable refuses; leaks are the
 * fuzzers' business. */
const char *__asan_default_options(void) {
  return "detect_leaks=0:exitcode=99:detect_stack_use_after_return=1:strict_string_checks=1";
}
const char *__ubsan_default_options(void) {
  return "print_stacktrace=1";
}

__attribute__((constructor)) static void open_reports(void) {
  const char *path = getenv("BERTH_SANITIZER_REPORTS");
  int fd = path ? open(path, O_WRONLY | O_APPEND | O_CLOEXEC) : -1;
  if (fd >= 0 && dup3(fd, REPORT_FD, O_CLOEXEC) == REPORT_FD)
    __sanitizer_set_report_fd((void *)(long)REPORT_FD);
  if (fd >= 0)
    close(fd);
  if (getenv("BERTH_SANITIZER_PROBE")) { /* the tests ask whether a finding gets to them */
    volatile char *volatile freed = malloc(1);
    free((void *)(unsigned long)freed);
    *freed = 0;
  }
}

long __wrap_syscall(long number, ...) {
  long given[6];
  va_list arguments;
  va_start(arguments, number);
  for (int i = 0; i < 6; i++)
    given[i] = va_arg(arguments, long); /* as many as there are registers; what was not given is not looked at */
  va_end(arguments);
  if (number == SYS_close_range && given[0] <= REPORT_FD && given[1] >= REPORT_FD) {
    if (given[0] < REPORT_FD && __real_syscall(number, given[0], (long)(REPORT_FD - 1), given[2]) < 0)
      return -1;
    given[0] = REPORT_FD + 1;
  }
  return __real_syscall(number, given[0], given[1], given[2], given[3], given[4], given[5]);
}
