#include <napi.h>

namespace root {
void init(Napi::Env, Napi::Object) {}
} // namespace root
