/* session PROGRAM ARGUMENT...: runs a program as an operator's shell does, in a session whose terminal this process
 * made, and tells afterwards what has been pushed into the terminal's input meanwhile. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

int main(int argc, char **argv) {
  int terminal, status, waiting = 0;
  char text[4096];
  if (argc < 2)
    return 2;
  pid_t shell = forkpty(&terminal, NULL, NULL, NULL);
  if (shell == 0) {
    pid_t child = fork();
    if (child == 0) {
      execv(argv[1], argv + 1);
      _exit(127);
    }
    while (waitpid(child, &status, 0) != child)
      ;
    struct termios raw; /* so that what waits is counted before a newline too */
    tcgetattr(0, &raw);
    cfmakeraw(&raw);
    tcsetattr(0, TCSANOW, &raw);
    usleep(100000);
    ioctl(0, FIONREAD, &waiting);
    printf("\n%d bytes pushed, status %d\n", waiting, WEXITSTATUS(status));
    return 0;
  }
  for (ssize_t length; (length = read(terminal, text, sizeof text)) > 0;)
    if (write(1, text, (size_t)length) < 0)
      return 2;
  waitpid(shell, &status, 0);
  return 0;
}
