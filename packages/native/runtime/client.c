#include "client.h"

#include "../supervisor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

int buffer_append(struct buffer *buffer, const void *data, size_t length) {
  if (length == 0)
    return 0;
  if (buffer->start && buffer->start + buffer->length + length > buffer->capacity) {
    memmove(buffer->data, buffer->data + buffer->start, buffer->length);
    buffer->start = 0;
  }
  if (buffer->start + buffer->length + length > buffer->capacity) {
    size_t capacity = buffer->capacity ? buffer->capacity : 512;
    while (capacity < buffer->length + length)
      capacity *= 2;
    char *data_now = realloc(buffer->data, capacity);
    if (!data_now)
      return -1;
    buffer->data = data_now;
    buffer->capacity = capacity;
  }
  memcpy(buffer->data + buffer->start + buffer->length, data, length);
  buffer->length += length;
  return 0;
}

void buffer_consume(struct buffer *buffer, size_t length) {
  buffer->start += length;
  buffer->length -= length;
  if (buffer->length == 0)
    buffer_free(buffer);
}

void buffer_free(struct buffer *buffer) {
  free(buffer->data);
  memset(buffer, 0, sizeof *buffer);
}

void client_flush(struct client *client) {
  while (!client->gone && client->out.length) {
    ssize_t sent = send(client->fd, buffer_data(&client->out), client->out.length, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EINTR)
      continue;
    if (sent < 0 && errno == EAGAIN)
      return;
    if (sent <= 0)
      client->gone = true;
    else
      buffer_consume(&client->out, (size_t)sent);
  }
}

void client_send(struct client *client, uint8_t type, const void *data, size_t length) {
  struct supervisor_frame frame = {.type = type, .length = htonl((uint32_t)length)};
  if (client->gone)
    return;
  if (client->out.length + length > CLIENT_QUEUE_BYTES_MAX || buffer_append(&client->out, &frame, sizeof frame) < 0 ||
      (length && buffer_append(&client->out, data, length) < 0)) {
    client->gone = true;
    return;
  }
  client_flush(client);
}
