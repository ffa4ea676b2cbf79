#include <napi.h>

namespace pidfd {
void init(Napi::Env, Napi::Object) {}
} // namespace pidfd
