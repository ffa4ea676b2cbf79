/** A data directory without room: a clear error, nothing half made, and the agent goes on. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, statfsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { TestAgent } from '../api/agent.ts';
import { dockerArchive, layerTar, run } from './layers.ts';

const agent = new TestAgent();
const at = (...names: string[]) => path.join(agent.directory, ...names);
const data = at('data');
const megabyte = 1024 * 1024;

before(async () => {
  mkdirSync(data);
  run('mount', '-t', 'tmpfs', '-o', 'size=32m', 'none', data);
  await agent.start();
});
after(async () => {
  await agent.stop();
  spawnSync('umount', ['-l', data]);
  await agent.remove();
});

function layer(name: string, bytes: number): string {
  mkdirSync(at(name));
  writeFileSync(at(name, 'content'), randomBytes(bytes));
  return layerTar(at(name), at(`${name}.tar`));
}
const load = (name: string, layers: string[]) =>
  agent.docker('load', '--input', dockerArchive(agent.directory, { name, layers }).file);
const freeBytes = () => {
  const { bfree, bsize } = statfsSync(data);
  return bfree * bsize;
};

test('what does not fit is refused, as a whole archive or as a layer of it', () => {
  const before = freeBytes();
  const blobs = readdirSync(path.join(data, 'blobs/sha256'));
  const small = layer('small', megabyte);
  // Too large for the archive itself, then for what is made of it.
  for (const bytes of [60 * megabyte, 12 * megabyte]) {
    const { status, err } = load('large:1', [small, layer(`large-${bytes}`, bytes)]);
    assert.notEqual(status, 0);
    assert.match(err, /no space left on device/);
    assert.equal(agent.docker('inspect', 'large:1').status, 1);
    assert.deepEqual(readdirSync(path.join(data, 'tmp')), []);
    assert.deepEqual(readdirSync(path.join(data, 'blobs/ingest')), []);
    assert.deepEqual(readdirSync(path.join(data, 'blobs/sha256')), blobs, 'the small layer of it');
  }
  // Records of events and of what was tried stay in the database.
  assert.ok(before - freeBytes() < megabyte, `${before} bytes were free, ${freeBytes()} are`);
});

test('imports and commits of too much leave nothing either, and what fits still works', () => {
  const tar = layer('imported', 40 * megabyte);
  const imported = agent.docker('import', tar, 'imported:1');
  assert.notEqual(imported.status, 0);
  assert.match(imported.err, /no space left on device/);
  const fill = 'head -c 9m /dev/urandom > /x || head -c 9437184 /dev/urandom > /x';
  assert.equal(agent.docker('run', '--name', 'filler', 'busybox', 'sh', '-c', fill).status, 0);
  const committed = agent.docker('commit', 'filler', 'committed:1');
  assert.notEqual(committed.status, 0);
  assert.match(committed.err, /no space left on device/);
  assert.deepEqual(readdirSync(path.join(data, 'tmp')), []);
  assert.equal(agent.docker('rm', 'filler').status, 0);
  assert.equal(load('fits:1', [layer('fits', 3 * megabyte)]).status, 0);
  assert.equal(agent.docker('run', '--rm', 'busybox', 'echo', 'on').out, 'on\n');
});
