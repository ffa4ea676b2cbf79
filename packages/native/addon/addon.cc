// The export table, and nothing else: each file of this folder adds what it offers.
#include <napi.h>

#define BERTH_FACILITIES(X)                                                                                            \
  X(fds) X(spawn) X(pidfd) X(seccomp) X(sampler) X(root) X(files) X(host) X(tar) X(netlink) X(nftables) X(quota) X(selinux)
