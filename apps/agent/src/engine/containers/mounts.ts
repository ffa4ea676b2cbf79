/** What is mounted into a container: binds, volumes, tmpfs, as the request and the image name them. Makes nothing yet. */
import { statSync } from 'node:fs';
import path from 'node:path';
import type { CreateContainerBody, HostConfig } from '@berth/shared/docker/container';
import { EngineError } from '@berth/shared/errors';
import type { VolumePlan } from '../volumes/volumes.ts';
import type { ContainerMount, ContainerRecord } from './store.ts';

const mountsMax = 128;

const invalid = (message: string) => new EngineError('invalid-parameter', message);

export interface MountPlan {
  mounts: ContainerMount[];
  /** To be made with the container. */
  volumes: PlannedVolume[];
}

export interface PlannedVolume {
  plan: VolumePlan;
  labels: Record<string, string>;
  options: Record<string, string>;
  /** Where the image has what an empty one begins with. */
  seedFrom: string | null;
}

interface Needs {
  planVolume: (name?: string) => VolumePlan;
  find: (reference: string) => ContainerRecord;
}

/** @throws invalid-parameter, not-found, not-implemented */
export function planMounts(body: CreateContainerBody, imageVolumes: string[], needs: Needs): MountPlan {
  const host = body.HostConfig;
  const mounts = new Map<string, ContainerMount>();
  const volumes: MountPlan['volumes'] = [];
  const add = (mount: ContainerMount) => {
    const destination = checkDestination(mount.destination);
    if (mounts.has(destination)) throw invalid(`Duplicate mount point: ${destination}`);
    mounts.set(destination, { ...mount, destination });
    if (mounts.size > mountsMax) throw invalid(`more than ${mountsMax} mounts`);
  };
  const addVolume = (
    name: string | undefined,
    mount: Pick<ContainerMount, 'destination' | 'readOnly' | 'options' | 'relabel' | 'subpath'>,
    { labels = {}, options = {}, noCopy = false }: Partial<VolumeRequest> = {},
  ) => {
    const plan = needs.planVolume(name);
    volumes.push({ plan, labels, options, seedFrom: noCopy || mount.subpath !== undefined ? null : mount.destination });
    add({ type: 'volume', name: plan.name, source: plan.mountpoint, ...mount });
  };
  for (const bind of host.Binds) {
    const { source, noCopy, ...mount } = parseBind(bind);
    if (source.startsWith('/')) add({ type: 'bind', name: null, source: path.posix.normalize(source), ...mount });
    else addVolume(source, mount, { noCopy });
  }
  for (const mount of host.Mounts) {
    if (mount.Type === 'tmpfs') add(tmpfsMount(mount));
    else if (mount.Type === 'bind') add(bindMount(mount));
    else {
      const { subpath, ...request } = volumeOptions(mount);
      const place = { destination: mount.Target, readOnly: mount.ReadOnly, options: [] };
      addVolume(mount.Source, subpath === '' ? place : { ...place, subpath }, request);
    }
  }
  for (const [destination, options] of Object.entries(host.Tmpfs)) add(tmpfs(destination, options));
  for (const mount of inherited(host, needs.find)) if (!mounts.has(mount.destination)) add(mount);
  for (const destination of [...Object.keys(body.Volumes), ...imageVolumes]) {
    if (!mounts.has(checkDestination(destination))) addVolume(undefined, { destination, readOnly: false, options: [] });
  }
  return { mounts: [...mounts.values()], volumes };
}

const propagations = ['private', 'rprivate', 'slave', 'rslave', 'shared', 'rshared'];

function parseBind(bind: string) {
  const [source = '', destination, mode = '', ...rest] = bind.split(':');
  if (destination === undefined || source === '' || rest.length > 0) {
    throw invalid(`invalid volume specification: '${bind}'`);
  }
  const flags = mode.split(',').filter((flag) => flag !== '');
  const known = ['ro', 'rw', 'z', 'Z', 'nocopy', 'cached', 'delegated', 'consistent', ...propagations];
  const unknown = flags.find((flag) => !known.includes(flag));
  const options = flags.filter((flag) => propagations.includes(flag));
  if (unknown !== undefined || options.length > 1) throw invalid(`invalid mode: ${mode}`);
  const relabel = flags.includes('Z') ? ('private' as const) : flags.includes('z') ? ('shared' as const) : null;
  return {
    source,
    destination,
    readOnly: flags.includes('ro'),
    options,
    relabel,
    noCopy: flags.includes('nocopy'),
  };
}

type MountRequest = HostConfig['Mounts'][number];

