#include "error.h"

#include <cerrno>
#include <cstring>
#include <utility>

namespace error {

Napi::Error make(Napi::Env env, const Failure &failure) {
  // libuv has no names for some, EBADMSG among them.
  const char *name = strerrorname_np(failure.number);
  const char *code = name == nullptr ? "EUNKNOWN" : name;
  std::string message = std::string(code) + ": " +
                        (failure.detail.empty() ? strerror(failure.number) : failure.detail) + ", " + failure.syscall;
  if (!failure.path.empty())
    message += " '" + failure.path + "'";
  Napi::Error result = Napi::Error::New(env, message);
  Napi::Object value = result.Value();
  value.Set("code", Napi::String::New(env, code));
  value.Set("errno", Napi::Number::New(env, -failure.number));
  value.Set("syscall", Napi::String::New(env, failure.syscall));
  if (!failure.path.empty())
    value.Set("path", Napi::String::New(env, failure.path));
  return result;
}

void raise(Napi::Env env, const Failure &failure) {
  make(env, failure).ThrowAsJavaScriptException();
}

namespace {

class Work : public Napi::AsyncWorker {
public:
  Work(Napi::Env env, std::function<Failure()> work, std::function<Napi::Value(Napi::Env)> done)
      : Napi::AsyncWorker(env, "berth"), deferred(Napi::Promise::Deferred::New(env)), work(std::move(work)),
        done(std::move(done)) {}

  Napi::Promise promise() const {
    return deferred.Promise();
  }

protected:
  void Execute() override {
    failure = work();
  }
  void OnOK() override {
    Napi::Env env = Env();
    if (failure)
      deferred.Reject(make(env, failure).Value());
    else
      deferred.Resolve(done(env));
  }

private:
  Napi::Promise::Deferred deferred;
  std::function<Failure()> work;
  std::function<Napi::Value(Napi::Env)> done;
  Failure failure;
};

} // namespace

Napi::Promise run(Napi::Env env, std::function<Failure()> work, std::function<Napi::Value(Napi::Env)> done) {
  Work *worker = new Work(env, std::move(work), std::move(done));
  worker->Queue();
  return worker->promise();
}

} // namespace error
