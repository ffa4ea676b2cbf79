#include "report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#undef report_errno
#undef report_invalid

_Thread_local struct failure failure;

static void fill(const char *step, const char *syscall, int number, const char *format, va_list arguments) {
  snprintf(failure.step, sizeof failure.step, "%s", step);
  snprintf(failure.syscall, sizeof failure.syscall, "%s", syscall);
  failure.number = number;
  failure.exit_code = 125;
  vsnprintf(failure.detail, sizeof failure.detail, format, arguments);
}

int report_errno(const char *step, const char *syscall, const char *format, ...) {
  int number = errno;
  va_list arguments;
  va_start(arguments, format);
  fill(step, syscall, number, format, arguments);
  va_end(arguments);
  return -1;
}

int report_invalid(const char *step, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fill(step, "", 0, format, arguments);
  va_end(arguments);
  return -1;
}

void (*report_warn)(const char *text);

void report_warning(const char *format, ...) {
  char text[1024];
  va_list arguments;
  if (!report_warn)
    return;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  report_warn(text);
}

int json_escape(char *out, int size, const char *text) {
  int used = 0;
  for (const unsigned char *at = (const unsigned char *)text; *at && used < size - 8; at++) {
    if (*at == '"' || *at == '\\')
      used += snprintf(out + used, 8, "\\%c", *at);
    else if (*at < 0x20 || *at >= 0x7f)
      used += snprintf(out + used, 8, "\\u%04x", *at);
    else
      out[used++] = (char)*at;
  }
  out[used] = 0;
  return used;
}

int report_text(char *buffer, int size) {
  return snprintf(buffer, (size_t)size, "%s%s%s%s%s%s%s", failure.step, failure.syscall[0] ? ": " : "", failure.syscall,
                  failure.detail[0] ? ": " : "", failure.detail, failure.number ? ": " : "",
                  failure.number ? strerror(failure.number) : "");
}

int report_json(char *buffer, int size) {
  char detail[1024];
  json_escape(detail, sizeof detail, failure.detail);
  return snprintf(
      buffer, (size_t)size,
      "{\"step\":\"%s\",\"syscall\":\"%s\",\"errno\":%d,\"error\":\"%s\",\"detail\":\"%s\",\"exitCode\":%d}",
      failure.step, failure.syscall, failure.number, failure.number ? strerror(failure.number) : "", detail,
      failure.exit_code);
}
