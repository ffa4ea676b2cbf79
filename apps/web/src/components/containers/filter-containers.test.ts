import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filterContainers, filterQuery, parseFilter, sortContainers } from './filter-containers.ts';

function container(name: string, rest: Partial<Parameters<typeof filterContainers>[0][number]> = {}) {
  const base = { id: `id-${name}`, name, image: 'busybox:latest', command: 'sh', state: 'running' as const };
  return { ...base, hostId: 'h1', hostName: 'alpha', createdAt: 0, labels: {}, ...rest };
}
const filter = (query: string) => parseFilter(new URLSearchParams(query));
const names = (list: { name: string }[]) => list.map((entry) => entry.name);

test('a filter survives the trip through the URL', () => {
  for (const query of ['', 'q=web+shop', 'state=stopped&host=h2&sort=-cpu'])
    assert.equal(filterQuery(filter(query)), query);
});

test('a URL that means nothing shows everything by name', () => {
  assert.deepEqual(filter('state=wild&sort=--'), {
    search: '',
    state: 'all',
    hostId: '',
    sort: 'name',
    descending: true,
  });
});

test('every word of the search must be found, in whatever field', () => {
  const list = [container('web', { labels: { tier: 'shop' } }), container('db')];
  assert.deepEqual(names(filterContainers(list, filter('q=WEB+tier=shop'))), ['web']);
  assert.deepEqual(names(filterContainers(list, filter('q=web+db'))), []);
});

test('stopped means exited, created and dead', () => {
  const states = ['running', 'paused', 'exited', 'created', 'dead', 'restarting', 'removing'] as const;
  const list = states.map((state) => container(state, { state }));
  assert.deepEqual(names(filterContainers(list, filter('state=stopped'))), ['exited', 'created', 'dead']);
});

test('a host filter hides the other hosts', () => {
  const list = [container('a'), container('b', { hostId: 'h2' })];
  assert.deepEqual(names(filterContainers(list, filter('host=h2'))), ['b']);
});

test('names sort as people count', () => {
  const list = [container('web-10'), container('web-9')];
  assert.deepEqual(names(sortContainers(list, filter(''), () => null)), ['web-9', 'web-10']);
});

test('containers with equal figures stay in the order of their names, also when sorted downwards', () => {
  const list = [container('b'), container('a')];
  assert.deepEqual(names(sortContainers(list, filter('sort=-cpu'), () => null)), ['a', 'b']);
});
