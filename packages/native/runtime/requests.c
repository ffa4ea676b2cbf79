/* What clients ask for. */
#include "cleanup.h"
#include "report.h"
#include "supervise.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

static json_object *parse(const char *data, size_t length) {
  json_tokener *tokener = json_tokener_new_ex(32);
  json_object *object = length ? json_tokener_parse_ex(tokener, data, (int)length) : json_object_new_object();
  json_tokener_free(tokener);
  if (object && !json_object_is_type(object, json_type_object)) {
    json_object_put(object);
    object = NULL;
  }
  if (!object)
    report_invalid("reading a request", "its payload is not a JSON object");
  return object;
}

static void remember_running(void) {
  char text[8192];
  int length = describe(text, sizeof text);
  if (write_whole(self.run_dir, "pid.json", text, (size_t)length) < 0)
    fprintf(stderr, "%s: %s\n", failure.step, failure.detail);
}

/* Only what exec needs of the spec stays in memory. */
static void forget_spec(void) {
  struct spec *spec = &self.container.spec, kept = {0};
  kept.clone_flags = spec->clone_flags;
  kept.uid_maps = spec->uid_maps;
  kept.gid_maps = spec->gid_maps;
  kept.mount_label = spec->mount_label ? strdup(spec->mount_label) : NULL;
  for (int i = 0; i < 8; i++)
    kept.namespace_paths[i] = spec->namespace_paths[i] ? "" : NULL; /* joined: only that it is one matters now */
  memset(&spec->uid_maps, 0, sizeof spec->uid_maps);
  memset(&spec->gid_maps, 0, sizeof spec->gid_maps);
  spec_free(spec);
  *spec = kept;
  if (self.container.seccomp.filters)
    munmap(self.container.seccomp.filters, self.container.seccomp.count * (size_t)8);
  self.container.seccomp.filters = NULL;
  free(self.container.overlay.lower.items);
  memset(&self.container.overlay, 0, sizeof self.container.overlay);
  json_object_put(self.launch);
  self.launch = NULL;
}

static void start(struct client *client) {
  if (self.started || self.exited) {
    report_invalid("starting", "the container was started before");
    reply_failure(client);
    return;
  }
  clock_gettime(CLOCK_REALTIME, &self.started_at);
  self.started = true;
  remember_running();
  answer(client, container_start(&self.container)); /* a failure is an exit too: SIGCHLD tells */
  forget_spec();
}

static int exec_request(struct client *client, json_object *request) {
  json_object *process = cgroup_member(request, "process");
  if (!self.started || self.exited)
    return report_invalid("executing", "the container is not running");
  if (client->session)
    return report_invalid("executing", "this connection has an exec already");
  if (cgroup_frozen(&self.container.cgroup))
    return report_invalid("executing", "the container is paused");
  struct session *session = calloc(1, sizeof *session);
  if (!session)
    return report_errno("executing", "calloc", "%s", "");
  if (map_seccomp() < 0 || spec_parse_process(process, &session->exec.process) < 0 ||
      container_exec(&self.container, &session->exec, NULL, flag(request, "stdin")) < 0) {
    spec_free_process(&session->exec.process);
    free(session);
    return -1;
  }
  spec_free_process(&session->exec.process);
  session->client = client;
  session->next = self.sessions;
  self.sessions = session;
  client->session = session;
  reply(client, "{\"pid\":%d}", session->exec.pid);
  return 0;
}

static void exec_start(struct client *client, json_object *request) {
  client->is_of_exec = true;
  if (exec_request(client, request) < 0)
    reply_failure(client);
  if (self.container.seccomp.filters)
    munmap(self.container.seccomp.filters, self.container.seccomp.count * (size_t)8);
  self.container.seccomp.filters = NULL;
}

static int signal_one(const struct client *client, int signal) {
  if (client->is_of_exec && !client->session)
    return report_invalid("signalling", "the exec of this connection has ended");
  int pidfd = client->session ? client->session->exec.pidfd : self.container.pidfd;
  return syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0) < 0
             ? report_errno("signalling", "pidfd_send_signal", "%d", signal)
             : 0;
}

static void signal_request(struct client *client, json_object *request) {
  int signal = number_of(request, "signal");
  answer(client, self.exited            ? report_invalid("signalling", "the container has ended")
                 : flag(request, "all") ? (cgroup_signal(&self.container.cgroup, signal) < 0 ? -1 : 0)
                                        : signal_one(client, signal));
}

static void resize(struct client *client, json_object *request) {
  int terminal = client->is_of_exec && !client->session ? -1
                 : client->session                      ? client->session->exec.terminal
                                                        : self.container.terminal;
  if (terminal < 0) {
    report_invalid("resizing the terminal", "there is no terminal");
    reply_failure(client);
    return;
  }
  answer(client,
         terminal_resize(terminal, (unsigned)number_of(request, "width"), (unsigned)number_of(request, "height")));
}

