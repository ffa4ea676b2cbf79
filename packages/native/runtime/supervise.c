#include "supervise.h"

#include "../supervisor.h"
#include "cleanup.h"
#include "client.h"
#include "container.h"
#include "idle.h"
#include "kernel.h"
#include "log.h"
#include "report.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

#define LINGER_MS 10000 /* for clients to read the EXIT frame */
#define IDLE_MS 1000    /* before memory is given back */

static struct {
  struct container container;
  struct log log;
  struct client *clients;
  struct session *sessions;
  struct buffer input; /* for the container's standard input */
  bool input_closed, stdin_once, stdin_was_attached;
  int listener, signals, oom;
  uint64_t oom_kills;
  bool started, exited, starting_client_gone;
  int exit_code, exit_signal;
  struct timespec started_at, finished_at;
  char *run_dir, *state_dir, *id;
  json_object *launch;
  int seccomp_fd;
} self;

static uint64_t nanos(const struct timespec *at) {
  return (uint64_t)at->tv_sec * 1000000000ull + (uint64_t)at->tv_nsec;
}

/* ---- small files that must be whole or absent */

static int write_whole(const char *directory, const char *name, const char *text, size_t length) {
  char path[4200], temporary[4200];
  snprintf(path, sizeof path, "%s/%s", directory, name);
  snprintf(temporary, sizeof temporary, "%s/.%s.tmp", directory, name);
  cleanup_fd int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0 || write(fd, text, length) != (ssize_t)length || rename(temporary, path) < 0) {
    report_errno("writing a record", "write", "%s", path);
    unlink(temporary);
    return -1;
  }
  return 0;
}

/* Until here a record survives the end of any process; from here on the end of the machine too. */
static void make_durable(const char *directory, const char *name) {
  char path[4200];
  snprintf(path, sizeof path, "%s/%s", directory, name);
  cleanup_fd int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  cleanup_fd int parent = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd >= 0 && parent >= 0) { /* the container may have been removed meanwhile, and its record with it */
    fdatasync(fd);
    fsync(parent);
  }
}

/* Tried again: it must not outlive us, and nobody else can be told. */
static void remove_socket(void) {
  char path[4200];
  snprintf(path, sizeof path, "%s/control.sock", self.run_dir);
  for (int tries = 0; tries < 3 && unlink(path) < 0 && errno != ENOENT; tries++)
    ;
}

static int exit_text(char *text, size_t size) {
  return snprintf(text, size,
                  "{\"exitCode\":%d,\"signal\":%d,\"oomKilled\":%s,\"startedAtNs\":\"%llu\",\"finishedAtNs\":\"%llu\"}",
                  self.exit_code, self.exit_signal, self.oom_kills ? "true" : "false",
                  (unsigned long long)nanos(&self.started_at), (unsigned long long)nanos(&self.finished_at));
}

static int describe(char *text, size_t size) {
  char cgroups[CGROUP_HIERARCHIES_MAX * 400];
  struct stat identity = {0};
  fstat(self.container.pidfd, &identity);
  cgroup_json(&self.container.cgroup, cgroups, sizeof cgroups);
  return snprintf(text, size,
                  "{\"pid\":%d,\"pidfsInode\":\"%llu\",\"supervisorPid\":%d,\"startedAtNs\":\"%llu\",\"cgroups\":%s}",
                  self.container.pid, (unsigned long long)identity.st_ino, getpid(),
                  (unsigned long long)nanos(&self.started_at), cgroups);
}

/* ---- clients */

static void close_fd(int *fd) {
  if (*fd >= 0)
    close(*fd);
  *fd = -1;
}

static struct client *add_client(int fd) {
  struct client *client = calloc(1, sizeof *client);
  if (!client) {
    close(fd);
    return NULL;
  }
  client->fd = fd;
  client->next = self.clients;
  self.clients = client;
  return client;
}

