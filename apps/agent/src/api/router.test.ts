import assert from 'node:assert/strict';
import test from 'node:test';
import { createRouter, filters, flag, type Route } from './router.ts';

const routes: Route[] = [
  { method: 'GET', path: '/containers/json', handler: () => undefined },
  { method: 'GET', path: '/containers/{id}/json', handler: () => undefined },
  { method: 'GET', path: '/images/{name...}/json', handler: () => undefined },
];
const find = createRouter(routes);

test('a path without parameters comes before one with them', () => {
  assert.equal(find('GET', '/containers/json')?.route, routes[0]);
});

test('a parameter is one decoded segment', () => {
  assert.deepEqual(find('GET', '/containers/a%20b/json')?.params, { id: 'a b' });
});

test('a parameter with dots holds slashes', () => {
  assert.deepEqual(find('GET', '/images/a/b:c/json')?.params, { name: 'a/b:c' });
});

test('another method finds nothing', () => {
  assert.equal(find('POST', '/containers/json'), null);
});

test('flags follow what docker takes for true', () => {
  const query = new URLSearchParams('a=1&b=true&c=0&d=False&e=');
  const read = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => flag(query, name));
  assert.deepEqual(read, [true, true, false, false, false, false]);
});

test('filters are read in both forms, and malformed ones are refused', () => {
  const of = (value: unknown) => new URLSearchParams({ filters: JSON.stringify(value) });
  assert.deepEqual(filters(of({ name: ['x'] })), { name: ['x'] });
  assert.deepEqual(filters(of({ name: { x: true } })), { name: ['x'] });
  assert.throws(() => filters(of(['x'])), /invalid filters/);
});
