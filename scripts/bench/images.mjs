// What it takes to pull a Debian made by debootstrap from a registry on loopback, and to pull it once more with all of it
// there. Each round has an image of its own, of the same files and one more, and asks every engine once. Nothing is
// removed until the end: for minutes ext4 goes through the inodes that were freed before it takes one, and whoever came
// after a removal would pay for it. What one engine left to be written is written before the next is asked.
//
//   npm run bench, or alone: node scripts/bench/images.mjs [--rounds N]
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { setup as makeSystemdRoot, systemdRoot } from '../systemd-root.mjs';
import { preparePodman, startBerth, startDocker } from './engines.mjs';
import { must, mustInNamespace, openStage, requireProgram, startInNamespace, untilAnswers, work } from './stage.mjs';

const registry = '127.0.0.1:5000';
const imageOf = (round) => `${registry}/debian:round${round}`;

/** @param {{ rounds: number }} options */
export async function measureImages({ rounds }) {
  const notMeasured = [];
  const contenders = [];
  try {
    await startRegistry();
    for (let round = 0; round <= rounds; round++) pushDebian(round);
  } catch (error) {
    console.log(`\nPulling was not measured: ${error.message}`);
    return;
  }
  for (const [name, prepare] of [
    ['Berth', prepareBerth],
    ['podman', prepareEngineOfPodman],
    ['docker', prepareEngineOfDocker],
    ['skopeo copy + umoci unpack', prepareTools],
  ]) {
    try {
      const engine = await prepare();
      await engine.pull(0);
      contenders.push({ name, ...engine, first: [], again: [], peaks: [] });
    } catch (error) {
      notMeasured.push(`${name}: ${error.message.trim().split('\n').at(-1)}`);
    }
  }
  for (let round = 1; round <= rounds; round++) {
    for (const one of contenders) {
      must('sync', []);
      one.forgetPeak?.();
      one.first.push(await timed(() => one.pull(round)));
      if (one.peak !== undefined) one.peaks.push(one.peak());
      if (one.knowsItAgain !== false) one.again.push(await timed(() => one.pull(round)));
    }
  }
  report(contenders, rounds, notMeasured);
}

async function timed(work_) {
  const began = process.hrtime.bigint();
  await work_();
  return Number(process.hrtime.bigint() - began) / 1e6;
}

function report(contenders, rounds, notMeasured) {
  const megabytes = (statSync(systemdRoot).size / 1e6).toFixed(0);
  const entries = must('tar', ['-tf', systemdRoot]).trim().split('\n').length;
  console.log(
    `\nPulling Debian from a registry on loopback: ${megabytes} MB in ${entries} entries, one layer of gzip;`,
  );
  console.log(`${rounds} interleaved rounds, milliseconds, durable where the engine makes it so`);
  console.log(`${''.padEnd(40)}  first pull       p10       p90 | once more | peak memory`);
  for (const { name, first, again, peaks } of contenders) {
    const at = (times, part) => {
      const sorted = times.toSorted((a, b) => a - b);
      return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))];
    };
    const ms = (value) => (value === undefined ? '' : value.toFixed(0)).padStart(9);
    const peak = peaks.length === 0 ? '' : `${(Math.max(...peaks) / 1024).toFixed(0)} MB`;
    console.log(
      `${name.padEnd(40)}   ${ms(at(first, 0.5))} ${ms(at(first, 0.1))} ${ms(at(first, 0.9))} | ${ms(at(again, 0.5))} | ${peak}`,
    );
  }
  for (const line of notMeasured) console.log(`not measured: ${line}`);
}

async function startRegistry() {
  requireProgram('docker-registry');
  const directory = path.join(work, 'registry');
  mkdirSync(directory);
  const config = path.join(directory, 'config.yml');
  const storage = { filesystem: { rootdirectory: path.join(directory, 'data') } };
  const log = { level: 'error', accesslog: { disabled: true } };
  writeFileSync(config, JSON.stringify({ version: '0.1', log, storage, http: { addr: registry } }));
  const server = startInNamespace('docker-registry', ['serve', config]);
  await untilAnswers(async () => mustInNamespace('curl', ['-sf', `http://${registry}/v2/`]), server);
}

