// A netlink message builder and a request that waits for its acknowledgement. Core, small, ours: netlink(7).
#pragma once

#include "beneath.h"
#include "error.h"

#include <cstdint>
#include <cstring>
#include <functional>
#include <linux/netlink.h>
#include <string>
#include <sys/socket.h>
#include <vector>

namespace netlink {

class Message {
public:
  Message(uint16_t type, uint16_t flags, const void *header, size_t size) {
    bytes.resize(NLMSG_HDRLEN);
    auto *head = reinterpret_cast<nlmsghdr *>(bytes.data());
    head->nlmsg_type = type;
    head->nlmsg_flags = flags;
    append(header, size);
  }

  void put(uint16_t type, const void *data, size_t size) {
    nlattr head = {static_cast<uint16_t>(NLA_HDRLEN + size), type};
    append(&head, sizeof head);
    append(data, size);
  }
  void put(uint16_t type, const std::string &text) {
    put(type, text.c_str(), text.size() + 1);
  }
  void put32(uint16_t type, uint32_t value) {
    put(type, &value, sizeof value);
  }
  void put8(uint16_t type, uint8_t value) {
    put(type, &value, sizeof value);
  }

  /// Attributes that `inside` puts become one nested attribute.
  void nest(uint16_t type, const std::function<void()> &inside) {
    size_t at = bytes.size();
    nlattr head = {0, static_cast<uint16_t>(type | NLA_F_NESTED)};
    append(&head, sizeof head);
    inside();
    uint16_t length = static_cast<uint16_t>(bytes.size() - at);
    memcpy(bytes.data() + at, &length, sizeof length);
  }

  void append(const void *data, size_t size) {
    const auto *from = static_cast<const uint8_t *>(data);
    bytes.insert(bytes.end(), from, from + size);
    while (bytes.size() % NLMSG_ALIGNTO != 0)
      bytes.push_back(0);
  }

  std::vector<uint8_t> &finish(uint32_t sequence) {
    auto *head = reinterpret_cast<nlmsghdr *>(bytes.data());
    head->nlmsg_len = static_cast<uint32_t>(bytes.size());
    head->nlmsg_seq = sequence;
    return bytes;
  }

private:
  std::vector<uint8_t> bytes;
};

class Socket {
public:
  explicit Socket(int protocol) : fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol)) {
    int one = 1;
    if (fd)
      setsockopt(fd.get(), SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof one);
  }
  explicit operator bool() const {
    return static_cast<bool>(fd);
  }

  /// Sends the messages in one write and waits for an acknowledgement of each that asks for one; the first errno
  /// counts.
  error::Failure send(std::vector<Message> &messages, const char *what, const std::string &path = {}) {
    std::vector<uint8_t> all;
    int awaited = 0;
    for (Message &message : messages) {
      std::vector<uint8_t> &bytes = message.finish(++sequence);
      awaited += (reinterpret_cast<nlmsghdr *>(bytes.data())->nlmsg_flags & NLM_F_ACK) != 0;
      all.insert(all.end(), bytes.begin(), bytes.end());
    }
    if (::send(fd.get(), all.data(), all.size(), 0) < 0)
      return error::last(what, path);
    error::Failure first;
    while (awaited > 0) {
      int number = 0;
      if (!receive([&](const nlmsghdr *head) {
            if (head->nlmsg_type == NLMSG_ERROR) {
              number = -reinterpret_cast<const nlmsgerr *>(NLMSG_DATA(const_cast<nlmsghdr *>(head)))->error;
              awaited--;
              if (number != 0 && !first)
                first = error::with(number, what, path);
            }
          }))
        return error::last(what, path);
      // A refused batch is answered by its first error alone.
      if (first)
        return first;
    }
    return first;
  }

  error::Failure send(Message message, const char *what, const std::string &path = {}) {
    std::vector<Message> one;
    one.push_back(std::move(message));
    return send(one, what, path);
  }

  /// A dump: `each` gets every message of the answer.
  error::Failure dump(Message message, const char *what, const std::function<void(const nlmsghdr *)> &each) {
    std::vector<uint8_t> &bytes = message.finish(++sequence);
    if (::send(fd.get(), bytes.data(), bytes.size(), 0) < 0)
      return error::last(what);
    bool done = false;
    error::Failure failure;
    while (!done) {
      if (!receive([&](const nlmsghdr *head) {
            if (head->nlmsg_type == NLMSG_DONE)
              done = true;
            else if (head->nlmsg_type == NLMSG_ERROR) {
              int number = -reinterpret_cast<const nlmsgerr *>(NLMSG_DATA(const_cast<nlmsghdr *>(head)))->error;
              done = true;
              if (number != 0)
                failure = error::with(number, what);
            } else
              each(head);
          }))
        return error::last(what);
    }
    return failure;
  }

private:
  bool receive(const std::function<void(const nlmsghdr *)> &each) {
    alignas(nlmsghdr) char buffer[65536];
    ssize_t length = recv(fd.get(), buffer, sizeof buffer, 0);
    if (length < 0)
      return errno == EINTR;
    int left = static_cast<int>(length);
    for (auto *head = reinterpret_cast<nlmsghdr *>(buffer); NLMSG_OK(head, left); head = NLMSG_NEXT(head, left))
      each(head);
    return true;
  }

  beneath::Fd fd;
  uint32_t sequence = 0;
};

/// Calls with type, data and length of each attribute.
inline void attributes(const void *data, size_t size,
                       const std::function<void(uint16_t, const uint8_t *, size_t)> &each) {
  const auto *at = static_cast<const uint8_t *>(data);
  const uint8_t *end = at + size;
  while (at + NLA_HDRLEN <= end) {
    nlattr head;
    memcpy(&head, at, sizeof head);
    if (head.nla_len < NLA_HDRLEN || at + head.nla_len > end)
      return;
    each(head.nla_type & NLA_TYPE_MASK, at + NLA_HDRLEN, head.nla_len - NLA_HDRLEN);
    at += NLA_ALIGN(head.nla_len);
  }
}

} // namespace netlink
