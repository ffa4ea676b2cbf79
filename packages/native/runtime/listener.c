#include "listener.h"

#include "cleanup.h"
#include "gate.h"
#include "report.h"

#include <string.h>

int listener_load(const struct seccomp_program *program, int gate) {
  cleanup_fd int listener = seccomp_apply(program);
  if (listener <= 0)
    return steal_fd(&listener);
  if (gate_send(gate, GATE_LISTENER, NULL, 0, &listener, 1) < 0)
    return report_errno("handing the seccomp listener over", "sendmsg", "%s", "");
  return gate_expect(gate, GATE_LISTENING, NULL, NULL);
}

static int hand_over(const struct container *container, int gate, pid_t pid, int listener) {
  if (!container->take_listener)
    return report_invalid("handing the seccomp listener over", "nobody takes notifications here");
  return container->take_listener(container, listener, pid) < 0 ? -1
         : gate_send(gate, GATE_LISTENING, NULL, 0, NULL, 0) < 0
             ? report_errno("handing the seccomp listener over", "sendmsg", "%s", "")
             : 0;
}

int listener_expect(const struct container *container, int gate, char wanted, pid_t pid, int *fd) {
  struct failure told;
  for (;;) {
    int fds[GATE_FDS_MAX], count = 0, type = gate_receive(gate, &told, sizeof told, fds, &count);
    if (type != GATE_LISTENER || count != 1) {
      if (fd && count == 1)
        *fd = fds[0];
      return gate_judge(type, wanted, &told);
    }
    int result = hand_over(container, gate, pid, fds[0]);
    close(fds[0]);
    if (result < 0)
      return -1;
  }
}
