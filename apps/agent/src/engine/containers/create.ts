/** What a create request means: everything is checked here, before anything is made. */
import { randomBytes } from 'node:crypto';
import type { CreateContainerBody, HostConfig } from '@berth/shared/docker/container';
import { EngineError } from '@berth/shared/errors';
import type { ImageRecord } from '../images/context.ts';
import { parsePort } from '../networks/networks.ts';
import { limitWarnings, resources } from '../runtime/resources.ts';
import type { Labels } from '../runtime/selinux.ts';
import { hasOwnUserNamespace } from '../runtime/spec.ts';
import type { VolumePlan } from '../volumes/volumes.ts';
import { checkLimits, checkName } from './checks.ts';
import { checkHostConfig, networkMode, type Rights } from './host-config.ts';
import { type ImageDefaults, imageDefaults } from './image-defaults.ts';
import { type MountPlan, planMounts } from './mounts.ts';
import { signalNumber } from './signals.ts';
import { type ContainerRecord, never } from './store.ts';

const invalid = (message: string) => new EngineError('invalid-parameter', message);

interface Planned {
  record: ContainerRecord;
  /** To be made with it. */
  volumes: MountPlan['volumes'];
  warnings: string[];
}

/** @throws invalid-parameter, not-found, not-implemented */
export function planContainer(options: {
  body: CreateContainerBody;
  name: string;
  image: ImageRecord;
  planVolume: (name?: string) => VolumePlan;
  find: (reference: string) => ContainerRecord;
  uidSlot: () => number;
  canUserNamespace: boolean;
  rights: Rights;
  selinux: Labels | null;
}): Planned {
  const { body, image } = options;
  const { HostConfig: hostConfig, NetworkingConfig: _networking, ...config } = body;
  checkName(options.name);
  checkLimits(hostConfig);
  checkHostConfig(hostConfig, options.rights);
  checkPorts(body);
  if (config.StopSignal !== '') signalNumber(config.StopSignal);
  const defaults = imageDefaults(image.config.config);
  const { mounts, volumes } = planMounts(body, defaults.volumes, options);
  const id = randomBytes(32).toString('hex');
  const wantsUserNamespace = hasOwnUserNamespace(hostConfig);
  const record: ContainerRecord = {
    id,
    name: options.name,
    createdAt: new Date().toISOString(),
    image: body.Image,
    imageId: image.id,
    ...program(config, defaults, hostname(config.Hostname, hostConfig, id)),
    hostConfig: { ...hostConfig, NetworkMode: networkMode(hostConfig.NetworkMode) },
    mounts,
    anonymousVolumes: [
      ...volumes.filter(({ plan }) => plan.anonymous).map(({ plan }) => plan.name),
      ...inheritedVolumes(hostConfig, mounts, options.find),
    ],
    uidSlot: options.canUserNamespace && wantsUserNamespace ? options.uidSlot() : null,
    weakenings: [],
    project: null,
    selinux: options.selinux,
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
  resources(record);
  const warnings = [...limitWarnings(hostConfig), ...defaults.warnings];
  if (!options.canUserNamespace && wantsUserNamespace) {
    warnings.push(
      'This host has no user namespaces with idmapped mounts: the container runs with the host’s user ids.',
    );
  }
  return { record, volumes, warnings };
}

/** Those without a name that come with --volumes-from: they go with the last that has them. */
function inheritedVolumes(
  host: HostConfig,
  mounts: ContainerRecord['mounts'],
  find: (reference: string) => ContainerRecord,
): string[] {
  const unnamed = host.VolumesFrom.flatMap((from) => find(from.split(':')[0] ?? '').anonymousVolumes);
  return [...new Set(unnamed)].filter((name) => mounts.some((mount) => mount.name === name));
}

type Config = Omit<CreateContainerBody, 'HostConfig' | 'NetworkingConfig'>;

/** What runs in it, and how: the image's defaults where the request says nothing. */
function program(config: Config, defaults: ImageDefaults, name: string): Pick<ContainerRecord, 'config' | 'args'> {
  const workingDir = config.WorkingDir === '' ? defaults.workingDir : config.WorkingDir;
  if (workingDir !== '' && !workingDir.startsWith('/')) {
    throw invalid(`the working directory '${workingDir}' is invalid, it needs to be an absolute path`);
  }
  // An entrypoint given by the caller stands for itself; the image's command belongs to the image's entrypoint.
  const entrypoint = config.Entrypoint ?? defaults.entrypoint ?? [];
  const command = config.Cmd ?? (config.Entrypoint === null ? (defaults.cmd ?? []) : []);
  const args = [...entrypoint.filter((word, index) => word !== '' || index > 0), ...command];
  if (args.length === 0) throw invalid('no command specified');
  const ports = [...defaults.exposedPorts, ...Object.keys(config.ExposedPorts)];
  return {
    args,
    config: {
      ...config,
      Hostname: name,
      User: config.User === '' ? defaults.user : config.User,
      Env: mergeEnv(defaults.env, config.Env),
      WorkingDir: workingDir,
      StopSignal: config.StopSignal === '' ? defaults.stopSignal : config.StopSignal,
      Labels: { ...defaults.labels, ...config.Labels },
      ExposedPorts: Object.fromEntries(ports.map((port) => [port, {}])),
      Entrypoint: config.Entrypoint ?? defaults.entrypoint,
      Cmd: command,
    },
  };
}

function checkPorts(body: CreateContainerBody): void {
  for (const port of [...Object.keys(body.ExposedPorts), ...Object.keys(body.HostConfig.PortBindings)]) parsePort(port);
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
