// What the upper directory of an overlay changes of what lies below it. Both trees are walked by descriptors, links are
// never followed: a container may write to the upper one meanwhile.
#include "beneath.h"
#include "error.h"
#include "walk.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <napi.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <vector>

namespace compare {

namespace {

struct Change {
  std::string path;
  const char *kind;
};

class Walk {
public:
  std::vector<Change> changes;

  // `lower` -1: nothing is below. `whole`: what `upper` lacks is gone, because nothing is merged from below.
  error::Failure directory(int upper, int lower, const std::string &path, bool whole, int depth) {
    if (depth > depthMax)
      return error::with(ELOOP, "compareOverlay", path, "directories are nested deeper than allowed");
    std::vector<std::string> names;
    error::Failure failure = list(upper, path, names);
    for (size_t at = 0; !failure && at < names.size(); at++)
      failure = entry(upper, lower, path, names[at], whole, depth);
    if (failure || !whole || lower < 0)
      return failure;
    std::vector<std::string> below;
    failure = list(lower, path, below);
    for (const std::string &name : below)
      if (!std::binary_search(names.begin(), names.end(), name))
        failure = failure ? failure : add(path + "/" + name, "removed");
    return failure;
  }

private:
  static constexpr int depthMax = 512;
  static constexpr size_t changesMax = 1000000;

  error::Failure add(const std::string &path, const char *kind) {
    if (changes.size() >= changesMax)
      return error::with(E2BIG, "compareOverlay", path, "more files have changed than can be listed");
    changes.push_back({path, kind});
    return {};
  }

  static error::Failure list(int directory, const std::string &path, std::vector<std::string> &names) {
    error::Failure failure = walk::eachName(directory, [&](const char *name) {
      names.emplace_back(name);
      return true;
    });
    if (failure)
      return error::with(failure.number, "openat", path);
    std::sort(names.begin(), names.end());
    return {};
  }

  error::Failure entry(int upper, int lower, const std::string &path, const std::string &name, bool whole, int depth) {
    const std::string at = path + "/" + name;
    struct stat made, below;
    if (fstatat(upper, name.c_str(), &made, AT_SYMLINK_NOFOLLOW) != 0)
      return errno == ENOENT ? error::Failure{} : error::last("fstatat", at);
    bool covers = lower >= 0 && fstatat(lower, name.c_str(), &below, AT_SYMLINK_NOFOLLOW) == 0;
    if (S_ISCHR(made.st_mode) && made.st_rdev == 0)
      return covers ? add(at, "removed") : error::Failure{};
    if (!S_ISDIR(made.st_mode))
      return add(at, covers ? "changed" : "added");
    beneath::Fd here(openat(upper, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!here)
      return errno == ENOENT || errno == ENOTDIR || errno == ELOOP ? error::Failure{} : error::last("openat", at);
    bool merges = covers && S_ISDIR(below.st_mode);
    beneath::Fd there(merges ? openat(lower, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1);
    bool replaces = merges && (whole || isOpaque(here.get()));
    size_t before = changes.size();
    error::Failure failure = add(at, covers ? "changed" : "added");
    if (!failure)
      failure = directory(here.get(), there.get(), at, replaces, depth + 1);
    // Copied up on the way to something that was not changed after all.
    if (!failure && changes.size() == before + 1 && merges && same(made, below))
      changes.pop_back();
    return failure;
  }

  static bool isOpaque(int directory) {
    char value = 0;
    return fgetxattr(directory, "trusted.overlay.opaque", &value, 1) == 1 && value == 'y';
  }

  static bool same(const struct stat &a, const struct stat &b) {
    return a.st_mode == b.st_mode && a.st_uid == b.st_uid && a.st_gid == b.st_gid &&
           a.st_mtim.tv_sec == b.st_mtim.tv_sec && a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
  }
};

Napi::Value compare_overlay(const Napi::CallbackInfo &info) {
  Napi::Env env = info.Env();
  if (info.Length() != 2 || !info[0].IsNumber() || !(info[1].IsNumber() || info[1].IsNull())) {
    Napi::TypeError::New(env, "compareOverlay(upperFd, lowerFd)").ThrowAsJavaScriptException();
    return env.Undefined();
  }
  int lower = info[1].IsNull() ? -1 : info[1].ToNumber().Int32Value();
  auto upperRoot = std::make_shared<beneath::Fd>(fcntl(info[0].ToNumber().Int32Value(), F_DUPFD_CLOEXEC, 3));
  auto lowerRoot = std::make_shared<beneath::Fd>(lower < 0 ? -1 : fcntl(lower, F_DUPFD_CLOEXEC, 3));
  if (!*upperRoot || (lower >= 0 && !*lowerRoot)) {
    error::raise(env, error::last("fcntl"));
    return env.Undefined();
  }
  auto walk = std::make_shared<Walk>();
  return error::run(
      env, [=] { return walk->directory(upperRoot->get(), lowerRoot->get(), "", false, 0); },
      [walk](Napi::Env env) -> Napi::Value {
        Napi::Array result = Napi::Array::New(env, walk->changes.size());
        for (size_t at = 0; at < walk->changes.size(); at++) {
          Napi::Object change = Napi::Object::New(env);
          change.Set("path", walk->changes[at].path);
          change.Set("kind", walk->changes[at].kind);
          result.Set(static_cast<uint32_t>(at), change);
        }
        return result;
      });
}

} // namespace

void init(Napi::Env env, Napi::Object exports) {
  exports.Set("compareOverlay", Napi::Function::New(env, compare_overlay, "compareOverlay"));
}

} // namespace compare
