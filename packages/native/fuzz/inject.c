/*
 * Runs a program under ptrace(2) and makes one system call of it or of its descendants fail, or kills the program
 * there:
 *   inject REPORT PROCESS CALL ERRNO|kill PROGRAM ARGUMENT...
 * PROCESS counts from 0, the program, in the order of birth; CALL from 1, after the program's own execve or, when
 * CALL is negative, after the SIGUSR1 that this process is sent. One line of REPORT says what was hit.
 *
 * A call that fails is not made at all. Some are made and only said to have failed: Linux closes and unmaps whatever it
 * answers. Those that cannot fail (exit, getpid, kill of one's own child, ...) are counted and left alone.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#if !defined(__x86_64__) && !defined(__aarch64__)
#error "inject.c knows the registers of x86-64 and arm64 only"
#endif

#define PROCESSES_MAX 64

struct process {
  pid_t pid;
  bool inside; /* a system call */
  bool hit;    /* its answer is to be changed */
  long calls;
};

static struct process processes[PROCESSES_MAX];
static int process_count;
static volatile sig_atomic_t counting;
static volatile sig_atomic_t begin;

static void on_begin(int signal) {
  (void)signal;
  begin = 1;
}

static struct process *process_of(pid_t pid) {
  for (int i = 0; i < process_count; i++)
    if (processes[i].pid == pid)
      return &processes[i];
  if (process_count == PROCESSES_MAX)
    exit(3);
  processes[process_count] = (struct process){.pid = pid};
  return &processes[process_count++];
}

static bool never_fails(uint64_t number) {
  static const long numbers[] = {SYS_exit,    SYS_exit_group, SYS_getpid,   SYS_gettid,       SYS_getuid,
                                 SYS_geteuid, SYS_getgid,     SYS_getegid,  SYS_rt_sigreturn, SYS_umask,
                                 SYS_brk,     SYS_getppid,    SYS_setfsuid, SYS_setfsgid,     SYS_kill};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
    if ((long)number == numbers[i])
      return true;
  return false;
}

static bool happens_anyway(uint64_t number) {
  return number == SYS_close || number == SYS_munmap || number == SYS_close_range;
}

/* A system call number that is none: the kernel answers ENOSYS and does nothing. */
static void make_void(pid_t pid) {
#ifdef __x86_64__
  struct user_regs_struct registers;
  ptrace(PTRACE_GETREGS, pid, NULL, &registers);
  registers.orig_rax = (unsigned long long)-1;
  ptrace(PTRACE_SETREGS, pid, NULL, &registers);
#else
  int none = -1;
  struct iovec part = {&none, sizeof none};
  ptrace(PTRACE_SETREGSET, pid, (void *)(uintptr_t)NT_ARM_SYSTEM_CALL, &part);
#endif
}

static void set_answer(pid_t pid, long answer) {
#ifdef __x86_64__
  struct user_regs_struct registers;
  ptrace(PTRACE_GETREGS, pid, NULL, &registers);
  registers.rax = (unsigned long long)answer;
  ptrace(PTRACE_SETREGS, pid, NULL, &registers);
#else
  struct user_regs_struct registers;
  struct iovec part = {&registers, sizeof registers};
  ptrace(PTRACE_GETREGSET, pid, (void *)(uintptr_t)NT_PRSTATUS, &part);
  registers.regs[0] = (unsigned long long)answer;
  ptrace(PTRACE_SETREGSET, pid, (void *)(uintptr_t)NT_PRSTATUS, &part);
#endif
}

struct wanted {
  int report;
  int process;
  long call;
  int number; /* errno, 0: kill */
};

static void on_entry(struct process *process, const struct wanted *wanted) {
  struct __ptrace_syscall_info info;
  if (!counting || process - processes != wanted->process || ++process->calls != wanted->call)
    return;
  if (ptrace(PTRACE_GET_SYSCALL_INFO, process->pid, sizeof info, &info) <= 0)
    return;
  bool spared = wanted->number && never_fails(info.entry.nr);
  dprintf(wanted->report, "%s %llu %#llx %#llx %#llx\n", spared ? "spared" : "hit", (unsigned long long)info.entry.nr,
          (unsigned long long)info.entry.args[0], (unsigned long long)info.entry.args[1],
          (unsigned long long)info.entry.args[2]);
  if (!wanted->number)
    kill(processes[0].pid, SIGKILL);
  else if (!spared) {
    process->hit = true;
    if (!happens_anyway(info.entry.nr))
      make_void(process->pid);
  }
}

static void on_system_call(struct process *process, const struct wanted *wanted) {
  process->inside = !process->inside;
  if (process->inside)
    on_entry(process, wanted);
  else if (process->hit) {
    process->hit = false;
    set_answer(process->pid, -wanted->number);
  }
}

/* @return the signal to deliver */
static int on_stop(struct process *process, int status, const struct wanted *wanted) {
  int signal = WSTOPSIG(status), event = status >> 16;
  if (signal == (SIGTRAP | 0x80)) {
    on_system_call(process, wanted);
    return 0;
  }
  if (event == PTRACE_EVENT_CLONE || event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK) {
    unsigned long born = 0;
    if (ptrace(PTRACE_GETEVENTMSG, process->pid, NULL, &born) == 0)
      process_of((pid_t)born);
    return 0;
  }
  if (event == PTRACE_EVENT_EXEC && process == processes && wanted->call > 0 && !begin) {
    counting = 1;
    return 0;
  }
  return event || signal == SIGSTOP || signal == SIGTRAP ? 0 : signal;
}

static void run(char **program) {
  ptrace(PTRACE_TRACEME, 0, NULL, NULL);
  raise(SIGSTOP);
  execv(program[0], program);
  _exit(127);
}

int main(int argc, char **argv) {
  if (argc < 6)
    return 2;
  struct wanted wanted = {.report = open(argv[1], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600),
                          .process = atoi(argv[2]),
                          .call = atol(argv[3]),
                          .number = strcmp(argv[4], "kill") == 0 ? 0 : atoi(argv[4])};
  struct sigaction action = {.sa_handler = on_begin};
  sigaction(SIGUSR1, &action, NULL);
  bool later = wanted.call < 0;
  pid_t first = fork();
  if (first == 0)
    run(argv + 5);
  int status, code = 0;
  process_of(first);
  waitpid(first, &status, 0);
  long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                 PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
  ptrace(PTRACE_SETOPTIONS, first, NULL, options);
  ptrace(PTRACE_SYSCALL, first, NULL, 0);
  for (int fd = 3; fd <= 5; fd++)
    if (fd != wanted.report)
      close(fd); /* the program's */
  for (;;) {
    pid_t pid = waitpid(-1, &status, __WALL);
    if (later && begin) {
      later = false;
      wanted.call = -wanted.call;
      counting = 1;
    }
    if (pid < 0 && errno == EINTR)
      continue;
    if (pid < 0)
      return code;
    if (!WIFSTOPPED(status)) {
      if (pid == first)
        code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
      continue;
    }
    struct process *process = process_of(pid);
    int signal = on_stop(process, status, &wanted);
    ptrace(PTRACE_SYSCALL, pid, NULL, signal);
  }
}
