/** What a create request means: everything is checked here, before anything is made. */
import { randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import path from 'node:path';
import type { CreateContainerBody, HostConfig, UpdateContainerBody } from '@berth/shared/docker/container';
import { EngineError } from '@berth/shared/errors';
import type { ImageRecord } from '../images/images.ts';
import { capabilitiesFor } from '../runtime/capabilities.ts';
import { pidsLimit } from '../runtime/resources.ts';
import { hasOwnUserNamespace, rlimits } from '../runtime/spec.ts';
import type { Volumes } from '../volumes/volumes.ts';
import { signalNumber } from './signals.ts';
import { type ContainerMount, type ContainerRecord, never } from './store.ts';

export const memoryBytesMin = 6 * 1024 * 1024;

const invalid = (message: string) => new EngineError('invalid-parameter', message);

/** @throws invalid-parameter, not-found */
export function newRecord(options: {
  body: CreateContainerBody;
  name: string;
  image: ImageRecord;
  volumes: Volumes;
  uidSlot: () => number;
  canUserNamespace: boolean;
}): { record: ContainerRecord; warnings: string[] } {
  const { body, image, volumes } = options;
  const warnings: string[] = [];
  const { HostConfig: hostConfig, NetworkingConfig: _networking, ...config } = body;
  checkName(options.name);
  checkLimits(hostConfig);
  checkModes(hostConfig);
  capabilitiesFor({ privileged: hostConfig.Privileged, add: hostConfig.CapAdd, drop: hostConfig.CapDrop });
  if (config.StopSignal !== '') signalNumber(config.StopSignal);
  const id = randomBytes(32).toString('hex');
  const imageConfig = image.config.config ?? {};
  const merged = {
    ...config,
    Hostname: hostname(config.Hostname, hostConfig, id),
    User: config.User === '' ? (imageConfig.User ?? '') : config.User,
    Env: mergeEnv(imageConfig.Env ?? [], config.Env),
    WorkingDir: config.WorkingDir === '' ? (imageConfig.WorkingDir ?? '') : config.WorkingDir,
    StopSignal: config.StopSignal === '' ? (imageConfig.StopSignal ?? '') : config.StopSignal,
    Labels: { ...(imageConfig.Labels ?? {}), ...config.Labels },
    ExposedPorts: Object.fromEntries(
      [imageConfig.ExposedPorts ?? {}, config.ExposedPorts].flatMap((ports) =>
        Object.keys(ports).map((port) => [port, {}]),
      ),
    ),
  };
  if (merged.WorkingDir !== '' && !merged.WorkingDir.startsWith('/')) {
    throw invalid(`the working directory '${merged.WorkingDir}' is invalid, it needs to be an absolute path`);
  }
  // An entrypoint given by the caller stands for itself; the image's command belongs to the image's entrypoint.
  const entrypoint = config.Entrypoint ?? imageConfig.Entrypoint ?? [];
  const command = config.Cmd ?? (config.Entrypoint === null ? (imageConfig.Cmd ?? []) : []);
  const args = [...entrypoint.filter((word, index) => word !== '' || index > 0), ...command];
  if (args.length === 0) throw invalid('no command specified');
  const { mounts, anonymousVolumes } = resolveMounts(body, Object.keys(imageConfig.Volumes ?? {}), volumes);
  const record: ContainerRecord = {
    id,
    name: options.name,
    createdAt: new Date().toISOString(),
    image: body.Image,
    imageId: image.id,
    config: { ...merged, Entrypoint: config.Entrypoint ?? imageConfig.Entrypoint ?? null, Cmd: command },
    hostConfig: { ...hostConfig, NetworkMode: networkMode(hostConfig.NetworkMode) },
    args,
    mounts,
    anonymousVolumes,
    uidSlot: options.canUserNamespace && hasOwnUserNamespace(hostConfig) ? options.uidSlot() : null,
    status: 'created',
    pid: 0,
    pidfsInode: '',
    cgroups: {},
    exitCode: 0,
    oomKilled: false,
    error: '',
    startedAt: never,
    finishedAt: never,
    restartCount: 0,
    stoppedByUser: false,
  };
  rlimits(record);
  if (!options.canUserNamespace && hasOwnUserNamespace(hostConfig)) {
    warnings.push(
      'This host has no user namespaces with idmapped mounts: the container runs with the host’s user ids.',
    );
  }
  if (hostConfig.Links.length > 0)
    warnings.push('Links are not supported; containers of one network will find each other by name.');
  return { record, warnings };
}

export function checkName(name: string): void {
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name) || name.length > 255) {
    throw invalid(`Invalid container name (${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`);
  }
}

