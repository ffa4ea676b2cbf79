// What is told of a file inside an image, container or volume.
#pragma once

#include "error.h"

#include <napi.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

namespace path_stat {

struct Stat {
  struct stat at = {};
  std::string name, target;
};

inline const char *typeOf(mode_t mode) {
  switch (mode & S_IFMT) {
  case S_IFDIR:
    return "directory";
  case S_IFLNK:
    return "symlink";
  case S_IFIFO:
    return "fifo";
  case S_IFSOCK:
    return "socket";
  case S_IFCHR:
    return "char";
  case S_IFBLK:
    return "block";
  default:
    return "file";
  }
}

inline int64_t nanos(const struct timespec &time) {
  return static_cast<int64_t>(time.tv_sec) * 1000000000 + time.tv_nsec;
}

/// Changes with every change of the file: which file it is, when it was written, and its size.
inline std::string versionOf(const struct stat &at) {
  return std::to_string(at.st_ino) + "-" + std::to_string(nanos(at.st_mtim)) + "-" + std::to_string(at.st_size);
}

/// Where the link `name` of `directory` points to; `name` empty: the link that `directory` itself is.
inline error::Failure readTarget(int directory, const char *name, std::string &target) {
  char text[4096];
  ssize_t length = readlinkat(directory, name, text, sizeof text);
  if (length < 0)
    return error::last("readlinkat", name);
  target.assign(text, static_cast<size_t>(length));
  return {};
}

inline Napi::Object toObject(Napi::Env env, const Stat &stat) {
  Napi::Object value = Napi::Object::New(env);
  value.Set("name", stat.name);
  value.Set("sizeBytes", Napi::Number::New(env, static_cast<double>(stat.at.st_size)));
  value.Set("mode", Napi::Number::New(env, stat.at.st_mode & 07777));
  value.Set("uid", Napi::Number::New(env, stat.at.st_uid));
  value.Set("gid", Napi::Number::New(env, stat.at.st_gid));
  value.Set("mtimeNanos", Napi::BigInt::New(env, nanos(stat.at.st_mtim)));
  value.Set("type", typeOf(stat.at.st_mode));
  value.Set("linkTarget", stat.target);
  value.Set("version", versionOf(stat.at));
  return value;
}

} // namespace path_stat
