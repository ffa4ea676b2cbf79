// Errors as Node has them: code, errno, syscall, path. Shared by every facility.
#pragma once

#include "failure.h"

#include <functional>
#include <napi.h>

namespace error {

Napi::Error make(Napi::Env env, const Failure &failure);
/// Throws into JavaScript; the caller returns at once (C++ exceptions are off).
void raise(Napi::Env env, const Failure &failure);

/// Runs `work` on the pool; then `done` on the main thread makes the value the promise resolves with. `work` returns a
/// Failure to reject. Neither may touch the environment except `done`.
Napi::Promise run(Napi::Env env, std::function<Failure()> work, std::function<Napi::Value(Napi::Env)> done);

} // namespace error
