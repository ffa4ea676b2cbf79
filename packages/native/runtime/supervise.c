#include "supervise.h"

#include "idle.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LINGER_MS 10000 /* for clients to read the EXIT frame */
#define OOM_LOOK_MS 20
#define IDLE_MS 1000 /* before memory is given back */

struct supervisor self;

struct slot {
  enum {
    SLOT_SIGNALS,
    SLOT_LISTENER,
    SLOT_OOM,
    SLOT_PRESSURE,
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

/* No more clients can be had until something ends, and that wakes us. */
static bool is_refusing;

static void collect(void) {
  struct container *container = &self.container;
  slot_count = 0;
  watch(self.signals, POLLIN, SLOT_SIGNALS, NULL);
  if (!is_refusing)
    watch(self.listener, POLLIN, SLOT_LISTENER, NULL);
  is_refusing = false;
  if (!self.exited)
    watch(self.oom, POLLIN, SLOT_OOM, NULL);
  for (size_t i = 0; !self.exited && i < sizeof self.pressures / sizeof *self.pressures; i++)
    watch(self.pressures[i].fd, POLLPRI, SLOT_PRESSURE, &self.pressures[i]);
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
  int fd = -1;
  while (self.client_count < CLIENTS_MAX &&
         (fd = accept4(self.listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0)
    add_client(fd);
  is_refusing = self.client_count >= CLIENTS_MAX || (fd < 0 && errno != EAGAIN && errno != EINTR);
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
    notice_oom(!self.container.cgroup.v2);
    break;
  case SLOT_PRESSURE: {
    struct pressure *pressure = slot->whose;
    if (events & POLLERR)
      close_fd(&pressure->fd); /* its cgroup is gone */
    else
      notice_pressure(pressure);
    break;
  }
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

/* Of a container that has run for a second: closing a trigger waits for an RCU grace period, which one that is over at
 * once must not pay for at its end. */
static bool is_pressure_due(void) {
  static struct timespec since;
  static bool is_watched;
  struct timespec now;
  if (is_watched || !self.started || self.exited)
    return false;
  clock_gettime(CLOCK_MONOTONIC, &now);
  if (!since.tv_sec)
    since = now;
  if ((now.tv_sec - since.tv_sec) * 1000 + (now.tv_nsec - since.tv_nsec) / 1000000 >= IDLE_MS) {
    is_watched = true;
    watch_pressure();
  }
  return !is_watched;
}

static int loop(void) {
  struct timespec exited_at = {0};
  for (;;) {
    bool refused = is_refusing, is_young = is_pressure_due();
    collect();
    int ready = poll(fds, (nfds_t)slot_count, self.exited ? 200 : self.oom_looks ? OOM_LOOK_MS : IDLE_MS);
    if (ready < 0 && errno != EINTR) /* ENOMEM: a container does not lose its supervisor for it */
      nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    if (ready == 0 && self.oom_looks && !self.exited) {
      self.oom_looks--;
      notice_oom(false);
      continue;
    }
    if (ready == 0 && !self.exited && is_young)
      continue;
    if (ready == 0 && !self.exited && refused)
      continue; /* one more try a second: what was short may be the machine's */
    if (ready == 0 && !self.exited)
      idle_wait(fds, (nfds_t)slot_count); /* what it saw is served: pressure is told once */
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

static __attribute__((noinline)) void tell_created(struct client *first) {
  char text[8192];
  int length = describe(text, sizeof text);
  client_send(first, SUPERVISOR_CREATED, text, (size_t)length);
}

int supervise_main(void) {
  self.listener = self.signals = self.oom = self.seccomp_fd = self.terminal_peer = -1;
  self.container.terminal = self.container.pidfd = self.container.gate = self.container.door = -1;
  for (int i = 0; i < 3; i++)
    self.container.stdio[i] = -1;
  for (size_t i = 0; i < sizeof self.pressures / sizeof *self.pressures; i++)
    self.pressures[i].fd = -1;
  struct client *first = add_client(3);
  int created = launch_create();
  fcntl(3, F_SETFL, O_RDWR | O_NONBLOCK);
  if (created < 0) {
    launch_undo();
    reply_failure(first);
    return 1;
  }
  tell_created(first);
  close(4);
  if (loop() != 0) {
    launch_undo();
    return 1;
  }
  make_durable(self.state_dir, "exit.json");
  return 0;
}
