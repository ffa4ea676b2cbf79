/** The default bridge: addresses, names for links, published ports. Leases are durable; links and rules are derived. */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import {
  createVeth,
  deleteLink,
  ensureBridge,
  ensureFirewall,
  type FirewallTable,
  listLinks,
  listPublishedPorts,
  listRoutes,
  publishPorts,
  unpublishPorts,
} from '@berth/native';
import type { HostConfig } from '@berth/shared/docker/container';
import { EngineError } from '@berth/shared/errors';
import { describeError, log } from '../../log.ts';
import type { Database } from '../database.ts';

export const networksSchema = `
CREATE TABLE IF NOT EXISTS leases (
  container_id TEXT PRIMARY KEY, address TEXT NOT NULL UNIQUE, ports TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS bridges (name TEXT PRIMARY KEY, subnet TEXT NOT NULL);`;

export interface PublishedPort {
  protocol: 'tcp' | 'udp' | 'sctp';
  containerPort: number;
  hostAddress: string;
  hostPort: number;
}

export interface Endpoint {
  networkId: string;
  networkName: string;
  endpointId: string;
  address: string;
  prefixLength: number;
  gateway: string;
  mac: string;
  hostInterface: string;
  ports: PublishedPort[];
}

export interface Networks {
  /** Bridge, forwarding, rules; forgets leases of containers that are not in `live`. */
  start(live: ReadonlySet<string>): Promise<void>;
  /** Durable when it returns; null where the container gets no link of ours. @throws conflict for a taken port */
  allocate(request: {
    containerId: string;
    networkMode: string;
    ports: HostConfig['PortBindings'];
    publishAll: string[];
  }): Endpoint | null;
  attach(endpoint: Endpoint, pid: number): Promise<void>;
  /** Its published ports are free when this resolves; its link goes with its namespace, or a little later. */
  detach(containerId: string): Promise<void>;
  release(containerId: string): void;
  endpoint(containerId: string): Endpoint | null;
  resolvConf(host: Pick<HostConfig, 'Dns' | 'DnsSearch' | 'DnsOptions' | 'NetworkMode'>): string;
  readonly subnet: string;
  readonly gateway: string;
  readonly bridge: string;
  endpoints(): { containerId: string; endpoint: Endpoint }[];
}

/** Docker's pools first ranges are left to Docker. */
const pools = ['172.30.0.0/16', '172.31.0.0/16', '10.89.0.0/16', '10.90.0.0/16', '192.168.240.0/20'];
const randomPorts = { min: 49_153, max: 65_535 };
const addressesSkipped = 2;
/** Until a link whose container has ended is taken away by us. */
const lingerMs = 2_000;

export const networkIdOf = (name: string) => createHash('sha256').update(`network ${name}`).digest('hex');

