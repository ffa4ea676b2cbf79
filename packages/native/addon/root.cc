// Paths inside an image or container, from the agent's side: resolved by openat2 alone (beneath.h).
#include "beneath.h"
#include "error.h"

#include <dirent.h>
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

const char *type_of(mode_t mode) {
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

struct Stat {
  struct stat at = {};
  std::string name, target;
};

error::Failure stat_in(int root, const std::string &path, Stat &result) {
  beneath::Fd fd(beneath::open(root, path.c_str(), O_PATH | O_NOFOLLOW));
  if (!fd || fstat(fd.get(), &result.at) < 0)
    return error::last("openat2", path);
  size_t end = path.find_last_not_of('/'), slash = end == std::string::npos ? end : path.rfind('/', end);
  result.name = end == std::string::npos ? "/"
                                         : path.substr(slash == std::string::npos ? 0 : slash + 1,
                                                       end - (slash == std::string::npos ? -1 : slash));
  if (S_ISLNK(result.at.st_mode)) {
    char target[4096];
    ssize_t length = readlinkat(fd.get(), "", target, sizeof target);
    if (length < 0)
      return error::last("readlinkat", path);
    result.target.assign(target, static_cast<size_t>(length));
  }
  return {};
}

Napi::Value stat_in_root(const Napi::CallbackInfo &info) {
  int root = info[0].ToNumber().Int32Value();
  std::string path = info[1].ToString();
  auto result = std::make_shared<Stat>();
  return error::run(
      info.Env(), [root, path, result] { return stat_in(root, path, *result); },
      [result](Napi::Env env) -> Napi::Value {
        const struct stat &at = result->at;
        Napi::Object value = Napi::Object::New(env);
        value.Set("name", result->name);
        value.Set("sizeBytes", Napi::Number::New(env, static_cast<double>(at.st_size)));
        value.Set("mode", Napi::Number::New(env, at.st_mode & 07777));
        value.Set("uid", Napi::Number::New(env, at.st_uid));
        value.Set("gid", Napi::Number::New(env, at.st_gid));
        value.Set("mtimeNanos",
                  Napi::BigInt::New(env, static_cast<int64_t>(at.st_mtim.tv_sec) * 1000000000 + at.st_mtim.tv_nsec));
        value.Set("type", type_of(at.st_mode));
        value.Set("linkTarget", result->target);
        return value;
      });
}

// O_NONBLOCK and the look at the type first: a FIFO in the image must not hold the agent up.
error::Failure read_in(int root, const std::string &path, size_t max, std::string &content) {
  struct stat at;
  beneath::Fd place(beneath::open(root, path.c_str(), O_PATH));
  if (!place || fstat(place.get(), &at) < 0)
    return error::last("openat2", path);
  if (!S_ISREG(at.st_mode))
    return error::with(EINVAL, "openat2", path, "not a regular file");
  beneath::Fd fd(beneath::open(root, path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY));
  if (!fd || fstat(fd.get(), &at) < 0 || !S_ISREG(at.st_mode))
    return error::last("openat2", path);
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

error::Failure remove_at(int parent, const char *name) {
  if (unlinkat(parent, name, 0) == 0 || errno == ENOENT)
    return {};
  if (errno != EISDIR && errno != EPERM)
    return error::last("unlinkat", name);
  beneath::Fd directory(openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!directory)
    return error::last("openat", name);
  DIR *entries = fdopendir(dup(directory.get()));
  if (entries == nullptr)
    return error::last("fdopendir", name);
  error::Failure failure;
  for (dirent *entry; !failure && (entry = readdir(entries)) != nullptr;)
    if (std::string_view(entry->d_name) != "." && std::string_view(entry->d_name) != "..")
      failure = remove_at(directory.get(), entry->d_name);
  closedir(entries);
  if (!failure && unlinkat(parent, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
    return error::last("unlinkat", name);
  return failure;
}

Napi::Value remove_tree(const Napi::CallbackInfo &info) {
  std::string path = info[0].ToString();
  return error::run(
      info.Env(), [path] { return remove_at(AT_FDCWD, path.c_str()); },
      [](Napi::Env env) -> Napi::Value { return env.Undefined(); });
}

struct Size {
  double bytes = 0, inodes = 0;
};

error::Failure measure(int parent, const char *name, dev_t device, Size &size) {
  struct stat at;
  if (fstatat(parent, name, &at, AT_SYMLINK_NOFOLLOW) < 0)
    return errno == ENOENT ? error::Failure{} : error::last("fstatat", name);
  if (device != 0 && at.st_dev != device)
    return {};
  size.inodes++;
  if (!S_ISDIR(at.st_mode)) {
    size.bytes += static_cast<double>(at.st_size);
    return {};
  }
  beneath::Fd directory(openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  DIR *entries = directory ? fdopendir(dup(directory.get())) : nullptr;
  if (entries == nullptr)
    return errno == ENOENT ? error::Failure{} : error::last("openat", name);
  error::Failure failure;
  for (dirent *entry; !failure && (entry = readdir(entries)) != nullptr;)
    if (std::string_view(entry->d_name) != "." && std::string_view(entry->d_name) != "..")
      failure = measure(directory.get(), entry->d_name, at.st_dev, size);
  closedir(entries);
  return failure;
}

Napi::Value tree_size(const Napi::CallbackInfo &info) {
  std::string path = info[0].ToString();
  auto size = std::make_shared<Size>();
  return error::run(
      info.Env(), [path, size] { return measure(AT_FDCWD, path.c_str(), 0, *size); },
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
