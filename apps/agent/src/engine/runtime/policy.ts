/**
 * The one decision on isolation: what in a final config.json is weaker than the default, and whether the caller asked
 * for it. It reads the document that is launched, not how it came about, so that no way to it is left out. Pure.
 */
import path from 'node:path';
import type { HostConfig } from '@berth/shared/docker/container';
import type { Weakening, WeakeningKind } from '@berth/shared/docker/weakening';
import { EngineError } from '@berth/shared/errors';
import type { DeviceRule, Mount, Process, RuntimeSpec } from '@berth/shared/oci/runtime-spec';
import { allCapabilities, capabilitiesFor, defaultCapabilities } from './capabilities.ts';
import { securityOptions } from './security-options.ts';
import { defaultMaskedPaths, defaultReadonlyPaths } from './spec.ts';

/** What this host gives every container unless it asks for less. A wall that the host lacks weakens nobody. */
export interface HostWalls {
  userNamespace: boolean;
  appArmorProfile: string | null;
  selinux: boolean;
}

/** A source of a bind mount, as it is on the host. */
export interface BindSource {
  /** No component of it is a link. */
  real: string;
  /**
   * What it is to the agent, by whatever name: in its data or run directory, above one of them, or the socket of its
   * API, which is made for others to connect to.
   */
  agents: 'inside' | 'above' | 'socket' | null;
}

export interface Final {
  spec: RuntimeSpec;
  /** The filter that goes with it. */
  seccomp: 'default' | 'custom' | 'off';
  /** Sources of binds that the agent laid out for this container: its files in /etc, its volumes. */
  own: ReadonlySet<string>;
  /** By source, what is known of the others. */
  binds: ReadonlyMap<string, BindSource>;
  /** Destinations of devices that are bound, where none can be made. */
  devices: ReadonlySet<string>;
  /** By type of a joined namespace: whose. */
  joined?: Readonly<Record<string, string>>;
}

const namespaceKinds = ['pid', 'network', 'ipc', 'uts', 'cgroup', 'user'] as const;

export function weakenings(final: Final, walls: HostWalls): Weakening[] {
  const { spec } = final;
  return [
    ...rulesAsPrivileged(spec),
    ...namespaces(final, walls),
    ...processWeakenings(spec.process, walls, { hasUserNamespace: hasNamespace(spec, 'user') }),
    ...(final.seccomp === 'default' ? [] : [found(final.seccomp === 'off' ? 'seccomp-off' : 'seccomp-custom')]),
    ...lifted('unmasked-path', defaultMaskedPaths, spec.linux.maskedPaths),
    ...lifted('writable-path', defaultReadonlyPaths, spec.linux.readonlyPaths),
    ...spec.mounts.flatMap((mount) => mountWeakenings(mount, final)),
    ...devices(spec),
    ...Object.entries(spec.linux.sysctl)
      .filter(([name, value]) => !defaultSysctls.get(name)?.includes(value))
      .map(([name]) => found('sysctl', name)),
    ...limits(spec),
    ...Object.keys(spec.hooks ?? {}).map((kind) => found('hook', kind)),
  ];
}

/** Of one program in a container, be it the first or an exec. */
export function processWeakenings(
  process: Process,
  walls: HostWalls,
  { hasUserNamespace }: { hasUserNamespace: boolean },
): Weakening[] {
  const { bounding, effective, permitted, inheritable, ambient } = process.capabilities;
  const given = new Set([bounding, effective, permitted, inheritable, ambient].flat());
  const more = [...given].filter((name) => !defaultCapabilities.includes(name));
  const isAll = allCapabilities.every((name) => given.has(name));
  return [
    ...(isAll ? [found('capability', 'ALL')] : more.map((name) => found('capability', name))),
    ...(process.noNewPrivileges ? [] : [found('new-privileges')]),
    ...appArmor(process.apparmorProfile, walls),
    ...(walls.selinux && (process.selinuxLabel === undefined || /:spc_t:/.test(process.selinuxLabel))
      ? [found('selinux-off')]
      : []),
    ...(walls.userNamespace && !hasUserNamespace && process.user.uid === 0 ? [found('host-root')] : []),
    ...((process.oomScoreAdj ?? 0) < 0 ? [found('oom-protected', String(process.oomScoreAdj))] : []),
  ];
}