static void reply(struct client *client, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void reply(struct client *client, const char *format, ...) {
  char text[1024];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  client_send(client, SUPERVISOR_REPLY, text, (size_t)length);
}

static void reply_failure(struct client *client) {
  char text[2048];
  int length = report_json(text, sizeof text);
  client_send(client, SUPERVISOR_ERROR, text, (size_t)length);
}

static void answer(struct client *client, int result) {
  if (result < 0)
    reply_failure(client);
  else
    reply(client, "{}");
}

static void send_exit(struct client *client) {
  char text[256];
  int length = exit_text(text, sizeof text);
  client_send(client, SUPERVISOR_EXIT, text, (size_t)length);
}

static void close_input(void) {
  if (self.container.stdio[0] >= 0)
    close(self.container.stdio[0]);
  self.container.stdio[0] = -1;
  buffer_free(&self.input);
}

static void remove_client(struct client *client) {
  struct client **at = &self.clients;
  while (*at != client)
    at = &(*at)->next;
  *at = client->next;
  if (client->attached_stdin && self.stdin_once && self.container.terminal < 0) {
    self.input_closed = true;
    if (self.input.length == 0)
      close_input();
  }
  if (client->session) {
    client->session->client = NULL;
    client->session->input_closed = true;
    close_fd(&client->session->exec.terminal); /* hangs up: nobody can come back to it */
  }
  close(client->fd);
  buffer_free(&client->in);
  buffer_free(&client->out);
  free(client);
}

static void broadcast(uint8_t type, const void *data, size_t length) {
  for (struct client *client = self.clients; client; client = client->next) {
    bool wanted = type == SUPERVISOR_STDOUT   ? client->attached_stdout
                  : type == SUPERVISOR_STDERR ? client->attached_stderr
                  : type == SUPERVISOR_OOM    ? client->watching
                                              : client->watching || client->attached_stdout || client->attached_stderr;
    if (wanted)
      client_send(client, type, data, length);
  }
}

static void tell_namespaces(const struct container *container) {
  char text[32];
  int length = snprintf(text, sizeof text, "{\"pid\":%d}", container->pid);
  client_send(self.clients, SUPERVISOR_NAMESPACES, text, (size_t)length);
}

/* ---- requests */

static json_object *parse(const char *data, size_t length) {
  json_tokener *tokener = json_tokener_new_ex(32);
  json_object *object = length ? json_tokener_parse_ex(tokener, data, (int)length) : json_object_new_object();
  json_tokener_free(tokener);
  if (object && !json_object_is_type(object, json_type_object)) {
    json_object_put(object);
    object = NULL;
  }
  if (!object)
    report_invalid("reading a request", "its payload is not a JSON object");
  return object;
}

static bool flag(json_object *object, const char *key) {
  return json_object_get_boolean(cgroup_member(object, key));
}

static int number_of(json_object *object, const char *key) {
  return json_object_get_int(cgroup_member(object, key));
}

static void remember_running(void) {
  char text[8192];
  int length = describe(text, sizeof text);
  if (write_whole(self.run_dir, "pid.json", text, (size_t)length) < 0)
    fprintf(stderr, "%s: %s\n", failure.step, failure.detail);
}

/* Only what exec needs of the spec stays in memory. */
static void forget_spec(void) {
  struct spec *spec = &self.container.spec, kept = {0};
  kept.clone_flags = spec->clone_flags;
  kept.uid_maps = spec->uid_maps;
  kept.gid_maps = spec->gid_maps;
  for (int i = 0; i < 8; i++)
    kept.namespace_paths[i] = spec->namespace_paths[i] ? "" : NULL; /* joined: only that it is one matters now */
  memset(&spec->uid_maps, 0, sizeof spec->uid_maps);
  memset(&spec->gid_maps, 0, sizeof spec->gid_maps);
  spec_free(spec);
  *spec = kept;
  if (self.container.seccomp.filters)
    munmap(self.container.seccomp.filters, self.container.seccomp.count * (size_t)8);
  self.container.seccomp.filters = NULL;
  free(self.container.overlay.lower.items);
  memset(&self.container.overlay, 0, sizeof self.container.overlay);
  json_object_put(self.launch);
  self.launch = NULL;
}

static void start(struct client *client) {
  if (self.started || self.exited) {
    report_invalid("starting", "the container was started before");
    reply_failure(client);
    return;
  }
  clock_gettime(CLOCK_REALTIME, &self.started_at);
  self.started = true;
  remember_running();
  answer(client, container_start(&self.container)); /* a failure is an exit too: SIGCHLD tells */
  forget_spec();
}

static int map_seccomp(void) {
  struct stat at;
  struct seccomp_program *program = &self.container.seccomp;
  if (self.seccomp_fd < 0)
    return 0;
  if (fstat(self.seccomp_fd, &at) < 0 || at.st_size % 8 || at.st_size / 8 > UINT16_MAX || at.st_size == 0)
    return report_invalid("loading the seccomp filter", "its descriptor holds no program");
  program->filters = mmap(NULL, (size_t)at.st_size, PROT_READ, MAP_PRIVATE, self.seccomp_fd, 0);
  program->count = (unsigned short)(at.st_size / 8);
  if (program->filters == MAP_FAILED) {
    program->filters = NULL;
    return report_errno("loading the seccomp filter", "mmap", "%s", "");
  }
  return 0;
}

static int exec_request(struct client *client, json_object *request) {
  json_object *process = cgroup_member(request, "process");
  if (!self.started || self.exited)
    return report_invalid("executing", "the container is not running");
  if (client->session)
    return report_invalid("executing", "this connection has an exec already");
  if (cgroup_frozen(&self.container.cgroup))
    return report_invalid("executing", "the container is paused");
  struct session *session = calloc(1, sizeof *session);
  if (!session)
    return report_errno("executing", "calloc", "%s", "");
  if (map_seccomp() < 0 || spec_parse_process(process, &session->exec.process) < 0 ||
      container_exec(&self.container, &session->exec, NULL, flag(request, "stdin")) < 0) {
    spec_free_process(&session->exec.process);
    free(session);
    return -1;
  }
  spec_free_process(&session->exec.process);
  session->client = client;
  session->next = self.sessions;
  self.sessions = session;
  client->session = session;
  reply(client, "{\"pid\":%d}", session->exec.pid);
  return 0;
}

static void exec_start(struct client *client, json_object *request) {
  if (exec_request(client, request) < 0)
    reply_failure(client);
  if (self.container.seccomp.filters)
    munmap(self.container.seccomp.filters, self.container.seccomp.count * (size_t)8);
  self.container.seccomp.filters = NULL;
}

static void signal_request(struct client *client, json_object *request) {
  int signal = number_of(request, "signal"), result = 0;
  if (self.exited)
    result = report_invalid("signalling", "the container has ended");
  else if (flag(request, "all"))
    result = cgroup_signal(&self.container.cgroup, signal) < 0 ? -1 : 0;
  else if (client->session && !client->session->exited)
    result = (int)syscall(SYS_pidfd_send_signal, client->session->exec.pidfd, signal, NULL, 0);
  else
    result = (int)syscall(SYS_pidfd_send_signal, self.container.pidfd, signal, NULL, 0);
  if (result < 0 && !self.exited && !flag(request, "all"))
    report_errno("signalling", "pidfd_send_signal", "%d", signal);
  answer(client, result);
}

static void resize(struct client *client, json_object *request) {
  int terminal = client->session ? client->session->exec.terminal : self.container.terminal;
  if (terminal < 0) {
    report_invalid("resizing the terminal", "there is no terminal");
    reply_failure(client);
    return;
  }
  answer(client,
         terminal_resize(terminal, (unsigned)number_of(request, "width"), (unsigned)number_of(request, "height")));
}

static void status(struct client *client) {
  const char *text = self.exited                             ? "stopped"
                     : !self.started                         ? "created"
                     : cgroup_frozen(&self.container.cgroup) ? "paused"
                                                             : "running";
  reply(client, "{\"status\":\"%s\",\"pid\":%d}", text, self.container.pid);
}

static void processes(struct client *client) {
  enum { PIDS_MAX = 32768 };
  cleanup_free pid_t *pids = malloc(sizeof(pid_t) * PIDS_MAX);
  cleanup_free char *text = malloc(PIDS_MAX * 12 + 16);
  if (!pids || !text) {
    report_errno("listing processes", "malloc", "%s", "");
    reply_failure(client);
    return;
  }
  int count = self.exited ? 0 : cgroup_pids(&self.container.cgroup, pids, PIDS_MAX),
      used = sprintf(text, "{\"pids\":[");
  if (count < 0) {
    reply_failure(client);
    return;
  }
  for (int i = 0; i < count; i++)
    used += sprintf(text + used, "%s%d", i ? "," : "", pids[i]);
  used += sprintf(text + used, "]}");
  client_send(client, SUPERVISOR_REPLY, text, (size_t)used);
}

static void attach(struct client *client, json_object *request) {
  client->attached_stdin = flag(request, "stdin");
  client->attached_stdout = flag(request, "stdout");
  client->attached_stderr = flag(request, "stderr");
  reply(client, "{}");
  if (self.exited)
    send_exit(client);
}

static void handle(struct client *client, uint8_t type, const char *data, size_t length) {
  if (type == SUPERVISOR_STDIN) {
    if (client->session && !client->session->input_closed)
      buffer_append(&client->session->input, data, length);
    else if (!client->session && client->attached_stdin && !self.input_closed)
      buffer_append(&self.input, data, length);
    return;
  }
  if (type == SUPERVISOR_STDIN_CLOSE) {
    if (client->session)
      client->session->input_closed = true;
    else if (client->attached_stdin && self.container.terminal < 0)
      self.input_closed = true;
    return;
  }
  json_object *request = parse(data, length);
  if (!request) {
    reply_failure(client);
    return;
  }
  switch (type) {
  case SUPERVISOR_START:
    start(client);
    break;
  case SUPERVISOR_ATTACH:
    attach(client, request);
    break;
  case SUPERVISOR_RESIZE:
    resize(client, request);
    break;
  case SUPERVISOR_SIGNAL:
    signal_request(client, request);
    break;
  case SUPERVISOR_EXEC:
    exec_start(client, request);
    break;
  case SUPERVISOR_PAUSE:
  case SUPERVISOR_RESUME:
    answer(client, self.exited ? report_invalid("freezing", "the container has ended")
                               : cgroup_freeze(&self.container.cgroup, type == SUPERVISOR_PAUSE));
    break;
  case SUPERVISOR_UPDATE:
    answer(client, self.exited ? report_invalid("updating", "the container has ended")
                               : cgroup_update(&self.container.cgroup, cgroup_member(request, "resources")));
    break;
  case SUPERVISOR_STATUS:
    status(client);
    break;
  case SUPERVISOR_WATCH:
    client->watching = true;
    reply(client, "{}");
    if (self.exited)
      send_exit(client);
    break;
  case SUPERVISOR_PROCESSES:
    processes(client);
    break;
  default:
    report_invalid("reading a request", "unknown type %u", type);
    reply_failure(client);
  }
  json_object_put(request);
}

/* Big frames are not the loop's own, which is always there. */
__attribute__((noinline)) static void read_client(struct client *client) {
  char chunk[SUPERVISOR_OUTPUT_BYTES_MAX];
  ssize_t length = recv(client->fd, chunk, sizeof chunk, MSG_DONTWAIT);
  if (length < 0 && (errno == EAGAIN || errno == EINTR))
    return;
  if (length <= 0 || buffer_append(&client->in, chunk, (size_t)length) < 0) {
    client->gone = true;
    return;
  }
  while (!client->gone && client->in.length >= sizeof(struct supervisor_frame)) {
    struct supervisor_frame frame;
    memcpy(&frame, buffer_data(&client->in), sizeof frame);
    size_t size = ntohl(frame.length);
    if (size > SUPERVISOR_REQUEST_BYTES_MAX) {
      client->gone = true;
      return;
    }
    if (client->in.length < sizeof frame + size)
      return;
    handle(client, frame.type, buffer_data(&client->in) + sizeof frame, size);
    buffer_consume(&client->in, sizeof frame + size);
  }
}

/* ---- output and input of the programs */

/* @return false at its end */
static bool pass_output(int fd, uint8_t type, struct session *session) {
  static char chunk[SUPERVISOR_OUTPUT_BYTES_MAX];
  ssize_t length = read(fd, chunk, sizeof chunk);
  if (length < 0 && (errno == EAGAIN || errno == EINTR))
    return true;
  if (length <= 0)
    return false; /* a terminal whose last peer closed says EIO */
  if (session) {
    if (session->client)
      client_send(session->client, type, chunk, (size_t)length);
  } else {
    log_write(&self.log, type == SUPERVISOR_STDERR, chunk, (size_t)length);
    broadcast(type, chunk, (size_t)length);
  }
  return true;
}

static void drain(int *fd, uint8_t type, struct session *session) {
  struct pollfd ready = {.fd = *fd, .events = POLLIN};
  while (*fd >= 0 && poll(&ready, 1, 0) == 1 && (ready.revents & (POLLIN | POLLHUP)))
    if (!pass_output(*fd, type, session))
      break;
}

static void feed(struct buffer *input, int fd) {
  while (input->length) {
    ssize_t written = write(fd, buffer_data(input), input->length);
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0 && errno == EAGAIN)
      return;
    if (written < 0) {
      buffer_free(input); /* nobody reads any more */
      return;
    }
    buffer_consume(input, (size_t)written);
  }
}