export function createNetworks(deps: { db: Database; bridge: string; subnet: string | null }): Networks {
  const { db, bridge } = deps;
  let subnet = deps.subnet ?? '';
  let table: FirewallTable | null = null;
  const select = db.prepare<[string], { address: string; ports: string }>(
    'SELECT address, ports FROM leases WHERE container_id = ?',
  );
  const taken = db.prepare<[], { address: string }>('SELECT address FROM leases');
  const allPorts = db.prepare<[], { container_id: string; ports: string }>('SELECT container_id, ports FROM leases');

  const base = () => numberOf(subnet.split('/')[0] ?? '');
  const prefix = () => Number(subnet.split('/')[1]);
  const gateway = () => textOf(base() + 1);

  function endpointOf(containerId: string, address: string, ports: PublishedPort[]): Endpoint {
    const octets = address.split('.').map((octet) => Number(octet).toString(16).padStart(2, '0'));
    return {
      networkId: networkIdOf('bridge'),
      networkName: 'bridge',
      endpointId: createHash('sha256').update(`endpoint ${containerId}`).digest('hex'),
      address,
      prefixLength: prefix(),
      gateway: gateway(),
      mac: `02:42:${octets.join(':')}`,
      hostInterface: `bv${containerId.slice(0, 11)}`,
      ports,
    };
  }

  function endpoint(containerId: string): Endpoint | null {
    const row = select.get(containerId);
    return row === undefined ? null : endpointOf(containerId, row.address, JSON.parse(row.ports));
  }

  function freeAddress(): string {
    const used = new Set(taken.all().map((row) => row.address));
    const size = 2 ** (32 - prefix());
    for (let offset = addressesSkipped; offset < size - 1; offset++) {
      const address = textOf(base() + offset);
      if (!used.has(address)) return address;
    }
    throw new EngineError(
      'unavailable',
      `no address is left in ${subnet}; remove a container or start the agent with a larger --subnet`,
    );
  }

  function usedPorts(): PublishedPort[] {
    return allPorts.all().flatMap((row) => JSON.parse(row.ports) as PublishedPort[]);
  }

  function choosePorts(bindings: HostConfig['PortBindings'], publishAll: string[]): PublishedPort[] {
    const chosen: PublishedPort[] = [];
    const used = usedPorts();
    const isFree = (port: Omit<PublishedPort, 'containerPort'>) =>
      ![...used, ...chosen].some((other) => overlaps(other, port)) && canBind(port);
    for (const [key, list] of [
      ...Object.entries(bindings),
      ...publishAll.map((key) => [key, [{ HostIp: '', HostPort: '' }]] as const),
    ]) {
      const { protocol, containerPort } = parsePort(key);
      for (const { HostIp, HostPort } of list == null || list.length === 0 ? [{ HostIp: '', HostPort: '' }] : list) {
        const hostAddress = HostIp === '' || HostIp === '::' ? '0.0.0.0' : HostIp;
        if (net.isIPv4(hostAddress) === false)
          throw new EngineError('invalid-parameter', `invalid IP address in port binding: ${HostIp}`);
        const [first, last] = portRange(HostPort);
        let found: number | null = null;
        for (let port = first; port <= last && found === null; port++) {
          if (isFree({ protocol, hostAddress, hostPort: port })) found = port;
        }
        if (found === null) {
          throw new EngineError(
            'conflict',
            `driver failed programming external connectivity on endpoint: Bind for ${hostAddress}:${first} failed: port is already allocated`,
          );
        }
        chosen.push({ protocol, containerPort, hostAddress, hostPort: found });
      }
    }
    return chosen;
  }

  return {
    get subnet() {
      return subnet;
    },
    get gateway() {
      return gateway();
    },
    bridge,
    endpoint,
    endpoints: () =>
      allPorts.all().flatMap(({ container_id }) => {
        const found = endpoint(container_id);
        return found === null ? [] : [{ containerId: container_id, endpoint: found }];
      }),

    async start(live) {
      const known = db.prepare<[string], { subnet: string }>('SELECT subnet FROM bridges WHERE name = ?').get(bridge);
      subnet = deps.subnet ?? known?.subnet ?? (await freePool());
      db.prepare(
        'INSERT INTO bridges (name, subnet) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET subnet = excluded.subnet',
      ).run(bridge, subnet);
      for (const { container_id } of allPorts.all()) {
        if (!live.has(container_id)) db.prepare('DELETE FROM leases WHERE container_id = ?').run(container_id);
      }
      await ensureBridge({ name: bridge, address: gateway(), prefixLength: prefix() });
      writeSysctl('net/ipv4/ip_forward', '1');
      // So that a published port answers on 127.0.0.1 too.
      writeSysctl(`net/ipv4/conf/${bridge}/route_localnet`, '1');
      table = { table: `berth-${bridge}`, bridge, subnet: subnet.split('/')[0] ?? '', prefixLength: prefix() };
      await ensureFirewall(table);
      await reconcile(table, live);
    },

    allocate({ containerId, networkMode, ports, publishAll }) {
      if (networkMode !== 'bridge') return null;
      const chosen = choosePorts(ports, publishAll);
      const address = select.get(containerId)?.address ?? freeAddress();
      db.prepare(
        'INSERT INTO leases (container_id, address, ports) VALUES (?, ?, ?) ON CONFLICT (container_id) DO UPDATE SET ports = excluded.ports',
      ).run(containerId, address, JSON.stringify(chosen));
      return endpointOf(containerId, address, chosen);
    },

    async attach(endpointToAttach, pid) {
      const { hostInterface, mac, address, prefixLength } = endpointToAttach;
      const veth = {
        ...{ hostInterface, bridge, pid, containerInterface: 'eth0', mac, address, prefixLength },
        gateway: endpointToAttach.gateway,
      };
      await createVeth(veth).catch(async (error) => {
        if (error.code !== 'EEXIST') throw error;
        // Of the run before, whose namespace is still being taken apart.
        await removeLink(hostInterface);
        await createVeth(veth);
      });
      if (endpointToAttach.ports.length > 0 && table !== null) await publishPorts(table, elements(endpointToAttach));
    },

    async detach(containerId) {
      const found = endpoint(containerId);
      if (found === null) return;
      if (found.ports.length > 0 && table !== null) await unpublishPorts(table, elements(found)).catch(() => undefined);
      // The kernel takes it away with its namespace, in its own time; asking for it at once would only wait for an RCU
      // grace period. Later it is there only if somebody else holds the namespace.
      setTimeout(() => {
        if (endpoint(containerId) === null) void removeLink(found.hostInterface);
      }, lingerMs).unref();
    },

    release(containerId) {
      db.prepare('DELETE FROM leases WHERE container_id = ?').run(containerId);
    },

    resolvConf(host) {
      const inherited = hostResolvConf(host.NetworkMode === 'host');
      const lines = [
        ...(host.Dns.length > 0 ? host.Dns.map((address) => `nameserver ${address}`) : inherited.nameservers),
        ...(host.DnsSearch.length > 0 ? [`search ${host.DnsSearch.join(' ')}`] : inherited.search),
        ...(host.DnsOptions.length > 0 ? [`options ${host.DnsOptions.join(' ')}`] : inherited.options),
      ];
      return `${lines.join('\n')}\n`;
    },
  };

  function elements(one: Endpoint) {
    return one.ports.map((port) => ({
      protocol: port.protocol,
      hostAddress: port.hostAddress,
      hostPort: port.hostPort,
      containerAddress: one.address,
      containerPort: port.containerPort,
    }));
  }

  /** What is there without a lease goes; what has one and is missing comes back (somebody flushed the rules). */
  async function reconcile(current: FirewallTable, live: ReadonlySet<string>): Promise<void> {
    const wanted = [...live].flatMap((id) => {
      const found = endpoint(id);
      return found === null ? [] : [found];
    });
    const names = new Set(wanted.map((one) => one.hostInterface));
    const links = await listLinks();
    const index = links.find((link) => link.name === bridge)?.index;
    for (const link of links) {
      if (link.master === index && /^bv[0-9a-f]{11}$/.test(link.name) && !names.has(link.name))
        await deleteLink(link.name).catch(() => undefined);
    }
    const key = (port: { protocol: string; hostAddress: string; hostPort: number }) =>
      `${port.protocol} ${port.hostAddress} ${port.hostPort}`;
    const there = await listPublishedPorts(current);
    const wantedPorts = wanted.flatMap(elements);
    const wantedKeys = new Set(wantedPorts.map(key));
    const thereKeys = new Set(there.map(key));
    await unpublishPorts(
      current,
      there.filter((port) => !wantedKeys.has(key(port))),
    );
    await publishPorts(
      current,
      wantedPorts.filter((port) => !thereKeys.has(key(port))),
    );
  }

  async function freePool(): Promise<string> {
    const routes = await listRoutes();
    const free = pools.find(
      (pool) =>
        !routes.some((route) => route.prefixLength > 0 && intersects(pool, route.destination, route.prefixLength)),
    );
    if (free === undefined)
      throw new EngineError('unavailable', 'every subnet Berth would take is routed already; give one with --subnet');
    return free;
  }
}

