// nf_tables over nfnetlink, in our own batches: one table of family ip, one map element a published port. Neither
// libnftables nor libnftnl (both GPL-2) is linked. The shapes are linux/netfilter/nf_tables.h's.
#include "netlink.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <memory>
#include <net/if.h>
#include <netinet/in.h>

namespace nftables {

namespace {

using netlink::Message;

struct Table {
  std::string name, bridge;
  in_addr subnet = {};
  uint8_t prefix = 0;
};

struct Port {
  uint8_t protocol = 0;
  in_addr host = {}, container = {};
  uint16_t host_port = 0, container_port = 0;
};

// nft's own numbers of data types, which it shows maps by: ipv4_addr 7, inet_proto 12, inet_service 13; six bits each.
constexpr uint32_t type_address = 7, type_protocol = 12, type_service = 13;
constexpr uint32_t key_any = type_protocol << 6 | type_service;
constexpr uint32_t key_address = type_address << 12 | type_protocol << 6 | type_service;
constexpr uint32_t value_type = type_address << 6 | type_service;

Message message(uint16_t type, uint16_t flags, uint8_t family = NFPROTO_IPV4) {
  nfgenmsg header = {family, NFNETLINK_V0, 0};
  return Message(static_cast<uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | type), NLM_F_REQUEST | flags, &header,
                 sizeof header);
}

Message bound(uint16_t type) {
  nfgenmsg header = {AF_UNSPEC, NFNETLINK_V0, htons(NFNL_SUBSYS_NFTABLES)};
  return Message(type, NLM_F_REQUEST, &header, sizeof header);
}

void put_be32(Message &out, uint16_t type, uint32_t value) {
  out.put32(type, htonl(value));
}

// All or nothing: the kernel takes a batch as one transaction.
error::Failure commit(std::vector<Message> changes, const char *what, const std::string &path) {
  netlink::Socket socket(NETLINK_NETFILTER);
  std::vector<Message> batch;
  batch.push_back(bound(NFNL_MSG_BATCH_BEGIN));
  for (Message &change : changes)
    batch.push_back(std::move(change));
  batch.push_back(bound(NFNL_MSG_BATCH_END));
  return socket ? socket.send(batch, what, path) : error::last("socket");
}

// ---- expressions of a rule

class Rule {
public:
  Rule(std::string table, const char *chain) : table(std::move(table)), chain(chain) {}

