/**
 * An image goes the whole way round: skopeo pushes it to docker-registry, the agent pulls it, runs it, commits what was
 * written and pushes that; skopeo fetches it and umoci unpacks it. What comes back is what the same changes make of the
 * original on the host.
 */
import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setup as makeDebian, systemdRoot } from '../../../../scripts/systemd-root.mjs';
import { TestAgent } from '../api/agent.ts';
import { DockerRegistry } from '../registry/docker-registry.ts';
import { dockerArchive, layerTar, listing, richTree, run } from './layers.ts';

const agent = new TestAgent();
const registry = new DockerRegistry({ port: 5020, namespace: agent.name });
const at = (...names: string[]) => path.join(agent.directory, ...names);

/** What a container does to its files; times last, since every change of a directory is one of its time. */
const changes = [
  'mkdir -p /made/deep && chmod 2751 /made && chown 12:34 /made/deep',
  'echo made > /made/file && chmod 4711 /made/file',
  'ln /made/file /made/hard && ln -s ../made/file /made/soft && mkfifo /made/fifo && chmod 640 /made/fifo',
  'truncate -s 3000001 /made/sparse',
  'rm -r /private && echo more > /etc/more',
  'touch -h -d @1000000000 /made/* /made /etc/more /etc /',
].join(' && ');

const tarOptions = ['--xattrs', '--xattrs-include=*', '--numeric-owner'];

before(async () => {
  await Promise.all([agent.start(), registry.start()]);
  // Attributes that no program of the images writes; they come by docker cp.
  mkdirSync(at('sent/made'), { recursive: true });
  writeFileSync(at('sent/made/attributes'), 'x\n');
  run('setfattr', '-n', 'user.sent', '-v', 'by archive', at('sent/made/attributes'));
  run('setcap', 'cap_net_bind_service+ep', at('sent/made/attributes'));
  run('touch', '-d', '@1000000000', at('sent/made/attributes'));
  run('tar', '-C', at('sent/made'), ...tarOptions, '-cf', at('sent.tar'), 'attributes');
});
after(async () => {
  await registry.stop();
  await agent.remove();
});

const ok = (...args: string[]) => {
  const { status, out, err } = agent.docker(...args);
  assert.equal(status, 0, `docker ${args.join(' ')}: ${err}${out}`);
  return out.trim();
};

function inside(program: string, ...args: string[]): void {
  const { status, stderr } = registry.inside(program, ...args);
  assert.equal(status, 0, `${program} ${args.join(' ')}: ${stderr}`);
}

function unpack(layout: string, bundle: string): string {
  run('umoci', 'unpack', '--image', layout, bundle);
  return path.join(bundle, 'rootfs');
}

/** @returns entries in the image */
function roundTrip(name: string, archive: string): number {
  const tag = `${registry.host}/round/${name}`;
  registry.push(`docker-archive:${archive}`, `round/${name}:1`);
  ok('pull', `${tag}:1`);
  const id = ok('run', '-d', `${tag}:1`, '/bin/sh', '-c', `${changes} && sleep 1000`);
  for (
    let tries = 0;
    agent.docker('exec', id, '/bin/sh', '-c', '[ "$(find / -maxdepth 0 -mmin +1000)" ]').status !== 0;
    tries++
  )
    assert.ok(tries < 100, ok('logs', id));
  const sent = registry.inside('sh', '-c', `docker -H unix://${agent.socket} cp - ${id}:/made < ${at('sent.tar')}`);
  assert.equal(sent.status, 0, sent.stderr);
  ok('exec', id, '/bin/touch', '-d', '@1000000000', '/made');
  ok('stop', '-t', '0', id);
  ok('commit', '--message', 'round', id, `${tag}:2`);
  ok('rm', id);
  assert.match(ok('push', `${tag}:2`), /^2: digest: sha256:/m);
  inside('skopeo', 'copy', '--quiet', '--src-tls-verify=false', `docker://${tag}:2`, `oci:${at(`${name}.back`)}:x`);
  const back = unpack(`${at(`${name}.back`)}:x`, at(`${name}.back.bundle`));

  run('skopeo', 'copy', '--quiet', `docker-archive:${archive}`, `oci:${at(`${name}.original`)}:x`);
  const original = unpack(`${at(`${name}.original`)}:x`, at(`${name}.original.bundle`));
  run('chroot', original, '/bin/sh', '-c', changes);
  run('tar', '-C', path.join(original, 'made'), ...tarOptions, '-xpf', at('sent.tar'));
  run('touch', '-d', '@1000000000', path.join(original, 'made'));
  const seen = listing(back);
  assert.match(seen, /made\/file\|f\|4711\|0:0\|2/);
  assert.match(seen, /user.sent="by archive"/);
  assert.equal(seen, listing(original));
  ok('rmi', `${tag}:1`, `${tag}:2`);
  return seen.split('\n---\n')[0]?.trim().split('\n').length ?? 0;
}

test('a small image of everything that is easily lost comes back as it was made', () => {
  mkdirSync(at('tree/bin'), { recursive: true });
  richTree(at('tree'));
  cpSync('/bin/busybox', at('tree/bin/busybox'));
  for (const name of ['sh', 'mkdir', 'chmod', 'chown', 'ln', 'mkfifo', 'truncate', 'rm', 'touch', 'find', 'sleep'])
    run('ln', at('tree/bin/busybox'), at('tree/bin', name));
  const { file } = dockerArchive(agent.directory, { name: 'rich:1', layers: [layerTar(at('tree'), at('tree.tar'))] });
  assert.ok(roundTrip('rich', file) > 20);
});

test('a Debian by debootstrap comes back as it was made', (t) => {
  makeDebian();
  assert.ok(existsSync(systemdRoot), 'debootstrap made no Debian');
  mkdirSync(at('more/private'), { recursive: true });
  mkdirSync(at('more/etc'));
  const layers = [systemdRoot, layerTar(at('more'), at('more.tar'))];
  const { file } = dockerArchive(agent.directory, { name: 'debian:1', layers });
  const entries = roundTrip('debian', file);
  t.diagnostic(`${entries} entries`);
  assert.ok(entries > 3000);
});
