/** What limits need to know of this host. */
import { existsSync, statSync } from 'node:fs';
import { EngineError } from '@berth/shared/errors';

export interface CgroupHost {
  isV2: boolean;
  /** Of a device node. @throws invalid-parameter for what is none */
  blockDevice(path: string): { major: number; minor: number };
}

export const cgroupHost: CgroupHost = {
  isV2: existsSync('/sys/fs/cgroup/cgroup.controllers'),
  blockDevice(path) {
    const at = path.startsWith('/') ? statSync(path, { throwIfNoEntry: false }) : undefined;
    if (at?.isBlockDevice() !== true) throw new EngineError('invalid-parameter', `not a block device: ${path}`);
    // As makedev(3) packs them.
    const number = BigInt(at.rdev);
    const major = ((number >> 8n) & 0xfffn) | ((number >> 32n) & ~0xfffn);
    const minor = (number & 0xffn) | ((number >> 12n) & ~0xffn);
    return { major: Number(major), minor: Number(minor & 0xffffffffn) };
  },
};
