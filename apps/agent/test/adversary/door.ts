/** The agent's door under attack: a real agent, images made by hand, and canaries on the host compared after every case. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { type Outcome, Tally } from '../../../../packages/native/test/adversary/tally.ts';
import { TestAgent } from '../api/agent.ts';

const slowness = Number(process.env.BERTH_TEST_SLOWNESS ?? 1);

export interface Answer {
  status: number;
  text: string;
}

export class Door extends TestAgent {
  /** A directory of the host that no container may read or change. */
  readonly canary = path.join(this.directory, 'canary');
  readonly #tally = new Tally();
  #starter = '';
  #before: Record<string, string> = {};

  constructor() {
    super();
    mkdirSync(this.canary);
    writeFileSync(path.join(this.canary, 'secret'), 'host secret\n', { mode: 0o640 });
    // Of the agent's own environment, which no container may see.
    process.env.BERTH_CANARY_SECRET = 'agent secret';
    before(async () => {
      await this.start();
      this.#starter = path.join(this.directory, 'starter');
      mkdirSync(this.#starter);
      const saved = path.resolve(import.meta.dirname, '../../../../.setup/starter-image.tar');
      assert.equal(spawnSync('tar', ['-xf', saved, '-C', this.#starter]).status, 0);
      this.#before = this.#look();
    });
    after(async () => {
      await this.remove();
      console.log(String(this.#tally));
    });
  }

  /** One row of the catalogue. `attack` returns the feature without which it does not apply here, if so. */
  case(row: string, what: string, attack: () => Promise<string | undefined> | Promise<void>): void {
    test(`${row}: ${what}`, { timeout: 120_000 * slowness }, async (t) => {
      let outcome: Outcome['outcome'] = 'got out';
      let missing: string | undefined;
      try {
        missing = (await attack()) || undefined;
        const ids = this.docker('ps', '--all', '--quiet').out.split('\n').filter(Boolean);
        if (ids.length > 0) this.docker('rm', '--force', '--volumes', ...ids);
        assert.deepEqual(this.#look(), this.#before, 'the canaries');
        assert.equal((await this.ask('GET', '/_ping')).text, 'OK', 'the agent lives');
        outcome = missing === undefined ? 'contained' : 'not applicable';
        if (missing !== undefined) t.diagnostic(`not applicable: this kernel has no ${missing}`);
      } finally {
        this.#tally.add({ row, what, outcome, lacks: missing === undefined ? [] : [missing] });
      }
    });
  }

  ok(...args: string[]): string {
    const { status, out, err } = this.docker(...args);
    assert.equal(status, 0, `docker ${args.join(' ')}: ${err}`);
    return out.trim();
  }

  create(body: object, name = ''): Promise<Answer> {
    return this.ask('POST', `/containers/create${name === '' ? '' : `?name=${name}`}`, JSON.stringify(body));
  }

  /** What the agent says of a container. */
  inspect(name: string) {
    return JSON.parse(this.ok('inspect', name))[0];
  }

  /** Loads the starter image with another configuration, and another layer of these links, under a tag. */
  image(tag: string, config: unknown, links: Record<string, string> = {}): void {
    const directory = mkdtempSync(path.join(this.directory, 'image-'));
    const [manifest] = JSON.parse(readFileSync(path.join(this.#starter, 'manifest.json'), 'utf8'));
    const base = JSON.parse(readFileSync(path.join(this.#starter, manifest.Config), 'utf8'));
    const layers: string[] = manifest.Layers.map((name: string) => path.join(this.#starter, name));
    const diffIds: string[] = [...base.rootfs.diff_ids];
    if (Object.keys(links).length > 0) {
      const tree = path.join(directory, 'tree');
      mkdirSync(tree);
      for (const [name, target] of Object.entries(links)) symlinkSync(target, path.join(tree, name));
      const layer = path.join(directory, 'links.tar');
      assert.equal(spawnSync('tar', ['-C', tree, '-cf', layer, ...Object.keys(links)]).status, 0);
      layers.push(layer);
      diffIds.push(`sha256:${createHash('sha256').update(readFileSync(layer)).digest('hex')}`);
    }
    // As text, where an object cannot say it.
    const raw = typeof config === 'string' ? config : JSON.stringify(config);
    const text = JSON.stringify({ ...base, config: '@', rootfs: { type: 'layers', diff_ids: diffIds } }).replace(
      '"@"',
      () => raw,
    );
    writeFileSync(path.join(directory, 'config.json'), text);
    for (const [index, layer] of layers.entries()) symlinkSync(layer, path.join(directory, `layer${index}.tar`));
    writeFileSync(
      path.join(directory, 'manifest.json'),
      JSON.stringify([
        { Config: 'config.json', RepoTags: [tag], Layers: layers.map((_, index) => `layer${index}.tar`) },
      ]),
    );
    const archive = path.join(directory, 'image.tar');
    const members = ['manifest.json', 'config.json', ...layers.map((_, index) => `layer${index}.tar`)];
    assert.equal(spawnSync('tar', ['-C', directory, '-chf', archive, ...members]).status, 0);
    this.ok('load', '--input', archive);
  }

  #look(): Record<string, string> {
    const seen: Record<string, string> = {};
    for (const name of ['.', ...readdirSync(this.canary, { recursive: true, encoding: 'utf8' })].sort()) {
      const at = lstatSync(path.join(this.canary, name), { bigint: true });
      const content = at.isFile() ? readFileSync(path.join(this.canary, name), 'hex') : '';
      seen[name] = `${at.ino} ${at.mode} ${at.uid}:${at.gid} ${at.mtimeNs} ${content}`;
    }
    for (const file of ['/etc/passwd', '/etc/hostname', '/etc/resolv.conf']) {
      const at = lstatSync(file, { bigint: true, throwIfNoEntry: false });
      seen[file] = `${at?.ino} ${at?.mode} ${at?.uid} ${at?.mtimeNs}`;
    }
    seen.core = readFileSync('/proc/sys/kernel/core_pattern', 'utf8');
    seen.mounts = readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .map((line) => line.split(' ').slice(2, 6).join(' '))
      .filter((line) => !/ \/(tmp|run\/netns)\b/.test(line) || line.includes(this.directory))
      .sort()
      .join('\n');
    return seen;
  }
}