  void meta(uint32_t key, uint32_t into) {
    add("meta", [&] {
      put_be32(out, NFTA_META_DREG, into);
      put_be32(out, NFTA_META_KEY, key);
    });
  }
  void payload(uint32_t base, uint32_t offset, uint32_t length, uint32_t into) {
    add("payload", [&] {
      put_be32(out, NFTA_PAYLOAD_DREG, into);
      put_be32(out, NFTA_PAYLOAD_BASE, base);
      put_be32(out, NFTA_PAYLOAD_OFFSET, offset);
      put_be32(out, NFTA_PAYLOAD_LEN, length);
    });
  }
  void compare(uint32_t op, const void *data, size_t size) {
    add("cmp", [&] {
      put_be32(out, NFTA_CMP_SREG, NFT_REG_1);
      put_be32(out, NFTA_CMP_OP, op);
      out.nest(NFTA_CMP_DATA, [&] { out.put(NFTA_DATA_VALUE, data, size); });
    });
  }
  void mask(uint32_t bits) {
    uint32_t value = htonl(bits), zero = 0;
    add("bitwise", [&] {
      put_be32(out, NFTA_BITWISE_SREG, NFT_REG_1);
      put_be32(out, NFTA_BITWISE_DREG, NFT_REG_1);
      put_be32(out, NFTA_BITWISE_LEN, 4);
      out.nest(NFTA_BITWISE_MASK, [&] { out.put(NFTA_DATA_VALUE, &value, sizeof value); });
      out.nest(NFTA_BITWISE_XOR, [&] { out.put(NFTA_DATA_VALUE, &zero, sizeof zero); });
    });
  }
  // The packet is for an address of this host.
  void destination_is_local() {
    add("fib", [&] {
      put_be32(out, NFTA_FIB_DREG, NFT_REG_1);
      put_be32(out, NFTA_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
      put_be32(out, NFTA_FIB_FLAGS, NFTA_FIB_F_DADDR);
    });
    uint32_t local = RTN_LOCAL;
    compare(NFT_CMP_EQ, &local, sizeof local);
  }
  void in_subnet(const Table &table, uint32_t offset) {
    payload(NFT_PAYLOAD_NETWORK_HEADER, offset, 4, NFT_REG_1);
    mask(table.prefix == 0 ? 0 : ~0u << (32 - table.prefix));
    compare(NFT_CMP_EQ, &table.subnet, sizeof table.subnet);
  }
  void interface(uint32_t key, uint32_t op, const std::string &name) {
    char padded[IFNAMSIZ] = "";
    memcpy(padded, name.c_str(), std::min(name.size(), sizeof padded - 1));
    meta(key, NFT_REG_1);
    compare(op, padded, sizeof padded);
  }
  void lookup(const char *set, uint32_t set_id) {
    add("lookup", [&] {
      out.put(NFTA_LOOKUP_SET, std::string(set));
      put_be32(out, NFTA_LOOKUP_SREG, NFT_REG_1);
      put_be32(out, NFTA_LOOKUP_DREG, NFT_REG_1);
      put_be32(out, NFTA_LOOKUP_SET_ID, set_id);
    });
  }
  // Address in the first register, port in the next 32 bits.
  void destination_nat() {
    add("nat", [&] {
      put_be32(out, NFTA_NAT_TYPE, NFT_NAT_DNAT);
      put_be32(out, NFTA_NAT_FAMILY, NFPROTO_IPV4);
      put_be32(out, NFTA_NAT_REG_ADDR_MIN, NFT_REG_1);
      put_be32(out, NFTA_NAT_REG_PROTO_MIN, NFT_REG32_01);
    });
  }
  void masquerade() {
    add("masq", [] {});
  }
  void verdict(int code) {
    add("immediate", [&] {
      put_be32(out, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
      out.nest(NFTA_IMMEDIATE_DATA, [&] {
        out.nest(NFTA_DATA_VERDICT, [&] { put_be32(out, NFTA_VERDICT_CODE, static_cast<uint32_t>(code)); });
      });
    });
  }
  // ct status & IPS_DST_NAT: it came in through a published port.
  void was_destination_translated() {
    constexpr uint32_t dst_nat = 1u << 5, zero = 0;
    add("ct", [&] {
      put_be32(out, NFTA_CT_DREG, NFT_REG_1);
      put_be32(out, NFTA_CT_KEY, NFT_CT_STATUS);
    });
    mask(ntohl(dst_nat));
    compare(NFT_CMP_NEQ, &zero, sizeof zero);
  }
  Message finish() {
    Message rule = message(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND | NLM_F_ACK);
    rule.put(NFTA_RULE_TABLE, table);
    rule.put(NFTA_RULE_CHAIN, chain);
    std::vector<uint8_t> &bytes = out.finish(0);
    rule.nest(NFTA_RULE_EXPRESSIONS, [&] { rule.append(bytes.data() + NLMSG_HDRLEN, bytes.size() - NLMSG_HDRLEN); });
    return rule;
  }

private:
  template <typename Inside> void add(const char *name, Inside inside) {
    out.nest(NFTA_LIST_ELEM, [&] {
      out.put(NFTA_EXPR_NAME, std::string(name));
      out.nest(NFTA_EXPR_DATA, inside);
    });
  }

  std::string table, chain;
  Message out{0, 0, nullptr, 0};
};

Message new_table(const std::string &name) {
  Message out = message(NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_ACK);
  out.put(NFTA_TABLE_NAME, name);
  return out;
}

Message delete_table(const std::string &name) {
  Message out = message(NFT_MSG_DELTABLE, NLM_F_ACK);
  out.put(NFTA_TABLE_NAME, name);
  return out;
}

Message new_chain(const std::string &table, const char *name, const char *type, uint32_t hook, int priority) {
  Message out = message(NFT_MSG_NEWCHAIN, NLM_F_CREATE | NLM_F_ACK);
  out.put(NFTA_CHAIN_TABLE, table);
  out.put(NFTA_CHAIN_NAME, std::string(name));
  out.nest(NFTA_CHAIN_HOOK, [&] {
    put_be32(out, NFTA_HOOK_HOOKNUM, hook);
    put_be32(out, NFTA_HOOK_PRIORITY, static_cast<uint32_t>(priority));
  });
  out.put(NFTA_CHAIN_TYPE, std::string(type));
  return out;
}

Message flush_chain(const std::string &table, const char *name) {
  Message out = message(NFT_MSG_DELRULE, NLM_F_ACK);
  out.put(NFTA_RULE_TABLE, table);
  out.put(NFTA_RULE_CHAIN, std::string(name));
  return out;
}

Message new_map(const std::string &table, const char *name, uint32_t id, uint32_t key_type, uint32_t key_length) {
  Message out = message(NFT_MSG_NEWSET, NLM_F_CREATE | NLM_F_ACK);
  out.put(NFTA_SET_TABLE, table);
  out.put(NFTA_SET_NAME, std::string(name));
  put_be32(out, NFTA_SET_FLAGS, NFT_SET_MAP);
  put_be32(out, NFTA_SET_KEY_TYPE, key_type);
  put_be32(out, NFTA_SET_KEY_LEN, key_length);
  put_be32(out, NFTA_SET_DATA_TYPE, value_type);
  put_be32(out, NFTA_SET_DATA_LEN, 8);
  put_be32(out, NFTA_SET_ID, id);
  return out;
}

Message nat_rule(const Table &table, const char *chain, bool by_address) {
  Rule rule(table.name, chain);
  rule.destination_is_local();
  // A key's parts stand in registers of 32 bits each.
  uint32_t reg = NFT_REG32_00;
  if (by_address)
    rule.payload(NFT_PAYLOAD_NETWORK_HEADER, 16, 4, reg++);
  rule.meta(NFT_META_L4PROTO, reg++);
  rule.payload(NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2, reg);
  rule.lookup(by_address ? "ports_of_address" : "ports", by_address ? 2 : 1);
  rule.destination_nat();
  return rule.finish();
}

std::vector<Message> postrouting(const Table &table) {
  std::vector<Message> rules;
  { // To the outside.
    Rule rule(table.name, "postrouting");
    rule.in_subnet(table, 12);
    rule.interface(NFT_META_OIFNAME, NFT_CMP_NEQ, table.bridge);
    rule.masquerade();
    rules.push_back(rule.finish());
  }
  { // A container that reaches itself or a neighbour by the host's address: the answer must come back this way.
    Rule rule(table.name, "postrouting");
    rule.in_subnet(table, 12);
    rule.interface(NFT_META_OIFNAME, NFT_CMP_EQ, table.bridge);
    rule.was_destination_translated();
    rule.masquerade();
    rules.push_back(rule.finish());
  }
  { // The host itself, through 127.0.0.1.
    Rule rule(table.name, "postrouting");
    uint8_t loopback = 127;
    rule.payload(NFT_PAYLOAD_NETWORK_HEADER, 12, 1, NFT_REG_1);
    rule.compare(NFT_CMP_EQ, &loopback, 1);
    rule.interface(NFT_META_OIFNAME, NFT_CMP_EQ, table.bridge);
    rule.masquerade();
    rules.push_back(rule.finish());
  }
  return rules;
}

// Everything but the elements of the maps, which stay: existing connections and published ports are not touched.
error::Failure ensure(const Table &table) {
  std::vector<Message> batch;
  batch.push_back(new_table(table.name));
  batch.push_back(new_map(table.name, "ports", 1, key_any, 8));
  batch.push_back(new_map(table.name, "ports_of_address", 2, key_address, 12));
  batch.push_back(new_chain(table.name, "prerouting", "nat", NF_INET_PRE_ROUTING, -100));
  batch.push_back(new_chain(table.name, "output", "nat", NF_INET_LOCAL_OUT, -100));
  batch.push_back(new_chain(table.name, "postrouting", "nat", NF_INET_POST_ROUTING, 100));
  for (const char *chain : {"prerouting", "output", "postrouting"})
    batch.push_back(flush_chain(table.name, chain));
  for (const char *chain : {"prerouting", "output"}) {
    batch.push_back(nat_rule(table, chain, true));
    batch.push_back(nat_rule(table, chain, false));
  }
  for (Message &rule : postrouting(table))
    batch.push_back(std::move(rule));
  return commit(std::move(batch), "setting the firewall up", table.name);
}

// ---- elements

bool is_any(const Port &port) {
  return port.host.s_addr == 0;
}

std::vector<uint8_t> key_of(const Port &port) {
  std::vector<uint8_t> key(is_any(port) ? 8 : 12);
  size_t at = 0;
  if (!is_any(port)) {
    memcpy(key.data(), &port.host, 4);
    at = 4;
  }
  key[at] = port.protocol;
  uint16_t number = htons(port.host_port);
  memcpy(key.data() + at + 4, &number, 2);
  return key;
}

Message element(uint16_t type, const std::string &table, const Port &port) {
  bool adds = type == NFT_MSG_NEWSETELEM;
  Message out = message(type, static_cast<uint16_t>(NLM_F_ACK | (adds ? NLM_F_CREATE | NLM_F_EXCL : 0)));
  out.put(NFTA_SET_ELEM_LIST_TABLE, table);
  out.put(NFTA_SET_ELEM_LIST_SET, std::string(is_any(port) ? "ports" : "ports_of_address"));
  out.nest(NFTA_SET_ELEM_LIST_ELEMENTS, [&] {
    out.nest(NFTA_LIST_ELEM, [&] {
      std::vector<uint8_t> key = key_of(port);
      out.nest(NFTA_SET_ELEM_KEY, [&] { out.put(NFTA_DATA_VALUE, key.data(), key.size()); });
      if (!adds)
        return;
      uint8_t value[8] = {};
      uint16_t number = htons(port.container_port);
      memcpy(value, &port.container, 4);
      memcpy(value + 4, &number, 2);
      out.nest(NFTA_SET_ELEM_DATA, [&] { out.put(NFTA_DATA_VALUE, value, sizeof value); });
    });
  });
  return out;
}

error::Failure change(uint16_t type, const std::string &table, const std::vector<Port> &ports) {
  std::vector<Message> batch;
  for (const Port &port : ports)
    batch.push_back(element(type, table, port));
  return ports.empty() ? error::Failure{} : commit(std::move(batch), "publishing ports", table);
}

void read_element(const uint8_t *data, size_t size, bool by_address, std::vector<Port> &ports) {
  Port port;
  auto value_of = [](const uint8_t *nested, size_t length, uint8_t *into, size_t wanted) {
    netlink::attributes(nested, length, [&](uint16_t type, const uint8_t *value, size_t actual) {
      if (type == NFTA_DATA_VALUE && actual >= wanted)
        memcpy(into, value, wanted);
    });
  };
  netlink::attributes(data, size, [&](uint16_t type, const uint8_t *nested, size_t length) {
    uint8_t bytes[12] = {};
    uint16_t number;
    if (type == NFTA_SET_ELEM_KEY) {
      value_of(nested, length, bytes, by_address ? 12 : 8);
      size_t at = by_address ? 4 : 0;
      if (by_address)
        memcpy(&port.host, bytes, 4);
      port.protocol = bytes[at];
      memcpy(&number, bytes + at + 4, 2);
      port.host_port = ntohs(number);
    } else if (type == NFTA_SET_ELEM_DATA) {
      value_of(nested, length, bytes, 8);
      memcpy(&port.container, bytes, 4);
      memcpy(&number, bytes + 4, 2);
      port.container_port = ntohs(number);
    }
  });
  ports.push_back(port);
}

error::Failure list(const std::string &table, std::vector<Port> &ports) {
  netlink::Socket socket(NETLINK_NETFILTER);
  for (bool by_address : {false, true}) {
    Message ask = message(NFT_MSG_GETSETELEM, NLM_F_DUMP);
    ask.put(NFTA_SET_ELEM_LIST_TABLE, table);
    ask.put(NFTA_SET_ELEM_LIST_SET, std::string(by_address ? "ports_of_address" : "ports"));
    error::Failure failure = socket.dump(std::move(ask), "listing published ports", [&](const nlmsghdr *head) {
      const auto *start =
          static_cast<const uint8_t *>(NLMSG_DATA(const_cast<nlmsghdr *>(head))) + NLMSG_ALIGN(sizeof(nfgenmsg));
      netlink::attributes(start, head->nlmsg_len - NLMSG_SPACE(sizeof(nfgenmsg)),
                          [&](uint16_t type, const uint8_t *elements, size_t size) {
                            if (type == NFTA_SET_ELEM_LIST_ELEMENTS)
                              netlink::attributes(elements, size, [&](uint16_t, const uint8_t *data, size_t length) {
                                read_element(data, length, by_address, ports);
                              });
                          });
    });
    if (failure)
      return failure;
  }
  return {};
}

// ---- the JavaScript side

constexpr struct {
  const char *name;
  uint8_t number;
} protocols[] = {{"tcp", IPPROTO_TCP}, {"udp", IPPROTO_UDP}, {"sctp", IPPROTO_SCTP}};

Table read_table(const Napi::Value &value) {
  Napi::Object object = value.As<Napi::Object>();
  Table table;
  table.name = object.Get("table").ToString();
  table.bridge = object.Get("bridge").ToString();
  inet_pton(AF_INET, std::string(object.Get("subnet").ToString()).c_str(), &table.subnet);
  table.prefix = static_cast<uint8_t>(object.Get("prefixLength").ToNumber().Uint32Value());
  return table;
}

std::vector<Port> read_ports(const Napi::Value &value) {
  Napi::Array list = value.As<Napi::Array>();
  std::vector<Port> ports;
  for (uint32_t i = 0; i < list.Length(); i++) {
    Napi::Object object = list.Get(i).As<Napi::Object>();
    std::string protocol = object.Get("protocol").ToString();
    Port port;
    for (const auto &known : protocols)
      if (protocol == known.name)
        port.protocol = known.number;
    inet_pton(AF_INET, std::string(object.Get("hostAddress").ToString()).c_str(), &port.host);
    inet_pton(AF_INET, std::string(object.Get("containerAddress").ToString()).c_str(), &port.container);
    port.host_port = static_cast<uint16_t>(object.Get("hostPort").ToNumber().Uint32Value());
    port.container_port = static_cast<uint16_t>(object.Get("containerPort").ToNumber().Uint32Value());
    ports.push_back(port);
  }
  return ports;
}

Napi::Value nothing(Napi::Env env) {
  return env.Undefined();
}

Napi::Value ensure_firewall(const Napi::CallbackInfo &info) {
  Table table = read_table(info[0]);
  return error::run(
      info.Env(), [table] { return ensure(table); }, nothing);
}

template <uint16_t type> Napi::Value change_ports(const Napi::CallbackInfo &info) {
  std::string table = read_table(info[0]).name;
  std::vector<Port> ports = read_ports(info[1]);
  return error::run(
      info.Env(), [table, ports] { return change(type, table, ports); }, nothing);
}

std::string address_text(const in_addr &address) {
  char text[INET_ADDRSTRLEN];
  inet_ntop(AF_INET, &address, text, sizeof text);
  return text;
}

Napi::Value list_ports(const Napi::CallbackInfo &info) {
  std::string table = read_table(info[0]).name;
  auto ports = std::make_shared<std::vector<Port>>();
  return error::run(
      info.Env(), [table, ports] { return list(table, *ports); },
      [ports](Napi::Env env) -> Napi::Value {
        Napi::Array result = Napi::Array::New(env, ports->size());
        for (uint32_t i = 0; i < ports->size(); i++) {
          const Port &port = (*ports)[i];
          Napi::Object one = Napi::Object::New(env);
          for (const auto &known : protocols)
            if (port.protocol == known.number)
              one.Set("protocol", known.name);
          one.Set("hostAddress", address_text(port.host));
          one.Set("hostPort", Napi::Number::New(env, port.host_port));
          one.Set("containerAddress", address_text(port.container));
          one.Set("containerPort", Napi::Number::New(env, port.container_port));
          result.Set(i, one);
        }
        return result;
      });
}

Napi::Value remove_firewall(const Napi::CallbackInfo &info) {
  std::string name = info[0].ToString();
  return error::run(
      info.Env(),
      [name] {
        std::vector<Message> batch;
        batch.push_back(delete_table(name));
        return commit(std::move(batch), "removing the firewall", name);
      },
      nothing);
}

} // namespace

void init(Napi::Env env, Napi::Object exports) {
  exports.Set("ensureFirewall", Napi::Function::New(env, ensure_firewall, "ensureFirewall"));
  exports.Set("publishPorts", Napi::Function::New(env, change_ports<NFT_MSG_NEWSETELEM>, "publishPorts"));
  exports.Set("unpublishPorts", Napi::Function::New(env, change_ports<NFT_MSG_DELSETELEM>, "unpublishPorts"));
  exports.Set("listPublishedPorts", Napi::Function::New(env, list_ports, "listPublishedPorts"));
  exports.Set("removeFirewall", Napi::Function::New(env, remove_firewall, "removeFirewall"));
}

} // namespace nftables