type Limits = Pick<
  HostConfig,
  'Memory' | 'MemoryReservation' | 'MemorySwap' | 'NanoCpus' | 'CpuQuota' | 'CpuPeriod' | 'CpuShares'
> & {
  PidsLimit?: number | null | undefined;
};

/** For create and update alike. */
export function checkLimits(limits: Limits | UpdateContainerBody): void {
  if (limits.Memory !== 0 && limits.Memory < memoryBytesMin) throw invalid('Minimum memory limit allowed is 6MB');
  if (limits.MemorySwap > 0 && limits.Memory === 0)
    throw invalid('You should always set the Memory limit when using Memoryswap limit, see usage');
  if (limits.MemorySwap > 0 && limits.MemorySwap < limits.Memory) {
    throw invalid('Minimum memoryswap limit should be larger than memory limit, see usage');
  }
  if (limits.MemoryReservation > 0 && limits.Memory > 0 && limits.Memory < limits.MemoryReservation) {
    throw invalid('Minimum memory limit can not be less than memory reservation limit, see usage');
  }
  if (limits.NanoCpus < 0 || limits.NanoCpus > navigatorCpus() * 1e9) {
    throw invalid(
      `Range of CPUs is from 0.01 to ${navigatorCpus()}.00, as there are only ${navigatorCpus()} CPUs available`,
    );
  }
  if (limits.NanoCpus > 0 && limits.NanoCpus < 1e7)
    throw invalid(
      `Range of CPUs is from 0.01 to ${navigatorCpus()}.00, as there are only ${navigatorCpus()} CPUs available`,
    );
  if (limits.NanoCpus > 0 && (limits.CpuQuota > 0 || limits.CpuPeriod > 0)) {
    throw invalid('Conflicting options: Nano CPUs and CPU Period cannot both be set');
  }
  if (limits.CpuPeriod !== 0 && (limits.CpuPeriod < 1000 || limits.CpuPeriod > 1_000_000)) {
    throw invalid('CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)');
  }
  if (limits.CpuQuota > 0 && limits.CpuQuota < 1000)
    throw invalid('CPU cfs quota can not be less than 1ms (i.e. 1000)');
  if (limits.CpuShares < 0) throw invalid('invalid CPU shares: value must be a positive integer');
  if (pidsLimit(limits.PidsLimit) < -1) throw invalid('Invalid pids limit: it must be -1 or a positive number');
}

function navigatorCpus(): number {
  return navigator.hardwareConcurrency;
}

function checkModes(hostConfig: HostConfig): void {
  for (const [what, mode] of [
    ['pid', hostConfig.PidMode],
    ['ipc', hostConfig.IpcMode],
    ['uts', hostConfig.UTSMode],
    ['user', hostConfig.UsernsMode],
    ['cgroup', hostConfig.CgroupnsMode],
  ] as const) {
    if (!['', 'host', 'private', 'shareable', 'none'].includes(mode) && !mode.startsWith('container:')) {
      throw invalid(`invalid ${what} mode: ${mode}`);
    }
  }
  const network = networkMode(hostConfig.NetworkMode);
  if (!['bridge', 'none', 'host'].includes(network) && !network.startsWith('container:')) {
    throw new EngineError('not-found', `network ${network} not found`);
  }
  if (hostConfig.AutoRemove && hostConfig.RestartPolicy.Name !== 'no') {
    throw invalid("can't create 'AutoRemove' container with restart policy");
  }
  for (const option of hostConfig.SecurityOpt) {
    if (
      !/^(no-new-privileges([:=](true|false))?|seccomp[:=]unconfined|apparmor[:=][A-Za-z0-9_.-]+|label[:=]disable|systempaths[:=]unconfined)$/.test(
        option,
      )
    ) {
      throw invalid(`invalid --security-opt: ${JSON.stringify(option)} is not supported`);
    }
  }
  const memorySwappiness = hostConfig.MemorySwappiness ?? 0;
  if (memorySwappiness < -1 || memorySwappiness > 100) {
    throw invalid(`Invalid value: ${memorySwappiness}, valid memory swappiness range is 0-100`);
  }
}

function networkMode(mode: string): string {
  return mode === '' || mode === 'default' ? 'bridge' : mode;
}

