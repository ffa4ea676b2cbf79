/** From a container's record and its image to an OCI config.json (runtime-spec 1.2). Pure: policy is decided here. */
import { EngineError } from '@berth/shared/errors';
import type { ContainerRecord } from '../containers/store.ts';
import { capabilitiesFor } from './capabilities.ts';
import { resources } from './resources.ts';
import type { ResolvedUser } from './user.ts';

export const idsPerContainer = 65_536;
/** The first range starts well above the ids that people and distributions give out. */
const firstHostId = 1_073_741_824;

export const uidBase = (slot: number) => firstHostId + slot * idsPerContainer;

const maskedPaths = [
  '/proc/acpi',
  '/proc/asound',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/sys/devices/virtual/powercap',
  '/sys/firmware',
];
const readonlyPaths = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

export interface SpecInput {
  record: ContainerRecord;
  user: ResolvedUser;
  env: string[];
  cwd: string;
  appArmorProfile: string | undefined;
  cgroupsPath: string;
  /** Files of ours that are bound over /etc/hostname, /etc/hosts, /etc/resolv.conf. */
  etcFiles: { hostname: string; hosts: string; resolvConf: string };
  /** What `--network container:` and `--pid container:` join. */
  joined: { network?: string; pid?: string; ipc?: string };
}

export function buildSpec(input: SpecInput): object {
  const { record } = input;
  const host = record.hostConfig;
  const capabilities = capabilitiesFor({ privileged: host.Privileged, add: host.CapAdd, drop: host.CapDrop });
  const isRoot = input.user.uid === 0;
  return {
    ociVersion: '1.2.0',
    hostname: isHostNamespace(host.UTSMode) ? undefined : record.config.Hostname,
    domainname: record.config.Domainname === '' ? undefined : record.config.Domainname,
    root: { path: 'rootfs', readonly: host.ReadonlyRootfs },
    process: buildProcess({
      args: record.args,
      env: input.env,
      cwd: input.cwd,
      user: input.user,
      terminal: record.config.Tty,
      capabilities: processCapabilities(capabilities, isRoot),
      noNewPrivileges: noNewPrivileges(record),
      rlimits: rlimits(record),
      oomScoreAdj: host.OomScoreAdj,
      apparmorProfile: input.appArmorProfile,
    }),
    mounts: mounts(input),
    linux: {
      namespaces: namespaces(input),
      ...idMappings(record),
      cgroupsPath: input.cgroupsPath,
      resources: resources(record),
      devices: [],
      sysctl: sysctls(record),
      maskedPaths: host.Privileged ? [] : (host.MaskedPaths ?? maskedPaths),
      readonlyPaths: host.Privileged ? [] : (host.ReadonlyPaths ?? readonlyPaths),
    },
  };
}

/** A process other than root has no capability until it gets one by the file it executes, which no_new_privs forbids. */
export function processCapabilities(names: string[], isRoot: boolean) {
  const active = isRoot ? names : [];
  return { bounding: names, effective: active, permitted: active, inheritable: [], ambient: [] };
}

export function buildProcess(process: {
  args: string[];
  env: string[];
  cwd: string;
  user: ResolvedUser;
  terminal: boolean;
  capabilities: ReturnType<typeof processCapabilities>;
  noNewPrivileges: boolean;
  rlimits: { type: string; soft: number; hard: number }[];
  oomScoreAdj: number;
  apparmorProfile: string | undefined;
}): object {
  const { user, ...rest } = process;
  return { ...rest, user: { uid: user.uid, gid: user.gid, additionalGids: user.additionalGids } };
}

export const isHostNamespace = (mode: string) => mode === 'host';

/** Off only by `--security-opt no-new-privileges=false` and `--privileged`. */
export function noNewPrivileges(record: ContainerRecord): boolean {
  const option = record.hostConfig.SecurityOpt.find((one) => one.startsWith('no-new-privileges'));
  if (option === undefined) return !record.hostConfig.Privileged;
  return !/[:=]false$/.test(option);
}

export const isSeccompOff = (record: ContainerRecord) =>
  record.hostConfig.Privileged || record.hostConfig.SecurityOpt.some((one) => /^seccomp[:=]unconfined$/.test(one));

/** Host namespaces that were asked for imply the host's user namespace: its root must own what it joins. */
export function hasOwnUserNamespace(hostConfig: ContainerRecord['hostConfig']): boolean {
  return (
    !hostConfig.Privileged &&
    ![hostConfig.UsernsMode, hostConfig.NetworkMode, hostConfig.PidMode, hostConfig.IpcMode, hostConfig.UTSMode].some(
      (mode) => isHostNamespace(mode) || mode.startsWith('container:'),
    )
  );
}

