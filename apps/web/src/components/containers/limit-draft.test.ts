import assert from 'node:assert/strict';
import { test } from 'node:test';
import { draftOf, type LimitDraft, noLimits, readDraft } from './limit-draft.ts';

const read = (change: Partial<LimitDraft>) => readDraft({ ...noLimits, ...change });

test('empty fields are no limit', () => {
  assert.deepEqual(read({}), {
    ok: true,
    value: { memoryBytes: 0, cpuCores: 0, pids: 0, restartPolicy: { name: 'no' } },
  });
});

test('a limit comes back from its form as it went in', () => {
  const values = {
    memoryBytes: 64 * 1024 ** 2,
    cpuCores: 1.5,
    pids: 100,
    restartPolicy: { name: 'on-failure' as const, maximumRetryCount: 3 },
  };
  assert.deepEqual(readDraft(draftOf(values)), { ok: true, value: values });
});

test('a decimal comma is understood', () => {
  const result = read({ memory: '1,5', memoryUnit: 'GiB' });
  assert.ok(result.ok);
  assert.equal(result.value.memoryBytes, 1.5 * 1024 ** 3);
});

test('less memory than a program needs is refused before it is sent', () => {
  assert.deepEqual(read({ memory: '5' }), { ok: false, errors: { memory: 'memoryMin' } });
});

test('what is no number is told at its field', () => {
  assert.deepEqual(read({ memory: 'much', cpus: '-1', pids: '1.5' }), {
    ok: false,
    errors: { memory: 'notANumber', cpus: 'notANumber', pids: 'notWhole' },
  });
});

test('retries count only where the policy retries', () => {
  assert.ok(read({ restart: 'always', retries: 'x' }).ok);
  assert.ok(!read({ restart: 'on-failure', retries: 'x' }).ok);
});