/* ---- ends */

static void end_session(struct session *session) {
  char text[96];
  drain(&session->exec.stdio[1], SUPERVISOR_STDOUT, session);
  drain(&session->exec.stdio[2], SUPERVISOR_STDERR, session);
  drain(&session->exec.terminal, SUPERVISOR_STDOUT, session);
  if (session->client) {
    int length = snprintf(text, sizeof text, "{\"exitCode\":%d,\"signal\":%d}", session->exit_code, session->signal);
    client_send(session->client, SUPERVISOR_EXIT, text, (size_t)length);
    session->client->session = NULL;
  }
  for (int i = 0; i < 3; i++)
    close_fd(&session->exec.stdio[i]);
  close_fd(&session->exec.terminal);
  close_fd(&session->exec.pidfd);
  buffer_free(&session->input);
  struct session **at = &self.sessions;
  while (*at != session)
    at = &(*at)->next;
  *at = session->next;
  free(session);
}

static void notice_oom(void) {
  char text[48], drained[4096];
  while (self.oom >= 0 && read(self.oom, drained, sizeof drained) > 0)
    ;
  uint64_t kills = cgroup_oom_kills(&self.container.cgroup);
  if (kills <= self.oom_kills)
    return;
  self.oom_kills = kills;
  int length = snprintf(text, sizeof text, "{\"count\":%llu}", (unsigned long long)kills);
  broadcast(SUPERVISOR_OOM, text, (size_t)length);
}

