/* berth-runtime: a table of commands. */
#include "supervise.h"

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv) {
  if (argc == 2 && strcmp(argv[1], "supervise") == 0)
    return supervise_main();
  fprintf(stderr, "usage: berth-runtime COMMAND\n");
  return 2;
}