async function removeLink(name: string): Promise<void> {
  await deleteLink(name).catch((error) => {
    if (error.code !== 'ENODEV') log('warn', 'a link could not be removed', { name, error: describeError(error) });
  });
}

function writeSysctl(name: string, value: string): void {
  const file = `/proc/sys/${name}`;
  if (readFileSync(file, 'utf8').trim() !== value) writeFileSync(file, value);
}

function overlaps(a: Omit<PublishedPort, 'containerPort'>, b: Omit<PublishedPort, 'containerPort'>): boolean {
  const sameAddress = a.hostAddress === b.hostAddress || a.hostAddress === '0.0.0.0' || b.hostAddress === '0.0.0.0';
  return a.protocol === b.protocol && a.hostPort === b.hostPort && sameAddress;
}

/** The kernel's own table of listeners tells what other programs hold; a rule of ours would hide them. */
function canBind({ protocol, hostAddress, hostPort }: Omit<PublishedPort, 'containerPort'>): boolean {
  if (protocol === 'sctp') return true;
  const listening = (file: string, states: string[]) => {
    let text = '';
    try {
      text = readFileSync(file, 'utf8');
    } catch {
      return false;
    }
    return text.split('\n').some((line) => {
      const [, local = '', , state = ''] = line.trim().split(/\s+/);
      const [address = '', port = ''] = local.split(':');
      if (Number.parseInt(port, 16) !== hostPort || !states.includes(state)) return false;
      if (address.length !== 8 || /^0+$/.test(address) || hostAddress === '0.0.0.0') return true;
      const octets = address
        .match(/../g)
        ?.reverse()
        .map((octet) => Number.parseInt(octet, 16));
      return octets?.join('.') === hostAddress;
    });
  };
  const states = protocol === 'tcp' ? ['0A'] : ['07'];
  return !listening(`/proc/net/${protocol}`, states) && !listening(`/proc/net/${protocol}6`, states);
}