const found = (kind: WeakeningKind, detail = '', at = ''): Weakening => ({ kind, detail, at });

const hasNamespace = (spec: RuntimeSpec, type: string) => spec.linux.namespaces.some((one) => one.type === type);

/** Every device open is what nothing but --privileged gives. */
function rulesAsPrivileged(spec: RuntimeSpec): Weakening[] {
  return rules(spec).some((rule) => rule.allow && isEverything(rule)) ? [found('privileged')] : [];
}

function namespaces({ spec, joined }: Final, walls: HostWalls): Weakening[] {
  return namespaceKinds.flatMap((type) => {
    const own = spec.linux.namespaces.find((one) => one.type === type);
    if (own === undefined) return type === 'user' && !walls.userNamespace ? [] : [found(`host-${type}`)];
    return own.path === undefined ? [] : [found(`shared-${type}`, joined?.[type] ?? own.path)];
  });
}

function appArmor(profile: string | undefined, { appArmorProfile }: HostWalls): Weakening[] {
  if (profile === undefined) return appArmorProfile === null ? [] : [found('apparmor-off')];
  return profile === appArmorProfile ? [] : [found('apparmor-custom', profile)];
}

function lifted(kind: WeakeningKind, defaults: readonly string[], given: readonly string[]): Weakening[] {
  return defaults.filter((path) => !given.includes(path)).map((path) => found(kind, path));
}

function mountWeakenings(mount: Mount, final: Final): Weakening[] {
  const isReadOnly = mount.options.some((option) => option === 'ro' || option === 'rro');
  const shared = mount.options.filter((option) => /^r?(shared|slave)$/.test(option));
  const isDevice = mount.type === 'bind' && final.devices.has(mount.destination);
  return [
    ...(isDevice ? [found('device', mount.destination)] : []),
    ...shared.map((option) => found('mount-propagation', option, mount.destination)),
    ...(mount.type === 'cgroup' && !isReadOnly ? [found('writable-cgroup')] : []),
    ...(mount.type === 'sysfs' && !isReadOnly ? [found('writable-path', '/sys')] : []),
    ...(isOfHost(mount, final) && isSensitive(sourceOf(mount, final), isReadOnly)
      ? [found('host-path', mount.source, mount.destination)]
      : []),
  ];
}

const isOfHost = (mount: Mount, { own, devices: bound }: Final) =>
  mount.type === 'bind' && !own.has(mount.source) && !bound.has(mount.destination);

const sourceOf = (mount: Mount, { binds }: Final): BindSource =>
  binds.get(mount.source) ?? { real: mount.source, agents: null };

/** Who can write here owns the host; who can read the first three learns its secrets. */
const kernelTrees = ['/proc', '/sys', '/dev'];
const hostTrees = ['/etc', '/boot', '/root', '/usr', '/bin', '/sbin', '/lib', '/lib64', '/var/lib', '/run'];
const engineSockets = /^(docker|containerd|podman|crio|buildkitd|dockershim)\.sock$/;

function isSensitive({ real, agents }: BindSource, isReadOnly: boolean): boolean {
  const below = (tree: string) => real === tree || real.startsWith(`${tree}/`);
  const holds = (tree: string) => real === '/' || real === tree || tree.startsWith(`${real}/`);
  return (
    agents !== null ||
    kernelTrees.some((tree) => below(tree) || holds(tree)) ||
    hostTrees.some((tree) => holds(tree) || (below(tree) && !isReadOnly && !real.startsWith('/var/lib/'))) ||
    engineSockets.test(real.slice(real.lastIndexOf('/') + 1))
  );
}

const rules = (spec: RuntimeSpec): DeviceRule[] => (spec.linux.resources as { devices?: DeviceRule[] }).devices ?? [];
const isEverything = ({ type, major }: DeviceRule) => major === undefined && (type === undefined || type === 'a');