static void end_container(int code, int signal) {
  char text[256];
  clock_gettime(CLOCK_REALTIME, &self.finished_at);
  self.exit_code = signal ? 128 + signal : code;
  self.exit_signal = signal;
  drain(&self.container.stdio[1], SUPERVISOR_STDOUT, NULL);
  drain(&self.container.stdio[2], SUPERVISOR_STDERR, NULL);
  drain(&self.container.terminal, SUPERVISOR_STDOUT, NULL);
  log_finish(&self.log);
  notice_oom();
  self.exited = true;
  int length = exit_text(text, sizeof text);
  if (write_whole(self.state_dir, "exit.json", text, (size_t)length) < 0)
    fprintf(stderr, "%s: %s\n", failure.step, failure.detail);
  broadcast(SUPERVISOR_EXIT, text, (size_t)length);
  /* With a pid namespace of its own all its processes are dead or dying; with a shared one they are not. */
  if (cgroup_kill(&self.container.cgroup) < 0 || cgroup_remove(&self.container.cgroup) < 0)
    fprintf(stderr, "%s: %s\n", failure.step, failure.detail);
  while (self.sessions) {
    self.sessions->exit_code = 137;
    self.sessions->signal = SIGKILL;
    end_session(self.sessions);
  }
  remove_socket();
}

