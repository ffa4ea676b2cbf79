// `npm start`: all set-up, then the dashboard and an agent of this machine, until Ctrl-C. Containers go on.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pinnedEnvironment, pinnedNode, root, setup, starterImage } from './setup.mjs';

const dataDir = process.env.BERTH_DATA_DIR ?? '/var/lib/berth';
const runDir = process.env.BERTH_RUN_DIR ?? '/run/berth';
const port = process.env.PORT ?? '3000';
const agentDir = path.join(dataDir, 'agent');
const tokenFile = path.join(runDir, 'enrol-token');
const agent = path.join(root, 'apps/agent/bin/berth-agent');
const url = `http://127.0.0.1:${port}`;

await setup();
for (const [name, directory] of [
  ['BERTH_DATA_DIR', dataDir],
  ['BERTH_RUN_DIR', runDir],
])
  makeDirectory(name, directory);

const children = new Set();
let stopping = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stop(0));

const web = launch('dashboard', [pinnedNode, '--disable-warning=ExperimentalWarning', 'apps/web/server.ts'], {
  BERTH_DATA_DIR: dataDir,
  BERTH_LOCAL_ENROLL_FILE: tokenFile,
  NODE_ENV: 'production',
});
await untilUp(web);
if (process.getuid?.() === 0) await startAgent();
else console.log('Not root: the dashboard runs without an agent of this machine, which makes namespaces and cgroups.');

async function startAgent() {
  if (existsSync(tokenFile)) {
    // Does nothing when the dashboard still knows this agent's key.
    const token = readFileSync(tokenFile, 'utf8').trim();
    const code = await ended(
      launch('agent', [agent, 'enroll', '--data-dir', agentDir, '--url', url, '--token', token]),
    );
    if (code !== 0) return stop(1);
    rmSync(tokenFile, { force: true });
  }
  const serve = launch('agent', [
    agent,
    'serve',
    '--data-dir',
    agentDir,
    '--run-dir',
    runDir,
    '--starter-image',
    starterImage,
  ]);
  console.log(`Docker clients: docker -H unix://${path.join(runDir, 'docker.sock')} ps`);
  // The agent may be killed or crash while its containers go on; it comes back and adopts them.
  serve.once('exit', () => {
    if (!stopping) setTimeout(() => void startAgent(), 1000);
  });
}

function launch(name, [program, ...args], extra = {}) {
  const child = spawn(program, args, {
    cwd: root,
    env: pinnedEnvironment(extra),
    stdio: ['ignore', 'inherit', 'inherit'],
    // A process group of its own: Ctrl-C reaches only this script, which stops the two in order.
    detached: true,
  });
  children.add(child);
  child.once('exit', (code, signal) => {
    children.delete(child);
    if (!stopping && name === 'dashboard') {
      console.error(`The ${name} ended (${signal ?? `exit code ${code}`}).`);
      stop(1);
    }
  });
  return child;
}

function ended(child) {
  return new Promise((resolve) => child.once('exit', resolve));
}

async function untilUp(child) {
  for (let tries = 0; tries < 300 && child.exitCode === null && !stopping; tries++) {
    const up = await fetch(`${url}/api/health`)
      .then((answer) => answer.ok)
      .catch(() => false);
    if (up) return;
    await sleep(100);
  }
  if (!stopping) {
    console.error(`The dashboard did not answer on ${url}. Is port ${port} taken? PORT=3001 npm start uses another.`);
    stop(1);
  }
}

function makeDirectory(variable, directory) {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o711 });
  } catch (error) {
    console.error(
      `Cannot make ${directory}: ${error.message}\nRun as root, or set ${variable} to a directory of yours.`,
    );
    process.exit(1);
  }
}

/** Ends both in order and waits for them; a second Ctrl-C does not wait. */
async function stop(code) {
  if (stopping) process.exit(1);
  stopping = true;
  const all = [...children].map(ended);
  for (const child of children) child.kill('SIGTERM');
  await Promise.race([Promise.all(all), sleep(10_000)]);
  for (const child of children) child.kill('SIGKILL');
  process.exit(code);
}
