// Work that may wait for the far end of a pipe, on a thread of its own: on libuv's pool it could wait for a pool that
// is full of such work.
#pragma once

#include "error.h"

#include <functional>
#include <sched.h>
#include <sys/stat.h>
#include <thread>
#include <utility>

namespace thread {

/// From here on this thread has a umask of its own, none: files get the mode they are made with.
inline error::Failure ownUmask() {
  if (unshare(CLONE_FS) != 0)
    return error::last("unshare");
  umask(0);
  return {};
}

struct Job {
  Napi::Promise::Deferred deferred;
  Napi::ThreadSafeFunction call;
  std::function<error::Failure()> work;
  std::function<Napi::Value(Napi::Env)> done;
  error::Failure failure;
};

inline Napi::Promise run(Napi::Env env, std::function<error::Failure()> work,
                         std::function<Napi::Value(Napi::Env)> done) {
  Napi::Function nothing = Napi::Function::New(env, [](const Napi::CallbackInfo &) {});
  Job *job = new Job{Napi::Promise::Deferred::New(env),
                     Napi::ThreadSafeFunction::New(env, nothing, "berth", 0, 1),
                     std::move(work),
                     std::move(done),
                     {}};
  Napi::Promise promise = job->deferred.Promise();
  std::thread([job] {
    job->failure = job->work();
    Napi::ThreadSafeFunction call = job->call;
    napi_status status = call.NonBlockingCall(job, [](Napi::Env env, Napi::Function, Job *job) {
      if (job->failure)
        job->deferred.Reject(error::make(env, job->failure).Value());
      else
        job->deferred.Resolve(job->done(env));
      delete job;
    });
    // The environment is going away: the job stays, because its references may not be freed from here.
    if (status == napi_ok)
      call.Release();
  }).detach();
  return promise;
}

} // namespace thread
