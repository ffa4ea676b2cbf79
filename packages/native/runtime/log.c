#include "log.h"

#include "report.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char *const stream_names[2] = {"stdout", "stderr"};

int log_open(struct log *log, const char *path, uint64_t max_size, int max_files) {
  struct stat at;
  memset(log, 0, sizeof *log);
  log->max_size = max_size;
  log->max_files = max_files < 1 ? 1 : max_files;
  log->path = strdup(path);
  log->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0640);
  if (!log->path || log->fd < 0 || fstat(log->fd, &at) < 0)
    return report_errno("opening the log", "open", "%s", path);
  log->size = (uint64_t)at.st_size;
  return 0;
}

/* path.1 is the newest of the old ones, as Docker names them. */
static void rotate(struct log *log) {
  char from[4200], to[4200];
  for (int i = log->max_files - 1; i >= 1; i--) {
    snprintf(to, sizeof to, "%s.%d", log->path, i);
    if (i == 1)
      snprintf(from, sizeof from, "%s", log->path);
    else
      snprintf(from, sizeof from, "%s.%d", log->path, i - 1);
    rename(from, to);
  }
  close(log->fd);
  log->fd = open(log->path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0640);
  log->size = 0;
}

/* Length of the valid UTF-8 sequence at `at`, 0 if it is none (RFC 3629: no overlong forms, no surrogates). */
static size_t utf8_length(const unsigned char *at, size_t left) {
  size_t length = at[0] >= 0xc2 && at[0] <= 0xdf   ? 2
                  : (at[0] & 0xf0) == 0xe0         ? 3
                  : at[0] >= 0xf0 && at[0] <= 0xf4 ? 4
                                                   : 0;
  if (!length || length > left)
    return 0;
  for (size_t i = 1; i < length; i++)
    if ((at[i] & 0xc0) != 0x80)
      return 0;
  if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f) || (at[0] == 0xf0 && at[1] < 0x90) ||
      (at[0] == 0xf4 && at[1] > 0x8f))
    return 0;
  return length;
}

static size_t escape(char *out, const char *text, size_t length) {
  size_t used = 0;
  for (size_t i = 0; i < length;) {
    unsigned char c = (unsigned char)text[i];
    if (c == '"' || c == '\\') {
      out[used++] = '\\';
      out[used++] = (char)c;
      i++;
    } else if (c == '\n' || c == '\r' || c == '\t') {
      out[used++] = '\\';
      out[used++] = (char)(c == '\n' ? 'n' : c == '\r' ? 'r' : 't');
      i++;
    } else if (c < 0x20 || c == 0x7f) {
      used += (size_t)sprintf(out + used, "\\u%04x", c);
      i++;
    } else if (c < 0x80) {
      out[used++] = (char)c;
      i++;
    } else {
      size_t sequence = utf8_length((const unsigned char *)text + i, length - i);
      if (!sequence) {
        memcpy(out + used, "\\ufffd", 6);
        used += 6;
        i++;
      } else {
        memcpy(out + used, text + i, sequence);
        used += sequence;
        i += sequence;
      }
    }
  }
  return used;
}

static void write_line(struct log *log, int stream, const char *text, size_t length) {
  static char line[LOG_LINE_BYTES_MAX * 6 + 128];
  struct timespec now;
  struct tm utc;
  clock_gettime(CLOCK_REALTIME, &now);
  gmtime_r(&now.tv_sec, &utc);
  memcpy(line, "{\"log\":\"", 8);
  size_t used = 8 + escape(line + 8, text, length);
  used += (size_t)sprintf(line + used, "\",\"stream\":\"%s\",\"time\":\"%04d-%02d-%02dT%02d:%02d:%02d.%09ldZ\"}\n",
                          stream_names[stream], utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour,
                          utc.tm_min, utc.tm_sec, now.tv_nsec);
  if (log->max_size && log->size && log->size + used > log->max_size)
    rotate(log);
  ssize_t written = log->fd < 0 ? -1 : write(log->fd, line, used);
  if (written != (ssize_t)used) {
    /* A torn line would break every reader after it. */
    if (written > 0 && ftruncate(log->fd, (off_t)log->size) < 0)
      log->size += (uint64_t)written;
    log->dropped += length;
  } else
    log->size += used;
}

void log_write(struct log *log, int stream, const char *data, size_t length) {
  struct log_line *line = &log->lines[stream];
  if (!log->path)
    return;
  while (length > 0) {
    const char *newline = memchr(data, '\n', length);
    size_t part = newline ? (size_t)(newline - data) + 1 : length;
    bool complete = newline != NULL;
    if (line->length + part >= LOG_LINE_BYTES_MAX) {
      part = LOG_LINE_BYTES_MAX - line->length;
      if (part > length)
        part = length;
      complete = true;
    }
    if (complete && line->length == 0)
      write_line(log, stream, data, part);
    else {
      if (!line->text && !(line->text = malloc(LOG_LINE_BYTES_MAX))) {
        log->dropped += part;
      } else {
        memcpy(line->text + line->length, data, part);
        line->length += part;
        if (complete) {
          write_line(log, stream, line->text, line->length);
          free(line->text);
          line->text = NULL;
          line->length = 0;
        }
      }
    }
    data += part;
    length -= part;
  }
}

void log_finish(struct log *log) {
  for (int i = 0; i < 2; i++)
    if (log->path && log->lines[i].length) {
      write_line(log, i, log->lines[i].text, log->lines[i].length);
      log->lines[i].length = 0;
    }
}
