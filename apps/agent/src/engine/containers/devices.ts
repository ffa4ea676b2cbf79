/** `--device`: nodes of the host, as they are at this moment. */
import { readdirSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import type { HostConfig } from '@berth/shared/docker/container';
import { EngineError } from '@berth/shared/errors';
import type { HostDevice } from '../runtime/spec.ts';

const devicesMax = 256;

/** @throws invalid-parameter */
export function hostDevices(host: HostConfig): HostDevice[] {
  const found = host.Devices.flatMap(({ PathOnHost, PathInContainer, CgroupPermissions }) => {
    const access = CgroupPermissions === '' ? 'rwm' : CgroupPermissions;
    if (!/^(?!.*(.).*\1)[rwm]{1,3}$/.test(access)) {
      throw new EngineError('invalid-parameter', `invalid device mode: ${access}, it is made of r, w and m`);
    }
    return nodes(PathOnHost, PathInContainer === '' ? PathOnHost : PathInContainer).map((node) => ({
      ...node,
      access,
    }));
  });
  if (found.length > devicesMax) throw new EngineError('invalid-parameter', `more than ${devicesMax} devices`);
  return found;
}

/** The node, or all of a directory. */
function nodes(onHost: string, inside: string): Omit<HostDevice, 'access'>[] {
  const refuse = (why: string) =>
    new EngineError(
      'invalid-parameter',
      `error gathering device information while adding custom device "${onHost}": ${why}`,
    );
  const target = path.posix.normalize(inside);
  if (!/^\/dev\/./.test(target)) throw refuse(`${inside} is not below /dev`);
  const at = onHost.startsWith('/') ? statSync(onHost, { throwIfNoEntry: false }) : undefined;
  if (at === undefined) throw refuse('no such file or directory');
  if (at.isDirectory()) {
    return readdirSync(onHost, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() || entry.isCharacterDevice() || entry.isBlockDevice())
      .flatMap(({ name }) => nodes(path.join(realpathSync(onHost), name), path.posix.join(target, name)));
  }
  if (!at.isCharacterDevice() && !at.isBlockDevice()) throw refuse('not a device node');
  const device = {
    type: at.isBlockDevice() ? ('b' as const) : ('c' as const),
    path: target,
    ...numbers(BigInt(at.rdev)),
    fileMode: at.mode & 0o7777,
    uid: at.uid,
    gid: at.gid,
  };
  return [{ device, source: realpathSync(onHost) }];
}

/** As glibc's gnu_dev_major and gnu_dev_minor. */
function numbers(rdev: bigint): { major: number; minor: number } {
  return {
    major: Number(((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & ~0xfffn)),
    minor: Number((rdev & 0xffn) | ((rdev >> 12n) & ~0xffn)),
  };
}
