/** Images made by hand for the tests of the store: layers with owners, modes, links, attributes and times to lose. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';

export function run(program: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  assert.equal(status, 0, `${program} ${args.join(' ')}: ${stderr}${stdout}`);
  return stdout;
}

export const sha256 = (content: Uint8Array) => `sha256:${createHash('sha256').update(content).digest('hex')}`;

/** A tree with what is easily lost on the way, as root. */
export function richTree(directory: string): void {
  const at = (name: string) => path.join(directory, name);
  mkdirSync(at('etc'), { recursive: true });
  mkdirSync(at('private'), { mode: 0o700 });
  writeFileSync(at('etc/owned'), 'owned\n', { mode: 0o640 });
  chownSync(at('etc/owned'), 1234, 5678);
  writeFileSync(at('etc/setuid'), '#!/bin/true\n');
  chmodSync(at('etc/setuid'), 0o4755);
  linkSync(at('etc/owned'), at('etc/hard'));
  symlinkSync('/etc/owned', at('etc/soft'));
  run('mkfifo', at('etc/fifo'));
  run('setfattr', '-n', 'user.test', '-v', 'kept', at('etc/setuid'));
  run('setcap', 'cap_net_raw+ep', at('etc/setuid'));
  writeFileSync(at('private/data'), randomBytes(300_000));
  for (const name of ['etc/owned', 'etc/setuid', 'etc/soft', 'etc', 'private', '.']) lutimesSync(at(name), 1e9, 1e9);
}

/** A layer as tar, with what there is of attributes. */
export function layerTar(tree: string, file: string): string {
  const options = ['--xattrs', '--xattrs-include=*', '--numeric-owner', '--sort=name'];
  run('tar', ...options, '-C', tree, '-cf', file, '.');
  return file;
}

/** A Docker archive as `docker save` of old wrote it. */
export function dockerArchive(
  directory: string,
  image: { name: string | null; layers: string[]; config?: object; created?: string },
): { file: string; id: string } {
  const place = mkdtempSync(path.join(directory, 'archive-'));
  const configText = JSON.stringify({
    architecture: { x64: 'amd64', arm64: 'arm64' }[process.arch as string],
    os: 'linux',
    created: image.created ?? '2024-01-02T03:04:05Z',
    config: { Cmd: ['/bin/true'], ...image.config },
    rootfs: { type: 'layers', diff_ids: image.layers.map((layer) => sha256(readFileSync(layer))) },
    history: image.layers.map((_, index) => ({ created: '2024-01-02T03:04:05Z', created_by: `layer ${index}` })),
  });
  const id = sha256(Buffer.from(configText));
  const configName = `${id.slice(7)}.json`;
  writeFileSync(path.join(place, configName), configText);
  const names = image.layers.map((layer, index) => {
    mkdirSync(path.join(place, String(index)));
    symlinkSync(layer, path.join(place, String(index), 'layer.tar'));
    return `${index}/layer.tar`;
  });
  const manifest = [{ Config: configName, RepoTags: image.name === null ? null : [image.name], Layers: names }];
  writeFileSync(path.join(place, 'manifest.json'), JSON.stringify(manifest));
  const file = path.join(place, 'image.tar');
  run('tar', '-chf', file, '-C', place, 'manifest.json', configName, ...names);
  return { file, id };
}

/** Everything that should be the same of two trees: names, kinds, modes, owners, links, attributes, times, content. */
export function listing(tree: string): string {
  const seen = run('find', tree, '-mindepth', '1', '-printf', '%P|%y|%m|%U:%G|%n|%l|%TY-%Tm-%Td %TH:%TM:%.2TS\\n');
  const attributes = run('getfattr', '-R', '-d', '-m', '^(user|security.capability)', '--absolute-names', '-h', tree);
  const content = run('sh', '-c', `cd '${tree}' && find . -type f -exec sha256sum {} + | sort -k2`);
  return [seen.split('\n').sort().join('\n'), attributes.replaceAll(tree, ''), content].join('\n---\n');
}
