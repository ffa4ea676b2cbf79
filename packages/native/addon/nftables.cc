#include <napi.h>

namespace nftables {
void init(Napi::Env, Napi::Object) {}
} // namespace nftables
