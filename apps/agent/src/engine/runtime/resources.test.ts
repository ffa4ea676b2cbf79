import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostConfig } from '@berth/shared/docker/container';
import type { ContainerRecord } from '../containers/store.ts';
import { limitWarnings, resources } from './resources.ts';

/** Of a create request with this HostConfig. */
function of(asked: object) {
  const record = { hostConfig: hostConfig.parse(asked) } as ContainerRecord;
  return resources(record, machine) as Record<string, unknown>;
}

const machine = { isV2: false, blockDevice: (path: string) => ({ major: 8, minor: path.length }) };

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

test('block devices are limited by their numbers, and weights checked', () => {
  assert.equal(of({}).blockIO, undefined);
  const asked = { BlkioWeight: 300, BlkioWeightDevice: [{ Path: '/a', Weight: 10 }] };
  assert.deepEqual(of({ ...asked, BlkioDeviceReadBps: [{ Path: '/abc', Rate: 5 }] }).blockIO, {
    weight: 300,
    weightDevice: [{ major: 8, minor: 2, weight: 10 }],
    throttleReadBpsDevice: [{ major: 8, minor: 4, rate: 5 }],
  });
  for (const wrong of [{ BlkioWeight: 9 }, { BlkioWeight: 1001 }, { BlkioDeviceReadBps: [{ Path: '/a', Rate: -1 }] }])
    assert.throws(() => of(wrong), { kind: 'invalid-parameter' });
});

test('rules for devices come after those of every container', () => {
  const rules = of({ DeviceCgroupRules: ['c 10:* rw', 'a *:* m'] }).devices as object[];
  assert.deepEqual(rules.slice(-2), [
    { allow: true, type: 'c', major: 10, access: 'rw' },
    { allow: true, type: 'a', access: 'm' },
  ]);
  for (const wrong of ['c 10:200', 'x 1:1 r', 'c 1:1 rwx', 'c -1:0 r', 'c 1:1 r\na *:* rwm'])
    assert.throws(() => of({ DeviceCgroupRules: [wrong] }), /invalid device cgroup rule/);
});

test('what cgroup v2 lacks is left out and told', () => {
  const asked = hostConfig.parse({ OomKillDisable: true, MemorySwappiness: 5, Memory: 1, KernelMemory: 1 });
  const record = { hostConfig: asked } as ContainerRecord;
  assert.deepEqual((of(asked) as { memory: object }).memory, {
    limit: 1,
    swap: 2,
    swappiness: 5,
    disableOOMKiller: true,
  });
  const v2 = { ...machine, isV2: true };
  assert.deepEqual((resources(record, v2) as { memory: object }).memory, { limit: 1, swap: 2 });
  assert.equal(limitWarnings(asked, machine).length, 1);
  assert.equal(limitWarnings(asked, v2).length, 3);
});