/** `80/tcp`, `53/udp`, `80`. @throws invalid-parameter */
export function parsePort(key: string): { containerPort: number; protocol: PublishedPort['protocol'] } {
  const found = /^(\d{1,5})(?:\/(tcp|udp|sctp))?$/.exec(key);
  const containerPort = Number(found?.[1]);
  if (found === null || containerPort < 1 || containerPort > 65_535)
    throw new EngineError('invalid-parameter', `invalid port specification: "${key}"`);
  return { containerPort, protocol: (found[2] ?? 'tcp') as PublishedPort['protocol'] };
}

function portRange(text: string): [number, number] {
  if (text === '' || text === '0') return [randomPorts.min, randomPorts.max];
  const found = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  const first = Number(found?.[1]);
  const last = found?.[2] === undefined ? first : Number(found[2]);
  if (found === null || first < 1 || last > 65_535 || last < first)
    throw new EngineError('invalid-parameter', `invalid port specification: "${text}"`);
  return [first, last];
}

function hostResolvConf(isHostNetwork: boolean): { nameservers: string[]; search: string[]; options: string[] } {
  let text = '';
  try {
    text = readFileSync('/etc/resolv.conf', 'utf8');
  } catch {
    // A host without one: the container gets an empty file.
  }
  const lines = text.split('\n').map((line) => line.trim());
  // A resolver on the host's own loopback is out of a container's reach.
  const isReachable = (line: string) => isHostNetwork || !/^nameserver\s+(127\.|::1)/.test(line);
  return {
    nameservers: lines.filter((line) => line.startsWith('nameserver') && isReachable(line)),
    search: lines.filter((line) => line.startsWith('search')),
    options: lines.filter((line) => line.startsWith('options')),
  };
}

function numberOf(address: string): number {
  return address.split('.').reduce((value, octet) => value * 256 + Number(octet), 0);
}

function textOf(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}

function intersects(pool: string, address: string, prefixLength: number): boolean {
  const [poolAddress = '', poolPrefix = ''] = pool.split('/');
  const size = 2 ** (32 - Math.min(Number(poolPrefix), prefixLength));
  return Math.floor(numberOf(poolAddress) / size) === Math.floor(numberOf(address) / size);
}
