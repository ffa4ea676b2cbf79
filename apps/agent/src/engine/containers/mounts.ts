/** What is mounted into a container: binds, volumes, tmpfs, as the request and the image name them. */
import { statSync } from 'node:fs';
import path from 'node:path';
import type { CreateContainerBody } from '@berth/shared/docker/container';
import { EngineError } from '@berth/shared/errors';
import type { Volumes } from '../volumes/volumes.ts';
import type { ContainerMount } from './store.ts';

const invalid = (message: string) => new EngineError('invalid-parameter', message);

const propagations = ['private', 'rprivate', 'slave', 'rslave', 'shared', 'rshared'];

/** Makes the volumes that are named and not there. @throws invalid-parameter */
export function resolveMounts(body: CreateContainerBody, imageVolumes: string[], volumes: Volumes) {
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
