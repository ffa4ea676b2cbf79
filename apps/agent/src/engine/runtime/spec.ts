/** From a container's record and its image to an OCI config.json (runtime-spec 1.2). Pure. */
import type { HostConfig } from '@berth/shared/docker/container';
import { EngineError } from '@berth/shared/errors';
import type { Capabilities, Device, DeviceRule, Process, RuntimeSpec } from '@berth/shared/oci/runtime-spec';
import type { ContainerRecord } from '../containers/store.ts';
import { capabilitiesFor } from './capabilities.ts';
import { resources } from './resources.ts';
import { securityOptions } from './security-options.ts';
import type { Labels } from './selinux.ts';
import { specMounts } from './spec-mounts.ts';
import { idsPerContainer, slotOf, uidBase } from './uid-ranges.ts';
import type { ResolvedUser } from './user.ts';

export const defaultMaskedPaths: readonly string[] = [
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
export const defaultReadonlyPaths: readonly string[] = [
  '/proc/bus',
  '/proc/fs',
  '/proc/irq',
  '/proc/sys',
  '/proc/sysrq-trigger',
];

export interface SpecInput {
  record: ContainerRecord;
  user: ResolvedUser;
  env: string[];
  cwd: string;
  appArmorProfile: string | undefined;
  selinux: Labels | null;
  cgroupsPath: string;
  /** Files of ours that are bound over /etc/hostname, /etc/hosts, /etc/resolv.conf. */
  etcFiles: { hostname: string; hosts: string; resolvConf: string };
  /** What `--network container:` and `--pid container:` join. */
  joined: { network?: string; pid?: string; ipc?: string; user?: string };
  /** Of the agent itself, below which nothing goes by default. */
  oomScoreAdj: number;
  /** A bind's source to where it really is. */
  real: (source: string) => string;
  devices: readonly HostDevice[];
}

/** A device of the host that was asked for. */
export interface HostDevice {
  device: Device;
  /** No component of it is a link. */
  source: string;
  access: string;
}

export function buildSpec(input: SpecInput): RuntimeSpec {
  const { record } = input;
  const host = record.hostConfig;
  return {
    ociVersion: '1.2.0',
    hostname: host.UTSMode === 'host' ? undefined : record.config.Hostname,
    domainname: record.config.Domainname === '' ? undefined : record.config.Domainname,
    root: { path: 'rootfs', readonly: host.ReadonlyRootfs },
    process: buildProcess({
      args: record.args,
      env: input.env,
      cwd: input.cwd,
      user: input.user,
      terminal: record.config.Tty,
      capabilities: processCapabilities(containerCapabilities(host), input.user.uid === 0),
      noNewPrivileges: noNewPrivileges(host),
      rlimits: rlimits(host),
      oomScoreAdj: oomScoreAdj(host, input.oomScoreAdj),
      apparmorProfile: input.appArmorProfile,
      selinuxLabel: input.selinux?.process,
    }),
    mounts: specMounts(input),
    linux: {
      namespaces: namespaces(input),
      ...idMappings(record),
      cgroupsPath: input.cgroupsPath,
      resources: withDevices(resources(record), input.devices),
      // In a user namespace no node can be made: those of the host are bound instead.
      devices: slotOf(record) === null ? input.devices.map(({ device }) => device) : [],
      sysctl: sysctls(record),
      mountLabel: input.selinux?.mount,
      maskedPaths: hidden(host, host.MaskedPaths, defaultMaskedPaths),
      readonlyPaths: hidden(host, host.ReadonlyPaths, defaultReadonlyPaths),
    },
    ...(Object.keys(host.Annotations).length === 0 ? {} : { annotations: host.Annotations }),
  };
}

export const containerCapabilities = (host: HostConfig) =>
  capabilitiesFor({ privileged: host.Privileged, add: host.CapAdd, drop: host.CapDrop });

/** A process other than root has no capability until it gets one by the file it executes, which no_new_privs forbids. */
export function processCapabilities(names: string[], isRoot: boolean): Capabilities {
  const active = isRoot ? names : [];
  return { bounding: names, effective: active, permitted: active, inheritable: [], ambient: [] };
}

export function buildProcess(process: Omit<Process, 'user'> & { user: ResolvedUser }): Process {
  const { uid, gid, additionalGids } = process.user;
  return { ...process, user: { uid, gid, additionalGids } };
}

/** Off only by `--security-opt no-new-privileges=false` and `--privileged`. */
export function noNewPrivileges(host: HostConfig): boolean {
  return securityOptions(host.SecurityOpt).noNewPrivileges ?? !host.Privileged;
}

export type SeccompChoice = 'default' | 'custom' | 'off';

export function seccompChoice(host: HostConfig): SeccompChoice {
  const { seccomp } = securityOptions(host.SecurityOpt);
  if (seccomp === null) return host.Privileged ? 'off' : 'default';
  if (seccomp === 'builtin') return 'default';
  return seccomp === 'unconfined' ? 'off' : 'custom';
}

/** By default nobody is better off than the agent, and lowering may not be this root's right: that never fails. */
export function oomScoreAdj(host: HostConfig, agents: number): number {
  return host.OomScoreAdj === 0 ? Math.max(0, agents) : host.OomScoreAdj;
}

function hidden(host: HostConfig, asked: string[] | null | undefined, defaults: readonly string[]): string[] {
  if (host.Privileged || securityOptions(host.SecurityOpt).systemPaths === 'unconfined') return [];
  return [...(asked ?? defaults)];
}

/** The namespaces of the host, and of a container that may have it, belong to the host's user namespace. */
export function hasOwnUserNamespace(host: HostConfig): boolean {
  const modes = [host.UsernsMode, host.NetworkMode, host.PidMode, host.IpcMode, host.UTSMode];
  return !host.Privileged && !modes.some((mode) => mode === 'host' || mode.startsWith('container:'));
}

function idMappings(record: ContainerRecord): object {
  if (record.uidSlot === null) return {};
  const mapping = [{ containerID: 0, hostID: uidBase(record.uidSlot), size: idsPerContainer }];
  return { uidMappings: mapping, gidMappings: mapping };
}

function namespaces({ record, joined }: SpecInput): { type: string; path?: string }[] {
  const host = record.hostConfig;
  const list: { type: string; path?: string }[] = [{ type: 'mount' }];
  if (joined.user !== undefined) list.push({ type: 'user', path: joined.user });
  else if (record.uidSlot !== null) list.push({ type: 'user' });
  const add = (type: string, mode: string, path: string | undefined) => {
    if (path !== undefined) list.push({ type, path });
    else if (mode !== 'host') list.push({ type });
  };
  add('pid', host.PidMode, joined.pid);
  add('network', host.NetworkMode, joined.network);
  add('ipc', host.IpcMode, joined.ipc);
  add('uts', host.UTSMode, undefined);
  add('cgroup', host.CgroupnsMode, undefined);
  return list;
}

/** After the default's own rules: the last that speaks of a device decides. */
function withDevices(limits: object, asked: readonly HostDevice[]): object {
  const { devices = [] } = limits as { devices?: DeviceRule[] };
  const rules = asked.map(({ device: { type, major, minor }, access }) => ({
    allow: true,
    type,
    ...(major === undefined ? {} : { major }),
    ...(minor === undefined ? {} : { minor }),
    access,
  }));
  return { ...limits, devices: [...devices, ...rules] };
}

function sysctls(record: ContainerRecord): Record<string, string> {
  const host = record.hostConfig;
  const ownNetwork = host.NetworkMode !== 'host' && !host.NetworkMode.startsWith('container:');
  const defaults = ownNetwork
    ? {
        'net.ipv4.ip_unprivileged_port_start': '0',
        'net.ipv4.ping_group_range': slotOf(record) === null ? '0 2147483647' : '0 65535',
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
export function rlimits(host: HostConfig): Process['rlimits'] {
  return host.Ulimits.map(({ Name, Soft, Hard }, index) => {
    const type = Object.hasOwn(ulimitNames, Name) ? ulimitNames[Name] : undefined;
    if (type === undefined) throw new EngineError('invalid-parameter', `invalid ulimit type: ${Name}`);
    if (host.Ulimits.findIndex((one) => one.Name === Name) !== index)
      throw new EngineError('invalid-parameter', `ulimit ${Name} is given twice`);
    const value = (limit: number) => (limit < 0 ? Number.MAX_SAFE_INTEGER : limit);
    if (value(Soft) > value(Hard)) {
      const words = 'ulimit soft limit must be less than or equal to hard limit';
      throw new EngineError('invalid-parameter', `${words}: ${Soft} > ${Hard}`);
    }
    return { type, soft: value(Soft), hard: value(Hard) };
  });
}
