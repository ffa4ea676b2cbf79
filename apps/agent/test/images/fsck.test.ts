/** Every kind of damage to the store is found, what can be made again is, and for the rest it says what helps. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { TestAgent } from '../api/agent.ts';
import { dockerArchive, layerTar, richTree } from './layers.ts';

const agent = new TestAgent();
const at = (...names: string[]) => path.join(agent.directory, ...names);
const program = path.resolve(import.meta.dirname, '../../bin/berth-agent');
let image: { file: string; id: string };
let layer = '';

interface Finding {
  subject: string;
  problem: string;
  repaired: boolean | null;
  remedy: string;
}

function fsck(...options: string[]): { status: number | null; findings: Finding[]; err: string } {
  const answer = spawnSync(program, ['fsck', '--json', '--data-dir', at('data'), ...options], { encoding: 'utf8' });
  return {
    status: answer.status,
    findings: answer.stdout === '' ? [] : JSON.parse(answer.stdout).findings,
    err: answer.stderr,
  };
}

const ok = (...args: string[]) => {
  const { status, out, err } = agent.docker(...args);
  assert.equal(status, 0, `docker ${args.join(' ')}: ${err}`);
  return out.trim();
};

before(async () => {
  await agent.start();
  mkdirSync(at('tree'));
  richTree(at('tree'));
  image = dockerArchive(agent.directory, { name: 'checked:1', layers: [layerTar(at('tree'), at('layer.tar'))] });
  ok('load', '--input', image.file);
  layer = JSON.parse(ok('inspect', 'checked:1'))[0].GraphDriver.Data.UpperDir;
});
after(() => agent.remove());

test('it refuses while an agent is at work', async () => {
  const { status, err } = fsck();
  assert.equal(status, 1);
  assert.match(err, /an agent is at work in .*: stop it first/);
  await agent.end('SIGTERM');
  assert.deepEqual(fsck(), { status: 0, findings: [], err: '' });
});

for (const [what, damage] of Object.entries({
  'a changed byte': () => {
    const { mtimeMs } = statSync(path.join(layer, 'private/data'));
    const content = Buffer.alloc(300_000);
    writeFileSync(path.join(layer, 'private/data'), content);
    utimesSync(path.join(layer, 'private/data'), mtimeMs / 1000, mtimeMs / 1000);
  },
  'another mode': () => chmodSync(path.join(layer, 'etc/owned'), 0o644),
  'a lost attribute': () => spawnSync('setfattr', ['-x', 'user.test', path.join(layer, 'etc/setuid')]),
  'a file too many': () => {
    writeFileSync(path.join(layer, 'private/more'), '');
    utimesSync(path.join(layer, 'private'), 1e9, 1e9);
  },
  'a directory that is gone': () => rmSync(path.dirname(layer), { recursive: true }),
})) {
  test(`${what} of a layer is found, and the layer made again from its blob`, () => {
    damage();
    const found = fsck();
    assert.equal(found.status, 4);
    assert.equal(found.findings.length, 1);
    assert.equal(found.findings[0]?.repaired, null);
    assert.match(found.findings[0]?.remedy ?? '', /--repair/);
    const repaired = fsck('--repair');
    assert.deepEqual([repaired.status, repaired.findings[0]?.repaired], [1, true]);
    assert.deepEqual(fsck(), { status: 0, findings: [], err: '' });
  });
}

test('a broken config is written again from the records', () => {
  const blob = at('data/blobs/sha256', image.id.slice(7));
  appendFileSync(blob, ' ');
  assert.match(fsck().findings[0]?.problem ?? '', /has other content/);
  assert.equal(fsck('--repair').status, 1);
  rmSync(blob);
  assert.match(fsck().findings[0]?.problem ?? '', /is missing/);
  assert.equal(fsck('--repair').status, 1);
  assert.equal(fsck().status, 0);
});

test('a broken blob of a layer cannot be made again: the image goes on, and a load completes it', async () => {
  const blobs = readdirSync(at('data/blobs/sha256')).map((name) => at('data/blobs/sha256', name));
  const [largest = ''] = blobs.filter((one) => statSync(one).size > 250_000 && statSync(one).size < 400_000);
  appendFileSync(largest, 'x');
  const { status, findings } = fsck('--repair');
  assert.equal(status, 4);
  assert.deepEqual([findings.length, findings[0]?.repaired], [1, false]);
  assert.match(findings[0]?.remedy ?? '', /pull or load its image again/);
  assert.deepEqual(fsck(), { status: 0, findings: [], err: '' });
  await agent.start();
  assert.match(agent.docker('save', '--output', at('x.tar'), 'checked:1').err, /load or pull it again/);
  ok('load', '--input', image.file);
  ok('save', '--output', at('x.tar'), 'checked:1');
  await agent.end('SIGTERM');
  assert.deepEqual(fsck(), { status: 0, findings: [], err: '' });
});

test('a layer that a running container stands on is not taken from under it', async () => {
  await agent.start();
  ok('run', '--detach', '--name', 'running', 'busybox', 'sleep', '1000');
  const lower = JSON.parse(ok('inspect', 'busybox'))[0].GraphDriver.Data.UpperDir;
  await agent.end('SIGTERM');
  appendFileSync(path.join(lower, 'bin/busybox'), 'x');
  const { status, findings } = fsck('--repair');
  assert.equal(status, 4);
  assert.match(findings[0]?.remedy ?? '', /stop container running first/);
  await agent.start();
  ok('rm', '--force', 'running');
  await agent.end('SIGTERM');
  assert.equal(fsck('--repair').status, 1);
  assert.equal(fsck().status, 0);
  await agent.start();
  assert.equal(ok('run', '--rm', 'busybox', 'echo', 'well'), 'well');
});
