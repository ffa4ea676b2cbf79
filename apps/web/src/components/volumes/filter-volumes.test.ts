import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filterQuery, filterVolumes, parseFilter, prunable } from './filter-volumes.ts';

const user = { id: 'c', name: 'postgres', state: 'running' as const, mounts: [] };
const volume = (name: string, part = {}) => ({
  hostId: 'h1',
  hostName: 'alpha',
  name,
  driver: 'local',
  labels: {},
  isAnonymous: false,
  users: [],
  ...part,
});
const list = [
  volume('db', { users: [user], labels: { 'com.docker.compose.project': 'shop' } }),
  volume('old'),
  volume('a'.repeat(64), { isAnonymous: true }),
  volume('b'.repeat(64), { isAnonymous: true, users: [user] }),
  volume('far', { hostId: 'h2', hostName: 'beta' }),
];
const names = (found: { name: string }[]) => found.map(({ name }) => name.slice(0, 3));
const all = { search: '', usage: 'all', hostId: '' } as const;

test('words are looked for in names, labels, hosts and the containers that use a volume', () => {
  assert.deepEqual(names(filterVolumes(list, { ...all, search: 'SHOP db' })), ['db']);
  assert.deepEqual(names(filterVolumes(list, { ...all, search: 'postgres' })), ['db', 'bbb']);
  assert.deepEqual(names(filterVolumes(list, { ...all, search: 'beta' })), ['far']);
  assert.deepEqual(names(filterVolumes(list, { ...all, search: 'db nothing' })), []);
});

test('by use, by name given or not, and by host', () => {
  assert.deepEqual(names(filterVolumes(list, { ...all, usage: 'used' })), ['db', 'bbb']);
  assert.deepEqual(names(filterVolumes(list, { ...all, usage: 'unused' })), ['old', 'aaa', 'far']);
  assert.deepEqual(names(filterVolumes(list, { ...all, usage: 'anonymous', hostId: 'h1' })), ['aaa', 'bbb']);
});

test('a prune takes what nobody uses and nobody named, and named ones only when asked', () => {
  assert.deepEqual(names(prunable(list, { hostId: 'h1', named: false })), ['aaa']);
  assert.deepEqual(names(prunable(list, { hostId: 'h1', named: true })), ['old', 'aaa']);
});

test('the address has only what differs from a plain list', () => {
  assert.equal(filterQuery(all), '');
  const filter = { search: 'a b', usage: 'unused', hostId: 'h1' } as const;
  assert.deepEqual(parseFilter(new URLSearchParams(filterQuery(filter))), filter);
  assert.deepEqual(parseFilter(new URLSearchParams('use=nonsense')), all);
});
