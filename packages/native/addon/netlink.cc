// rtnetlink(7): the bridge, a container's pair of interfaces, what is there already.
#include "netlink.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <memory>
#include <net/if.h>
#include <sched.h>
#include <thread>

namespace netlink {

namespace {

constexpr uint16_t request_ack = NLM_F_REQUEST | NLM_F_ACK;

bool parse_address(const std::string &text, in_addr &address) {
  return inet_pton(AF_INET, text.c_str(), &address) == 1;
}

bool parse_mac(const std::string &text, uint8_t (&mac)[6]) {
  return sscanf(text.c_str(), "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &mac[0], &mac[1], &mac[2], &mac[3], &mac[4], &mac[5]) ==
         6;
}

std::string mac_text(const uint8_t *mac, size_t size) {
  char text[32] = "";
  if (size == 6)
    snprintf(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
  return text;
}

error::Failure bad(const std::string &what) {
  return error::with(EINVAL, "rtnetlink", what, "not a valid address or name");
}

Message link_up(int index) {
  ifinfomsg header = {AF_UNSPEC, 0, 0, index, IFF_UP, IFF_UP};
  return Message(RTM_NEWLINK, request_ack, &header, sizeof header);
}

Message add_address(int index, const in_addr &address, uint8_t prefix, uint16_t flags) {
  ifaddrmsg header = {AF_INET, prefix, 0, RT_SCOPE_UNIVERSE, static_cast<uint32_t>(index)};
  Message message(RTM_NEWADDR, request_ack | flags, &header, sizeof header);
  message.put(IFA_LOCAL, &address, sizeof address);
  message.put(IFA_ADDRESS, &address, sizeof address);
  uint32_t mask = prefix == 0 ? 0 : ~0u << (32 - prefix);
  in_addr broadcast = {htonl(ntohl(address.s_addr) | ~mask)};
  message.put(IFA_BROADCAST, &broadcast, sizeof broadcast);
  return message;
}

void write_setting(const std::string &path, const char *value) {
  beneath::Fd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (fd && write(fd.get(), value, strlen(value)) < 0)
    return; /* a kernel without IPv6 has nothing to turn off */
}

// ---- bridge

struct Bridge {
  std::string name, address;
  uint8_t prefix = 0;
  uint32_t mtu = 0;
  int index = 0;
  std::string mac;
};

struct Link {
  std::string name, kind, mac;
  int index = 0, mtu = 0, master = 0;
  bool up = false;
};

error::Failure list(Socket &socket, std::vector<Link> &links) {
  ifinfomsg header = {};
  Message message(RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, &header, sizeof header);
  return socket.dump(std::move(message), "listing links", [&links](const nlmsghdr *head) {
    const auto *info = static_cast<const ifinfomsg *>(NLMSG_DATA(const_cast<nlmsghdr *>(head)));
    Link link;
    link.index = info->ifi_index;
    link.up = (info->ifi_flags & IFF_UP) != 0;
    const uint8_t *start = reinterpret_cast<const uint8_t *>(info) + NLMSG_ALIGN(sizeof *info);
    attributes(
        start, head->nlmsg_len - NLMSG_SPACE(sizeof *info), [&link](uint16_t type, const uint8_t *data, size_t size) {
          if (type == IFLA_IFNAME)
            link.name.assign(reinterpret_cast<const char *>(data), strnlen(reinterpret_cast<const char *>(data), size));
          else if (type == IFLA_ADDRESS)
            link.mac = mac_text(data, size);
          else if (type == IFLA_MTU && size >= 4)
            memcpy(&link.mtu, data, 4);
          else if (type == IFLA_MASTER && size >= 4)
            memcpy(&link.master, data, 4);
          else if (type == IFLA_LINKINFO)
            attributes(data, size, [&link](uint16_t inner, const uint8_t *kind, size_t length) {
              if (inner == IFLA_INFO_KIND)
                link.kind.assign(reinterpret_cast<const char *>(kind),
                                 strnlen(reinterpret_cast<const char *>(kind), length));
            });
        });
    links.push_back(std::move(link));
  });
}

error::Failure ensure_bridge(Bridge &bridge) {
  Socket socket(NETLINK_ROUTE);
  in_addr address;
  if (!parse_address(bridge.address, address))
    return bad(bridge.address);
  ifinfomsg header = {};
  Message create(RTM_NEWLINK, request_ack | NLM_F_CREATE | NLM_F_EXCL, &header, sizeof header);
  create.put(IFLA_IFNAME, bridge.name);
  if (bridge.mtu != 0)
    create.put32(IFLA_MTU, bridge.mtu);
  create.nest(IFLA_LINKINFO, [&] { create.put(IFLA_INFO_KIND, "bridge", 6); });
  if (error::Failure failure = socket.send(std::move(create), "making the bridge", bridge.name);
      failure && failure.number != EEXIST)
    return failure;
  bridge.index = static_cast<int>(if_nametoindex(bridge.name.c_str()));
  if (bridge.index == 0)
    return error::last("if_nametoindex", bridge.name);
  write_setting("/proc/sys/net/ipv6/conf/" + bridge.name + "/disable_ipv6", "1");
  if (error::Failure failure =
          socket.send(add_address(bridge.index, address, bridge.prefix, NLM_F_CREATE | NLM_F_REPLACE),
                      "giving the bridge its address", bridge.address))
    return failure;
  if (error::Failure failure = socket.send(link_up(bridge.index), "bringing the bridge up", bridge.name))
    return failure;
  std::vector<Link> links;
  if (error::Failure failure = list(socket, links))
    return failure;
  for (const Link &link : links)
    if (link.index == bridge.index)
      bridge.mac = link.mac;
  return {};
}

// ---- veth

struct Veth {
  std::string host_interface, bridge, container_interface, mac, address, gateway;
  int pid = 0;
  uint8_t prefix = 0;
  uint32_t mtu = 0;
};

// In the container's network namespace, on a thread of its own that ends with the call: setns(2) changes only it.
error::Failure configure_inside(const Veth &veth, int namespace_fd) {
  error::Failure result;
  std::thread([&] {
    if (setns(namespace_fd, CLONE_NEWNET) < 0) {
      result = error::last("setns");
      return;
    }
    in_addr address, gateway;
    if (!parse_address(veth.address, address) || !parse_address(veth.gateway, gateway)) {
      result = bad(veth.address);
      return;
    }
    int index = static_cast<int>(if_nametoindex(veth.container_interface.c_str()));
    if (index == 0) {
      result = error::last("if_nametoindex", veth.container_interface);
      return;
    }
    Socket socket(NETLINK_ROUTE);
    std::vector<Message> batch;
    batch.push_back(add_address(index, address, veth.prefix, NLM_F_CREATE | NLM_F_EXCL));
    batch.push_back(link_up(index));
    rtmsg header = {};
    header.rtm_family = AF_INET;
    header.rtm_table = RT_TABLE_MAIN;
    header.rtm_protocol = RTPROT_BOOT;
    header.rtm_scope = RT_SCOPE_UNIVERSE;
    header.rtm_type = RTN_UNICAST;
    Message route(RTM_NEWROUTE, request_ack | NLM_F_CREATE | NLM_F_EXCL, &header, sizeof header);
    route.put(RTA_GATEWAY, &gateway, sizeof gateway);
    route.put32(RTA_OIF, static_cast<uint32_t>(index));
    batch.push_back(std::move(route));
    result = socket.send(batch, "configuring the container's interface", veth.address);
  }).join();
  return result;
}

error::Failure create_veth(const Veth &veth) {
  Socket socket(NETLINK_ROUTE);
  uint8_t mac[6];
  unsigned bridge = if_nametoindex(veth.bridge.c_str());
  if (bridge == 0)
    return error::last("if_nametoindex", veth.bridge);
  if (!parse_mac(veth.mac, mac) || veth.host_interface.size() >= IFNAMSIZ)
    return bad(veth.host_interface);
  std::string path = "/proc/" + std::to_string(veth.pid) + "/ns/net";
  beneath::Fd inside(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!inside)
    return error::last("open", path);
  ifinfomsg header = {AF_UNSPEC, 0, 0, 0, IFF_UP, IFF_UP};
  Message create(RTM_NEWLINK, request_ack | NLM_F_CREATE | NLM_F_EXCL, &header, sizeof header);
  create.put(IFLA_IFNAME, veth.host_interface);
  create.put32(IFLA_MASTER, bridge);
  if (veth.mtu != 0)
    create.put32(IFLA_MTU, veth.mtu);
  create.nest(IFLA_LINKINFO, [&] {
    create.put(IFLA_INFO_KIND, "veth", 4);
    create.nest(IFLA_INFO_DATA, [&] {
      create.nest(VETH_INFO_PEER, [&] {
        ifinfomsg peer = {};
        create.append(&peer, sizeof peer);
        create.put(IFLA_IFNAME, veth.container_interface);
        create.put(IFLA_ADDRESS, mac, sizeof mac);
        if (veth.mtu != 0)
          create.put32(IFLA_MTU, veth.mtu);
        create.put32(IFLA_NET_NS_FD, static_cast<uint32_t>(inside.get()));
      });
    });
  });
  if (error::Failure failure = socket.send(std::move(create), "making the container's interface", veth.host_interface))
    return failure;
  return configure_inside(veth, inside.get());
}

error::Failure remove_link(const std::string &name) {
  unsigned index = if_nametoindex(name.c_str());
  if (index == 0)
    return error::with(ENODEV, "rtnetlink", name);
  Socket socket(NETLINK_ROUTE);
  ifinfomsg header = {};
  header.ifi_index = static_cast<int>(index);
  return socket.send(Message(RTM_DELLINK, request_ack, &header, sizeof header), "removing a link", name);
}

struct Route {
  in_addr destination = {}, gateway = {};
  uint8_t prefix = 0;
  uint32_t interface_index = 0;
};

error::Failure list_all_routes(std::vector<Route> &routes) {
  Socket socket(NETLINK_ROUTE);
  rtmsg header = {};
  header.rtm_family = AF_INET;
  Message message(RTM_GETROUTE, NLM_F_REQUEST | NLM_F_DUMP, &header, sizeof header);
  return socket.dump(std::move(message), "listing routes", [&routes](const nlmsghdr *head) {
    const auto *info = static_cast<const rtmsg *>(NLMSG_DATA(const_cast<nlmsghdr *>(head)));
    if (info->rtm_table != RT_TABLE_MAIN || info->rtm_type != RTN_UNICAST)
      return;
    Route route;
    route.prefix = info->rtm_dst_len;
    const uint8_t *start = reinterpret_cast<const uint8_t *>(info) + NLMSG_ALIGN(sizeof *info);
    attributes(start, head->nlmsg_len - NLMSG_SPACE(sizeof *info),
               [&route](uint16_t type, const uint8_t *data, size_t size) {
                 if (size < 4)
                   return;
                 if (type == RTA_DST)
                   memcpy(&route.destination, data, 4);
                 else if (type == RTA_GATEWAY)
                   memcpy(&route.gateway, data, 4);
                 else if (type == RTA_OIF)
                   memcpy(&route.interface_index, data, 4);
               });
    routes.push_back(route);
  });
}

// ---- the JavaScript side

std::string text(const Napi::Object &object, const char *key) {
  return object.Get(key).ToString();
}
uint32_t number(const Napi::Object &object, const char *key) {
  return object.Get(key).IsNumber() ? object.Get(key).ToNumber().Uint32Value() : 0;
}
Napi::Value nothing(Napi::Env env) {
  return env.Undefined();
}

std::string address_text(const in_addr &address) {
  char text[INET_ADDRSTRLEN];
  inet_ntop(AF_INET, &address, text, sizeof text);
  return text;
}

Napi::Value js_ensure_bridge(const Napi::CallbackInfo &info) {
  Napi::Object options = info[0].As<Napi::Object>();
  auto bridge = std::make_shared<Bridge>();
  bridge->name = text(options, "name");
  bridge->address = text(options, "address");
  bridge->prefix = static_cast<uint8_t>(number(options, "prefixLength"));
  bridge->mtu = number(options, "mtu");
  return error::run(
      info.Env(), [bridge] { return ensure_bridge(*bridge); },
      [bridge](Napi::Env env) -> Napi::Value {
        Napi::Object result = Napi::Object::New(env);
        result.Set("index", Napi::Number::New(env, bridge->index));
        result.Set("mac", bridge->mac);
        return result;
      });
}

Napi::Value js_create_veth(const Napi::CallbackInfo &info) {
  Napi::Object options = info[0].As<Napi::Object>();
  Veth veth;
  veth.host_interface = text(options, "hostInterface");
  veth.bridge = text(options, "bridge");
  veth.container_interface = text(options, "containerInterface");
  veth.mac = text(options, "mac");
  veth.address = text(options, "address");
  veth.gateway = text(options, "gateway");
  veth.pid = static_cast<int>(number(options, "pid"));
  veth.prefix = static_cast<uint8_t>(number(options, "prefixLength"));
  veth.mtu = number(options, "mtu");
  return error::run(
      info.Env(), [veth] { return create_veth(veth); }, nothing);
}

Napi::Value js_delete_link(const Napi::CallbackInfo &info) {
  std::string name = info[0].ToString();
  return error::run(
      info.Env(), [name] { return remove_link(name); }, nothing);
}

Napi::Value js_list_links(const Napi::CallbackInfo &info) {
  auto links = std::make_shared<std::vector<Link>>();
  return error::run(
      info.Env(),
      [links] {
        Socket socket(NETLINK_ROUTE);
        return list(socket, *links);
      },
      [links](Napi::Env env) -> Napi::Value {
        Napi::Array result = Napi::Array::New(env, links->size());
        for (uint32_t i = 0; i < links->size(); i++) {
          const Link &link = (*links)[i];
          Napi::Object one = Napi::Object::New(env);
          one.Set("name", link.name);
          one.Set("index", Napi::Number::New(env, link.index));
          one.Set("kind", link.kind);
          one.Set("up", Napi::Boolean::New(env, link.up));
          one.Set("mac", link.mac);
          one.Set("mtu", Napi::Number::New(env, link.mtu));
          one.Set("master", Napi::Number::New(env, link.master));
          result.Set(i, one);
        }
        return result;
      });
}

Napi::Value js_list_routes(const Napi::CallbackInfo &info) {
  auto routes = std::make_shared<std::vector<Route>>();
  return error::run(
      info.Env(), [routes] { return list_all_routes(*routes); },
      [routes](Napi::Env env) -> Napi::Value {
        Napi::Array result = Napi::Array::New(env, routes->size());
        for (uint32_t i = 0; i < routes->size(); i++) {
          const Route &route = (*routes)[i];
          Napi::Object one = Napi::Object::New(env);
          one.Set("destination", address_text(route.destination));
          one.Set("prefixLength", Napi::Number::New(env, route.prefix));
          one.Set("interfaceIndex", Napi::Number::New(env, route.interface_index));
          one.Set("gateway", route.gateway.s_addr == 0
                                 ? env.Null()
                                 : Napi::Value(Napi::String::New(env, address_text(route.gateway))));
          result.Set(i, one);
        }
        return result;
      });
}

} // namespace

void init(Napi::Env env, Napi::Object exports) {
  exports.Set("ensureBridge", Napi::Function::New(env, js_ensure_bridge, "ensureBridge"));
  exports.Set("createVeth", Napi::Function::New(env, js_create_veth, "createVeth"));
  exports.Set("deleteLink", Napi::Function::New(env, js_delete_link, "deleteLink"));
  exports.Set("listLinks", Napi::Function::New(env, js_list_links, "listLinks"));
  exports.Set("listRoutes", Napi::Function::New(env, js_list_routes, "listRoutes"));
}

} // namespace netlink
