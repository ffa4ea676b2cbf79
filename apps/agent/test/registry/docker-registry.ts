/** Debian's docker-registry on loopback, with what a test wants in front of it: nothing, a password, TLS, a token server. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';

export const user = 'joe';
export const password = 'geheim';
/** bcrypt of the above. */
const passwordHash = '$2b$04$TiKbfRFNBrfqFE/jGcSmS.QhO5ZoZ6qoi2vrIv6LxQOwxmSWoWcNK';

export interface RegistryOptions {
  port: number;
  auth?: 'htpasswd' | { realm: string; service: string; issuer: string; rootCertificate: string };
  tls?: { certificate: string; key: string };
  /** As `--net=/run/netns/NAME` of nsenter. */
  namespace?: string;
}

export class DockerRegistry {
  readonly directory = mkdtempSync(path.join(os.tmpdir(), 'berth-registry-'));
  readonly host: string;
  readonly #options: RegistryOptions;
  #process: ChildProcess | null = null;

  constructor(options: RegistryOptions) {
    this.#options = options;
    this.host = `127.0.0.1:${options.port}`;
  }

  async start(): Promise<void> {
    const { namespace } = this.#options;
    const config = path.join(this.directory, 'config.yml');
    writeFileSync(config, JSON.stringify(this.#config()));
    const command = ['docker-registry', 'serve', config];
    const [program = '', ...args] =
      namespace === undefined ? command : ['nsenter', `--net=/run/netns/${namespace}`, ...command];
    this.#process = spawn(program, args, { stdio: ['ignore', 'ignore', 'ignore'] });
    const scheme = this.#options.tls === undefined ? 'http' : 'https';
    for (let tries = 0; tries < 300; tries++) {
      const ask = ['curl', '-sko', '/dev/null', `${scheme}://${this.host}/v2/`];
      const inside = namespace === undefined ? ask : ['nsenter', `--net=/run/netns/${namespace}`, ...ask];
      if (spawnSync(inside[0] ?? '', inside.slice(1)).status === 0) return;
      if (this.#process.exitCode !== null) break;
      await setTimeout(50);
    }
    throw new Error('docker-registry did not come up');
  }

  async stop(): Promise<void> {
    const process_ = this.#process;
    if (process_ !== null && process_.exitCode === null && process_.signalCode === null) {
      const ended = new Promise((resolve) => process_.once('exit', resolve));
      process_.kill('SIGTERM');
      await ended;
    }
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** An image of that configuration, put there by skopeo. */
  push(archive: string, name: string, ...options: string[]): void {
    const args = ['copy', '--quiet', '--dest-tls-verify=false', ...options];
    const answer = this.inside('skopeo', ...args, archive, `docker://${this.host}/${name}`);
    if (answer.status !== 0) throw new Error(`skopeo: ${answer.stderr}`);
  }

  /** A program that reaches this registry. */
  inside(program: string, ...args: string[]) {
    const { namespace } = this.#options;
    const options = { encoding: 'utf8', timeout: 120_000 } as const;
    if (namespace === undefined) return spawnSync(program, args, options);
    return spawnSync('nsenter', [`--net=/run/netns/${namespace}`, program, ...args], options);
  }

  #config(): object {
    const { auth, tls } = this.#options;
    const data = path.join(this.directory, 'data');
    const passwords = path.join(this.directory, 'htpasswd');
    mkdirSync(data, { recursive: true });
    writeFileSync(passwords, `${user}:${passwordHash}\n`);
    return {
      version: '0.1',
      log: { level: 'error', accesslog: { disabled: true } },
      storage: { filesystem: { rootdirectory: data }, delete: { enabled: true } },
      http: {
        addr: this.host,
        secret: 'for-tests',
        ...(tls === undefined ? {} : { tls: { certificate: tls.certificate, key: tls.key } }),
      },
      ...(auth === undefined
        ? {}
        : auth === 'htpasswd'
          ? { auth: { htpasswd: { realm: 'test', path: passwords } } }
          : { auth: { token: { ...auth, rootcertbundle: auth.rootCertificate, rootCertificate: undefined } } }),
    };
  }
}
