// A registry on loopback for the tests: Debian's docker-registry, with a password, its data gone when it stops.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const account = { username: 'joe', password: 'geheim' };
/** bcrypt of the password above. */
const passwordHash = '$2b$04$TiKbfRFNBrfqFE/jGcSmS.QhO5ZoZ6qoi2vrIv6LxQOwxmSWoWcNK';

export interface Registry {
  /** As it stands in front of an image's name. */
  readonly host: string;
  /** A folder for `docker --config`, with the account. */
  readonly dockerConfig: string;
  stop(): Promise<void>;
}

/** Answers when it listens. */
export async function startRegistry(): Promise<Registry> {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'berth-e2e-registry-'));
  const host = `127.0.0.1:${await freePort()}`;
  const passwords = path.join(directory, 'htpasswd');
  const config = path.join(directory, 'config.yml');
  writeFileSync(passwords, `${account.username}:${passwordHash}\n`);
  writeFileSync(
    config,
    JSON.stringify({
      version: '0.1',
      log: { level: 'error', accesslog: { disabled: true } },
      storage: { filesystem: { rootdirectory: path.join(directory, 'data') } },
      http: { addr: host, secret: 'for-tests' },
      auth: { htpasswd: { realm: 'test', path: passwords } },
    }),
  );
  const dockerConfig = path.join(directory, 'docker');
  mkdirSync(dockerConfig);
  const auth = Buffer.from(`${account.username}:${account.password}`).toString('base64');
  writeFileSync(path.join(dockerConfig, 'config.json'), JSON.stringify({ auths: { [host]: { auth } } }));
  const log = path.join(directory, 'log');
  const output = openSync(log, 'a');
  const registry = spawn('docker-registry', ['serve', config], { stdio: ['ignore', output, output] });
  closeSync(output);
  const stop = async () => {
    await end(registry);
    rmSync(directory, { recursive: true, force: true });
  };
  for (let tries = 0; tries < 200 && registry.exitCode === null; tries++) {
    if (await answers(`http://${host}/v2/`)) return { host, dockerConfig, stop };
    await sleep(50);
  }
  const words = readFileSync(log, 'utf8');
  await stop();
  throw new Error(`docker-registry did not come up:\n${words}`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}

function answers(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    http
      .get(url, (response) => {
        response.resume();
        resolve(response.statusCode === 401);
      })
      .once('error', () => resolve(false));
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
