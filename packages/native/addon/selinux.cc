// The SELinux label of a tree on the host, for what is shared with containers. Goes down by descriptor alone: follows
// no link, enters no other mount, and sets the label of what it holds open (CVE-2021-43816).
#include "beneath.h"
#include "error.h"

#include <dirent.h>
#include <memory>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <vector>

namespace selinux {

namespace {

constexpr const char *attribute = "security.selinux";

struct Request {
  std::string path, label;
  std::vector<std::string> refused, closed;
};

std::string proc_name(int fd) {
  return "/proc/self/fd/" + std::to_string(fd);
}

// A name inside a directory that is held open: never through a link, never onto another mount.
int open_entry(int directory, const char *name, int flags) {
  struct open_how how = {};
  how.flags = static_cast<unsigned>(flags) | O_NOFOLLOW | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV;
  return static_cast<int>(syscall(SYS_openat2, directory, name, &how, sizeof how));
}

// By the /proc name of an O_PATH descriptor, which stands for the thing itself, be it a link.
error::Failure label_one(int fd, const std::string &label) {
  std::string name = proc_name(fd);
  char current[512];
  ssize_t length = getxattr(name.c_str(), attribute, current, sizeof current);
  if (length > 0 && std::string(current, strnlen(current, static_cast<size_t>(length))) == label)
    return {};
  return setxattr(name.c_str(), attribute, label.c_str(), label.size() + 1, 0) < 0 ? error::last("setxattr")
                                                                                   : error::Failure{};
}

error::Failure label_below(int at, const std::string &label) {
  beneath::Fd directory(open_entry(at, ".", O_RDONLY | O_DIRECTORY));
  DIR *entries = directory ? fdopendir(dup(directory.get())) : nullptr;
  if (entries == nullptr)
    return error::last("openat2");
  error::Failure failure;
  for (dirent *entry; !failure && (entry = readdir(entries)) != nullptr;) {
    std::string name = entry->d_name;
    if (name == "." || name == "..")
      continue;
    beneath::Fd inside(open_entry(directory.get(), name.c_str(), O_PATH));
    if (!inside) { // another mount is not ours to label; what is gone needs none
      if (errno != EXDEV && errno != ENOENT)
        failure = error::last("openat2", name);
      continue;
    }
    struct stat here;
    failure = fstat(inside.get(), &here) < 0 ? error::last("fstat", name) : label_one(inside.get(), label);
    if (!failure && S_ISDIR(here.st_mode))
      failure = label_below(inside.get(), label);
  }
  closedir(entries);
  return failure;
}

bool is_same(const struct stat &one, const struct stat &other) {
  return one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

// Whether `path` is `outer`, or lies below it. By identity and upwards: a bind mount or a link gives a directory many
// names, but the way up is one.
bool contains(const struct stat &outer, const std::string &path) {
  beneath::Fd at(open(path.c_str(), O_PATH | O_CLOEXEC));
  struct stat here = {}, above = {};
  if (!at || fstat(at.get(), &here) < 0)
    return false;
  for (;;) {
    if (is_same(here, outer))
      return true;
    if (!S_ISDIR(here.st_mode))
      return false;
    at.reset(openat(at.get(), "..", O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!at || fstat(at.get(), &above) < 0 || is_same(above, here))
      return false;
    here = above;
  }
}

// The directory that a descriptor is, or whose entry it is.
std::string directory_of(int fd, const struct stat &here) {
  if (S_ISDIR(here.st_mode))
    return proc_name(fd);
  char path[4096];
  ssize_t length = readlink(proc_name(fd).c_str(), path, sizeof path);
  std::string name(path, length > 0 ? static_cast<size_t>(length) : 0);
  return name.substr(0, name.rfind('/') + 1);
}

error::Failure check(const Request &request, int tree, const struct stat &here) {
  struct stat outer;
  for (const std::string &refused : request.refused)
    if (contains(here, refused))
      return error::with(EPERM, "setxattr", request.path, "it is or contains the host's " + refused);
  std::string directory = directory_of(tree, here);
  for (const std::string &closed : request.closed)
    if (stat(closed.c_str(), &outer) == 0 && contains(outer, directory))
      return error::with(EPERM, "setxattr", request.path, "it lies in the host's " + closed);
  return {};
}

error::Failure label_tree(const Request &request) {
  beneath::Fd tree(open(request.path.c_str(), O_PATH | O_CLOEXEC));
  struct stat here;
  if (!tree || fstat(tree.get(), &here) < 0)
    return error::last("open", request.path);
  error::Failure failure = check(request, tree.get(), here);
  if (!failure)
    failure = label_one(tree.get(), request.label);
  if (!failure && S_ISDIR(here.st_mode))
    failure = label_below(tree.get(), request.label);
  if (failure && failure.path.empty())
    failure.path = request.path;
  return failure;
}

std::vector<std::string> strings(const Napi::Value &value) {
  Napi::Array array = value.As<Napi::Array>();
  std::vector<std::string> result;
  for (uint32_t i = 0; i < array.Length(); i++)
    result.push_back(array.Get(i).ToString());
  return result;
}

Napi::Value label_tree_async(const Napi::CallbackInfo &info) {
  Napi::Object options = info[2].As<Napi::Object>();
  Request request = {info[0].ToString(), info[1].ToString(), strings(options.Get("refused")),
                     strings(options.Get("closed"))};
  return error::run(
      info.Env(), [request] { return label_tree(request); },
      [](Napi::Env env) -> Napi::Value { return env.Undefined(); });
}

} // namespace

void init(Napi::Env env, Napi::Object exports) {
  exports.Set("labelTree", Napi::Function::New(env, label_tree_async, "labelTree"));
}

} // namespace selinux
