/* The container's log: Docker's json-file lines, written here so that nothing depends on the agent. */
#ifndef LOG_H
#define LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOG_LINE_BYTES_MAX (16u << 10)

struct log {
  char *path;
  int fd;
  uint64_t size, max_size; /* bytes; max_size 0: no limit */
  int max_files;
  uint64_t dropped; /* bytes that could not be written: the container never waits for a disk */
  struct log_line {
    char *text; /* a line that has not ended yet */
    size_t length;
  } lines[2]; /* stdout, stderr */
};

int log_open(struct log *log, const char *path, uint64_t max_size, int max_files);
void log_write(struct log *log, int stream, const char *data, size_t length);
/* Writes what has no newline yet; at the end of the container. */
void log_finish(struct log *log);

#endif