function idMappings(record: ContainerRecord): object {
  if (record.uidSlot === null) return {};
  const mapping = [{ containerID: 0, hostID: uidBase(record.uidSlot), size: idsPerContainer }];
  return { uidMappings: mapping, gidMappings: mapping };
}

function namespaces({ record, joined }: SpecInput): { type: string; path?: string }[] {
  const host = record.hostConfig;
  const list: { type: string; path?: string }[] = [{ type: 'mount' }];
  if (record.uidSlot !== null) list.push({ type: 'user' });
  const add = (type: string, isHost: boolean, path: string | undefined) => {
    if (path !== undefined) list.push({ type, path });
    else if (!isHost) list.push({ type });
  };
  add('pid', isHostNamespace(host.PidMode), joined.pid);
  add('network', isHostNamespace(host.NetworkMode), joined.network);
  add('ipc', isHostNamespace(host.IpcMode), joined.ipc);
  add('uts', isHostNamespace(host.UTSMode), undefined);
  add('cgroup', isHostNamespace(host.CgroupnsMode), undefined);
  return list;
}

function mounts({ record, etcFiles }: SpecInput): object[] {
  const host = record.hostConfig;
  const readOnly = host.Privileged ? 'rw' : 'ro';
  const shmBytes = host.ShmSize > 0 ? host.ShmSize : 64 * 1024 * 1024;
  const idmap = record.uidSlot === null ? [] : ['idmap'];
  const etc = (source: string, destination: string) => ({
    destination,
    type: 'bind',
    source,
    options: ['bind', 'rprivate', host.ReadonlyRootfs ? 'ro' : 'rw', ...idmap],
  });
  return [
    { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
    {
      destination: '/dev',
      type: 'tmpfs',
      source: 'tmpfs',
      options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'],
    },
    {
      destination: '/dev/pts',
      type: 'devpts',
      source: 'devpts',
      options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
    },
    { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'noexec', 'nodev', readOnly] },
    {
      destination: '/sys/fs/cgroup',
      type: 'cgroup',
      source: 'cgroup',
      options: ['nosuid', 'noexec', 'nodev', 'relatime', readOnly],
    },
    { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: ['nosuid', 'noexec', 'nodev'] },
    {
      destination: '/dev/shm',
      type: 'tmpfs',
      source: 'shm',
      options: ['nosuid', 'noexec', 'nodev', 'mode=1777', `size=${shmBytes}`],
    },
    etc(etcFiles.hostname, '/etc/hostname'),
    etc(etcFiles.hosts, '/etc/hosts'),
    etc(etcFiles.resolvConf, '/etc/resolv.conf'),
    // Sorted, so that a mount below another comes after it.
    ...[...record.mounts]
      .sort((a, b) => a.destination.localeCompare(b.destination))
      .map((mount) => {
        const rw = mount.readOnly ? 'ro' : 'rw';
        if (mount.type === 'tmpfs') {
          return {
            destination: mount.destination,
            type: 'tmpfs',
            source: 'tmpfs',
            options: ['nosuid', 'nodev', 'noexec', ...mount.options, ...(mount.readOnly ? ['ro'] : [])],
          };
        }
        const options = ['rbind', 'rprivate', rw, ...mount.options, ...idmap];
        return { destination: mount.destination, type: 'bind', source: mount.source, options };
      }),
  ];
}

function sysctls(record: ContainerRecord): Record<string, string> {
  const host = record.hostConfig;
  const ownNetwork = !isHostNamespace(host.NetworkMode) && !host.NetworkMode.startsWith('container:');
  const defaults = ownNetwork
    ? {
        'net.ipv4.ip_unprivileged_port_start': '0',
        'net.ipv4.ping_group_range': record.uidSlot === null ? '0 2147483647' : '0 65535',
      }
    : {};
  return { ...defaults, ...host.Sysctls };
}

const ulimitNames: Record<string, string> = Object.fromEntries(
  'as core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack'
    .split(' ')
    .map((name) => [name, `RLIMIT_${name.toUpperCase()}`]),
);

/** @throws invalid-parameter */
export function rlimits(record: ContainerRecord): { type: string; soft: number; hard: number }[] {
  return record.hostConfig.Ulimits.map(({ Name, Soft, Hard }) => {
    const type = ulimitNames[Name];
    if (type === undefined) throw new EngineError('invalid-parameter', `invalid ulimit type: ${Name}`);
    const value = (limit: number) => (limit < 0 ? Number.MAX_SAFE_INTEGER : limit);
    return { type, soft: value(Soft), hard: value(Hard) };
  });
}
