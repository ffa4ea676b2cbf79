// `npm run check`: all static checks. Formatting, lint and import fences (Biome), types of every package (tsc), C and
// C++ formatting where clang-format is installed is left to the editor.
import { spawnSync } from 'node:child_process';
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
process.exit(failed === 0 ? 0 : 1);
