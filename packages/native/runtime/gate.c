#include "gate.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

int gate_send(int socket, char type, const void *data, size_t size, const int *fds, int count) {
  struct iovec parts[2] = {{&type, 1}, {(void *)(uintptr_t)data, size}};
  char control[CMSG_SPACE(sizeof(int) * GATE_FDS_MAX)] __attribute__((aligned(sizeof(size_t))));
  struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
  if (count > 0) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)count);
    memset(control, 0, message.msg_controllen);
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int) * (size_t)count);
    memcpy(CMSG_DATA(header), fds, sizeof(int) * (size_t)count);
  }
  return sendmsg(socket, &message, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

int gate_receive(int socket, void *data, size_t size, int *fds, int *count) {
  char type = 0;
  struct iovec parts[2] = {{&type, 1}, {data, size}};
  char control[CMSG_SPACE(sizeof(int) * GATE_FDS_MAX)] __attribute__((aligned(sizeof(size_t))));
  struct msghdr message = {
      .msg_iov = parts, .msg_iovlen = size ? 2 : 1, .msg_control = control, .msg_controllen = sizeof control};
  ssize_t length;
  do /* a peer that ended with something of ours unread resets the connection; what it said before is still there */
    length = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  while (length < 0 && (errno == EINTR || errno == ECONNRESET));
  if (length <= 0)
    return (int)length;
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  if (fds && count)
    *count = 0;
  if (header && header->cmsg_type == SCM_RIGHTS && fds && count) {
    *count = (int)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    memcpy(fds, CMSG_DATA(header), sizeof(int) * (size_t)*count);
  }
  return (unsigned char)type;
}

int gate_fail(int socket) {
  gate_send(socket, GATE_FAILED, &failure, sizeof failure, NULL, 0);
  return -1;
}

int gate_judge(int type, char wanted, const struct failure *told) {
  if (type == wanted)
    return 0;
  if (type == GATE_FAILED)
    failure = *told;
  else if (type == 0)
    report_invalid("starting", "the first process ended before it was ready");
  else
    report_errno("starting", "recvmsg", "message %d", type);
  return -1;
}

int gate_expect_pid(int socket, char wanted, int *fds, int *count, pid_t *value) {
  struct failure told;
  int result = gate_judge(gate_receive(socket, &told, sizeof told, fds, count), wanted, &told);
  if (result == 0 && value)
    memcpy(value, &told, sizeof *value);
  return result;
}

int gate_expect(int socket, char wanted, int *fds, int *count) {
  return gate_expect_pid(socket, wanted, fds, count, NULL);
}
