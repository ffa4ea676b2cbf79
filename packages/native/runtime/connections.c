/* The clients of the supervisor: who is there, and what they are told. */
#include "report.h"
#include "supervise.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct client *add_client(int fd) {
  struct client *client = calloc(1, sizeof *client);
  if (!client) {
    close(fd);
    return NULL;
  }
  client->fd = fd;
  client->next = self.clients;
  self.clients = client;
  self.client_count++;
  return client;
}

void reply(struct client *client, const char *format, ...) {
  char text[1024];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  client_send(client, SUPERVISOR_REPLY, text, (size_t)length);
}

void reply_failure(struct client *client) {
  char text[2048];
  int length = report_json(text, sizeof text);
  client_send(client, SUPERVISOR_ERROR, text, (size_t)length);
}

void answer(struct client *client, int result) {
  if (result < 0)
    reply_failure(client);
  else
    reply(client, "{}");
}

void send_oom(struct client *client) {
  char text[48];
  int length = snprintf(text, sizeof text, "{\"count\":%llu}", (unsigned long long)self.oom_kills);
  client_send(client, SUPERVISOR_OOM, text, (size_t)length);
}

void send_exit(struct client *client) {
  char text[256];
  int length = exit_text(text, sizeof text);
  client_send(client, SUPERVISOR_EXIT, text, (size_t)length);
}

void remove_client(struct client *client) {
  struct client **at = &self.clients;
  while (*at != client)
    at = &(*at)->next;
  *at = client->next;
  self.client_count--;
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

void broadcast(uint8_t type, const void *data, size_t length) {
  for (struct client *client = self.clients; client; client = client->next) {
    bool wanted = type == SUPERVISOR_STDOUT   ? client->attached_stdout
                  : type == SUPERVISOR_STDERR ? client->attached_stderr
                  : type == SUPERVISOR_OOM || type == SUPERVISOR_PRESSURE
                      ? client->watching
                      : client->watching || client->attached_stdout || client->attached_stderr;
    if (wanted)
      client_send(client, type, data, length);
  }
}
