/* Compiled seccomp filters are kept: a file holds the profile's text and what else decides, the flags, the program.
 * Equal text is what counts; the file's name is a hash of it. */
#include "../cleanup.h"
#include "../report.h"
#include "../seccomp_compile.h"
#include "oci.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/utsname.h>

static char *key_of(json_object *profile, size_t *length) {
  struct utsname host;
  char *key = NULL;
  uname(&host);
  int written = asprintf(&key, "2 %s %s %s", host.machine, host.release,
                         json_object_to_json_string_ext(profile, JSON_C_TO_STRING_PLAIN));
  *length = written < 0 ? 0 : (size_t)written + 1;
  return written < 0 ? NULL : key;
}

static char *file_of(const char *directory, const char *key) {
  char *path;
  uint64_t hash = 14695981039346656037ull; /* FNV-1a */
  for (const char *at = key; *at; at++)
    hash = (hash ^ (unsigned char)*at) * 1099511628211ull;
  return asprintf(&path, "%s/%016llx", directory, (unsigned long long)hash) < 0 ? NULL : path;
}

static bool load(const char *path, const char *key, size_t length, struct seccomp_code *code) {
  struct stat at;
  cleanup_fd int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  size_t before = length + sizeof code->flags;
  if (fd < 0 || fstat(fd, &at) < 0 || at.st_uid != geteuid() || (size_t)at.st_size <= before)
    return false;
  size_t size = (size_t)at.st_size - before;
  if (size % sizeof *code->filters || size / sizeof *code->filters > BPF_MAXINSNS)
    return false;
  cleanup_free char *text = malloc(length);
  struct sock_filter *filters = malloc(size);
  struct iovec parts[] = {{text, length}, {&code->flags, sizeof code->flags}, {filters, size}};
  if (!text || !filters || readv(fd, parts, 3) != at.st_size || memcmp(text, key, length) != 0) {
    free(filters);
    return false;
  }
  code->filters = filters;
  code->count = (unsigned short)(size / sizeof *filters);
  return true;
}

/* The cache is a convenience: what can't be kept is compiled again. */
static void keep(const char *directory, const char *path, const char *key, size_t length,
                 const struct seccomp_code *code) {
  size_t size = code->count * sizeof *code->filters;
  cleanup_free char *whole = malloc(length + sizeof code->flags + size);
  if (!whole || (mkdir(directory, 0700) < 0 && errno != EEXIST))
    return;
  memcpy(whole, key, length);
  memcpy(whole + length, &code->flags, sizeof code->flags);
  memcpy(whole + length + sizeof code->flags, code->filters, size);
  oci_write_file(path, whole, length + sizeof code->flags + size);
}

int oci_seccomp(json_object *profile, struct seccomp_program *program) {
  struct seccomp_code code;
  size_t length;
  cleanup_free char *directory = NULL;
  if (!profile)
    return 0;
  if (asprintf(&directory, "%s/.seccomp", oci.root) < 0)
    return report_errno("compiling the seccomp profile", "malloc", "%s", "");
  cleanup_free char *key = key_of(profile, &length);
  cleanup_free char *path = key ? file_of(directory, key) : NULL;
  if (!path)
    return report_errno("compiling the seccomp profile", "malloc", "%s", "");
  if (!load(path, key, length, &code)) {
    if (seccomp_compile(profile, &code) < 0)
      return -1;
    keep(directory, path, key, length, &code);
  }
  *program = (struct seccomp_program){.filters = code.filters, .count = code.count, .flags = code.flags};
  return 0;
}
