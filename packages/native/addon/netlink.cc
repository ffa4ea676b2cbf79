#include <napi.h>

namespace netlink {
void init(Napi::Env, Napi::Object) {}
} // namespace netlink
