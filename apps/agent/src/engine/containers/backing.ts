/** Volumes whose driver options say where they really are, as the mounts that they thereby are. */
import { EngineError } from '@berth/shared/errors';
import type { Backing } from '../volumes/options.ts';
import type { ContainerMount } from './store.ts';

/** @throws invalid-parameter */
export function backedMounts(
  mounts: readonly ContainerMount[],
  backingOf: (name: string) => Backing,
): ContainerMount[] {
  return mounts.map((mount): ContainerMount => {
    if (mount.type !== 'volume' || mount.name === null) return mount;
    const backing = backingOf(mount.name);
    if (backing.kind === 'directory') return mount;
    const readOnly = mount.readOnly || backing.readOnly;
    // From here on it is a bind like any other, for the policy above all.
    if (backing.kind === 'bind')
      return { ...mount, type: 'bind', source: backing.device, readOnly, options: backing.options };
    if (mount.subpath !== undefined)
      throw new EngineError('invalid-parameter', `volume ${mount.name} is memory, which has no subpath yet`);
    return { ...mount, type: 'tmpfs', source: '', readOnly, options: ['exec', ...backing.options] };
  });
}
