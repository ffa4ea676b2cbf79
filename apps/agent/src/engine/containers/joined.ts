/** What the modes `container:X` join: namespaces by path, and with them the user namespace that owns them. */
import { EngineError } from '@berth/shared/errors';
import type { SpecInput } from '../runtime/spec.ts';
import { slotOf } from '../runtime/uid-ranges.ts';
import type { Context } from './context.ts';
import { isLive } from './state.ts';
import type { ContainerRecord } from './store.ts';

type Find = Pick<Context, 'find'>;

/** @throws not-found, conflict when it does not run, invalid-parameter when it does not share */
export function joinedNamespaces(context: Find, record: ContainerRecord): SpecInput['joined'] {
  const host = record.hostConfig;
  const of = (mode: string, file: string) => {
    const reference = referenceOf(mode);
    if (reference === null) return undefined;
    const other = context.find(reference);
    if (!isLive(other)) {
      const message = `cannot join the ${file} namespace of a container that is not running: ${other.name}`;
      throw new EngineError('conflict', message);
    }
    if (file === 'ipc' && !['shareable', 'host'].includes(other.hostConfig.IpcMode)) {
      const message = `can't join IPC of container ${other.name}: non-shareable IPC (hint: use IpcMode:shareable for the donor container)`;
      throw new EngineError('invalid-parameter', message);
    }
    return `/proc/${other.pid}/ns/${file}`;
  };
  const network = of(host.NetworkMode, 'net');
  const pid = of(host.PidMode, 'pid');
  const ipc = of(host.IpcMode, 'ipc');
  const owner = userNamespaceOwner(context, record);
  return {
    ...(network && { network }),
    ...(pid && { pid }),
    ...(ipc && { ipc }),
    ...(owner && { user: `/proc/${owner.pid}/ns/user` }),
  };
}

/** By type of namespace: whose it is, as the request named it. */
export function joinedNames({ hostConfig: host, joinedUidSlot }: ContainerRecord): Record<string, string> {
  const modes = { network: host.NetworkMode, pid: host.PidMode, ipc: host.IpcMode };
  const names = Object.entries(modes).flatMap(([type, mode]) => {
    const reference = referenceOf(mode);
    return reference === null ? [] : [[type, reference] as const];
  });
  const [first] = names;
  return Object.fromEntries([...names, ...(joinedUidSlot == null || !first ? [] : [['user', first[1]] as const])]);
}

/**
 * Whose user namespace a container joins: that of the one whose others it joins. Null: the host's, when those belong to
 * the host or to several, which no one user namespace owns.
 */
export function userNamespaceOwner(context: Find, record: ContainerRecord): ContainerRecord | null {
  const host = record.hostConfig;
  const modes = [host.UsernsMode, host.NetworkMode, host.PidMode, host.IpcMode, host.UTSMode];
  if (host.Privileged || modes.includes('host')) return null;
  const owners = modes
    .map(referenceOf)
    .filter((reference) => reference !== null)
    .map(context.find);
  const [owner] = owners;
  const slots = new Set(owners.map(slotOf));
  return owner === undefined || slots.size !== 1 || slotOf(owner) === null ? null : owner;
}

function referenceOf(mode: string): string | null {
  return mode.startsWith('container:') ? mode.slice('container:'.length) : null;
}
