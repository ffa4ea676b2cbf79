// The JavaScript face of the tar reader and writer. Both work on duplicates of the descriptors they are given, so that
// the caller may close its own at any time.
#include "act_as.h"
#include "tar_apply.h"
#include "tar_writer.h"
#include "thread.h"

#include <memory>
#include <napi.h>

namespace tar {

namespace {

struct Ends {
  beneath::Fd stream;
  beneath::Fd root;
};

std::shared_ptr<Ends> duplicates(Napi::Env env, int stream, int root) {
  auto ends = std::make_shared<Ends>();
  ends->stream.reset(fcntl(stream, F_DUPFD_CLOEXEC, 3));
  ends->root.reset(fcntl(root, F_DUPFD_CLOEXEC, 3));
  if (ends->stream && ends->root)
    return ends;
  error::raise(env, error::last("fcntl"));
  return nullptr;
}

void readShift(const Napi::Object &options, int64_t &uidShift, int64_t &gidShift) {
  Napi::Value value = options.Get("shift");
  if (!value.IsObject())
    return;
  uidShift = value.As<Napi::Object>().Get("uidShift").ToNumber().Int64Value();
  gidShift = value.As<Napi::Object>().Get("gidShift").ToNumber().Int64Value();
}

Napi::Value contract(Napi::Env env, const char *message) {
  Napi::TypeError::New(env, message).ThrowAsJavaScriptException();
  return env.Undefined();
}

Napi::Value applyTar(const Napi::CallbackInfo &info) {
  Napi::Env env = info.Env();
  if (info.Length() != 4 || !info[0].IsNumber() || !info[1].IsNumber() || !info[2].IsString() || !info[3].IsObject())
    return contract(env, "applyTar(fd, rootFd, path, options)");
  Napi::Object given = info[3].As<Napi::Object>();
  if (!given.Get("limits").IsObject())
    return contract(env, "applyTar: options.limits is required");
  Napi::Object limits = given.Get("limits").As<Napi::Object>();
  ApplyOptions options;
  options.layer = given.Get("mode").ToString().Utf8Value() == "layer";
  options.bytesMax = limits.Get("bytesMax").ToNumber().Int64Value();
  options.entriesMax = limits.Get("entriesMax").ToNumber().Int64Value();
  options.keepKinds = given.Get("noOverwriteDirNonDir").ToBoolean();
  readShift(given, options.uidShift, options.gidShift);
  std::string path = info[2].As<Napi::String>();
  auto ends = duplicates(env, info[0].As<Napi::Number>(), info[1].As<Napi::Number>());
  if (!ends)
    return env.Undefined();
  auto result = std::make_shared<std::pair<int64_t, int64_t>>();
  return thread::run(
      env,
      [ends, path, options, result]() -> error::Failure {
        error::Failure failure = actAs(options.uidShift, options.gidShift);
        if (!failure)
          failure = thread::ownUmask();
        beneath::Fd base(beneath::open(ends->root.get(), path.c_str(), O_PATH | O_DIRECTORY));
        if (failure) {
        } else if (!base) {
          failure = error::last("openat2", path);
        } else {
          stream::FdSource source(ends->stream.get());
          Applier applier(source, base.get(), options);
          failure = applier.run();
          *result = {applier.bytes, applier.entries};
          // One sync a layer, not one a file: it is made visible only afterwards, by a rename.
          if (!failure && options.layer) {
            beneath::Fd file(beneath::open(base.get(), ".", O_RDONLY | O_DIRECTORY));
            if (!file || syncfs(file.get()) != 0)
              failure = error::last("syncfs", path);
          }
        }
        ends->stream.reset(-1);
        ends->root.reset(-1);
        return failure;
      },
      [result](Napi::Env env) -> Napi::Value {
        Napi::Object value = Napi::Object::New(env);
        value.Set("bytes", Napi::Number::New(env, static_cast<double>(result->first)));
        value.Set("entries", Napi::Number::New(env, static_cast<double>(result->second)));
        return value;
      });
}

Napi::Value createTar(const Napi::CallbackInfo &info) {
  Napi::Env env = info.Env();
  if (info.Length() != 4 || !info[0].IsNumber() || !info[1].IsNumber() || !info[2].IsString() || !info[3].IsObject())
    return contract(env, "createTar(fd, rootFd, path, options)");
  Napi::Object given = info[3].As<Napi::Object>();
  WriteOptions options;
  options.name = given.Get("name").ToString();
  options.layer = given.Get("mode").ToString().Utf8Value() == "layer";
  readShift(given, options.uidShift, options.gidShift);
  std::string path = info[2].As<Napi::String>();
  auto ends = duplicates(env, info[0].As<Napi::Number>(), info[1].As<Napi::Number>());
  if (!ends)
    return env.Undefined();
  return thread::run(
      env,
      [ends, path, options]() -> error::Failure {
        error::Failure failure = Writer(ends->stream.get(), options).run(ends->root.get(), path);
        ends->stream.reset(-1);
        ends->root.reset(-1);
        return failure;
      },
      [](Napi::Env env) -> Napi::Value { return env.Undefined(); });
}

Napi::Value openPipe(const Napi::CallbackInfo &info) {
  Napi::Env env = info.Env();
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    error::raise(env, error::last("pipe2"));
    return env.Undefined();
  }
  // Fewer, larger hand-overs between Node and the thread; more than the limit for users is simply refused.
  fcntl(ends[1], F_SETPIPE_SZ, 1 << 20);
  Napi::Array result = Napi::Array::New(env, 2);
  result.Set(0u, Napi::Number::New(env, ends[0]));
  result.Set(1u, Napi::Number::New(env, ends[1]));
  return result;
}

} // namespace

void init(Napi::Env env, Napi::Object exports) {
  exports.Set("applyTar", Napi::Function::New(env, applyTar));
  exports.Set("createTar", Napi::Function::New(env, createTar));
  exports.Set("openPipe", Napi::Function::New(env, openPipe));
}

} // namespace tar
