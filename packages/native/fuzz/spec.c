/* libFuzzer: config.json as the runtime reads it, its mounts' options and a process as an exec request brings it. */
#include "../runtime/spec.h"
#include "../runtime/mounts.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct spec spec;
  struct spec_process process;
  struct mount_options options;
  json_tokener *tokener = json_tokener_new_ex(32);
  json_object *tree = json_tokener_parse_ex(tokener, (const char *)data, (int)size);
  json_tokener_free(tokener);
  if (!tree)
    return 0;
  spec_parse_process(tree, &process);
  spec_free_process(&process);
  if (spec_parse(tree, &spec) == 0)
    for (int i = 0; i < spec.mount_count; i++)
      mounts_options(&spec.mounts[i], &options);
  spec_free(&spec);
  return 0;
}
