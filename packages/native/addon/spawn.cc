#include <napi.h>

namespace spawn {
void init(Napi::Env, Napi::Object) {}
} // namespace spawn
