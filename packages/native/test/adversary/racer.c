/* Exchanges two names for ever (renameat2(2), RENAME_EXCHANGE): whoever resolves one twice meets both. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv) {
  if (argc != 3 || renameat2(AT_FDCWD, argv[1], AT_FDCWD, argv[2], RENAME_EXCHANGE) < 0) {
    perror("racer");
    return 1;
  }
  puts("racing");
  fflush(stdout);
  while (getppid() != 1)
    renameat2(AT_FDCWD, argv[1], AT_FDCWD, argv[2], RENAME_EXCHANGE);
  return 0;
}
