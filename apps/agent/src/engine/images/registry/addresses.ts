/**
 * Where an address leads. A registry may send its clients on to other hosts, for blobs and for tokens; one that is far
 * away has no business to send the agent to what is near: to this machine, a cloud's metadata service, its network.
 */
import { BlockList, isIP } from 'node:net';

/** The nearer, the lower. */
export const reach = { machine: 0, link: 1, network: 2, world: 3 } as const;
export type Reach = (typeof reach)[keyof typeof reach];

const near: [Reach, string[]][] = [
  [reach.machine, ['127.0.0.0/8', '0.0.0.0/8', '::/127']],
  [reach.link, ['169.254.0.0/16', '224.0.0.0/4', '240.0.0.0/4', 'fe80::/10', 'ff00::/8', 'fd00:ec2::/32']],
  [reach.network, ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '198.18.0.0/15', 'fc00::/7']],
];
const lists = near.map(([level, subnets]) => ({ level, list: blockList(subnets) }));

export function reachOf(address: string): Reach {
  // An IPv4 address in IPv6's clothes is checked against the IPv4 lists by BlockList itself.
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  for (const { level, list } of lists) if (list.check(address, family)) return level;
  return reach.world;
}

/** By its text alone, as dockerd's default for insecure registries. */
export function isLoopbackHost(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '');
  return (
    bare === 'localhost' ||
    (isIP(bare) !== 0 && lists[0]?.list.check(bare, isIP(bare) === 6 ? 'ipv6' : 'ipv4')) === true
  );
}

export function blockList(subnets: string[]): BlockList {
  const list = new BlockList();
  for (const subnet of subnets) {
    const [network = '', prefix = ''] = subnet.split('/');
    list.addSubnet(network, Number(prefix), isIP(network) === 6 ? 'ipv6' : 'ipv4');
  }
  return list;
}
