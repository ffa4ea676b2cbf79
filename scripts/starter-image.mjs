// Makes the starter image: `busybox:latest` as a Docker archive, from the machine's own static busybox, so that a first
// container needs no network. The same busybox always gives the same bytes.
//
//   node scripts/starter-image.mjs OUT.tar [BUSYBOX_PATH]
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';

const created = '2026-01-01T00:00:00Z';
const mtime = Date.parse(created) / 1000;

const [out, busyboxPath = '/bin/busybox'] = process.argv.slice(2);
if (!out) {
  console.error('usage: starter-image.mjs OUT.tar [BUSYBOX_PATH]');
  process.exit(2);
}
const busybox = readFileSync(busyboxPath);
refuseDynamic(busybox, busyboxPath);
const applets = execFileSync(busyboxPath, ['--list-full'], { encoding: 'utf8', env: {} })
  .split('\n')
  .filter((path) => path !== '' && path !== 'bin/busybox')
  .sort();

const layer = tar([
  ...directories(['bin', 'dev', 'etc', 'home', 'proc', 'sbin', 'sys', 'usr', 'usr/bin', 'usr/sbin', 'var', 'var/log']),
  { name: 'root/', type: '5', mode: 0o700 },
  { name: 'tmp/', type: '5', mode: 0o1777 },
  { name: 'var/tmp/', type: '5', mode: 0o1777 },
  { name: 'bin/busybox', type: '0', mode: 0o755, data: busybox },
  ...applets.map((path) => ({ name: path, type: '2', mode: 0o777, link: '/bin/busybox' })),
  text('etc/passwd', 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n'),
  text('etc/group', 'root:x:0:\ntty:x:5:\nnogroup:x:65534:\n'),
  text('etc/nsswitch.conf', 'passwd: files\ngroup: files\nhosts: files dns\n'),
]);
const config = Buffer.from(
  JSON.stringify({
    created,
    architecture: { x64: 'amd64', arm64: 'arm64', arm: 'arm', ia32: '386' }[process.arch] ?? process.arch,
    os: 'linux',
    config: { Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'], Cmd: ['sh'] },
    rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(layer)}`] },
    history: [{ created, created_by: 'busybox-static', comment: 'starter image' }],
  }),
);
const configName = `${sha256(config)}.json`;
const layerName = `${sha256(layer)}/layer.tar`;
const manifest = JSON.stringify([{ Config: configName, RepoTags: ['busybox:latest'], Layers: [layerName] }]);

writeFileSync(
  `${out}.part`,
  tar([
    { name: configName, type: '0', mode: 0o644, data: config },
    { name: layerName, type: '0', mode: 0o644, data: layer },
    text('manifest.json', manifest),
  ]),
);
renameSync(`${out}.part`, out);

/** A busybox that needs a dynamic loader would not run in an image that holds nothing else. */
function refuseDynamic(elf, path) {
  if (elf.readUInt32BE(0) !== 0x7f454c46) throw new Error(`${path} is not an ELF executable`);
  const wide = elf[4] === 2;
  const offset = wide ? Number(elf.readBigUInt64LE(32)) : elf.readUInt32LE(28);
  const size = elf.readUInt16LE(wide ? 54 : 42);
  const count = elf.readUInt16LE(wide ? 56 : 44);
  for (let i = 0; i < count; i++) {
    const programInterpreter = 3;
    if (elf.readUInt32LE(offset + i * size) === programInterpreter)
      throw new Error(`${path} is dynamically linked; install busybox-static`);
  }
}

function directories(names) {
  return names.map((name) => ({ name: `${name}/`, type: '5', mode: 0o755 }));
}

function text(name, content) {
  return { name, type: '0', mode: 0o644, data: Buffer.from(content) };
}

function tar(entries) {
  const parts = [];
  for (const entry of entries) {
    const data = entry.data ?? Buffer.alloc(0);
    parts.push(header(entry, data.length), data, Buffer.alloc((512 - (data.length % 512)) % 512));
  }
  return Buffer.concat([...parts, Buffer.alloc(1024)]);
}

function header({ name, type, mode, link = '' }, size) {
  const block = Buffer.alloc(512);
  if (Buffer.byteLength(name) > 100) throw new Error(`name too long for a plain header: ${name}`);
  block.write(name, 0);
  block.write(`${mode.toString(8).padStart(7, '0')}\0`, 100);
  block.write('0000000\0', 108);
  block.write('0000000\0', 116);
  block.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  block.write(`${mtime.toString(8).padStart(11, '0')}\0`, 136);
  block.write('        ', 148);
  block.write(type, 156);
  block.write(link, 157);
  block.write('ustar\x0000', 257);
  block.write('root', 265);
  block.write('root', 297);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}
