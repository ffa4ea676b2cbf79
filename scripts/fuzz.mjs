// `npm run fuzz [-- --seconds 60]`: each harness of packages/native/fuzz for so long, beginning with its committed
// corpus. What makes one crash stays as a file and fails the command; `--merge` rewrites the corpus, minimised.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { root } from './setup.mjs';

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '60' }, merge: { type: 'boolean', default: false } },
});
const native = path.join(root, 'packages/native');
const build = path.join(native, 'build/fuzz');
const crashes = path.join(build, 'crashes');
mkdirSync(crashes, { recursive: true });

const made = spawnSync('make', ['-C', native, '-j2', 'fuzz'], { stdio: 'inherit' });
if (made.status !== 0) process.exit(1);

let failed = 0;
const dictionaries = { spec: 'config.dict', frames: 'config.dict', tar: 'tar.dict' };
for (const [name, words] of Object.entries(dictionaries)) {
  const corpus = path.join(native, 'fuzz/corpus', name);
  const found = mkdtempSync(path.join(os.tmpdir(), `berth-fuzz-${name}-`));
  const run = (...args) =>
    spawnSync(path.join(build, name), [`-artifact_prefix=${crashes}/${name}-`, ...args], {
      cwd: native,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
  const dictionary = `-dict=${path.join(native, 'fuzz', words)}`;
  const answer = run(`-max_total_time=${values.seconds}`, '-timeout=10', '-close_fd_mask=1', dictionary, found, corpus);
  if (answer.status !== 0) failed++;
  console.log(`${name}: ${answer.status === 0 ? 'nothing found' : `failed, see ${crashes}`}`);
  if (values.merge && answer.status === 0) {
    const before = readdirSync(corpus).map((file) => path.join(corpus, file));
    const small = mkdtempSync(path.join(os.tmpdir(), `berth-fuzz-${name}-`));
    if (run('-merge=1', small, corpus, found).status === 0) {
      for (const file of before) rmSync(file);
      spawnSync('cp', ['-r', `${small}/.`, corpus]);
    }
    rmSync(small, { recursive: true, force: true });
  }
  rmSync(found, { recursive: true, force: true });
}
process.exit(failed === 0 ? 0 : 1);
