/* Takes kernel memory of one kind until something stops it: exit code 7 and the reason. 256 MiB without is 0. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { LIMIT = 256 << 20 };
static char chunk[65536];

static void stop(const char *what) {
  printf("%s: %s\n", what, strerror(errno));
  exit(7);
}

static long pipes(void) {
  int ends[2];
  if (pipe2(ends, O_NONBLOCK) < 0)
    stop("pipe");
  fcntl(ends[1], F_SETPIPE_SZ, 1 << 20);
  long total = 0;
  for (ssize_t sent; (sent = write(ends[1], chunk, sizeof chunk)) > 0;)
    total += sent;
  return total;
}

static long sockets(void) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) < 0)
    stop("socketpair");
  long total = 0;
  for (ssize_t sent; (sent = send(ends[1], chunk, sizeof chunk, 0)) > 0;)
    total += sent;
  return total;
}

static long queues(void) {
  static int number;
  char name[32];
  struct mq_attr size = {.mq_maxmsg = 10, .mq_msgsize = 8192};
  snprintf(name, sizeof name, "/q%d", number++);
  mqd_t queue = mq_open(name, O_CREAT | O_RDWR | O_NONBLOCK, 0600, &size);
  if (queue < 0)
    stop("mq_open");
  long total = 0;
  while (mq_send(queue, chunk, 8192, 0) == 0)
    total += 8192;
  return total;
}

static long watches(void) {
  static int notify = -1, number;
  char name[32];
  if (notify < 0)
    notify = inotify_init();
  snprintf(name, sizeof name, "/dev/shm/w%d", number++);
  int fd = open(name, O_CREAT | O_RDWR, 0600);
  if (fd < 0 || close(fd) < 0 || inotify_add_watch(notify, name, IN_MODIFY) < 0)
    stop("inotify_add_watch");
  return 1024;
}

static long terminals(void) {
  int master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK);
  if (master < 0)
    stop("ptmx");
  return 8192;
}

static long keys(void) {
  static int number;
  char name[32];
  snprintf(name, sizeof name, "k%d", number++);
  if (syscall(SYS_add_key, "user", name, chunk, 16384, -2) < 0)
    stop("add_key");
  return 16384;
}

static long files(const char *directory) {
  static int fd = -1;
  char name[64];
  snprintf(name, sizeof name, "%s/bomb", directory);
  if (fd < 0)
    fd = open(name, O_CREAT | O_RDWR, 0600);
  if (fd < 0 || write(fd, chunk, sizeof chunk) < 0)
    stop(directory);
  return sizeof chunk;
}

static long anonymous(void) {
  char *page = mmap(NULL, sizeof chunk, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED)
    stop("mmap");
  memset(page, 1, sizeof chunk);
  return sizeof chunk;
}

int main(int argc, char **argv) {
  const char *kind = argc > 1 ? argv[1] : "";
  memset(chunk, 1, sizeof chunk);
  for (long total = 0; total < LIMIT;)
    total += strcmp(kind, "pipe") == 0      ? pipes()
             : strcmp(kind, "socket") == 0  ? sockets()
             : strcmp(kind, "mq") == 0      ? queues()
             : strcmp(kind, "inotify") == 0 ? watches()
             : strcmp(kind, "pty") == 0     ? terminals()
             : strcmp(kind, "key") == 0     ? keys()
             : strcmp(kind, "memory") == 0  ? anonymous()
             : strncmp(kind, "/", 1) == 0   ? files(kind)
                                            : LIMIT;
  puts("unlimited");
  return 0;
}