function bindMount({ Source: source, Target: destination, ReadOnly: readOnly, BindOptions }: MountRequest) {
  const fail = (why: string) => invalid(`invalid mount config for type "bind": ${why}`);
  const options = BindOptions ?? undefined;
  const propagation = options?.Propagation ?? '';
  if (!source.startsWith('/')) throw fail(`invalid mount path: '${source}' mount path must be absolute`);
  if (options?.CreateMountpoint !== true && statSync(source, { throwIfNoEntry: false }) === undefined) {
    throw fail(`bind source path does not exist: ${source}`);
  }
  if (propagation !== '' && !propagations.includes(propagation)) throw fail(`invalid propagation mode: ${propagation}`);
  if (options?.ReadOnlyForceRecursive === true) {
    if (!readOnly) throw fail('ReadOnlyForceRecursive needs ReadOnly');
    if (options.NonRecursive || options.ReadOnlyNonRecursive)
      throw fail('ReadOnlyForceRecursive conflicts with NonRecursive');
  }
  const mount: ContainerMount = {
    type: 'bind',
    name: null,
    source: path.posix.normalize(source),
    destination,
    readOnly,
    options: propagation === '' ? [] : [propagation],
    recursive: options?.NonRecursive !== true,
    recursiveReadOnly: options?.ReadOnlyNonRecursive !== true,
  };
  return mount;
}

interface VolumeRequest {
  labels: Record<string, string>;
  options: Record<string, string>;
  noCopy: boolean;
  subpath: string;
}

function volumeOptions({ VolumeOptions: options, Source }: MountRequest): VolumeRequest {
  const fail = (why: string) => invalid(`invalid mount config for type "volume": ${why}`);
  if (Source.includes('/')) throw fail(`"${Source}" includes invalid characters for a local volume name`);
  const driver = options?.DriverConfig?.Name ?? '';
  if (driver !== '' && driver !== 'local')
    throw new EngineError('not-found', `error looking up volume plugin ${driver}`);
  const subpath = options?.Subpath ?? '';
  if (subpath !== '' && Source === '') throw fail('must not set Subpath when using anonymous volumes');
  if (!isLocal(subpath)) throw fail('subpath must be a relative path within the volume');
  return {
    labels: options?.Labels ?? {},
    options: options?.DriverConfig?.Options ?? {},
    noCopy: options?.NoCopy ?? false,
    subpath: subpath === '' ? '' : path.posix.normalize(subpath),
  };
}

function tmpfsMount({ Target: destination, ReadOnly: readOnly, TmpfsOptions }: MountRequest): ContainerMount {
  const { SizeBytes: size = 0, Mode: mode = 0, Options } = TmpfsOptions ?? {};
  if (size < 0 || mode < 0 || mode > 0o7777) throw invalid('invalid mount config for type "tmpfs": size or mode');
  const more = (Options ?? []).map((words) => words.join('='));
  const options = [
    ...(size > 0 ? [`size=${size}`] : []),
    ...(mode > 0 ? [`mode=${mode.toString(8)}`] : []),
    ...more,
    ...(readOnly ? ['ro'] : []),
  ];
  return tmpfs(destination, options.join(','));
}

function tmpfs(destination: string, text: string): ContainerMount {
  const list = text.split(',').filter((one) => one !== '');
  const known =
    /^(ro|rw|noexec|exec|nosuid|suid|nodev|dev|(no|rel|strict)atime|size=\d+[kmg%]?|nr_inodes=\d+[kmg]?|mode=[0-7]{1,4}|uid=\d+|gid=\d+)$/i;
  const bad = list.find((one) => !known.test(one));
  if (bad !== undefined) throw invalid(`invalid tmpfs option ${JSON.stringify(bad)}`);
  const options = list.filter((one) => one !== 'ro' && one !== 'rw');
  return { type: 'tmpfs', name: null, source: '', destination, readOnly: list.includes('ro'), options };
}

function isLocal(subpath: string): boolean {
  return !/^\/|\0/.test(subpath) && !/^\.\.(\/|$)/.test(path.posix.normalize(subpath));
}

/** `--volumes-from NAME[:ro|rw]`: volumes and binds, as they are there. */
function inherited(host: HostConfig, find: Needs['find']): ContainerMount[] {
  return host.VolumesFrom.flatMap((from) => {
    const [, reference = '', mode] = /^([^:]+)(?::(ro|rw|z|Z))?$/.exec(from) ?? [];
    if (reference === '') throw invalid(`invalid volumes-from: ${JSON.stringify(from)}`);
    return find(reference)
      .mounts.filter((mount) => mount.type !== 'tmpfs')
      .map((mount) => ({ ...mount, readOnly: mount.readOnly || mode === 'ro' }));
  });
}

function checkDestination(destination: string): string {
  const clean = path.posix.normalize(destination).replace(/(?<=.)\/$/, '');
  if (!destination.startsWith('/') || clean === '/' || clean.length > 4095 || clean.includes('\0')) {
    throw invalid(`invalid mount target: ${JSON.stringify(destination)} must be an absolute path other than /`);
  }
  if (/^\/proc(\/|$)/.test(clean)) throw invalid(`invalid mount target: ${clean} would cover /proc`);
  return clean;
}