static void status(struct client *client) {
  const char *text = self.exited                             ? "stopped"
                     : !self.started                         ? "created"
                     : cgroup_frozen(&self.container.cgroup) ? "paused"
                                                             : "running";
  reply(client, "{\"status\":\"%s\",\"pid\":%d}", text, self.container.pid);
}

static void processes(struct client *client) {
  enum { PIDS_MAX = 32768 };
  cleanup_free pid_t *pids = malloc(sizeof(pid_t) * PIDS_MAX);
  cleanup_free char *text = malloc(PIDS_MAX * 12 + 16);
  if (!pids || !text) {
    report_errno("listing processes", "malloc", "%s", "");
    reply_failure(client);
    return;
  }
  int count = self.exited ? 0 : cgroup_pids(&self.container.cgroup, pids, PIDS_MAX),
      used = sprintf(text, "{\"pids\":[");
  if (count < 0) {
    reply_failure(client);
    return;
  }
  for (int i = 0; i < count; i++)
    used += sprintf(text + used, "%s%d", i ? "," : "", pids[i]);
  used += sprintf(text + used, "]}");
  client_send(client, SUPERVISOR_REPLY, text, (size_t)used);
}

static void attach(struct client *client, json_object *request) {
  client->attached_stdin = flag(request, "stdin");
  client->attached_stdout = flag(request, "stdout");
  client->attached_stderr = flag(request, "stderr");
  reply(client, "{}");
  if (self.exited)
    send_exit(client);
}

static void handle(struct client *client, uint8_t type, const char *data, size_t length) {
  if (type == SUPERVISOR_STDIN) {
    if (client->session && !client->session->input_closed)
      buffer_append(&client->session->input, data, length);
    else if (!client->session && client->attached_stdin && !self.input_closed)
      buffer_append(&self.input, data, length);
    return;
  }
  if (type == SUPERVISOR_STDIN_CLOSE) {
    if (client->session)
      client->session->input_closed = true;
    else if (client->attached_stdin && self.container.terminal < 0)
      self.input_closed = true;
    return;
  }
  json_object *request = parse(data, length);
  if (!request) {
    reply_failure(client);
    return;
  }
  switch (type) {
  case SUPERVISOR_START:
    start(client);
    break;
  case SUPERVISOR_ATTACH:
    attach(client, request);
    break;
  case SUPERVISOR_RESIZE:
    resize(client, request);
    break;
  case SUPERVISOR_SIGNAL:
    signal_request(client, request);
    break;
  case SUPERVISOR_EXEC:
    exec_start(client, request);
    break;
  case SUPERVISOR_PAUSE:
  case SUPERVISOR_RESUME:
    answer(client, self.exited ? report_invalid("freezing", "the container has ended")
                               : cgroup_freeze(&self.container.cgroup, type == SUPERVISOR_PAUSE));
    break;
  case SUPERVISOR_UPDATE:
    answer(client, self.exited ? report_invalid("updating", "the container has ended")
                               : cgroup_update(&self.container.cgroup, cgroup_member(request, "resources")));
    break;
  case SUPERVISOR_STATUS:
    status(client);
    break;
  case SUPERVISOR_WATCH:
    client->watching = true;
    reply(client, "{}");
    if (self.oom_kills)
      send_oom(client);
    if (self.exited)
      send_exit(client);
    break;
  case SUPERVISOR_PROCESSES:
    processes(client);
    break;
  default:
    report_invalid("reading a request", "unknown type %u", type);
    reply_failure(client);
  }
  json_object_put(request);
}

/* Big frames are not the loop's own, which is always there. */
__attribute__((noinline)) void read_client(struct client *client) {
  char chunk[SUPERVISOR_OUTPUT_BYTES_MAX];
  ssize_t length = recv(client->fd, chunk, sizeof chunk, MSG_DONTWAIT);
  if (length < 0 && (errno == EAGAIN || errno == EINTR))
    return;
  if (length <= 0 || buffer_append(&client->in, chunk, (size_t)length) < 0) {
    client->gone = true;
    return;
  }
  while (!client->gone && client->in.length >= sizeof(struct supervisor_frame)) {
    struct supervisor_frame frame;
    memcpy(&frame, buffer_data(&client->in), sizeof frame);
    size_t size = ntohl(frame.length);
    if (size > SUPERVISOR_REQUEST_BYTES_MAX) {
      client->gone = true;
      return;
    }
    if (client->in.length < sizeof frame + size)
      return;
    handle(client, frame.type, buffer_data(&client->in) + sizeof frame, size);
    buffer_consume(&client->in, sizeof frame + size);
  }
}
