/*
 * `supervise`: the long-lived parent of one container. ../supervisor.h says how it is started and spoken to.
 *   supervise.c  the loop        launch.c    from the launch document to the start gate
 *   requests.c   what is asked   connections.c  who asks
 *   sessions.c   output, input and ends of the programs      records.c  what is told about them, in files and frames
 */
#ifndef SUPERVISE_H
#define SUPERVISE_H

#include "../supervisor.h"
#include "client.h"
#include "container.h"
#include "log.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

int supervise_main(void);

struct supervisor {
  struct container container;
  struct log log;
  struct client *clients;
  int client_count;
  struct session *sessions;
  struct buffer input; /* for the container's standard input */
  bool input_closed, stdin_once;
  int listener, signals, oom;
  int terminal_peer; /* held: a program that closes its terminal can open it again */
  uint64_t oom_kills;
  int oom_looks; /* how often to look yet for a kill that was announced */
  struct pressure {
    const char *resource, *kind;
    int stall_us, fd;
  } pressures[4];
  bool started, exited;
  int exit_code, exit_signal;
  struct timespec started_at, finished_at;
  char *run_dir, *state_dir, *id;
  json_object *launch;
  int seccomp_fd;
};
extern struct supervisor self;

/* launch.c */
int launch_create(void);
/* What a container that never started leaves: its process, its cgroup, our socket. */
void launch_undo(void);
int map_seccomp(void);

/* connections.c */
struct client *add_client(int fd);
void remove_client(struct client *client);
void reply(struct client *client, const char *format, ...) __attribute__((format(printf, 2, 3)));
void reply_failure(struct client *client);
void answer(struct client *client, int result);
void send_oom(struct client *client);
void send_exit(struct client *client);
void broadcast(uint8_t type, const void *data, size_t length);

/* requests.c */
void read_client(struct client *client);

/* sessions.c */
/* @return false at its end */
bool pass_output(int fd, uint8_t type, struct session *session);
void feed(struct buffer *input, int fd);
void close_input(void);
/* v1 announces a kill before it is done and counted: then it is looked for some more times. */
void notice_oom(bool announced);
void notice_pressure(struct pressure *pressure);
void watch_pressure(void);
void reap(void);

/* records.c */
int exit_text(char *text, size_t size);
int describe(char *text, size_t size);
/* A small file that is whole or absent. */
int write_whole(const char *directory, const char *name, const char *text, size_t length);
/* Until here a record survives the end of any process; from here on the end of the machine too. */
void make_durable(const char *directory, const char *name);
void remove_socket(void);

static inline void close_fd(int *fd) {
  if (*fd >= 0)
    close(*fd);
  *fd = -1;
}
static inline bool flag(json_object *object, const char *key) {
  return json_object_get_boolean(cgroup_member(object, key));
}
static inline int number_of(json_object *object, const char *key) {
  return json_object_get_int(cgroup_member(object, key));
}

#endif
