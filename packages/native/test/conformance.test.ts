/** What the runtime-spec says, case by case, of berth-runtime and of the runtimes it is measured by. It must hold of
 * ours; where a peer differs, that is told. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmdirSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { Bundles } from './bundle.ts';
import type { Case } from './conformance/case.ts';
import { fields } from './conformance/fields.ts';
import { life } from './conformance/life.ts';
import { slowness } from './supervised.ts';

const cases = [...fields, ...life];
const runtimes = new Map<string, Bundles>([['berth', new Bundles()]]);
let peersPlace: ChildProcess | undefined;
/** Where it is mounted for them, on a machine that has v1 and has not done so itself. */
const isThere =
  existsSync('/sys/fs/cgroup/cgroup.controllers') ||
  / cgroup \S*\bhugetlb\b/.test(readFileSync('/proc/self/mounts', 'utf8'));
const hugetlb = isThere ? undefined : '/sys/fs/cgroup/hugetlb';
const mountHugetlb = `mount -t cgroup -o hugetlb cgroup ${hugetlb}`;

/** runc and crun refuse a machine that has cgroup controllers on both of its sides: a mount namespace of their own, in
 * which the last one that v2 has is v1's. */
before(async () => {
  const mount = hugetlb === undefined ? ':' : `mkdir -p ${hugetlb} && ${mountHugetlb}`;
  const script = `${mount} && echo ready && exec sleep 1000`;
  peersPlace = spawn('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (peersPlace.stdout) await once(peersPlace.stdout, 'data');
  for (const name of ['runc', 'crun'])
    if (spawnSync(name, ['--version']).status === 0)
      runtimes.set(name, new Bundles(['nsenter', `--mount=/proc/${peersPlace.pid}/ns/mnt`, '--', name]));
});

after(() => {
  for (const bundles of runtimes.values()) bundles.remove();
  if (hugetlb !== undefined) {
    // A hierarchy lives as long as there is a cgroup in it, and keeps its controller from all others; of one that is
    // removed the kernel takes leave in its own time.
    const again = `grep -q '^hugetlb[[:space:]]0[[:space:]]' /proc/cgroups || { sleep 0.3; ${mountHugetlb}; }`;
    const script = `find ${hugetlb} -mindepth 1 -depth -type d -exec rmdir {} ';'; for i in 1 2 3 4 5; do umount ${hugetlb}; ${again}; done`;
    spawnSync('nsenter', [`--mount=/proc/${peersPlace?.pid}/ns/mnt`, '--', 'sh', '-c', script]);
    rmdirSync(hugetlb);
  }
  peersPlace?.kill('SIGKILL');
});

function observe(one: Case, runtime: Bundles): string {
  const made: string[] = [];
  try {
    const seen = one.observe(runtime, (id) => {
      made.push(id);
      return id;
    });
    return (typeof one.expected === 'string' ? one.expected === seen : one.expected.test(seen)) ? 'ok' : seen;
  } catch (error) {
    return `error: ${error instanceof Error ? error.message : error}`;
  } finally {
    for (const id of made) runtime.call('delete', '--force', id);
  }
}

const short = (text: string) => text.trim().replaceAll(/\s+/g, ' ').slice(-110);

test('every case holds of berth-runtime; where peers differ', { timeout: 300_000 * slowness }, (t) => {
  const failed: string[] = [];
  const passed = new Map<string, number>();
  for (const one of cases)
    for (const [name, runtime] of runtimes) {
      const seen = observe(one, runtime);
      if (seen === 'ok') passed.set(name, (passed.get(name) ?? 0) + 1);
      else t.diagnostic(`${name.padEnd(5)} | ${one.name} | ${short(seen)}`);
      if (seen !== 'ok' && name === 'berth') failed.push(`${one.name}: expected ${one.expected}, saw ${seen}`);
    }
  for (const name of runtimes.keys()) t.diagnostic(`${name}: ${passed.get(name) ?? 0} of ${cases.length}`);
  assert.deepEqual(failed, []);
  assert.deepEqual(runtimes.get('berth')?.leftovers(), []);
});
