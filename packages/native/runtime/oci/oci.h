/*
 * berth-runtime as an OCI runtime: runc's command line over container.h. What must outlast a command lies in
 * ROOT/ID/ (0700): config.json as it was at create, state.json, start.sock (the container's door, until it started),
 * and notify/ (the socket for READY=1, sd_notify(3)).
 */
#ifndef OCI_H
#define OCI_H

#include "../container.h"

#define OCI_VERSION "1.2.0"

struct oci_globals {
  const char *root, *log;
  bool log_json, debug;
};
extern struct oci_globals oci;

enum oci_status { OCI_CREATING, OCI_CREATED, OCI_RUNNING, OCI_PAUSED, OCI_STOPPED };

struct oci_container {
  const char *id;
  char *directory;            /* ROOT/ID */
  int lock;                   /* of the directory, held until oci_close */
  json_object *state;         /* state.json, NULL while creating */
  json_object *config;        /* config.json */
  struct container container; /* spec, cgroup; pidfd of a process that lives, or -1 */
};

/* state.c */
int oci_check_id(const char *id);
/* Makes ROOT/ID; an error when there is one. */
int oci_make(struct oci_container *self, const char *id);
/* Opens one that is there; its spec is parsed, its cgroup found. `alone`: waits for and keeps out others that change
 * it, which those that only look must not: a hook may look. */
int oci_open(struct oci_container *self, const char *id, bool alone);
void oci_close(struct oci_container *self);
enum oci_status oci_status(const struct oci_container *self);
const char *oci_status_name(enum oci_status status);
/* The state of the specification as JSON text, to be freed. */
char *oci_state_text(const struct oci_container *self, enum oci_status status, pid_t pid, bool pretty);
/* Without a pid: it is being made, and this is what to take apart should it not be finished. */
int oci_write_state(struct oci_container *self, const char *bundle, const char *rootfs);
/* Ends what is left of it, removes its cgroup and its directory. */
int oci_remove(struct oci_container *self);
char *oci_path(const struct oci_container *self, const char *name);
int oci_write_file(const char *path, const char *text, size_t length);
json_object *oci_read_json(const char *path, const char *step);

/* console.c */
int console_send(const char *socket_path, int terminal);
/* A descriptor with a text to a listening stream socket. */
int oci_send_descriptor(const char *step, const char *socket_path, const char *text, int fd);
/* Waits for the process, passes signals on to it and, with a terminal (else -1), bytes and sizes; ours is raw
 * meanwhile.
 * @return its exit code, 128+n for signal n; -1 when it cannot be waited for */
int console_wait(pid_t pid, int pidfd, int terminal);
/* Blocks the signals that console_wait passes on. */
void console_hold_signals(void);

/* seccomp_cache.c */
/* linux.seccomp as a program; compiled ones are kept in ROOT/.seccomp. */
int oci_seccomp(json_object *profile, struct seccomp_program *program);

/* The container whose seccomp listener oci_take_listener sends to its profile's listenerPath. */
void oci_listens(const struct oci_container *self, enum oci_status status);
int oci_take_listener(const struct container *container, int listener, pid_t pid);

/* seal.c: runs this program again from a sealed copy in memory, unless it does already. */
int oci_seal(char **argv);

/* commands: argv[0] is the command's name; the exit code is returned */
int oci_create(int argc, char **argv);
int oci_run(int argc, char **argv);
int oci_start(int argc, char **argv);
int oci_exec(int argc, char **argv);
int oci_state(int argc, char **argv);
int oci_kill(int argc, char **argv);
int oci_delete(int argc, char **argv);
int oci_pause(int argc, char **argv);
int oci_resume(int argc, char **argv);
int oci_update(int argc, char **argv);
int oci_ps(int argc, char **argv);
int oci_list(int argc, char **argv);
int oci_events(int argc, char **argv);
int oci_spec(int argc, char **argv);
int oci_features(int argc, char **argv);

/* The command's one operand, or -1 with a message. */
const char *oci_operand(int argc, char **argv, int at);
/* The failure becomes a warning. */
void oci_warn(void);
/* "15", "TERM" or "SIGTERM"; -1 if it is none. */
int oci_signal(const char *text);

#endif
