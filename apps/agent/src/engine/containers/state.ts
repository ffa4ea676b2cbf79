/** What each verb finds in each state: the one table of refusals. What is not listed is allowed. */
import { EngineError, type ErrorKind } from '@berth/shared/errors';
import type { ContainerRecord, ContainerStatus } from './store.ts';

type Verb = 'start' | 'stop' | 'kill' | 'pause' | 'unpause' | 'exec' | 'remove' | 'reach';
type Refusal = [ErrorKind, (record: ContainerRecord) => string];

const notRunning: Refusal = ['conflict', ({ id }) => `container ${id} is not running`];
const alreadyStopped: Refusal = ['not-modified', ({ id }) => `container ${id} is not running`];
const dead: Partial<Record<ContainerStatus, Refusal>> = {
  created: notRunning,
  restarting: notRunning,
  removing: notRunning,
  exited: notRunning,
  dead: notRunning,
};
const stillLive: Refusal = [
  'conflict',
  ({ name, status }) =>
    `cannot remove container "${name}": container is ${status}: stop the container before removing or force remove`,
];
const marked: Refusal = ['conflict', () => 'container is marked for removal and cannot be started'];

const refusals: Record<Verb, Partial<Record<ContainerStatus, Refusal>>> = {
  start: {
    running: ['not-modified', ({ id }) => `container ${id} is already running`],
    paused: ['conflict', () => 'cannot start a paused container, try unpause instead'],
    removing: marked,
  },
  stop: { created: alreadyStopped, exited: alreadyStopped, removing: alreadyStopped, dead: alreadyStopped },
  kill: Object.fromEntries(
    Object.keys(dead).map((status) => [
      status,
      ['conflict', ({ id, name }) => `cannot kill container: ${name}: container ${id} is not running`],
    ]),
  ),
  pause: { ...dead, paused: ['conflict', ({ id }) => `container ${id} is already paused`] },
  unpause: {
    ...Object.fromEntries(Object.keys(dead).map((status) => [status, notPaused()])),
    running: notPaused(),
  },
  exec: { ...dead, paused: ['conflict', ({ id }) => `Container ${id} is paused, unpause the container before exec`] },
  remove: { running: stillLive, paused: stillLive },
  /** Everything that needs a running supervisor and works in a paused container too. */
  reach: dead,
};

function notPaused(): Refusal {
  return ['conflict', ({ id }) => `container ${id} is not paused`];
}

/** @throws EngineError when the container's state does not take this */
export function requireState(record: ContainerRecord, verb: Verb): void {
  const refusal = refusals[verb][record.status];
  if (refusal !== undefined) throw new EngineError(refusal[0], refusal[1](record));
}

export function isLive({ status }: Pick<ContainerRecord, 'status'>): boolean {
  return status === 'running' || status === 'paused';
}
