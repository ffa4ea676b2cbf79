// What berth-runtime does on a distribution's kernel with cgroup v2 alone, whatever the kernel of this machine is.
import assert from 'node:assert/strict';
import { appendFileSync, globSync } from 'node:fs';
import path from 'node:path';
import { before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runOnKernel, setup } from './run.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

async function run(command: string[], timeoutSeconds: number): Promise<{ exitCode: number; output: string }> {
  const chunks: Buffer[] = [];
  const { exitCode, why } = await runOnKernel(command, { timeoutSeconds, onOutput: (chunk) => chunks.push(chunk) });
  return { exitCode, output: `${Buffer.concat(chunks).toString()}${why ?? ''}` };
}

before(async () => {
  await setup();
});

test('the emulated machine has a distribution kernel, cgroup v2 alone and passes the exit code on', async () => {
  const script =
    'uname -r; cat /sys/fs/cgroup/cgroup.controllers; grep -c cgroup /proc/mounts; cat /proc/self/cgroup; exit 7';
  const { exitCode, output } = await run(['sh', '-c', script], 60);
  assert.equal(exitCode, 7, output);
  const [release, controllers, mounts, own] = output.split('\n');
  assert.match(release ?? '', /^6\.12\..*-amd64$/);
  for (const controller of ['cpu', 'memory', 'pids', 'io', 'cpuset']) {
    assert.ok((controllers ?? '').split(' ').includes(controller), `${controller} is not among: ${controllers}`);
  }
  assert.equal(mounts, '1');
  assert.equal(own, '0::/session');
});

test('a command that takes too long is ended, and the machine with it', async () => {
  const { exitCode, output } = await run(['sleep', '600'], 8);
  assert.equal(exitCode, 124, output);
});

/** What the adversary's cases came to is a file, which is gone with the machine. */
const marker = '-- the outcomes of the attacks';
const script = `export BERTH_ADVERSARY_RESULTS=/tmp/attacks; "$0" --test --test-reporter=tap "$@"; code=$?; echo '${marker}'; cat /tmp/attacks 2>/dev/null; exit $code`;

/** Two machines at a time: each has one processor. */
describe('on cgroup v2', { concurrency: 2 }, () => {
  for (const [what, pattern, timeoutSeconds] of [
    ["berth-runtime's tests", 'packages/native/test/{runtime,oci,layers,quota}.test.ts', 900],
    ["the limits' and events' tests", 'packages/native/test/{resources,events,delegation,systemd}.test.ts', 900],
    // The adversary's cases, as many in one machine as end in time.
    ['bent bundles and users', 'packages/native/test/adversary/{identity,input,mounts,processes}.test.ts', 900],
    ['races, terminals, devices', 'packages/native/test/adversary/{kernel,races,terminals}.test.ts', 900],
    ['hostile clients and joining', 'packages/native/test/adversary/{clients,entering}.test.ts', 900],
    ['kernels without a system call', 'packages/native/test/adversary/fallbacks.test.ts', 900],
    ['resources and labels under attack', 'packages/native/test/adversary/{resources,labels}.test.ts', 900],
    ["the agent's door under attack", 'apps/agent/test/adversary/{door,images}.test.ts', 1200],
    ['a real agent under attack', 'apps/agent/test/adversary/inside.test.ts', 1200],
    // Those whose outcome depends on the kernel and its cgroups.
    ["the Docker API's tests", 'apps/agent/test/api/{docker-cli,walls,apparmor,layer,limits}.test.ts', 900],
  ] as const) {
    test(`${what} pass`, { timeout: (timeoutSeconds + 20) * 1000 }, async () => {
      const files = globSync(pattern, { cwd: root }).sort();
      assert.notEqual(files.length, 0, `no test file is ${pattern}`);
      const node = path.join(root, 'node_modules/.bin/node');
      const inside = files.map((file) => path.join(root, file));
      const answer = await run(['sh', '-c', script, node, ...inside], timeoutSeconds);
      const { exitCode } = answer;
      const [output = '', attacks = ''] = answer.output.split(`${marker}\n`);
      const results = process.env.BERTH_ADVERSARY_RESULTS;
      if (results !== undefined) appendFileSync(results, attacks.replace(/^[^{].*$\n?/gm, ''));
      const count = (name: string) => Number(new RegExp(`^# ${name} (\\d+)$`, 'm').exec(output)?.[1] ?? Number.NaN);
      assert.equal(count('fail'), 0, output);
      assert.equal(count('cancelled'), 0, output);
      assert.equal(count('skipped'), 0, output);
      assert.ok(count('pass') > 0, output);
      assert.equal(exitCode, 0, output);
    });
  }
});
