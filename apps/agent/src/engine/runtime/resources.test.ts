import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostConfig } from '@berth/shared/docker/container';
import type { ContainerRecord } from '../containers/store.ts';
import { resources } from './resources.ts';

/** Of a create request with this HostConfig. */
function of(asked: object) {
  const record = { hostConfig: hostConfig.parse(asked) } as ContainerRecord;
  return resources(record) as Record<string, unknown>;
}

test('nothing asked for limits the processes alone', () => {
  const { devices: _devices, ...limits } = of({});
  assert.deepEqual(limits, { memory: {}, cpu: {}, pids: { limit: 2048 } });
});

test('memory and swap are Docker’s: twice the memory where nothing is said', () => {
  assert.deepEqual(of({ Memory: 100 }).memory, { limit: 100, swap: 200 });
  assert.deepEqual(of({ Memory: 100, MemorySwap: -1, MemoryReservation: 50 }).memory, {
    limit: 100,
    reservation: 50,
    swap: -1,
  });
});

test('--cpus is quota over period', () => {
  assert.deepEqual(of({ NanoCpus: 1_500_000_000 }).cpu, { quota: 150_000, period: 100_000 });
  assert.deepEqual(of({ CpuShares: 512, CpuQuota: 5000, CpuPeriod: 10_000, CpusetCpus: '0-1', CpusetMems: '0' }).cpu, {
    shares: 512,
    quota: 5000,
    period: 10_000,
    cpus: '0-1',
    mems: '0',
  });
});

test('no pids limit is the default, -1 is none', () => {
  for (const asked of [null, undefined, 0]) assert.deepEqual(of({ PidsLimit: asked }).pids, { limit: 2048 });
  assert.deepEqual(of({ PidsLimit: -1 }).pids, { limit: -1 });
});

test('devices are denied but for those every container has', () => {
  const rules = of({}).devices as { allow: boolean; type?: string; major?: number }[];
  assert.deepEqual(rules[0], { allow: false, access: 'rwm' });
  assert.ok(rules.slice(1).every(({ allow, type, major }) => allow && (type === 'c' || major === undefined)));
  assert.deepEqual(of({ Privileged: true }).devices, [{ allow: true, access: 'rwm' }]);
});
