/** Options of the local driver: where a volume's files really are. Pure. */
import path from 'node:path';
import { EngineError } from '@berth/shared/errors';

/** A directory of ours; a path of the host, bound as by `-v`; or memory, each container's own. */
export type Backing =
  | { kind: 'directory' }
  | { kind: 'bind'; device: string; readOnly: boolean; options: string[] }
  | { kind: 'tmpfs'; readOnly: boolean; options: string[] };

const invalid = (message: string) => new EngineError('invalid-parameter', message);

/** What each needs beside it, as dockerd's local driver has it. */
const needs: Record<string, string[]> = { type: ['device'], device: ['type'], o: ['device', 'type'], size: [] };
const propagations = ['private', 'rprivate', 'slave', 'rslave', 'shared', 'rshared'];
const tmpfsOption =
  /^(noexec|exec|nosuid|suid|nodev|dev|(no|rel|strict)atime|size=\d+[kmg%]?|nr_inodes=\d+[kmg]?|mode=[0-7]{1,4}|uid=\d+|gid=\d+)$/i;

/** @throws invalid-parameter, not-implemented */
export function readBacking(name: string, options: Readonly<Record<string, string>>): Backing {
  const fail = (why: string) => invalid(`create ${name}: ${why}`);
  for (const [option, beside] of Object.entries(needs)) {
    if (options[option] === undefined) continue;
    const missing = beside.find((one) => options[one] === undefined);
    if (missing !== undefined) throw fail(`missing required option: "${missing}"`);
  }
  const unknown = Object.keys(options).find((option) => needs[option] === undefined);
  if (unknown !== undefined) throw fail(`invalid option: ${JSON.stringify(unknown)}`);
  if (options['size'] !== undefined) throw fail('quota size requested but no quota support');
  const { type, device = '', o = '' } = options;
  const words = o.split(',').filter((word) => word !== '');
  const access = { readOnly: words.includes('ro') };
  const rest = words.filter((word) => word !== 'ro' && word !== 'rw');
  if (type === undefined) return { kind: 'directory' };
  if (type === 'tmpfs') {
    const bad = rest.find((word) => !tmpfsOption.test(word));
    if (bad !== undefined) throw fail(`invalid mount option for a tmpfs: ${JSON.stringify(bad)}`);
    return { kind: 'tmpfs', ...access, options: rest };
  }
  if (!['none', ''].includes(type) || !rest.some((word) => word === 'bind' || word === 'rbind')) {
    throw new EngineError(
      'not-implemented',
      `create ${name}: Berth does not mount ${type === 'none' ? device : type} itself: mount it on the host, and give that directory with type=none, o=bind, device=/its/path`,
    );
  }
  if (!device.startsWith('/') || device.length > 4095 || device.includes('\0')) {
    throw fail(`invalid device: ${JSON.stringify(device)} must be an absolute path`);
  }
  const options_ = rest.filter((word) => word !== 'bind' && word !== 'rbind');
  const bad = options_.find((word) => !propagations.includes(word));
  if (bad !== undefined || options_.length > 1) throw fail(`invalid mount option for a bind: ${JSON.stringify(o)}`);
  return { kind: 'bind', device: path.posix.normalize(device), ...access, options: options_ };
}