/** Docker's own nodes and terminals; any node may be made, none of them opened. */
const defaultDevices = new Set(['1:3', '1:5', '1:7', '1:8', '1:9', '5:0', '5:1', '5:2', '136:*']);

function devices(spec: RuntimeSpec): Weakening[] {
  const named = new Set(spec.linux.devices.map((one) => `${one.major}:${one.minor}`));
  const isDefault = (rule: DeviceRule, numbers: string) =>
    rule.access === 'm' || (rule.type === 'c' && defaultDevices.has(numbers)) || named.has(numbers);
  return [
    ...spec.linux.devices.map((one) => found('device', one.path)),
    ...rules(spec)
      .filter((rule) => rule.allow && !isEverything(rule))
      .map((rule) => ({ rule, numbers: `${rule.major ?? '*'}:${rule.minor ?? '*'}` }))
      .filter(({ rule, numbers }) => !isDefault(rule, numbers))
      .map(({ rule, numbers }) => found('device-rule', `${rule.type ?? 'a'} ${numbers} ${rule.access ?? 'rwm'}`)),
  ];
}

/** Those that the agent sets, with every value that it gives them. */
const defaultSysctls = new Map([
  ['net.ipv4.ip_unprivileged_port_start', ['0']],
  ['net.ipv4.ping_group_range', ['0 65535', '0 2147483647']],
]);

function limits(spec: RuntimeSpec): Weakening[] {
  const { pids, memory } = spec.linux.resources as {
    pids?: { limit?: number };
    memory?: { disableOOMKiller?: boolean };
  };
  return [
    ...((pids?.limit ?? -1) < 0 ? [found('pids-unlimited')] : []),
    ...(memory?.disableOOMKiller === true ? [found('oom-protected', 'oom_kill_disable')] : []),
  ];
}

/** Whether a weakening was asked for, by the request itself: an image, a label or an annotation asks for nothing. */
export type Asked = (weakening: Weakening) => boolean;

export function askedBy(host: HostConfig): Asked {
  const security = securityOptions(host.SecurityOpt);
  const modes = {
    pid: host.PidMode,
    network: host.NetworkMode,
    ipc: host.IpcMode,
    uts: host.UTSMode,
    cgroup: host.CgroupnsMode,
    user: host.UsernsMode,
  };
  const isShared = (mode: string) => mode.startsWith('container:');
  const joinsAny = Object.values(modes).some((mode) => mode === 'host' || isShared(mode));
  const capabilities = capabilitiesFor({ privileged: host.Privileged, add: host.CapAdd, drop: [] });
  const binds = bindTargets(host);
  const asked: Record<WeakeningKind, (weakening: Weakening) => boolean> = {
    privileged: () => host.Privileged,
    'host-pid': () => modes.pid === 'host',
    'host-network': () => modes.network === 'host',
    'host-ipc': () => modes.ipc === 'host',
    'host-uts': () => modes.uts === 'host',
    'host-cgroup': () => modes.cgroup === 'host',
    // The namespaces of the host belong to its own user namespace.
    'host-user': () => host.Privileged || joinsAny,
    'host-root': () => host.Privileged || joinsAny,
    'shared-pid': () => isShared(modes.pid),
    'shared-network': () => isShared(modes.network),
    'shared-ipc': () => isShared(modes.ipc),
    'shared-uts': () => isShared(modes.uts),
    'shared-cgroup': () => isShared(modes.cgroup),
    'shared-user': () => Object.values(modes).some(isShared),
    capability: ({ detail }) =>
      detail === 'ALL' ? capabilities.length === allCapabilities.length : capabilities.includes(detail),
    'seccomp-off': () => security.seccomp === 'unconfined' || (host.Privileged && security.seccomp === null),
    'seccomp-custom': () => typeof security.seccomp === 'object' && security.seccomp !== null,
    'apparmor-off': () => host.Privileged || security.appArmor === 'unconfined',
    'apparmor-custom': ({ detail }) => security.appArmor === detail,
    // What may reach the host's processes or memory must not be kept from them by its label.
    'selinux-off': () => host.Privileged || security.labels.length > 0 || joinsAny,
    'new-privileges': () =>
      security.noNewPrivileges === false || (host.Privileged && security.noNewPrivileges === null),
    'unmasked-path': () => host.Privileged || security.systemPaths === 'unconfined' || host.MaskedPaths != null,
    'writable-path': () => host.Privileged || security.systemPaths === 'unconfined' || host.ReadonlyPaths != null,
    device: ({ detail }) =>
      host.Privileged || host.Devices.some((one) => detail.startsWith(one.PathInContainer || one.PathOnHost)),
    'device-rule': () => host.Privileged || host.Devices.length > 0 || host.DeviceCgroupRules.length > 0,
    'host-path': ({ at }) => binds.has(at) || host.VolumesFrom.length > 0,
    'mount-propagation': ({ at }) => binds.has(at) || host.VolumesFrom.length > 0,
    sysctl: ({ detail }) => Object.hasOwn(host.Sysctls, detail),
    'writable-cgroup': () => host.Privileged || security.writableCgroups === true,
    'pids-unlimited': () => (host.PidsLimit ?? 0) < 0,
    'oom-protected': () => host.OomScoreAdj < 0 || host.OomKillDisable,
    hook: () => false,
  };
  return (weakening) => asked[weakening.kind](weakening);
}

