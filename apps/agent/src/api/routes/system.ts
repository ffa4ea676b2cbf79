import { readFileSync } from 'node:fs';
import os from 'node:os';
import { EngineError } from '@berth/shared/errors';
import type { EngineEvent } from '@berth/shared/protocol/control';
import type { Containers } from '../../engine/containers/containers.ts';
import type { Events } from '../../engine/events.ts';
import type { HostFeatures } from '../../engine/host.ts';
import type { Images } from '../../engine/images/images.ts';
import { architecture } from '../../engine/images/platform.ts';
import { filters, type RequestContext, type Route } from '../router.ts';
import { apiVersion, apiVersionMin } from '../server.ts';

export function systemRoutes(deps: {
  containers: Containers;
  images: Images;
  events: Events;
  features: HostFeatures;
  warnings: string[];
  agentVersion: string;
  dataDir: string;
  hostId: string;
  registries: { insecure: readonly string[]; mirrors: readonly string[] };
}): Route[] {
  const { containers, images, features } = deps;
  const ping = (context: RequestContext) => {
    context.response.writeHead(200, {
      'Content-Type': 'text/plain; charset=utf-8',
      'Cache-Control': 'no-cache',
      'Builder-Version': '1',
    });
    context.response.end(context.request.method === 'HEAD' ? undefined : 'OK');
  };
  return [
    { method: 'GET', path: '/_ping', handler: ping },
    { method: 'HEAD', path: '/_ping', handler: ping },
    {
      method: 'GET',
      path: '/version',
      handler: (context) =>
        context.send(200, {
          Platform: { Name: 'Berth' },
          Components: [
            {
              Name: 'Berth agent',
              Version: deps.agentVersion,
              Details: { ApiVersion: apiVersion, Arch: architecture(), KernelVersion: os.release(), Os: 'linux' },
            },
          ],
          Version: deps.agentVersion,
          ApiVersion: apiVersion,
          MinAPIVersion: apiVersionMin,
          GitCommit: '',
          GoVersion: '',
          Os: 'linux',
          Arch: architecture(),
          KernelVersion: os.release(),
          BuildTime: '',
        }),
    },
    { method: 'GET', path: '/info', handler: info },
    { method: 'GET', path: '/events', handler: streamEvents },
  ];

  function info(context: RequestContext): void {
    const all = containers.all();
    const count = (...states: string[]) => all.filter((one) => states.includes(one.status)).length;
    context.send(200, {
      ID: deps.hostId,
      Name: os.hostname(),
      Containers: all.length,
      ContainersRunning: count('running'),
      ContainersPaused: count('paused'),
      ContainersStopped: count('exited', 'created', 'restarting', 'dead'),
      Images: images.list().length,
      Driver: 'overlay2',
      DriverStatus: [['Native Overlay Diff', 'true']],
      DockerRootDir: deps.dataDir,
      Plugins: {
        Volume: ['local'],
        Network: ['bridge', 'host', 'null'],
        Authorization: null,
        Log: ['json-file', 'none'],
      },
      MemoryLimit: true,
      SwapLimit: true,
      CpuCfsPeriod: true,
      CpuCfsQuota: true,
      CPUShares: true,
      CPUSet: true,
      PidsLimit: true,
      OomKillDisable: features.cgroup !== 'v2',
      IPv4Forwarding: true,
      Debug: false,
      NFd: 0,
      NGoroutines: 0,
      SystemTime: new Date().toISOString(),
      LoggingDriver: 'json-file',
      CgroupDriver: 'cgroupfs',
      CgroupVersion: features.cgroup === 'v2' ? '2' : '1',
      NEventsListener: 0,
      KernelVersion: os.release(),
      OperatingSystem: operatingSystem(),
      OSVersion: '',
      OSType: 'linux',
      Architecture: os.machine(),
      NCPU: os.availableParallelism(),
      MemTotal: os.totalmem(),
      IndexServerAddress: 'https://index.docker.io/v1/',
      RegistryConfig: registryConfig(deps.registries),
      HttpProxy: '',
      HttpsProxy: '',
      NoProxy: '',
      Labels: [],
      ExperimentalBuild: false,
      ServerVersion: deps.agentVersion,
      Runtimes: { 'berth-runtime': { path: 'berth-runtime' } },
      DefaultRuntime: 'berth-runtime',
      Swarm: {
        NodeID: '',
        NodeAddr: '',
        LocalNodeState: 'inactive',
        ControlAvailable: false,
        Error: '',
        RemoteManagers: null,
      },
      LiveRestoreEnabled: true,
      Isolation: '',
      InitBinary: '',
      SecurityOptions: [
        ...(features.seccomp ? ['name=seccomp,profile=builtin'] : []),
        ...(features.appArmor ? ['name=apparmor'] : []),
        ...(features.selinux ? ['name=selinux'] : []),
        ...(features.userNamespaces ? ['name=userns'] : []),
        'name=cgroupns',
        'name=no-new-privileges',
      ],
      Warnings: deps.warnings,
    });
  }

  /** Past events from `since`, then what happens until the client goes or `until` comes. */
  function streamEvents(context: RequestContext): void {
    const { query, response, signal } = context;
    const wanted = filters(query);
    const since = query.get('since');
    const until = query.get('until');
    const untilMs = until === null || until === '' ? null : timeMs(until);
    response.writeHead(200, { 'Content-Type': 'application/json' });
    response.flushHeaders();
    const send = (event: EngineEvent) => {
      if (fits(event, wanted)) response.write(`${JSON.stringify(encode(event))}\n`);
    };
    if (since !== null && since !== '') {
      const fromMs = timeMs(since);
      for (const event of deps.events.after(0, 100_000))
        if (Number(BigInt(event.timeNano) / 1_000_000n) >= fromMs) send(event);
    }
    if (untilMs !== null && untilMs <= Date.now()) {
      response.end();
      return;
    }
    const unsubscribe = deps.events.subscribe(send);
    const timer = untilMs === null ? null : setTimeout(() => response.end(), untilMs - Date.now());
    signal.addEventListener('abort', () => {
      unsubscribe();
      if (timer !== null) clearTimeout(timer);
    });
  }
}

