#include <napi.h>

namespace host {
void init(Napi::Env, Napi::Object) {}
} // namespace host
