#include <napi.h>

namespace tar {
void init(Napi::Env, Napi::Object) {}
} // namespace tar