static void reap(void) {
  int status, code = 0, signal = 0;
  bool ended = false;
  int tries = 0;
  for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG | __WALL)) != 0;) {
    if (pid < 0) {
      if (errno == ECHILD || ++tries > 3) /* its signal does not come again: an end must not be missed */
        break;
      continue;
    }
    int its_code = WIFEXITED(status) ? WEXITSTATUS(status) : 0, its_signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    if (pid == self.container.pid) {
      ended = true;
      code = its_code;
      signal = its_signal;
    }
    for (struct session *session = self.sessions, *next; session; session = next) {
      next = session->next;
      if (session->exec.pid == pid) {
        session->exit_code = its_signal ? 128 + its_signal : its_code;
        session->signal = its_signal;
        session->exited = true;
        end_session(session);
      }
    }
  }
  if (ended)
    end_container(code, signal);
  else if (self.oom >= 0)
    notice_oom();
}

/* ---- the loop */

static int listen_at(const char *run_dir) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  char path[64];
  /* The directory may be too deep for sun_path: its descriptor's name in /proc is not. */
  cleanup_fd int directory = open(run_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
  cleanup_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (directory < 0 || fd < 0)
    return report_errno("listening", "open", "%s", run_dir);
  unlinkat(directory, "control.sock", 0);
  snprintf(path, sizeof path, "/proc/self/fd/%d/control.sock", directory);
  memcpy(address.sun_path, path, strlen(path) + 1);
  mode_t mask = umask(0177);
  int bound = bind(fd, (struct sockaddr *)&address, sizeof address);
  umask(mask);
  if (bound < 0 || listen(fd, 64) < 0)
    return report_errno("listening", "bind", "%s/control.sock", run_dir);
  return steal_fd(&fd);
}

struct slot {
  enum {
    SLOT_SIGNALS,
    SLOT_LISTENER,
    SLOT_OOM,
    SLOT_OUT,
    SLOT_ERR,
    SLOT_IN,
    SLOT_TERMINAL,
    SLOT_CLIENT,
    SLOT_EXEC_OUT,
    SLOT_EXEC_ERR,
    SLOT_EXEC_IN,
    SLOT_EXEC_TERMINAL
  } kind;
  void *whose;
};

static struct pollfd *fds;
static struct slot *slots;
static int slot_count, slot_capacity;

