import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cpuLimitCores, isolationFacts, looksSecret, readInspect } from './inspect.ts';

function inspect(hostConfig: Record<string, unknown> = {}) {
  const read = readInspect({ Config: {}, HostConfig: hostConfig });
  assert.ok(read);
  return read;
}
const fact = (hostConfig: Record<string, unknown>, key: string) =>
  isolationFacts(inspect(hostConfig)).find((entry) => entry.key === key);

test('an answer without any optional field still shows', () => {
  const read = inspect();
  assert.deepEqual(read.Config.Env, []);
  assert.equal(read.HostConfig.Memory, 0);
});

test('what is no container is no container', () => assert.equal(readInspect({ message: 'gone' }), null));

test('a plain container has no weak barrier', () => {
  assert.deepEqual(
    isolationFacts(inspect()).filter((entry) => entry.strength === 'weak'),
    [],
  );
});

test('host namespaces are weak', () => {
  for (const [option, key] of [
    ['PidMode', 'pid'],
    ['NetworkMode', 'network'],
    ['IpcMode', 'ipc'],
    ['UTSMode', 'uts'],
    ['UsernsMode', 'user'],
    ['CgroupnsMode', 'cgroup'],
  ]) {
    assert.equal(fact({ [option ?? '']: 'host' }, key ?? '')?.strength, 'weak', option);
  }
});

test('a namespace of another container is shared, and says whose', () => {
  assert.deepEqual(fact({ PidMode: 'container:abc' }, 'pid'), {
    key: 'pid',
    strength: 'weak',
    sentence: 'shared',
    values: 'abc',
  });
});

test('privileged weakens what it takes away', () => {
  const weak = isolationFacts(inspect({ Privileged: true })).filter((entry) => entry.strength === 'weak');
  assert.deepEqual(
    weak.map((entry) => entry.key),
    ['user', 'capabilities', 'seccomp', 'maskedPaths'],
  );
});

test('an unconfined profile and allowed new privileges are told', () => {
  const options = { SecurityOpt: ['seccomp=unconfined', 'no-new-privileges=false'] };
  assert.equal(fact(options, 'seccomp')?.strength, 'weak');
  assert.equal(fact(options, 'noNewPrivileges')?.strength, 'weak');
});

test('no network and a read-only root are stronger than the default', () => {
  assert.equal(fact({ NetworkMode: 'none' }, 'network')?.strength, 'strong');
  assert.equal(fact({ ReadonlyRootfs: true }, 'readOnlyRoot')?.strength, 'strong');
});

test('a CPU limit is read from either of its two notations', () => {
  assert.equal(cpuLimitCores(inspect({ NanoCpus: 1.5e9 })), 1.5);
  assert.equal(cpuLimitCores(inspect({ CpuQuota: 50_000 })), 0.5);
  assert.equal(cpuLimitCores(inspect()), 0);
});

test('environment names that hold secrets are known', () => {
  for (const name of ['DB_PASSWORD', 'apiKey', 'GITHUB_TOKEN', 'CLIENT_SECRET']) assert.ok(looksSecret(name), name);
  for (const name of ['PATH', 'HOME', 'LANG', 'PORT']) assert.ok(!looksSecret(name), name);
});
