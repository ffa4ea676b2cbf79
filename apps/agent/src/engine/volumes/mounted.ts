/** Which containers have which volumes mounted: from before they are started until after they have ended. */
import { EngineError } from '@berth/shared/errors';
import type { Events } from '../events.ts';
import type { Backing } from './options.ts';

export interface VolumeMount {
  name: string;
  destination: string;
  readOnly: boolean;
  propagation: string;
}

export type VolumeMounts = ReturnType<typeof createMounts>;

export function createMounts(events: Events) {
  const users = new Map<string, Set<string>>();
  const of = (name: string) => users.get(name) ?? new Set<string>();
  const note = (containerId: string, name: string) => void users.set(name, of(name).add(containerId));
  const emit = (action: string, name: string, attributes: Record<string, string>) =>
    events.append({ type: 'volume', action, actorId: name, attributes: { driver: 'local', ...attributes } });

  return {
    isMounted: (name: string) => of(name).size > 0,

    /** @throws conflict for memory that another container has: it is not shared */
    mount(containerId: string, mounts: VolumeMount[], backing: (name: string) => Backing): void {
      for (const { name } of mounts) {
        const [other] = [...of(name)].filter((one) => one !== containerId);
        if (other === undefined || backing(name).kind !== 'tmpfs') continue;
        const message = `volume ${name} is memory (type=tmpfs) that container ${other.slice(0, 12)} has: containers do not share it here. Stop the other, or give both a volume on disk`;
        throw new EngineError('conflict', message);
      }
      for (const { name, destination, readOnly, propagation } of mounts) {
        note(containerId, name);
        emit('mount', name, {
          container: containerId,
          destination,
          propagation,
          'read/write': String(!readOnly),
        });
      }
    },

    /** One that runs already, as found at start. */
    adopt: (containerId: string, names: string[]) => names.forEach((name) => void note(containerId, name)),

    unmount(containerId: string): void {
      for (const [name, containers] of users) {
        if (!containers.delete(containerId)) continue;
        if (containers.size === 0) users.delete(name);
        emit('unmount', name, { container: containerId });
      }
    },
  };
}
