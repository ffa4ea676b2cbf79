/* Clients of the supervisor's socket: framing, bounded queues. A client that does not read is dropped. */
#ifndef CLIENT_H
#define CLIENT_H

#include "container.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CLIENT_QUEUE_BYTES_MAX (16u << 20)
#define CLIENTS_MAX 1024
#define CLIENT_INPUT_BYTES_MAX (256u << 10) /* not yet taken by a program's standard input */

struct buffer {
  char *data;
  size_t start, length, capacity;
};

struct client {
  struct client *next;
  int fd;
  bool gone;
  bool attached_stdin, attached_stdout, attached_stderr, watching;
  struct buffer in, out;
  struct session *session; /* the exec that this connection started */
  bool is_of_exec;         /* it asked for one, whose end must not turn its signals on the container */
};

/* An exec: its process, and the client as long as it is there. */
struct session {
  struct session *next;
  struct exec exec;
  struct client *client;
  struct buffer input;
  bool input_closed, exited;
  int exit_code, signal;
};

int buffer_append(struct buffer *buffer, const void *data, size_t length);
void buffer_consume(struct buffer *buffer, size_t length);
void buffer_free(struct buffer *buffer);
static inline const char *buffer_data(const struct buffer *buffer) {
  return buffer->data + buffer->start;
}

/* Queues a frame and sends what the socket takes; marks the client gone when its queue overflows. */
void client_send(struct client *client, uint8_t type, const void *data, size_t length);
void client_flush(struct client *client);

#endif
