/** OCI bundles on disk and berth-runtime's command line over them, as an engine would call it. */
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Image, makeImage, runtimeEnvironment, runtimePath, slowness } from './supervised.ts';

// biome-ignore lint/suspicious/noExplicitAny: config.json is what the tests bend, well beyond its schema
export type Config = any;

export interface Answer {
  status: number | null;
  out: string;
  err: string;
}

export class Bundles {
  readonly image: Image = makeImage();
  /** The runtime's command line: ours, or a peer's. */
  readonly command: readonly string[];
  readonly root = path.join(this.image.directory, 'state');
  /** The cgroup above all of these bundles'. */
  readonly cgroup = `berth-oci-${process.pid}`;
  #count = 0;

  constructor(command: readonly string[] = [runtimePath]) {
    this.command = command;
  }

  /** A bundle with a root of its own, and its config.json changed by `change`. */
  make(change: (config: Config) => void = () => undefined): { id: string; bundle: string } {
    const id = `o${process.pid}-${this.#count++}`;
    const bundle = path.join(this.image.directory, id);
    mkdirSync(bundle);
    spawnSync('cp', ['-a', this.image.lower, path.join(bundle, 'rootfs')]);
    spawnSync(runtimePath, ['spec', '--bundle', bundle], { env: runtimeEnvironment });
    const file = path.join(bundle, 'config.json');
    const config = JSON.parse(readFileSync(file, 'utf8'));
    if (this.command[0] !== runtimePath) config.ociVersion = '1.0.2'; // crun 1.8 knows no later one
    config.process.terminal = false;
    config.process.env = ['PATH=/bin'];
    config.root.readonly = false;
    config.linux.cgroupsPath = `/${this.cgroup}/${id}`;
    change(config);
    writeFileSync(file, JSON.stringify(config));
    return { id, bundle };
  }

  call(...args: string[]): Answer {
    return this.callWith({}, ...args);
  }

  callWith(options: { env?: Record<string, string>; input?: string; cwd?: string }, ...args: string[]): Answer {
    const [program, ...before] = this.command;
    const answer = spawnSync(program ?? '', [...before, '--root', this.root, ...args], {
      ...options,
      env: { ...runtimeEnvironment, ...options.env },
      encoding: 'utf8',
      timeout: 20_000 * slowness,
    });
    return { status: answer.status, out: answer.stdout, err: answer.stderr };
  }

  run(change: (config: Config) => void, ...options: string[]): Answer {
    const { id, bundle } = this.make(change);
    return this.call('run', '--bundle', bundle, ...options, id);
  }

  /** What a shell script prints inside. */
  shell(script: string, change: (config: Config) => void = () => undefined): string {
    const answer = this.run((config) => {
      config.process.args = ['sh', '-c', script];
      change(config);
    });
    if (answer.status !== 0) throw new Error(`exit code ${answer.status}: ${answer.err}${answer.out}`);
    return answer.out.trim();
  }

  /** A container whose program sleeps. */
  running(change: (config: Config) => void = () => undefined): string {
    const { id, bundle } = this.make((config) => {
      config.process.args = ['sleep', '1000'];
      change(config);
    });
    for (const args of [
      ['create', '--bundle', bundle, id],
      ['start', id],
    ]) {
      const answer = this.callSilent(...args);
      if (answer.status !== 0) throw new Error(`${args[0]}: exit code ${answer.status}`);
    }
    return id;
  }

  /**
   * What a container inherits as its output would hold up whoever reads it to its end. Not /dev/null, either: crun gives
   * what it is connected with to the container's root, and that would be the host's own node.
   */
  callSilent(...args: string[]): { status: number | null } {
    const nothing = openSync(path.join(this.image.directory, 'nothing'), 'a+');
    const [program, ...before] = this.command;
    const answer = spawnSync(program ?? '', [...before, '--root', this.root, ...args], {
      stdio: [nothing, nothing, nothing],
    });
    closeSync(nothing);
    return answer;
  }

  state(id: string): Config {
    return JSON.parse(this.call('state', id).out);
  }

  /** Ids with a state directory or a cgroup. */
  leftovers(): string[] {
    const states = existsSync(this.root) ? readdirSync(this.root).filter((name) => !name.startsWith('.')) : [];
    const groups = ['', ...readdirSync('/sys/fs/cgroup')].flatMap((mount) => {
      const parent = path.join('/sys/fs/cgroup', mount, this.cgroup);
      if (!existsSync(parent)) return [];
      return readdirSync(parent, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map((entry) => `${mount}/${entry.name}`);
    });
    return [...states, ...groups];
  }

  remove(): void {
    for (const name of existsSync(this.root) ? readdirSync(this.root) : [])
      if (!name.startsWith('.')) this.call('delete', '--force', name);
    for (const mount of ['', ...readdirSync('/sys/fs/cgroup')]) {
      const parent = path.join('/sys/fs/cgroup', mount, this.cgroup);
      if (existsSync(parent)) spawnSync('rmdir', [parent]);
    }
    this.image.remove();
  }
}
