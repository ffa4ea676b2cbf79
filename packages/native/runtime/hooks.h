/* OCI hooks: programs of the host's administrator, run with the container's state on their standard input. */
#ifndef HOOKS_H
#define HOOKS_H

#include "spec.h"

/* Runs them in order. The environment is the hook's own `env` and nothing else: nothing of the image, of the caller
 * or of ours reaches a hook (CVE-2025-23266). `cwd`: where to run it, or NULL to stay. Stops at the first that fails,
 * or is late, which is ended. `state`: the JSON for standard input. */
int hooks_run(const struct spec_hooks *hooks, const char *state, const char *cwd);

#endif
