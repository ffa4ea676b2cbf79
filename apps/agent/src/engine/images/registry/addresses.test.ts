import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isLoopbackHost, reach, reachOf } from './addresses.ts';

test('addresses are near or far', () => {
  const cases: [number, string[]][] = [
    [reach.machine, ['127.0.0.1', '127.9.9.9', '0.0.0.0', '::1', '::', '::ffff:127.0.0.1']],
    [reach.link, ['169.254.169.254', '::ffff:169.254.169.254', 'fe80::1', 'fd00:ec2::254', '239.1.1.1']],
    [reach.network, ['10.1.2.3', '172.31.0.1', '192.168.1.1', '100.64.0.1', 'fd12::1', '::ffff:10.0.0.1']],
    [reach.world, ['1.1.1.1', '172.32.0.1', '2606:4700::1', '::ffff:1.1.1.1']],
  ];
  for (const [level, addresses] of cases) for (const one of addresses) assert.equal(reachOf(one), level, one);
});

test('a host is loopback by its text alone', () => {
  for (const host of ['localhost', '127.0.0.1', '127.1.2.3', '[::1]']) assert.equal(isLoopbackHost(host), true, host);
  for (const host of ['localhost.evil.com', '127.evil.com', '10.0.0.1', 'registry']) {
    assert.equal(isLoopbackHost(host), false, host);
  }
});