static void watch(int fd, short events, int kind, void *whose) {
  if (fd < 0)
    return;
  if (slot_count == slot_capacity) {
    slot_capacity = slot_capacity ? slot_capacity * 2 : 16;
    fds = realloc(fds, sizeof *fds * (size_t)slot_capacity);
    slots = realloc(slots, sizeof *slots * (size_t)slot_capacity);
    if (!fds || !slots)
      abort();
  }
  fds[slot_count] = (struct pollfd){.fd = fd, .events = events};
  slots[slot_count++] = (struct slot){.kind = (__typeof__(slots->kind))kind, .whose = whose};
}

static bool is_full(const struct client *client) {
  return client && client->out.length > CLIENT_INPUT_BYTES_MAX;
}

static void collect(void) {
  struct container *container = &self.container;
  slot_count = 0;
  watch(self.signals, POLLIN, SLOT_SIGNALS, NULL);
  watch(self.listener, POLLIN, SLOT_LISTENER, NULL);
  if (!self.exited)
    watch(self.oom, POLLIN, SLOT_OOM, NULL);
  watch(container->stdio[1], POLLIN, SLOT_OUT, NULL);
  watch(container->stdio[2], POLLIN, SLOT_ERR, NULL);
  watch(container->terminal, (short)(POLLIN | (self.input.length ? POLLOUT : 0)), SLOT_TERMINAL, NULL);
  if (self.input.length)
    watch(container->stdio[0], POLLOUT, SLOT_IN, NULL);
  for (struct session *session = self.sessions; session; session = session->next) {
    short readable = is_full(session->client) ? 0 : POLLIN;
    if (readable) {
      watch(session->exec.stdio[1], readable, SLOT_EXEC_OUT, session);
      watch(session->exec.stdio[2], readable, SLOT_EXEC_ERR, session);
    }
    watch(session->exec.terminal, (short)(readable | (session->input.length ? POLLOUT : 0)), SLOT_EXEC_TERMINAL,
          session);
    if (session->input.length)
      watch(session->exec.stdio[0], POLLOUT, SLOT_EXEC_IN, session);
  }
  for (struct client *client = self.clients; client; client = client->next) {
    const struct buffer *input = client->session ? &client->session->input : &self.input;
    short wanted = input->length > CLIENT_INPUT_BYTES_MAX ? 0 : POLLIN;
    watch(client->fd, (short)(wanted | (client->out.length ? POLLOUT : 0)), SLOT_CLIENT, client);
  }
}