function hostname(asked: string, hostConfig: HostConfig, id: string): string {
  if (hostConfig.UTSMode === 'host') return '';
  if (asked === '') return id.slice(0, 12);
  if (asked.length > 63 || !/^[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?$/.test(asked)) {
    throw invalid(`invalid hostname: ${JSON.stringify(asked)}`);
  }
  return asked;
}

/** The image's, then the caller's over it; a name without a value takes the variable away. */
export function mergeEnv(image: readonly string[], asked: readonly string[]): string[] {
  const merged = new Map<string, string>();
  for (const entry of image) {
    const at = entry.indexOf('=');
    if (at > 0) merged.set(entry.slice(0, at), entry);
  }
  for (const entry of asked) {
    const at = entry.indexOf('=');
    const name = at < 0 ? entry : entry.slice(0, at);
    if (name === '' || /[\0\n]/.test(name) || entry.includes('\0')) {
      throw invalid(`invalid environment variable: ${JSON.stringify(entry)}`);
    }
    if (at < 0) merged.delete(name);
    else merged.set(name, entry);
  }
  return [...merged.values()];
}

const propagations = ['private', 'rprivate', 'slave', 'rslave', 'shared', 'rshared'];

function resolveMounts(body: CreateContainerBody, imageVolumes: string[], volumes: Volumes) {
  const host = body.HostConfig;
  const mounts = new Map<string, ContainerMount>();
  const anonymousVolumes: string[] = [];
  const add = (mount: ContainerMount) => {
    const destination = checkDestination(mount.destination);
    if (mounts.has(destination)) throw invalid(`Duplicate mount point: ${destination}`);
    mounts.set(destination, { ...mount, destination });
  };
  const addVolume = (name: string | undefined, destination: string, readOnly: boolean, options: string[]) => {
    const volume = volumes.create({ name, labels: {} });
    if (name === undefined) anonymousVolumes.push(volume.name);
    add({ type: 'volume', name: volume.name, source: volume.mountpoint, destination, readOnly, options });
  };
  for (const bind of host.Binds) {
    const [source = '', destination, mode = ''] = bind.split(':');
    if (destination === undefined) throw invalid(`invalid volume specification: '${bind}'`);
    const flags = mode.split(',').filter((flag) => flag !== '');
    const unknown = flags.find((flag) => !['ro', 'rw', 'z', 'Z', 'nocopy', ...propagations].includes(flag));
    if (unknown !== undefined) throw invalid(`invalid mode: ${mode}`);
    const options = flags.filter((flag) => propagations.includes(flag));
    if (source.startsWith('/')) {
      add({
        type: 'bind',
        name: null,
        source: path.posix.normalize(source),
        destination,
        readOnly: flags.includes('ro'),
        options,
      });
    } else addVolume(source, destination, flags.includes('ro'), options);
  }
  for (const mount of host.Mounts) {
    if (mount.Type === 'tmpfs') {
      const size = mount.TmpfsOptions?.SizeBytes ?? 0;
      const options = size > 0 ? [`size=${size}`] : [];
      add({ type: 'tmpfs', name: null, source: '', destination: mount.Target, readOnly: mount.ReadOnly, options });
    } else if (mount.Type === 'volume') {
      addVolume(mount.Source === '' ? undefined : mount.Source, mount.Target, mount.ReadOnly, []);
    } else {
      if (!mount.Source.startsWith('/'))
        throw invalid(
          `invalid mount config for type "bind": invalid mount path: '${mount.Source}' mount path must be absolute`,
        );
      if (statSync(mount.Source, { throwIfNoEntry: false }) === undefined) {
        throw invalid(`invalid mount config for type "bind": bind source path does not exist: ${mount.Source}`);
      }
      add({
        type: 'bind',
        name: null,
        source: mount.Source,
        destination: mount.Target,
        readOnly: mount.ReadOnly,
        options: [],
      });
    }
  }
  for (const [destination, options] of Object.entries(host.Tmpfs)) {
    const list = options.split(',').filter((one) => one !== '');
    const bad = list.find(
      (one) => !/^(ro|rw|noexec|exec|nosuid|suid|nodev|dev|size=\d+[kmg%]?|mode=[0-7]+|uid=\d+|gid=\d+)$/i.test(one),
    );
    if (bad !== undefined) throw invalid(`invalid tmpfs option ${JSON.stringify(bad)}`);
    add({
      type: 'tmpfs',
      name: null,
      source: '',
      destination,
      readOnly: list.includes('ro'),
      options: list.filter((one) => one !== 'ro' && one !== 'rw'),
    });
  }
  for (const destination of [...Object.keys(body.Volumes), ...imageVolumes]) {
    if (!mounts.has(path.posix.normalize(destination))) addVolume(undefined, destination, false, []);
  }
  return { mounts: [...mounts.values()], anonymousVolumes };
}

function checkDestination(destination: string): string {
  const clean = path.posix.normalize(destination).replace(/(?<=.)\/$/, '');
  if (!destination.startsWith('/') || clean === '/') {
    throw invalid(`invalid mount target: ${JSON.stringify(destination)} must be an absolute path other than /`);
  }
  if (/^\/proc(\/|$)/.test(clean)) throw invalid(`invalid mount target: ${clean} would cover /proc`);
  return clean;
}
