import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngineError } from '@berth/shared/errors';
import { requireState } from './state.ts';
import type { ContainerRecord, ContainerStatus } from './store.ts';

const outcome = (status: ContainerStatus, verb: Parameters<typeof requireState>[1]): string => {
  try {
    requireState({ id: 'abc', name: 'web', status } as ContainerRecord, verb);
    return 'allowed';
  } catch (error) {
    assert.ok(error instanceof EngineError);
    assert.match(error.message, /abc|web|start/);
    return error.kind;
  }
};

test('each verb is allowed in exactly the states the Engine API documents', () => {
  const statuses: ContainerStatus[] = ['created', 'running', 'paused', 'restarting', 'exited', 'removing'];
  const table = {
    start: ['allowed', 'not-modified', 'conflict', 'allowed', 'allowed', 'conflict'],
    stop: ['not-modified', 'allowed', 'allowed', 'allowed', 'not-modified', 'not-modified'],
    kill: ['conflict', 'allowed', 'allowed', 'conflict', 'conflict', 'conflict'],
    pause: ['conflict', 'allowed', 'conflict', 'conflict', 'conflict', 'conflict'],
    unpause: ['conflict', 'conflict', 'allowed', 'conflict', 'conflict', 'conflict'],
    exec: ['conflict', 'allowed', 'conflict', 'conflict', 'conflict', 'conflict'],
    remove: ['allowed', 'conflict', 'conflict', 'allowed', 'allowed', 'allowed'],
    reach: ['conflict', 'allowed', 'allowed', 'conflict', 'conflict', 'conflict'],
  } as const;
  for (const [verb, expected] of Object.entries(table)) {
    const found = statuses.map((status) => outcome(status, verb as keyof typeof table));
    assert.deepEqual(found, [...expected], verb);
  }
});
