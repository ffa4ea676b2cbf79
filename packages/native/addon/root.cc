// Paths inside an image or container, from the agent's side: resolved by openat2 alone (beneath.h).
#include "beneath.h"
#include "error.h"
#include "open_file.h"
#include "path_stat.h"
#include "tree_size.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <memory>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

namespace root {

namespace {

Napi::Value open_root(const Napi::CallbackInfo &info) {
  std::string path = info[0].ToString();
  int fd = open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    error::raise(info.Env(), error::last("open", path));
  return Napi::Number::New(info.Env(), fd);
}

// The number may have been given to another process meanwhile: the pidfd says whether ours still lives after the open.
error::Failure process_root(int pid, int pidfd, beneath::Fd &result) {
  std::string path = "/proc/" + std::to_string(pid) + "/root";
  result.reset(open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!result)
    return error::last("open", path);
  if (syscall(SYS_pidfd_send_signal, pidfd, 0, nullptr, 0) < 0)
    return error::last("pidfd_send_signal", path);
  return {};
}

Napi::Value open_process_root(const Napi::CallbackInfo &info) {
  int pid = info[0].ToNumber().Int32Value(), pidfd = info[1].ToNumber().Int32Value();
  auto fd = std::make_shared<beneath::Fd>();
  return error::run(
      info.Env(), [pid, pidfd, fd] { return process_root(pid, pidfd, *fd); },
      [fd](Napi::Env env) -> Napi::Value { return Napi::Number::New(env, fd->release()); });
}

struct Layers {
  std::vector<std::string> lower;
  std::string upper, work;
};

int configure(int context, unsigned command, const char *key, const void *value, int aux) {
  return static_cast<int>(syscall(SYS_fsconfig, context, command, key, value, aux));
}

int open_layer(int at, const char *path) {
  return openat(at, path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

// By its /proc name: descriptors are taken since Linux 6.13 only, and paths of any length and spelling by none.
bool add_layer(int context, const char *key, int layer) {
  std::string name = "/proc/self/fd/" + std::to_string(layer);
  return configure(context, FSCONFIG_SET_STRING, key, name.c_str(), 0) == 0;
}

// Detached: it is in no mount table, and gone when its descriptor is closed.
error::Failure overlay(const Layers &layers, beneath::Fd &result) {
  beneath::Fd context(static_cast<int>(syscall(SYS_fsopen, "overlay", FSOPEN_CLOEXEC)));
  if (!context)
    return error::last("fsopen");
  // As the runtime mounts it (rootfs.c).
  if (configure(context.get(), FSCONFIG_SET_STRING, "redirect_dir", "off", 0) < 0 ||
      configure(context.get(), FSCONFIG_SET_STRING, "metacopy", "off", 0) < 0)
    return error::last("fsconfig", "redirect_dir and metacopy");
  std::vector<beneath::Fd> opened;
  for (const std::string &path : layers.lower) {
    opened.emplace_back(open_layer(AT_FDCWD, path.c_str()));
    if (!opened.back() || !add_layer(context.get(), "lowerdir+", opened.back().get()))
      return error::last("fsconfig", path);
  }
  if (!layers.upper.empty()) {
    size_t slash = layers.upper.rfind('/');
    std::string parent = layers.upper.substr(0, slash);
    if (layers.work.compare(0, slash + 1, parent + "/") != 0)
      return error::with(EINVAL, "fsconfig", layers.upper, "upper and work must lie in one directory");
    opened.emplace_back(open_layer(AT_FDCWD, parent.c_str()));
    int both = opened.back().get();
    opened.emplace_back(open_layer(both, layers.upper.c_str() + slash + 1));
    int upper = opened.back().get();
    opened.emplace_back(open_layer(both, layers.work.c_str() + slash + 1));
    int work = opened.back().get();
    if (both < 0 || upper < 0 || work < 0 || !add_layer(context.get(), "upperdir", upper) ||
        !add_layer(context.get(), "workdir", work))
      return error::last("fsconfig", layers.upper);
  }
  if (configure(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) < 0)
    return error::last("fsconfig");
  result.reset(static_cast<int>(syscall(SYS_fsmount, context.get(), FSMOUNT_CLOEXEC, 0)));
  return result ? error::Failure{} : error::last("fsmount");
}

Napi::Value open_overlay(const Napi::CallbackInfo &info) {
  Napi::Object options = info[0].As<Napi::Object>();
  Layers layers;
  Napi::Array lower = options.Get("lower").As<Napi::Array>();
  for (uint32_t i = 0; i < lower.Length(); i++)
    layers.lower.push_back(lower.Get(i).ToString());
  if (options.Get("upper").IsString()) {
    layers.upper = options.Get("upper").ToString();
    layers.work = options.Get("work").ToString();
  }
  auto fd = std::make_shared<beneath::Fd>();
  return error::run(
      info.Env(), [layers, fd] { return overlay(layers, *fd); },
      [fd](Napi::Env env) -> Napi::Value { return Napi::Number::New(env, fd->release()); });
}

error::Failure stat_in(int root, const std::string &path, path_stat::Stat &result) {
  beneath::Fd fd(beneath::open(root, path.c_str(), O_PATH | O_NOFOLLOW));
  if (!fd || fstat(fd.get(), &result.at) < 0)
    return error::last("openat2", path);
  size_t end = path.find_last_not_of('/'), slash = end == std::string::npos ? end : path.rfind('/', end);
  result.name = end == std::string::npos ? "/"
                                         : path.substr(slash == std::string::npos ? 0 : slash + 1,
                                                       end - (slash == std::string::npos ? -1 : slash));
  if (S_ISLNK(result.at.st_mode))
    return path_stat::readTarget(fd.get(), "", result.target);
  return {};
}

Napi::Value stat_in_root(const Napi::CallbackInfo &info) {
  int root = info[0].ToNumber().Int32Value();
  std::string path = info[1].ToString();
  auto result = std::make_shared<path_stat::Stat>();
  return error::run(
      info.Env(), [root, path, result] { return stat_in(root, path, *result); },
      [result](Napi::Env env) -> Napi::Value { return path_stat::toObject(env, *result); });
}

error::Failure read_in(int root, const std::string &path, size_t max, std::string &content) {
  beneath::Fd fd;
  if (error::Failure failure = beneath::openFile(root, path, fd))
    return failure;
  char chunk[65536];
  for (ssize_t length; (length = read(fd.get(), chunk, sizeof chunk)) != 0;) {
    if (length < 0)
      return error::last("read", path);
    if (content.size() + static_cast<size_t>(length) > max)
      return error::with(EFBIG, "read", path);
    content.append(chunk, static_cast<size_t>(length));
  }
  return {};
}

Napi::Value read_file_in_root(const Napi::CallbackInfo &info) {
  int root = info[0].ToNumber().Int32Value();
  std::string path = info[1].ToString();
  size_t max = static_cast<size_t>(info[2].ToNumber().Int64Value());
  auto content = std::make_shared<std::string>();
  return error::run(
      info.Env(), [root, path, max, content] { return read_in(root, path, max, *content); },
      [content](Napi::Env env) -> Napi::Value {
        return Napi::Buffer<uint8_t>::Copy(env, reinterpret_cast<const uint8_t *>(content->data()), content->size());
      });
}

error::Failure mkdir_in(int root, const std::string &path, mode_t mode) {
  for (size_t at = 1; at <= path.size(); at++) {
    if (at != path.size() && path[at] != '/')
      continue;
    std::string part = path.substr(0, at);
    beneath::Fd there(beneath::open(root, part.c_str(), O_PATH | O_DIRECTORY));
    if (there)
      continue;
    size_t slash = part.rfind('/');
    std::string above = slash == std::string::npos ? "." : slash == 0 ? "/" : part.substr(0, slash);
    beneath::Fd parent(beneath::open(root, above.c_str(), O_PATH | O_DIRECTORY));
    if (!parent || mkdirat(parent.get(), part.c_str() + (slash == std::string::npos ? 0 : slash + 1), mode) < 0)
      return error::last("mkdirat", part);
  }
  return {};
}

Napi::Value mkdir_in_root(const Napi::CallbackInfo &info) {
  int root = info[0].ToNumber().Int32Value();
  std::string path = info[1].ToString();
  mode_t mode = info[2].ToNumber().Uint32Value();
  return error::run(
      info.Env(), [root, path, mode] { return mkdir_in(root, path, mode); },
      [](Napi::Env env) -> Napi::Value { return env.Undefined(); });
}

Napi::Value remove_tree(const Napi::CallbackInfo &info) {
  std::string path = info[0].ToString();
  return error::run(
      info.Env(), [path] { return walk::Remover(false).run(AT_FDCWD, path); },
      [](Napi::Env env) -> Napi::Value { return env.Undefined(); });
}

Napi::Value tree_size(const Napi::CallbackInfo &info) {
  std::string path = info[0].ToString();
  auto size = std::make_shared<walk::Size>();
  return error::run(
      info.Env(),
      [path, size] {
        walk::Measure measure;
        error::Failure failure = measure.run(path);
        *size = measure.size;
        return failure;
      },
      [size](Napi::Env env) -> Napi::Value {
        Napi::Object value = Napi::Object::New(env);
        value.Set("bytes", Napi::Number::New(env, size->bytes));
        value.Set("inodes", Napi::Number::New(env, size->inodes));
        return value;
      });
}

} // namespace

void init(Napi::Env env, Napi::Object exports) {
  exports.Set("openRoot", Napi::Function::New(env, open_root, "openRoot"));
  exports.Set("openProcessRoot", Napi::Function::New(env, open_process_root, "openProcessRoot"));
  exports.Set("openOverlay", Napi::Function::New(env, open_overlay, "openOverlay"));
  exports.Set("statInRoot", Napi::Function::New(env, stat_in_root, "statInRoot"));
  exports.Set("readFileInRoot", Napi::Function::New(env, read_file_in_root, "readFileInRoot"));
  exports.Set("mkdirInRoot", Napi::Function::New(env, mkdir_in_root, "mkdirInRoot"));
  exports.Set("removeTree", Napi::Function::New(env, remove_tree, "removeTree"));
  exports.Set("treeSize", Napi::Function::New(env, tree_size, "treeSize"));
}

} // namespace root