static void accept_clients(void) {
  for (int fd; (fd = accept4(self.listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0;)
    add_client(fd);
}

static void serve(const struct pollfd *ready, const struct slot *slot) {
  struct container *container = &self.container;
  struct session *session = slot->whose;
  struct signalfd_siginfo ignored;
  short events = ready->revents;
  bool readable = events & (POLLIN | POLLHUP | POLLERR);
  switch (slot->kind) {
  case SLOT_SIGNALS:
    while (read(self.signals, &ignored, sizeof ignored) == sizeof ignored)
      ;
    break; /* reaped at the end of the round: output first */
  case SLOT_LISTENER:
    accept_clients();
    break;
  case SLOT_OOM:
    notice_oom();
    break;
  case SLOT_OUT:
    if (readable && !pass_output(container->stdio[1], SUPERVISOR_STDOUT, NULL))
      close_fd(&container->stdio[1]);
    break;
  case SLOT_ERR:
    if (readable && !pass_output(container->stdio[2], SUPERVISOR_STDERR, NULL))
      close_fd(&container->stdio[2]);
    break;
  case SLOT_TERMINAL:
    if (events & POLLOUT)
      feed(&self.input, container->terminal);
    if (readable && !pass_output(container->terminal, SUPERVISOR_STDOUT, NULL) && self.started)
      close_fd(&container->terminal);
    break;
  case SLOT_IN:
    feed(&self.input, container->stdio[0]);
    break;
  case SLOT_EXEC_OUT:
    if (readable && !pass_output(session->exec.stdio[1], SUPERVISOR_STDOUT, session))
      close_fd(&session->exec.stdio[1]);
    break;
  case SLOT_EXEC_ERR:
    if (readable && !pass_output(session->exec.stdio[2], SUPERVISOR_STDERR, session))
      close_fd(&session->exec.stdio[2]);
    break;
  case SLOT_EXEC_IN:
    feed(&session->input, session->exec.stdio[0]);
    break;
  case SLOT_EXEC_TERMINAL:
    if (events & POLLOUT)
      feed(&session->input, session->exec.terminal);
    if (readable && !pass_output(session->exec.terminal, SUPERVISOR_STDOUT, session))
      close_fd(&session->exec.terminal);
    break;
  case SLOT_CLIENT:
    if (events & POLLOUT)
      client_flush(slot->whose);
    if (events & (POLLIN | POLLHUP | POLLERR))
      read_client(slot->whose);
    break;
  }
}

static void close_ended_inputs(void) {
  if (self.input_closed && self.input.length == 0 && self.container.stdio[0] >= 0)
    close_input();
  for (struct session *session = self.sessions; session; session = session->next)
    if (session->input_closed && session->input.length == 0)
      close_fd(&session->exec.stdio[0]);
}

static void remove_gone_clients(void) {
  for (struct client *client = self.clients, *next; client; client = next) {
    next = client->next;
    if (client->gone)
      remove_client(client);
  }
}

static bool is_done(const struct timespec *exited_at) {
  struct timespec now;
  if (!self.exited)
    return false;
  for (struct client *client = self.clients; client; client = client->next)
    client->gone = client->gone || !client->out.length;
  remove_gone_clients();
  clock_gettime(CLOCK_MONOTONIC, &now);
  return !self.clients || (now.tv_sec - exited_at->tv_sec) * 1000 > LINGER_MS;
}

static int loop(void) {
  struct timespec exited_at = {0};
  for (;;) {
    collect();
    int ready = poll(fds, (nfds_t)slot_count, self.exited ? 200 : IDLE_MS);
    if (ready < 0 && errno != EINTR) /* ENOMEM: a container does not lose its supervisor for it */
      nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    if (ready == 0 && !self.exited) {
      idle_wait(fds, (nfds_t)slot_count);
      continue;
    }
    int count = slot_count;
    bool child_ended = false;
    for (int i = 0; i < count; i++) {
      if (!fds[i].revents)
        continue;
      child_ended = child_ended || slots[i].kind == SLOT_SIGNALS;
      serve(&fds[i], &slots[i]);
    }
    feed(&self.input, self.container.terminal >= 0 ? self.container.terminal : self.container.stdio[0]);
    for (struct session *session = self.sessions; session; session = session->next)
      feed(&session->input, session->exec.terminal >= 0 ? session->exec.terminal : session->exec.stdio[0]);
    close_ended_inputs();
    remove_gone_clients();
    if (!self.started && !self.exited && !self.clients)
      return 1; /* the agent went before it said start */
    if (child_ended && !self.exited) {
      reap();
      if (self.exited)
        clock_gettime(CLOCK_MONOTONIC, &exited_at);
    }
    if (is_done(&exited_at))
      return 0;
  }
}

/* ---- beginning */

static char *read_all(int fd) {
  struct stat at;
  if (fstat(fd, &at) < 0 || at.st_size <= 0 || at.st_size > (64 << 20))
    return NULL;
  char *text = malloc((size_t)at.st_size + 1);
  ssize_t length = text ? pread(fd, text, (size_t)at.st_size, 0) : -1;
  if (length != at.st_size) {
    free(text);
    return NULL;
  }
  text[length] = 0;
  return text;
}

static char *copy_string(json_object *object, const char *key) {
  json_object *value = cgroup_member(object, key);
  return json_object_is_type(value, json_type_string) ? strdup(json_object_get_string(value)) : NULL;
}

static int read_overlay(json_object *launch, struct overlay *overlay) {
  json_object *rootfs = cgroup_member(launch, "rootfs"), *lower = cgroup_member(rootfs, "lower");
  if (!json_object_is_type(rootfs, json_type_object))
    return 0;
  overlay->lower.count = (int)json_object_array_length(lower);
  overlay->lower.items = calloc((size_t)overlay->lower.count + 1, sizeof(char *));
  if (!overlay->lower.items)
    return report_errno("reading the launch document", "calloc", "%s", "");
  for (int i = 0; i < overlay->lower.count; i++)
    overlay->lower.items[i] = json_object_get_string(json_object_array_get_idx(lower, (size_t)i));
  overlay->upper = json_object_get_string(cgroup_member(rootfs, "upper"));
  overlay->work = json_object_get_string(cgroup_member(rootfs, "work"));
  self.container.has_overlay = true;
  return 0;
}

static int read_launch(void) {
  static const char *const step = "reading the launch document";
  cleanup_free char *text = read_all(4);
  if (!text)
    return report_errno(step, "read", "descriptor 4");
  json_object *launch = json_tokener_parse(text);
  if (!launch || json_object_get_int(cgroup_member(launch, "version")) != SUPERVISOR_LAUNCH_VERSION)
    return report_invalid(step, "descriptor 4 holds none of version %d", SUPERVISOR_LAUNCH_VERSION);
  self.id = copy_string(launch, "id");
  self.run_dir = copy_string(launch, "runDir");
  self.state_dir = copy_string(launch, "stateDir");
  json_object *log = cgroup_member(launch, "log"), *input = cgroup_member(launch, "stdin");
  if (!self.id || !self.run_dir || !self.state_dir)
    return report_invalid(step, "id, runDir and stateDir are needed");
  self.stdin_once = flag(input, "once");
  self.container.wants_stdin = flag(input, "open");
  self.seccomp_fd = json_object_get_int(cgroup_member(launch, "seccompFd")) == 5 ? 5 : -1;
  if (json_object_is_type(log, json_type_object) &&
      log_open(&self.log, json_object_get_string(cgroup_member(log, "path")),
               json_object_get_uint64(cgroup_member(log, "maxSizeBytes")), number_of(log, "maxFiles")) < 0)
    return -1;
  self.container.anchor = self.run_dir;
  self.container.has_namespaces = tell_namespaces;
  if (read_overlay(launch, &self.container.overlay) < 0)
    return -1;
  self.launch = launch; /* the overlay's paths are its strings */
  if (spec_parse(json_object_get(cgroup_member(launch, "spec")), &self.container.spec) < 0)
    return -1;
  self.container.overlay.label = self.container.spec.mount_label;
  return 0;
}

static int prepare(void) {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, NULL);
  for (int i = 1; i < 65; i++) /* Node ignores SIGPIPE and SIGXFSZ, and what is ignored survives exec */
    signal(i, SIG_DFL);
  umask(0);
  prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  prctl(PR_SET_NAME, "berth-super", 0, 0, 0);
  for (int fd = 3; fd <= 5; fd++)
    fcntl(fd, F_SETFD, FD_CLOEXEC);
  sigemptyset(&all);
  sigaddset(&all, SIGCHLD);
  self.signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
  return self.signals < 0 ? report_errno("starting", "signalfd", "%s", "") : 0;
}

static int create(void) {
  struct container *container = &self.container;
  if (prepare() < 0 || read_launch() < 0 || map_seccomp() < 0)
    return -1;
  self.listener = listen_at(self.run_dir);
  if (self.listener < 0)
    return -1;
  if (container->spec.cgroups_path && cgroup_open(&container->cgroup, container->spec.cgroups_path) < 0)
    return -1;
  if (container->cgroup.count && cgroup_create(&container->cgroup, container->spec.resources) < 0)
    return -1;
  if (container_create(container, NULL) < 0)
    return -1;
  for (int i = 0; i < 3; i++)
    if (container->stdio[i] >= 0)
      fcntl(container->stdio[i], F_SETFL, O_NONBLOCK | (i == 0 ? O_WRONLY : O_RDONLY));
  if (container->terminal >= 0)
    fcntl(container->terminal, F_SETFL, O_RDWR | O_NONBLOCK);
  self.oom = cgroup_oom_fd(&container->cgroup);
  return 0;
}

static void undo(void) {
  struct failure kept = failure;
  if (self.container.pid > 0) {
    kill(self.container.pid, SIGKILL);
    waitpid(self.container.pid, NULL, __WALL);
  }
  if (self.container.cgroup.count) {
    cgroup_kill(&self.container.cgroup);
    cgroup_remove(&self.container.cgroup);
  }
  if (self.run_dir)
    remove_socket();
  failure = kept;
}

static __attribute__((noinline)) void tell_created(struct client *first) {
  char text[8192];
  int length = describe(text, sizeof text);
  client_send(first, SUPERVISOR_CREATED, text, (size_t)length);
}

int supervise_main(void) {
  self.listener = self.signals = self.oom = self.seccomp_fd = -1;
  self.container.terminal = self.container.pidfd = self.container.gate = self.container.door = -1;
  for (int i = 0; i < 3; i++)
    self.container.stdio[i] = -1;
  struct client *first = add_client(3);
  int created = create();
  fcntl(3, F_SETFL, O_RDWR | O_NONBLOCK);
  if (created < 0) {
    undo();
    reply_failure(first);
    return 1;
  }
  tell_created(first);
  close(4);
  if (loop() != 0) {
    undo();
    return 1;
  }
  make_durable(self.state_dir, "exit.json");
  return 0;
}
