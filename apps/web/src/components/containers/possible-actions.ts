import type { ContainerState } from '@/server/views.ts';
import type { ContainerActionName } from './container-types.ts';

/** Which actions make sense in a state; the engine has the last word. */
const possible: Record<ContainerState, readonly ContainerActionName[]> = {
  created: ['start'],
  running: ['stop', 'restart', 'pause', 'kill'],
  paused: ['unpause', 'stop', 'kill'],
  restarting: ['stop', 'kill'],
  removing: [],
  exited: ['start', 'restart'],
  dead: [],
};

export function possibleActions(state: ContainerState): readonly ContainerActionName[] {
  return possible[state];
}

export function isAlive(state: ContainerState): boolean {
  return state === 'running' || state === 'paused' || state === 'restarting';
}
