/* An OCI linux.seccomp object becomes a classic BPF program (runtime-spec, config-linux.md, "Seccomp"). */
#ifndef SECCOMP_COMPILE_H
#define SECCOMP_COMPILE_H

#include <json-c/json.h>
#include <linux/filter.h>

#ifdef __cplusplus
extern "C" {
#endif

struct seccomp_code {
  struct sock_filter *filters; /* to be freed */
  unsigned short count;
  unsigned flags; /* SECCOMP_FILTER_FLAG_* */
};

/* Names of calls that this machine has not are left out, unknown words of any other kind are errors. */
int seccomp_compile(json_object *profile, struct seccomp_code *code);

#ifdef __cplusplus
}
#endif

#endif
