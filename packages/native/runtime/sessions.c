/* Output and input of the programs, the container's own and those of execs, and how they end. */
#include "kernel.h"
#include "report.h"
#include "supervise.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define OOM_LOOKS_MAX 50
#define PRESSURE_SECONDS 10

bool pass_output(int fd, uint8_t type, struct session *session) {
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

void feed(struct buffer *input, int fd) {
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

void close_input(void) {
  if (self.container.stdio[0] >= 0)
    close(self.container.stdio[0]);
  self.container.stdio[0] = -1;
  buffer_free(&self.input);
}

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

void notice_oom(bool announced) {
  char text[48], drained[4096];
  while (self.oom >= 0 && read(self.oom, drained, sizeof drained) > 0)
    ;
  uint64_t kills = cgroup_oom_kills(&self.container.cgroup);
  if (announced)
    self.oom_looks = OOM_LOOKS_MAX;
  if (kills <= self.oom_kills)
    return;
  self.oom_kills = kills;
  self.oom_looks = 0;
  int length = snprintf(text, sizeof text, "{\"count\":%llu}", (unsigned long long)kills);
  broadcast(SUPERVISOR_OOM, text, (size_t)length);
}

void notice_pressure(struct pressure *pressure) {
  static time_t told[sizeof self.pressures / sizeof *self.pressures];
  struct timespec now;
  char text[64];
  size_t first = 0; /* of this resource */
  while (strcmp(self.pressures[first].resource, pressure->resource) != 0)
    first++;
  clock_gettime(CLOCK_MONOTONIC, &now);
  if (told[first] && now.tv_sec - told[first] < PRESSURE_SECONDS)
    return;
  told[first] = now.tv_sec;
  int length = snprintf(text, sizeof text, "{\"resource\":\"%s\",\"kind\":\"%s\"}", pressure->resource, pressure->kind);
  broadcast(SUPERVISOR_PRESSURE, text, (size_t)length);
}

static void end_container(int code, int signal) {
  char text[256];
  clock_gettime(CLOCK_REALTIME, &self.finished_at);
  self.exit_code = signal ? 128 + signal : code;
  self.exit_signal = signal;
  close_fd(&self.terminal_peer); /* what it holds is read to its end only when nobody else can write */
  drain(&self.container.stdio[1], SUPERVISOR_STDOUT, NULL);
  drain(&self.container.stdio[2], SUPERVISOR_STDERR, NULL);
  drain(&self.container.terminal, SUPERVISOR_STDOUT, NULL);
  log_finish(&self.log);
  notice_oom(false);
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

void reap(void) {
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
    notice_oom(false);
}