function timeMs(text: string): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text);
  if (Number.isNaN(value)) throw new EngineError('invalid-parameter', `invalid time: ${JSON.stringify(text)}`);
  return value;
}

function encode(event: EngineEvent): object {
  const timeNano = BigInt(event.timeNano);
  return {
    ...(event.type === 'container' ? { status: event.action, id: event.actorId, from: event.attributes.image } : {}),
    Type: event.type,
    Action: event.action,
    Actor: { ID: event.actorId, Attributes: event.attributes },
    scope: 'local',
    time: Number(timeNano / 1_000_000_000n),
    timeNano: Number(timeNano),
  };
}

function fits(event: EngineEvent, wanted: Record<string, string[]>): boolean {
  const any = (key: string, test: (value: string) => boolean) => wanted[key] === undefined || wanted[key].some(test);
  return (
    any('type', (value) => event.type === value) &&
    any('event', (value) => event.action === value || event.action.startsWith(`${value}:`)) &&
    any(
      'container',
      (value) => event.type === 'container' && (event.actorId.startsWith(value) || event.attributes.name === value),
    ) &&
    any(
      'image',
      (value) => event.attributes.image === value || (event.type === 'image' && event.attributes.name === value),
    ) &&
    any('label', (value) => {
      const [name = '', expected] = value.split('=', 2);
      return event.attributes[name] !== undefined && (expected === undefined || event.attributes[name] === expected);
    })
  );
}

function operatingSystem(): string {
  try {
    return /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'Linux';
  } catch {
    return 'Linux';
  }
}

/** As `docker info` shows it. Loopback needs no flag. */
function registryConfig({ insecure, mirrors }: { insecure: readonly string[]; mirrors: readonly string[] }): object {
  const named = insecure.filter((entry) => !entry.includes('/'));
  const index = (name: string, isSecure: boolean) => ({
    Name: name,
    Mirrors: name === 'docker.io' ? mirrors : [],
    Secure: isSecure,
    Official: name === 'docker.io',
  });
  return {
    InsecureRegistryCIDRs: ['::1/128', '127.0.0.0/8', ...insecure.filter((entry) => entry.includes('/'))],
    IndexConfigs: Object.fromEntries([
      ['docker.io', index('docker.io', true)],
      ...named.map((name) => [name, index(name, false)]),
    ]),
    Mirrors: mirrors,
  };
}
