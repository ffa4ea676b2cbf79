/** What a create request means: everything is checked here, before anything is made. */
import { randomBytes } from 'node:crypto';
import type { CreateContainerBody, HostConfig } from '@berth/shared/docker/container';
import { EngineError } from '@berth/shared/errors';
import type { ImageRecord } from '../images/images.ts';
import { capabilitiesFor } from '../runtime/capabilities.ts';
import { hasOwnUserNamespace, rlimits } from '../runtime/spec.ts';
import type { Volumes } from '../volumes/volumes.ts';
import { checkLimits, checkModes, checkName, networkMode } from './checks.ts';
import { resolveMounts } from './mounts.ts';
import { signalNumber } from './signals.ts';
import { type ContainerRecord, never } from './store.ts';

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
