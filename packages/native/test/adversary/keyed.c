/* keyed PROGRAM ARGUMENT...: runs a program in a session keyring of its own that holds a key, as an operator's does. */
#define _GNU_SOURCE
#include <linux/keyctl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv) {
  if (argc < 2 || syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 ||
      syscall(SYS_add_key, "user", "of-the-host", "secret", 6, KEY_SPEC_SESSION_KEYRING) < 0) {
    perror("keyed");
    return 2;
  }
  execv(argv[1], argv + 1);
  perror("keyed");
  return 2;
}