/** The archive as an image of one layer, by hand: what unpacks it again is to be measured, not what packs it. */
function pushDebian(round) {
  requireProgram('skopeo');
  makeSystemdRoot();
  if (!existsSync(systemdRoot)) throw new Error('debootstrap made no Debian');
  const layout = path.join(work, `debian-${round}`);
  const blobs = path.join(layout, 'blobs/sha256');
  mkdirSync(blobs, { recursive: true });
  const digestOf = (file) => /^[0-9a-f]{64}/.exec(must('sha256sum', [file]))[0];
  const archive = path.join(layout, 'layer.tar');
  copyFileSync(systemdRoot, archive);
  writeFileSync(path.join(layout, 'round'), `${round}\n`);
  must('tar', ['-C', layout, '--append', '-f', archive, 'round']);
  const diffId = digestOf(archive);
  const packed = path.join(layout, 'layer.gz');
  must('sh', ['-c', `gzip -6 -c '${archive}' > '${packed}'`]);
  const layer = {
    mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
    digest: `sha256:${digestOf(packed)}`,
    size: statSync(packed).size,
  };
  renameSync(packed, path.join(blobs, layer.digest.slice(7)));
  rmSync(archive);
  const put = (mediaType, content) => {
    const text = JSON.stringify(content);
    const hex = createHash('sha256').update(text).digest('hex');
    writeFileSync(path.join(blobs, hex), text);
    return { mediaType, digest: `sha256:${hex}`, size: Buffer.byteLength(text) };
  };
  const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';
  const rootfs = { type: 'layers', diff_ids: [`sha256:${diffId}`] };
  const config = put('application/vnd.oci.image.config.v1+json', {
    architecture,
    os: 'linux',
    rootfs,
    config: { Cmd: ['true'] },
  });
  const type = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = put(type, { schemaVersion: 2, mediaType: type, config, layers: [layer] });
  const named = { ...manifest, annotations: { 'org.opencontainers.image.ref.name': 'bench' } };
  writeFileSync(path.join(layout, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [named] }));
  writeFileSync(path.join(layout, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  const from = `oci:${layout}:bench`;
  mustInNamespace('skopeo', ['copy', '--quiet', '--dest-tls-verify=false', from, `docker://${imageOf(round)}`]);
}

async function prepareBerth() {
  const { ask, pid } = await startBerth('berth-images', { keepAlive: false });
  return {
    pull: async (round) => {
      const text = await ask('POST', `/images/create?fromImage=${encodeURIComponent(imageOf(round))}`);
      if (text.includes('errorDetail')) throw new Error(text.trim().split('\n').at(-1));
    },
    forgetPeak: () => writeFileSync(`/proc/${pid}/clear_refs`, '5'),
    peak: () => Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]),
  };
}

async function prepareEngineOfPodman() {
  const base = preparePodman();
  return {
    pull: (round) => mustInNamespace('podman', [...base, 'pull', '--quiet', '--tls-verify=false', imageOf(round)]),
  };
}

async function prepareEngineOfDocker() {
  const docker = await startDocker();
  return { pull: (round) => docker('pull', '--quiet', imageOf(round)) };
}

async function prepareTools() {
  requireProgram('umoci');
  return {
    pull: (round) => {
      const layout = path.join(work, `tools-${round}`);
      mustInNamespace('skopeo', [
        'copy',
        '--quiet',
        '--src-tls-verify=false',
        `docker://${imageOf(round)}`,
        `oci:${layout}:bench`,
      ]);
      must('umoci', ['unpack', '--image', `${layout}:bench`, `${layout}-bundle`]);
    },
    knowsItAgain: false,
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  openStage();
  const at = process.argv.indexOf('--rounds');
  await measureImages({ rounds: at === -1 ? 5 : Number(process.argv[at + 1]) });
  process.exit(0);
}
