#include <napi.h>

namespace fds {
void init(Napi::Env, Napi::Object) {}
} // namespace fds
