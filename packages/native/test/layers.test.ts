/** A root from layers by the command line: what an engine other than the agent needs to leave the overlay to us. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { Bundles, type Config } from './bundle.ts';
import { slowness } from './supervised.ts';

const bundles = new Bundles();
const timeout = 30_000 * slowness;
after(() => bundles.remove());

const mapping = [{ containerID: 0, hostID: 1_600_000_000, size: 65_536 }];

function place(name: string): string {
  const directory = path.join(bundles.image.directory, name);
  mkdirSync(directory);
  return directory;
}

function runLayered(lower: string[], upper: string[], script: string, userNamespace = true) {
  const { id, bundle } = bundles.make((config: Config) => {
    config.process.args = ['sh', '-c', script];
    if (!userNamespace) return;
    config.linux.namespaces.push({ type: 'user' });
    Object.assign(config.linux, { uidMappings: mapping, gidMappings: mapping });
  });
  const layers = lower.flatMap((directory) => ['--lower', directory]);
  return bundles.call('run', '--bundle', bundle, ...layers, ...upper, id);
}

test('the topmost layer wins, what is written goes to the upper one with ids as on disk', { timeout }, () => {
  const top = place('top');
  writeFileSync(path.join(top, 'name'), 'top\n');
  const bottom = place('bottom');
  cpSync(bundles.image.lower, bottom, { recursive: true, verbatimSymlinks: true });
  writeFileSync(path.join(bottom, 'name'), 'bottom\n');
  const writable = place('writable');
  for (const name of ['upper', 'work']) mkdirSync(path.join(writable, name));
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8');
  const { status, out, err } = runLayered(
    [top, bottom],
    ['--upper', path.join(writable, 'upper'), '--work', path.join(writable, 'work')],
    'cat /name; stat -c %u /bin/busybox; echo new > /new; cat /proc/self/uid_map',
  );
  assert.equal(status, 0, err);
  assert.match(out, /^top\n0\n\s+0\s+1600000000\s+65536\n$/);
  assert.deepEqual([statSync(path.join(writable, 'upper/new')).uid, readdirSync(top)], [0, ['name']]);
  assert.equal(readFileSync('/proc/self/mountinfo', 'utf8'), mounts);
});

test('without an upper layer nothing can be written; an upper one alone is refused', { timeout }, () => {
  // One layer alone is no overlay.
  const { status, out, err } = runLayered([place('nothing'), bundles.image.lower], [], 'echo x > /x || echo refused');
  assert.deepEqual([status, out], [0, 'refused\n'], err);
  for (const upper of [
    ['--upper', '/tmp'],
    ['--work', '/tmp'],
    ['--upper', '/tmp', '--work', '/tmp'],
  ]) {
    const refused = runLayered([], upper, 'true');
    assert.equal(refused.status, 1);
    assert.match(refused.err, /--upper and --work go together, and with --lower/);
  }
});

test('as many layers as overlayfs takes, and not one more', { timeout }, () => {
  const many = place('many');
  const layers = Array.from({ length: 500 }, (_, at) => {
    const directory = path.join(many, String(at));
    mkdirSync(directory);
    writeFileSync(path.join(directory, `file-${at}`), '');
    return directory;
  });
  const full = [...layers.slice(1), bundles.image.lower];
  const { status, out, err } = runLayered(full, [], 'ls /file-* | wc -l');
  if (status !== 0) assert.match(err, /500 layers are more than this kernel takes/);
  else assert.equal(out, '499\n');
  const refused = runLayered([...full, bundles.image.lower], [], 'true');
  assert.equal(refused.status, 1);
  assert.match(refused.err, /more than 500 layers/);
});

test('a volatile root is never synced, and not taken up again as if it were whole', { timeout }, () => {
  const writable = place('volatile');
  for (const name of ['upper', 'work']) mkdirSync(path.join(writable, name));
  const upper = ['--upper', path.join(writable, 'upper'), '--work', path.join(writable, 'work')];
  const options = "sed -n 's/^overlay . overlay //p' /proc/mounts";
  const first = runLayered([bundles.image.lower], [...upper, '--volatile'], options);
  assert.match(first.out, /\b(fsync=)?volatile\b/, first.err);
  assert.equal(runLayered([bundles.image.lower], [...upper, '--volatile'], 'true').status, 0);
  const refused = runLayered([bundles.image.lower], upper, 'true');
  assert.equal(refused.status, 1);
  assert.match(refused.err, /incompat\/volatile: a volatile overlay was here/);
  rmSync(path.join(writable, 'work/work'), { recursive: true });
  assert.doesNotMatch(runLayered([bundles.image.lower], upper, options).out, /volatile/);
  assert.match(runLayered([bundles.image.lower], ['--volatile'], 'true').err, /with an --upper layer/);
});
