/** Records as the Engine API shows them (v1.50). Pure. */
import type { Endpoint } from '../networks/networks.ts';
import { pidsLimit } from '../runtime/resources.ts';
import { containerCapabilities, noNewPrivileges, seccompChoice } from '../runtime/spec.ts';
import { idsPerContainer, slotOf, uidBase } from '../runtime/uid-ranges.ts';
import { type ContainerRecord, never } from './store.ts';

export function inspectContainer(
  record: ContainerRecord,
  endpoint: Endpoint | null,
  logPath: string,
  appArmorProfile: string,
): object {
  const host = record.hostConfig;
  const live = record.status === 'running' || record.status === 'paused';
  const slot = slotOf(record);
  return {
    Id: record.id,
    Created: record.createdAt,
    Path: record.args[0] ?? '',
    Args: record.args.slice(1),
    State: {
      Status: record.status,
      Running: live,
      Paused: record.status === 'paused',
      Restarting: record.status === 'restarting',
      OOMKilled: record.oomKilled,
      Dead: record.status === 'dead',
      Pid: live ? record.pid : 0,
      ExitCode: live ? 0 : record.exitCode,
      Error: record.error,
      StartedAt: record.startedAt,
      FinishedAt: live ? never : record.finishedAt,
    },
    Image: record.imageId,
    ResolvConfPath: '',
    HostnamePath: '',
    HostsPath: '',
    LogPath: logPath,
    Name: `/${record.name}`,
    RestartCount: record.restartCount,
    Driver: 'overlay2',
    Platform: 'linux',
    MountLabel: record.selinux?.mount ?? '',
    ProcessLabel: record.selinux?.process ?? '',
    AppArmorProfile: appArmorProfile,
    ExecIDs: null,
    HostConfig: {
      ...host,
      LogConfig: { Type: host.LogConfig?.Type || 'json-file', Config: host.LogConfig?.Config ?? {} },
      PidsLimit: pidsLimit(host.PidsLimit),
      Isolation: '',
    },
    GraphDriver: { Name: 'overlay2', Data: null },
    Mounts: record.mounts.map((mount) => ({
      Type: mount.type,
      ...(mount.name === null ? {} : { Name: mount.name, Driver: 'local' }),
      Source: mount.source,
      Destination: mount.destination,
      Mode: [mount.readOnly ? 'ro' : '', relabelMode[mount.relabel ?? 'none']].filter((flag) => flag !== '').join(','),
      RW: !mount.readOnly,
      Propagation: mount.type === 'bind' ? (mount.options[0] ?? 'rprivate') : '',
    })),
    Config: {
      ...record.config,
      Image: record.image,
      Volumes: Object.keys(record.config.Volumes).length === 0 ? null : record.config.Volumes,
    },
    NetworkSettings: {
      SandboxID: record.id,
      SandboxKey: live ? `/proc/${record.pid}/ns/net` : '',
      Ports: ports(record, endpoint),
      IPAddress: endpoint?.address ?? '',
      IPPrefixLen: endpoint?.prefixLength ?? 0,
      Gateway: endpoint?.gateway ?? '',
      MacAddress: endpoint?.mac ?? '',
      Networks: networks(record, endpoint),
    },
    // What the Engine API has no word for: how this container is isolated.
    Berth: {
      UserNamespace: slot === null ? null : { HostId: uidBase(slot), Size: idsPerContainer },
      Capabilities: containerCapabilities(host),
      Seccomp: { default: 'default', custom: 'custom', off: 'unconfined' }[seccompChoice(host)],
      NoNewPrivileges: noNewPrivileges(host),
      PidsLimit: pidsLimit(host.PidsLimit),
      Weakenings: record.weakenings.map(({ kind, detail, at }) => ({ Kind: kind, Detail: detail, At: at })),
    },
  };
}

const relabelMode = { private: 'Z', shared: 'z', none: '' } as const;

export function summarizeContainer(record: ContainerRecord, endpoint: Endpoint | null): object {
  return {
    Id: record.id,
    Names: [`/${record.name}`],
    Image: record.image,
    ImageID: record.imageId,
    Command: record.args.join(' '),
    Created: Math.floor(Date.parse(record.createdAt) / 1000),
    Ports: (endpoint?.ports ?? []).map((port) => ({
      IP: port.hostAddress,
      PrivatePort: port.containerPort,
      PublicPort: port.hostPort,
      Type: port.protocol,
    })),
    Labels: record.config.Labels,
    State: record.status,
    Status: statusText(record, Date.now()),
    HostConfig: { NetworkMode: record.hostConfig.NetworkMode },
    NetworkSettings: { Networks: networks(record, endpoint) },
    Mounts: record.mounts.map((mount) => ({
      Type: mount.type,
      Name: mount.name ?? '',
      Source: mount.source,
      Destination: mount.destination,
      Mode: '',
      RW: !mount.readOnly,
      Propagation: '',
    })),
  };
}

function networks(record: ContainerRecord, endpoint: Endpoint | null): object {
  const mode = record.hostConfig.NetworkMode;
  if (mode.startsWith('container:')) return {};
  return {
    [mode]: {
      IPAMConfig: null,
      Links: null,
      Aliases: null,
      NetworkID: endpoint?.networkId ?? '',
      EndpointID: endpoint?.endpointId ?? '',
      Gateway: endpoint?.gateway ?? '',
      IPAddress: endpoint?.address ?? '',
      IPPrefixLen: endpoint?.prefixLength ?? 0,
      MacAddress: endpoint?.mac ?? '',
      DNSNames: null,
    },
  };
}

function ports(record: ContainerRecord, endpoint: Endpoint | null): Record<string, object[] | null> {
  const result: Record<string, object[] | null> = Object.fromEntries(
    Object.keys(record.config.ExposedPorts).map((key) => [key, null]),
  );
  for (const port of endpoint?.ports ?? []) {
    const key = `${port.containerPort}/${port.protocol}`;
    result[key] = [...(result[key] ?? []), { HostIp: port.hostAddress, HostPort: String(port.hostPort) }];
  }
  return result;
}

/** `Up 3 minutes`, `Exited (0) 2 hours ago`. */
export function statusText(record: ContainerRecord, nowMs: number): string {
  const since = (time: string) => humanDuration((nowMs - Date.parse(time)) / 1000);
  switch (record.status) {
    case 'running':
      return `Up ${since(record.startedAt)}`;
    case 'paused':
      return `Up ${since(record.startedAt)} (Paused)`;
    case 'restarting':
      return `Restarting (${record.exitCode}) ${since(record.finishedAt)} ago`;
    case 'exited':
      return `Exited (${record.exitCode}) ${since(record.finishedAt)} ago`;
    case 'removing':
      return 'Removal In Progress';
    case 'dead':
      return 'Dead';
    default:
      return 'Created';
  }
}

/** go-units' HumanDuration, which people know from `docker ps`. */
function humanDuration(seconds: number): string {
  if (seconds < 1) return 'Less than a second';
  if (seconds < 2) return '1 second';
  if (seconds < 60) return `${Math.floor(seconds)} seconds`;
  const minutes = Math.floor(seconds / 60);
  if (minutes === 1) return 'About a minute';
  if (minutes < 60) return `${minutes} minutes`;
  const hours = Math.round(seconds / 3600);
  if (hours === 1) return 'About an hour';
  if (hours < 48) return `${hours} hours`;
  const days = Math.floor(hours / 24);
  if (days < 14) return `${days} days`;
  if (days < 60) return `${Math.floor(days / 7)} weeks`;
  if (days < 730) return `${Math.floor(days / 30)} months`;
  return `${Math.floor(days / 365)} years`;
}
