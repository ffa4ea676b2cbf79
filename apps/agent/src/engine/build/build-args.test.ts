import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BuildArgs } from './build-args.ts';

const args = (given: Record<string, string>) => new BuildArgs(new Map(Object.entries(given)), 'amd64');

test('an ARG gives what was asked for, or its default', () => {
  const one = args({ a: 'given', undeclared: 'x' });
  one.declare('a', 'default');
  one.declare('b', 'default');
  one.declare('c', null);
  assert.deepEqual(
    [...one.besides([])],
    [
      ['a', 'given'],
      ['b', 'default'],
    ],
  );
  assert.deepEqual(one.unconsumed(), ['undeclared']);
});

test('ENV hides ARG', () => {
  const one = args({ a: 'given' });
  one.declare('a', null);
  assert.deepEqual([...one.besides(['a=b'])], []);
});

test('a stage sees what is before the first FROM only when it declares it', () => {
  const one = args({});
  one.declareGlobal('v', '1');
  assert.equal(one.globals().get('v'), '1');
  assert.equal(one.besides([]).has('v'), false);
  one.declare('v', null);
  assert.equal(one.besides([]).get('v'), '1');
  one.reset();
  assert.equal(one.besides([]).has('v'), false);
});

test('proxies need no ARG and count for no cache, unless they are declared', () => {
  const one = args({ http_proxy: 'p' });
  assert.equal(one.besides([]).get('http_proxy'), 'p');
  assert.equal(one.counts('http_proxy'), false);
  assert.deepEqual(one.unconsumed(), []);
  one.declare('http_proxy', null);
  assert.equal(one.counts('http_proxy'), true);
});

test('the machine is known to FROM, and to a stage that asks', () => {
  const one = args({});
  assert.equal(one.globals().get('BUILDPLATFORM'), 'linux/amd64');
  assert.equal(one.besides([]).has('TARGETARCH'), false);
  one.declare('TARGETARCH', null);
  assert.equal(one.besides([]).get('TARGETARCH'), 'amd64');
});

test('there is an end to how much they may say', () => {
  const one = args({});
  assert.throws(() => {
    for (let at = 0; at < 100; at++) one.declare(`a${at}`, 'x'.repeat(100_000));
  }, /larger than/);
});
