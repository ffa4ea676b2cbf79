#include <napi.h>

namespace sampler {
void init(Napi::Env, Napi::Object) {}
} // namespace sampler
