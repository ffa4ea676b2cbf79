// The export table, and nothing else: each file of this folder adds what it offers.
#include <napi.h>

#define BERTH_FACILITIES(X)                                                                                            \
  X(fds)                                                                                                               \
  X(spawn)                                                                                                             \
  X(pidfd)                                                                                                             \
  X(seccomp) X(sampler) X(root) X(files) X(host) X(tar) X(layer) X(netlink) X(nftables) X(quota) X(selinux) X(compare)

#define DECLARE(name)                                                                                                  \
  namespace name {                                                                                                     \
  void init(Napi::Env env, Napi::Object exports);                                                                      \
  }
BERTH_FACILITIES(DECLARE)
#undef DECLARE

static Napi::Object init(Napi::Env env, Napi::Object exports) {
#define INIT(name) name::init(env, exports);
  BERTH_FACILITIES(INIT)
#undef INIT
  return exports;
}

NODE_API_MODULE(addon, init)
