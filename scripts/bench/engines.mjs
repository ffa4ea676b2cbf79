// Whole engines, asked as their users ask them: Berth's agent over its socket, podman and docker by their CLI.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { root, starterImage } from '../setup.mjs';
import {
  mountHugetlb,
  mountsBelow,
  must,
  own,
  requireProgram,
  startInNamespace,
  undo,
  untilAnswers,
  work,
} from './stage.mjs';

/**
 * @typedef {(name: string, once: () => unknown) => Promise<void>} Add
 * @typedef {(name: string, containerPids: number[]) => Promise<void>} Note  what the parents of these keep in memory
 */

/** An agent of its own; `ask` is a request of its API, `pid` its process. Asked seldom, it would hang up meanwhile. */
export async function startBerth(name, { keepAlive = true } = {}) {
  const place = path.join(work, name);
  const socketPath = path.join(place, 'run/docker.sock');
  const args = ['serve', '--standalone'];
  args.push('--data-dir', path.join(place, 'data'), '--run-dir', path.join(place, 'run'));
  args.push('--cgroup-parent', own, '--bridge', `bt${process.pid}`);
  const agent = startInNamespace(path.join(root, 'apps/agent/bin/berth-agent'), args);
  const connection = new http.Agent({ keepAlive, maxSockets: 1 });
  const ask = (method, target, body) => request({ agent: connection, socketPath, method, path: target }, body);
  await untilAnswers(() => ask('GET', '/_ping'), agent);
  return { ask, pid: agent.pid, stop: () => agent.kill('SIGTERM') };
}

/** @param {Add} add @param {Note} note */
export async function addBerth(add, note) {
  const { ask } = await startBerth('berth');
  await ask('POST', '/images/load', readFileSync(starterImage));
  const run = async (networkMode) => {
    const created = await ask('POST', '/containers/create', {
      Image: 'busybox:latest',
      Cmd: ['true'],
      HostConfig: { NetworkMode: networkMode },
    });
    await ask('POST', `/containers/${created.Id}/start`);
    const ended = await ask('POST', `/containers/${created.Id}/wait`);
    await ask('DELETE', `/containers/${created.Id}`);
    if (ended.StatusCode !== 0) throw new Error(`true ended with ${ended.StatusCode}`);
  };
  await add('Berth API, bridge network, every wall', () => run('bridge'));
  await add('Berth API, no network, every wall', () => run('none'));
  const sleepers = [];
  for (const count of [1, 10]) {
    while (sleepers.length < count) {
      const { Id } = await ask('POST', '/containers/create', { Image: 'busybox:latest', Cmd: ['sleep', '1000'] });
      await ask('POST', `/containers/${Id}/start`);
      sleepers.push(Id);
    }
    const pids = await Promise.all(sleepers.map(async (id) => (await ask('GET', `/containers/${id}/json`)).State.Pid));
    await note(count === 1 ? 'Berth supervisor, one alone' : `Berth supervisor, each of ${count}`, pids);
  }
  for (const id of sleepers) await ask('DELETE', `/containers/${id}?force=1`);
}

/** What every podman command begins with. */
export function preparePodman() {
  requireProgram('podman');
  mountHugetlb();
  const base = ['--root', path.join(work, 'podman'), '--runroot', path.join(work, 'podman-run')];
  base.push('--cgroup-manager', 'cgroupfs', '--events-backend', 'none');
  undo.push(() => {
    spawnSync('podman', [...base, 'rm', '--all', '--force', '--time', '0'], { stdio: 'ignore' });
    for (const place of mountsBelow(path.join(work, 'podman'))) spawnSync('umount', [place]);
  });
  return base;
}

/** @param {Add} add @param {Note} note */
export async function addPodman(add, note) {
  const base = preparePodman();
  must('podman', [...base, 'load', '--input', starterImage]);
  const limits = ['--ulimit', 'nofile=512:512', '--ulimit', 'nproc=512:512', '--cgroup-parent', `/${own}`];
  const image = ['docker.io/library/busybox:latest', 'localhost/busybox:latest'].find(
    (candidate) => spawnSync('podman', [...base, 'image', 'exists', candidate]).status === 0,
  );
  if (image === undefined) throw new Error('the starter image was not found after podman load');
  const run = [...base, 'run', ...limits, '--network', 'none'];
  await add('podman run --rm, no network', () => must('podman', [...run, '--rm', image, 'true']));
  const id = must('podman', [...run, '--detach', image, 'sleep', '1000']).trim();
  await note('podman conmon', [Number(must('podman', [...base, 'inspect', '--format', '{{.State.Pid}}', id]))]);
  must('podman', [...base, 'rm', '--force', '--time', '0', id]);
}

let dockerd;

/** One daemon for everything that is measured. @returns {Promise<(...args: string[]) => string>} the CLI */
export function startDocker() {
  dockerd ??= (async () => {
    requireProgram('docker');
    requireProgram('dockerd');
    mountHugetlb();
    const socket = path.join(work, 'docker.sock');
    const daemon = startInNamespace('dockerd', [
      ...['--host', `unix://${socket}`, '--data-root', path.join(work, 'docker')],
      ...['--exec-root', path.join(work, 'docker-run'), '--pidfile', path.join(work, 'docker.pid')],
      ...['--bip', '10.99.0.1/24', '--cgroup-parent', `/${own}/docker`],
    ]);
    const docker = (...args) => must('docker', ['-H', `unix://${socket}`, ...args]);
    await untilAnswers(async () => docker('version'), daemon, 30);
    return docker;
  })();
  return dockerd;
}

/** @param {Add} add @param {Note} note */
export async function addDocker(add, note) {
  const docker = await startDocker();
  docker('load', '--input', starterImage);
  for (const [label, network] of [
    ['no', 'none'],
    ['bridge', 'bridge'],
  ]) {
    const once = () => docker('run', '--rm', '--network', network, 'busybox:latest', 'true');
    await add(`docker run --rm, ${label} network`, once);
  }
  const id = docker('run', '--detach', '--network', 'none', 'busybox:latest', 'sleep', '1000').trim();
  await note('docker containerd-shim', [Number(docker('inspect', '--format', '{{.State.Pid}}', id))]);
  docker('rm', '--force', id);
}

function request(options, body) {
  const payload = body === undefined || Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
  const type = Buffer.isBuffer(body) ? 'application/x-tar' : 'application/json';
  const headers = { Host: 'docker', 'Content-Type': type, 'Content-Length': payload?.length ?? 0 };
  return new Promise((resolve, reject) => {
    const asked = http.request({ ...options, headers }, (answer) => {
      const chunks = [];
      answer.on('data', (chunk) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        // Progress is many lines of JSON, of which none is looked at here.
        const isJson = answer.headers['content-type'] === 'application/json' && !Buffer.isBuffer(body);
        const isOne = isJson && text !== '' && !text.trim().includes('\n');
        if (answer.statusCode < 400) resolve(isOne ? JSON.parse(text) : text);
        else reject(new Error(`${options.method} ${options.path}: ${answer.statusCode} ${text}`));
      });
    });
    asked.on('error', reject);
    asked.end(payload);
  });
}
