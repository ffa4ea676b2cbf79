// `npm run check`: all static checks. Formatting, lint and import fences (Biome), types of every package (tsc); of C and
// C++ the formatting (clang-format), of C what clang-tidy finds, where these are installed.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pinnedEnvironment, pinnedNode, root } from './setup.mjs';

const checks = [
  ['format, lint, import fences', ['node_modules/@biomejs/biome/bin/biome', 'check', '.']],
  ['types', ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json']],
  ['types of the web app', ['node_modules/typescript/bin/tsc', '-p', 'apps/web/tsconfig.json', '--noEmit']],
];

let failed = 0;
for (const [name, [program, ...args]] of checks) {
  const began = Date.now();
  const answer = spawnSync(pinnedNode, [path.join(root, program), ...args], {
    cwd: root,
    env: pinnedEnvironment(),
    stdio: 'inherit',
  });
  if (answer.status !== 0) failed++;
  console.log(`${name}: ${answer.status === 0 ? 'ok' : 'failed'} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
}
for (const [name, check] of [
  ['format of C and C++', checkFormat],
  ['clang-tidy', checkTidy],
]) {
  const began = Date.now();
  const result = await check();
  if (result === 'failed') failed++;
  console.log(`${name}: ${result} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
}
process.exit(failed === 0 ? 0 : 1);

/** Files of packages/native, its own build aside. */
function nativeFiles(pattern) {
  const native = path.join(root, 'packages/native');
  return readdirSync(native, { recursive: true })
    .filter((name) => pattern.test(name) && !/^(build|node_modules)\//.test(name))
    .map((name) => path.join(native, name));
}

function isInstalled(program) {
  return spawnSync(program, ['--version']).status === 0;
}

async function checkFormat() {
  if (!isInstalled('clang-format')) return 'skipped: clang-format is not installed';
  const answer = spawnSync('clang-format', ['--dry-run', '-Werror', ...nativeFiles(/\.(c|h|cc)$/)], {
    cwd: root,
    stdio: 'inherit',
  });
  return answer.status === 0 ? 'ok' : 'failed';
}

/** Each file on its own, as many at a time as there are processors; not again what was clean with the same headers. */
async function checkTidy() {
  if (!isInstalled('clang-tidy')) return 'skipped: clang-tidy is not installed';
  const shared = createHash('sha256');
  for (const file of [...nativeFiles(/\.h$/), path.join(root, 'packages/native/.clang-tidy')])
    shared.update(readFileSync(file));
  const headers = shared.digest('hex');
  const cache = path.join(root, '.setup/clang-tidy');
  mkdirSync(cache, { recursive: true });
  const waiting = nativeFiles(/^(runtime|fuzz)\/.*\.c$/);
  let result = 'ok';
  const work = async () => {
    for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
      const hash = createHash('sha256').update(headers).update(file).update(readFileSync(file)).digest('hex');
      const clean = path.join(cache, hash);
      if (existsSync(clean)) continue;
      const child = spawn('clang-tidy', ['--quiet', file, '--', '-std=c17', '-D_GNU_SOURCE'], {
        cwd: root,
        stdio: ['ignore', 'inherit', 'ignore'],
      });
      const code = await new Promise((resolve) => child.on('exit', resolve));
      if (code === 0) writeFileSync(clean, '');
      else result = 'failed';
    }
  };
  await Promise.all(Array.from({ length: os.availableParallelism() }, work));
  return result;
}
