/** Stored records → what pages show. The engine's JSON is read leniently: what a host leaves out is shown as unknown. */
import { z } from 'zod';
import { type BerthServer, server } from '../context.ts';
import type { HostRecord } from '../db/hosts.ts';
import type { ContainerRecord } from '../db/inventory.ts';
import { newerImages } from '../updates/newer-images.ts';
import type { ContainerDetailView, ContainerState, ContainerView, HostView } from '../views.ts';

const states = [
  'created',
  'running',
  'paused',
  'restarting',
  'removing',
  'exited',
  'dead',
] as const satisfies ContainerState[];
const binding = z.object({ HostIp: z.string().nullish(), HostPort: z.string().nullish() });
const inspect = z.object({
  Created: z.string().catch(''),
  Path: z.string().catch(''),
  Args: z.array(z.string()).catch([]),
  State: z
    .object({
      Status: z.enum(states).catch('created'),
      StartedAt: z.string().catch(''),
      FinishedAt: z.string().catch(''),
      ExitCode: z.number().catch(0),
      OOMKilled: z.boolean().catch(false),
    })
    .catch({ Status: 'created', StartedAt: '', FinishedAt: '', ExitCode: 0, OOMKilled: false }),
  Config: z
    .object({ Image: z.string().catch(''), Labels: z.record(z.string(), z.string()).catch({}) })
    .catch({ Image: '', Labels: {} }),
  HostConfig: z
    .object({ PortBindings: z.record(z.string(), z.array(binding).nullable()).catch({}) })
    .catch({ PortBindings: {} }),
  NetworkSettings: z
    .object({ Ports: z.record(z.string(), z.array(binding).nullable()).catch({}) })
    .catch({ Ports: {} }),
});
/** The engine's date of what has not happened is in year 1. */
const yearOneMs = Date.UTC(1970, 0, 2);

export function containerView(
  record: ContainerRecord,
  host: HostRecord,
  hasNewer = newerImages(server()),
): ContainerView {
  const { agents, live } = server();
  const { Created, Path, Args, State, Config, HostConfig, NetworkSettings } = inspect.parse(record.inspect);
  const online = agents.isOnline(host.id);
  const hasRun = State.Status === 'exited' || State.Status === 'dead';
  const isUp = State.Status === 'running' || State.Status === 'paused';
  return {
    hostId: host.id,
    hostName: host.name,
    hostState: online ? 'online' : 'offline',
    id: record.id,
    name: record.name,
    image: Config.Image,
    command: [Path, ...Args].join(' '),
    state: State.Status,
    createdAt: toMs(Created) ?? 0,
    startedAt: toMs(State.StartedAt),
    finishedAt: isUp ? null : toMs(State.FinishedAt),
    exitCode: hasRun ? State.ExitCode : null,
    oomKilled: State.OOMKilled,
    ports: portsOf(isUp ? NetworkSettings.Ports : HostConfig.PortBindings),
    labels: Config.Labels,
    stats: online ? live.containerStats(host.id, record.id) : null,
    hasNewerImage: hasNewer(record),
  };
}

export function containerDetailView(record: ContainerRecord, host: HostRecord): ContainerDetailView {
  return { ...containerView(record, host), inspect: record.inspect, fetchedAt: record.fetchedAt };
}

export function hostView(host: HostRecord, containers: ContainerView[], { agents, live } = server()): HostView {
  const online = agents.isOnline(host.id);
  const { hostname, os, kernel, architecture, agentVersion, cpuCount, memoryBytes, features, warnings } = host.facts;
  return {
    id: host.id,
    name: host.name,
    state: online ? 'online' : 'offline',
    lastSeenAt: host.lastSeenAt,
    enrolledAt: host.enrolledAt,
    hostname,
    os,
    kernel,
    architecture,
    agentVersion,
    cpuCount,
    memoryBytes,
    features,
    warnings,
    containersRunning: containers.filter(({ state }) => state === 'running').length,
    containersTotal: containers.length,
    stats: online ? live.hostStats(host.id) : null,
  };
}

export function containerState(inspected: unknown): ContainerState {
  return inspect.safeParse(inspected).data?.State.Status ?? 'created';
}

export function containersOf(berth: BerthServer, hostId?: string): ContainerView[] {
  const { store } = berth;
  const hosts = new Map(store.hosts.list().map((host) => [host.id, host]));
  const hasNewer = newerImages(berth);
  return store.inventory.containers(hostId).flatMap((record) => {
    const host = hosts.get(record.hostId);
    return host ? [containerView(record, host, hasNewer)] : [];
  });
}

function toMs(date: string): number | null {
  const ms = Date.parse(date);
  return ms > yearOneMs ? ms : null;
}

function portsOf(ports: z.infer<typeof inspect>['NetworkSettings']['Ports']): ContainerView['ports'] {
  return Object.entries(ports).flatMap(([key, bindings]) => {
    const [port = '', protocol = 'tcp'] = key.split('/');
    const exposed = { hostAddress: '', hostPort: null, containerPort: Number(port), protocol };
    if (!bindings || bindings.length === 0) return [exposed];
    return bindings.map(({ HostIp, HostPort }) => ({
      ...exposed,
      hostAddress: HostIp ?? '',
      hostPort: Number(HostPort) || null,
    }));
  });
}
