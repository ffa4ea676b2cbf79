/** Images of other engines, and ours with them: a real dockerd saves and loads, buildah builds on what was saved here. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { TestAgent } from '../api/agent.ts';
import { dockerArchive, layerTar, listing, richTree, run } from './layers.ts';

const agent = new TestAgent();
const at = (...names: string[]) => path.join(agent.directory, ...names);
let dockerd: ChildProcess;
let id = '';

before(async () => {
  // It runs no container, so it needs neither a network nor the controllers that it would ask for.
  const options = [
    '--host',
    `unix://${at('docker.sock')}`,
    '--data-root',
    at('docker'),
    '--exec-root',
    at('docker-run'),
  ];
  const without = ['--bridge', 'none', '--iptables=false', '--ip6tables=false', '--pidfile', at('docker.pid')];
  const inside = ['--mount', '--propagation', 'private', 'nsenter', `--net=/run/netns/${agent.name}`];
  dockerd = spawn('unshare', [...inside, 'dockerd', ...options, ...without], { stdio: 'ignore' });
  await agent.start();
  mkdirSync(at('tree'));
  richTree(at('tree'));
  const image = dockerArchive(agent.directory, { name: 'rich:one', layers: [layerTar(at('tree'), at('tree.tar'))] });
  id = image.id;
  ok('load', '--input', image.file);
  ok('tag', 'busybox', 'both:1');
  ok('save', '--output', at('ours.tar'), 'rich:one', 'both:1');
});
after(async () => {
  const ended = new Promise((resolve) => dockerd.once('exit', resolve));
  dockerd.kill('SIGTERM');
  await ended;
  await agent.remove();
});

const ok = (...args: string[]) => {
  const { status, out, err } = agent.docker(...args);
  assert.equal(status, 0, `docker ${args.join(' ')}: ${err}`);
  return out.trim();
};

function theirs(...args: string[]): string {
  return run('docker', '--host', `unix://${at('docker.sock')}`, ...args).trim();
}

async function untilTheyAnswer(): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (spawnSync('docker', ['--host', `unix://${at('docker.sock')}`, 'version']).status === 0) return;
    assert.equal(dockerd.exitCode, null, 'dockerd did not start');
    await setTimeout(100);
  }
  assert.fail('dockerd did not come up');
}

test('dockerd loads what was saved here, and what it saves loads here: the same image', async () => {
  await untilTheyAnswer();
  assert.match(theirs('load', '--input', at('ours.tar')), /Loaded image: rich:one/);
  assert.equal(theirs('inspect', '--format', '{{.Id}}', 'rich:one'), id);
  theirs('save', '--output', at('theirs.tar'), 'rich:one', 'both:1');
  ok('rmi', 'rich:one', 'both:1');
  assert.match(ok('load', '--input', at('theirs.tar')), /Loaded image: rich:one/);
  assert.equal(ok('inspect', '--format', '{{.Id}}', 'rich:one'), id);
  assert.equal(ok('inspect', '--format', '{{.Id}}', 'both:1'), ok('inspect', '--format', '{{.Id}}', 'busybox'));
  const unpacked = (name: string, archive: string) => {
    run('skopeo', 'copy', '--quiet', `docker-archive:${archive}:rich:one`, `oci:${at(`${name}.oci`)}:x`);
    run('umoci', 'unpack', '--image', `${at(`${name}.oci`)}:x`, at(`${name}.bundle`));
    return listing(at(`${name}.bundle/rootfs`));
  };
  assert.equal(unpacked('theirs', at('theirs.tar')), unpacked('ours', at('ours.tar')));
});

test('what dockerd exports is imported, and an import of ours is one of theirs', async () => {
  await untilTheyAnswer();
  theirs('create', '--name', 'exported', 'rich:one', 'true');
  theirs('export', '--output', at('exported.tar'), 'exported');
  theirs('rm', 'exported');
  ok('import', '--change', 'CMD ["true"]', at('exported.tar'), 'imported:1');
  ok('save', '--output', at('imported.tar'), 'imported:1');
  theirs('load', '--input', at('imported.tar'));
  assert.equal(
    theirs('inspect', '--format', '{{.Id}}', 'imported:1'),
    ok('inspect', '--format', '{{.Id}}', 'imported:1'),
  );
});

test('buildah builds on an image of ours, and both of its formats load and run', () => {
  const buildah = (...args: string[]) =>
    run('buildah', '--root', at('buildah'), '--runroot', at('buildah-run'), '--storage-driver', 'vfs', ...args).trim();
  ok('save', '--output', at('base.tar'), 'busybox');
  writeFileSync(at('added'), 'added\n', { mode: 0o640 });
  const container = buildah('from', `docker-archive:${at('base.tar')}`);
  buildah('copy', '--chown', '12:34', container, at('added'), '/added');
  buildah('config', '--label', 'by=buildah', '--cmd', 'cat /added', container);
  for (const format of ['oci', 'docker']) {
    const archive = `${format}-archive:${at(`${format}.tar`)}:built-${format}:1`;
    buildah('commit', '--quiet', '--format', format, container, archive);
    const [, name = ''] = /Loaded image(?: ID)?: (\S+)/.exec(ok('load', '--input', at(`${format}.tar`))) ?? [];
    assert.equal(ok('run', '--rm', name, 'sh', '-c', 'cat /added; stat -c %a,%u,%g /added'), 'added\n640,12,34');
    assert.equal(ok('inspect', '--format', '{{.Config.Labels.by}}', name), 'buildah');
  }
  buildah('rm', '--all');
  buildah('rmi', '--all', '--force');
});