/** What `exec --privileged` and `exec --user` add to what the container asked for. */
export function askedByExec(host: HostConfig, body: { Privileged: boolean; User: string }): Asked {
  const asked = askedBy(host);
  const privileged: readonly WeakeningKind[] = ['capability', 'apparmor-off', 'selinux-off'];
  return (weakening) =>
    asked(weakening) ||
    (body.Privileged && privileged.includes(weakening.kind)) ||
    (body.User !== '' && weakening.kind === 'host-root');
}

/** Where the request itself binds a path of the host, or a volume that it names and that may be one. */
function bindTargets(host: HostConfig): Set<string> {
  const clean = (target: string) => path.posix.normalize(target).replace(/(?<=.)\/$/, '');
  return new Set([
    ...host.Binds.map((bind) => clean(bind.split(':')[1] ?? '')),
    ...host.Mounts.filter((mount) => mount.Type !== 'tmpfs').map((mount) => clean(mount.Target)),
  ]);
}

/** @throws forbidden */
export function judge(list: readonly Weakening[], asked: Asked): void {
  const unasked = list.find((weakening) => !asked(weakening));
  if (unasked === undefined) return;
  throw new EngineError(
    'forbidden',
    `this container would be less isolated than was asked for (${describe(unasked)}): only the request itself can ask for that, never an image, a label or a stored record`,
  );
}

/**
 * Every path of the host that is bound is one that the request names, and not the agent's own: those files are the keys
 * to all containers of the host. Who wants those asks for the API's socket, and that is told. @throws forbidden
 */
export function refuseUnaskedBinds(final: Final, host: HostConfig): void {
  const asked = bindTargets(host);
  for (const mount of final.spec.mounts.filter((one) => isOfHost(one, final))) {
    if (!asked.has(mount.destination) && host.VolumesFrom.length === 0) {
      throw new EngineError(
        'forbidden',
        `${mount.source} would be bound at ${mount.destination}, which nobody asked for`,
      );
    }
    if (sourceOf(mount, final).agents === 'inside' && !host.Privileged) {
      throw new EngineError(
        'forbidden',
        `${mount.source} belongs to the agent itself: who has it rules every container of this host. Bind another path, or say so with --privileged`,
      );
    }
  }
}

/** One word, and which one: `capability CAP_NET_ADMIN`. */
export const describe = ({ kind, detail, at }: Weakening): string =>
  [kind, detail, at === '' ? '' : `at ${at}`].filter((word) => word !== '').join(' ');

/** For an event's attributes, where everything is text. */
export const weakeningsAttribute = (list: readonly Weakening[]) => ({
  'org.berth.weakenings': list.map(describe).join(', '),
});
