/* config-linux.md, "The Container Process State": what goes to listenerPath with the listener. */
#include "oci.h"

#include "../cleanup.h"
#include "../report.h"

#include <string.h>

static const struct oci_container *listening;
static enum oci_status status;

void oci_listens(const struct oci_container *self, enum oci_status now) {
  listening = self;
  status = now;
}

static char *process_state(pid_t pid, json_object *metadata) {
  json_object *object = json_object_new_object(), *fds = json_object_new_array();
  pid_t first = listening->container.pid > 0 ? listening->container.pid : pid;
  cleanup_free char *state = oci_state_text(listening, status, first, false);
  json_object_array_add(fds, json_object_new_string("seccompFd"));
  json_object_object_add(object, "ociVersion", json_object_new_string(OCI_VERSION));
  json_object_object_add(object, "fds", fds);
  json_object_object_add(object, "pid", json_object_new_int(pid));
  if (metadata)
    json_object_object_add(object, "metadata", json_object_get(metadata));
  json_object_object_add(object, "state", json_tokener_parse(state));
  char *text = strdup(json_object_to_json_string_ext(object, JSON_C_TO_STRING_NOSLASHESCAPE));
  json_object_put(object);
  return text;
}

int oci_take_listener(const struct container *container, int listener, pid_t pid) {
  static const char *const step = "handing the seccomp listener over";
  const char *path = json_object_get_string(cgroup_member(container->spec.seccomp, "listenerPath"));
  cleanup_free char *text = process_state(pid, cgroup_member(container->spec.seccomp, "listenerMetadata"));
  if (!path || !text)
    return report_invalid(step, "the profile has no listenerPath");
  return oci_send_descriptor(step, path, text, listener);
}
