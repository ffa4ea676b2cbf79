/* call ABI NUMBER ARGUMENT... [-- NUMBER ARGUMENT...]: makes system calls by their numbers and prints what each
 * answers: the errno's name, or the value. ABI: 64, x32, or 32 (int 0x80). An argument is a number, $ for the last
 * answer, @TEXT for the text's address, +BYTES for so many zeros, :HEX for those bytes. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char arena[1 << 20], *next = arena; /* a static program's: below 4 GiB, where int 0x80 finds it */
static long last;

static long make(const char *abi, const long *call) {
#ifdef __x86_64__
  if (strcmp(abi, "32") == 0) {
    long answer;
    __asm__ volatile("push %%rbp; mov %7, %%rbp; int $0x80; pop %%rbp"
                     : "=a"(answer)
                     : "a"(call[0]), "b"(call[1]), "c"(call[2]), "d"(call[3]), "S"(call[4]), "D"(call[5]), "r"(call[6])
                     : "memory", "r8", "r9", "r10", "r11");
    return (int)answer < 0 && (int)answer > -4096 ? (errno = -(int)answer, -1) : (int)answer;
  }
#endif
  long number = call[0] | (strcmp(abi, "x32") == 0 ? 0x40000000 : 0);
  return syscall(number, call[1], call[2], call[3], call[4], call[5], call[6]);
}

static long parse(const char *text) {
  char *here = next;
  if (*text == '$')
    return last;
  if (*text == '@')
    strcpy(here, text + 1);
  else if (*text == ':')
    for (const char *at = text + 1; *at && at[1]; at += 2)
      sscanf(at, "%2hhx", (unsigned char *)here + (at - text) / 2);
  else if (*text != '+')
    return strtol(text, NULL, 0);
  next += ((*text == '+' ? (unsigned long)atol(text + 1) : strlen(text)) + 16) & ~15ul;
  return (long)here;
}

int main(int argc, char **argv) {
  for (int i = 2; i < argc; i++) {
    long call[7] = {0};
    for (int count = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
      if (count < 7)
        call[count++] = parse(argv[i]);
    last = make(argv[1], call);
    if (last < 0)
      puts(strerrorname_np(errno));
    else
      printf("%ld\n", last);
    fflush(stdout);
  }
  return 0;
}
