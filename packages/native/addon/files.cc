// The file browser's side of a container or volume: a listing, a file to read, a file replaced, made, removed.
#include "act_as.h"
#include "replace_file.h"
#include "thread.h"
#include "walk.h"

#include <memory>
#include <napi.h>
#include <queue>

namespace files {

namespace {

struct Listing {
  std::vector<path_stat::Stat> entries;
  bool truncated = false;
};

/// A directory may have more names than memory: of all, only the first ones in order are kept.
error::Failure firstNames(int directory, size_t max, std::vector<std::string> &names, bool &truncated) {
  constexpr size_t readMax = 1'000'000; // of a directory that somebody keeps filling
  std::priority_queue<std::string> kept;
  size_t count = 0;
  error::Failure failure = walk::eachName(directory, [&](const char *name) {
    kept.emplace(name);
    if (kept.size() > max) {
      kept.pop();
      truncated = true;
    }
    if (++count < readMax)
      return true;
    truncated = true;
    return false;
  });
  for (; !kept.empty(); kept.pop())
    names.push_back(kept.top());
  std::reverse(names.begin(), names.end());
  return failure;
}

error::Failure list(int root, const std::string &path, size_t max, Listing &result) {
  beneath::Fd directory(beneath::open(root, path.c_str(), O_RDONLY | O_DIRECTORY));
  if (!directory)
    return error::last("openat2", path);
  std::vector<std::string> names;
  if (error::Failure failure = firstNames(directory.get(), max, names, result.truncated))
    return failure;
  for (std::string &name : names) {
    path_stat::Stat entry;
    if (fstatat(directory.get(), name.c_str(), &entry.at, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) != 0)
      continue; // gone meanwhile
    if (S_ISLNK(entry.at.st_mode))
      path_stat::readTarget(directory.get(), name.c_str(), entry.target);
    entry.name = std::move(name);
    result.entries.push_back(std::move(entry));
  }
  return {};
}

std::shared_ptr<beneath::Fd> duplicate(Napi::Env env, int fd) {
  auto result = std::make_shared<beneath::Fd>(fcntl(fd, F_DUPFD_CLOEXEC, 3));
  if (!*result)
    error::raise(env, error::last("fcntl"));
  return result;
}

Napi::Value listInRoot(const Napi::CallbackInfo &info) {
  auto root = duplicate(info.Env(), info[0].ToNumber());
  if (!*root)
    return info.Env().Undefined();
  std::string path = info[1].ToString();
  size_t max = info[2].ToNumber().Uint32Value();
  auto result = std::make_shared<Listing>();
  return thread::run(
      info.Env(), [root, path, max, result] { return list(root->get(), path, max, *result); },
      [result](Napi::Env env) -> Napi::Value {
        Napi::Array entries = Napi::Array::New(env, result->entries.size());
        for (size_t at = 0; at < result->entries.size(); at++) {
          Napi::HandleScope scope(env);
          entries.Set(static_cast<uint32_t>(at), path_stat::toObject(env, result->entries[at]));
        }
        Napi::Object value = Napi::Object::New(env);
        value.Set("entries", entries);
        value.Set("truncated", Napi::Boolean::New(env, result->truncated));
        return value;
      });
}

Napi::Value openFileInRoot(const Napi::CallbackInfo &info) {
  auto root = duplicate(info.Env(), info[0].ToNumber());
  if (!*root)
    return info.Env().Undefined();
  std::string path = info[1].ToString();
  auto file = std::make_shared<beneath::Fd>();
  auto stat = std::make_shared<path_stat::Stat>();
  return thread::run(
      info.Env(),
      [root, path, file, stat]() -> error::Failure {
        if (error::Failure failure = beneath::openFile(root->get(), path, *file))
          return failure;
        return fstat(file->get(), &stat->at) == 0 ? error::Failure{} : error::last("fstat", path);
      },
      [file, stat](Napi::Env env) -> Napi::Value {
        Napi::Object value = path_stat::toObject(env, *stat);
        value.Set("fd", Napi::Number::New(env, file->release()));
        return value;
      });
}

Napi::Value replaceFileInRoot(const Napi::CallbackInfo &info) {
  auto root = duplicate(info.Env(), info[0].ToNumber());
  auto content = duplicate(info.Env(), info[2].ToNumber());
  if (!*root || !*content)
    return info.Env().Undefined();
  std::string path = info[1].ToString();
  Napi::Object given = info[3].As<Napi::Object>();
  Replacement how;
  how.isConditional = given.Get("expected").IsString();
  if (how.isConditional)
    how.expected = given.Get("expected").ToString();
  how.uid = given.Get("uid").ToNumber().Int64Value();
  how.gid = given.Get("gid").ToNumber().Int64Value();
  auto stat = std::make_shared<path_stat::Stat>();
  return thread::run(
      info.Env(),
      [root, content, path, how, stat]() -> error::Failure {
        error::Failure failure = actAs(how.uid, how.gid);
        return failure ? failure : Replacer(root->get(), how).run(path, content->get(), *stat);
      },
      [stat](Napi::Env env) -> Napi::Value { return path_stat::toObject(env, *stat); });
}

Napi::Value makeDirectoryInRoot(const Napi::CallbackInfo &info) {
  auto root = duplicate(info.Env(), info[0].ToNumber());
  if (!*root)
    return info.Env().Undefined();
  std::string path = info[1].ToString();
  Napi::Object given = info[2].As<Napi::Object>();
  int64_t uid = given.Get("uid").ToNumber(), gid = given.Get("gid").ToNumber();
  return thread::run(
      info.Env(),
      [root, path, uid, gid]() -> error::Failure {
        Spot spot;
        error::Failure failure = actAs(uid, gid);
        if (!failure)
          failure = locate(root->get(), path, spot);
        if (failure)
          return failure;
        return mkdirat(spot.parent.get(), spot.name.c_str(), 0755) == 0 ? error::Failure{}
                                                                        : error::last("mkdirat", path);
      },
      [](Napi::Env env) -> Napi::Value { return env.Undefined(); });
}

error::Failure removeEntry(int root, const std::string &path, bool recursive) {
  Spot spot;
  if (error::Failure failure = locate(root, path, spot))
    return failure;
  int parent = spot.parent.get();
  struct stat at;
  if (fstatat(parent, spot.name.c_str(), &at, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) != 0)
    return error::last("fstatat", path);
  if (walk::mountOf(parent, spot.name.c_str()) != walk::mountOf(parent, ""))
    return error::with(EBUSY, "unlinkat", path, "something is mounted there");
  if (recursive)
    return walk::Remover(true).run(parent, spot.name);
  return unlinkat(parent, spot.name.c_str(), S_ISDIR(at.st_mode) ? AT_REMOVEDIR : 0) == 0
             ? error::Failure{}
             : error::last("unlinkat", path);
}

Napi::Value removeInRoot(const Napi::CallbackInfo &info) {
  auto root = duplicate(info.Env(), info[0].ToNumber());
  if (!*root)
    return info.Env().Undefined();
  std::string path = info[1].ToString();
  bool recursive = info[2].As<Napi::Object>().Get("recursive").ToBoolean();
  return thread::run(
      info.Env(), [root, path, recursive] { return removeEntry(root->get(), path, recursive); },
      [](Napi::Env env) -> Napi::Value { return env.Undefined(); });
}

/// Everything that was written to the file system of a path is on its disk when this is done.
Napi::Value syncFileSystem(const Napi::CallbackInfo &info) {
  std::string path = info[0].ToString();
  return thread::run(
      info.Env(),
      [path]() -> error::Failure {
        beneath::Fd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        return directory && syncfs(directory.get()) == 0 ? error::Failure{} : error::last("syncfs", path);
      },
      [](Napi::Env env) -> Napi::Value { return env.Undefined(); });
}

} // namespace

void init(Napi::Env env, Napi::Object exports) {
  exports.Set("listInRoot", Napi::Function::New(env, listInRoot));
  exports.Set("openFileInRoot", Napi::Function::New(env, openFileInRoot));
  exports.Set("replaceFileInRoot", Napi::Function::New(env, replaceFileInRoot));
  exports.Set("makeDirectoryInRoot", Napi::Function::New(env, makeDirectoryInRoot));
  exports.Set("removeInRoot", Napi::Function::New(env, removeInRoot));
  exports.Set("syncFileSystem", Napi::Function::New(env, syncFileSystem));
}

} // namespace files
