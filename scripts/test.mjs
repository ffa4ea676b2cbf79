// `npm test`: all set-up, then every test there is, and one summary line at the end.
//   static   npm run check
//   unit     *.test.ts beside pure code
//   kernel   *.test.ts in test/ folders: real namespaces, cgroups, mounts, sockets, the docker CLI
//   vm       scripts/kernel/*.test.ts: the same on a distribution kernel with cgroup v2, emulated
//   browser  e2e/: the real stack in a real browser
// `npm test -- unit kernel` runs only those parts.
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { adversarySummary } from './adversary-summary.mjs';
import { leftovers } from './leftovers.mjs';
import { pinnedEnvironment, pinnedNode, root, setup } from './setup.mjs';

const parts = ['static', 'unit', 'kernel', 'vm', 'browser'];
const asked = process.argv.slice(2);
for (const name of asked) {
  if (!parts.includes(name)) {
    console.error(`No part of the tests is called ${name}; there are ${parts.join(', ')}.`);
    process.exit(2);
  }
}
const wanted = asked.length === 0 ? parts : asked;
const isRoot = process.getuid?.() === 0;
const results = path.join(root, '.setup/results');
const attacks = path.join(results, 'adversary.jsonl');
const total = { passed: 0, failed: 0, skipped: 0 };
const notes = [];

await setup({ test: true });
rmSync(results, { recursive: true, force: true });
mkdirSync(results, { recursive: true });
const before = leftovers();

const files = testFiles();
if (wanted.includes('static')) await checkStatic();
if (wanted.includes('unit')) await runNode('unit', files.unit, 2);
for (const [name, concurrency] of [
  ['kernel', 1],
  ['vm', 1],
]) {
  if (!wanted.includes(name)) continue;
  if (isRoot) await runNode(name, files[name], concurrency);
  else skip(name, files[name].length, 'they make namespaces, mounts and cgroups, which needs root');
}
if (wanted.includes('browser')) {
  if (isRoot) await runBrowser();
  else skip('browser', 1, 'the agent of the tested stack needs root');
}
checkLeftovers();

for (const line of adversarySummary(attacks)) console.log(line);
for (const note of notes) console.log(note);
if (total.passed + total.failed === 0) {
  console.error('No test ran.');
  total.failed = 1;
}
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed === 0 ? 0 : 1);

async function checkStatic() {
  heading('static checks');
  const code = await run([path.join(root, 'scripts/check.mjs')]);
  add('static', code === 0 ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 });
}

async function runNode(name, list, concurrency) {
  heading(`${name}: ${list.length} files`);
  const out = path.join(results, `${name}.json`);
  await run([
    '--disable-warning=ExperimentalWarning',
    '--test',
    `--test-concurrency=${concurrency}`,
    '--test-timeout=900000',
    '--test-reporter=spec',
    '--test-reporter-destination=stdout',
    `--test-reporter=${path.join(root, 'scripts/count-reporter.mjs')}`,
    `--test-reporter-destination=${out}`,
    ...list,
  ]);
  const counts = readCounts(out);
  if (counts.passed + counts.failed === 0) counts.failed = 1;
  for (const failure of counts.failures ?? []) notes.push(`failed: ${failure}`);
  for (const one of counts.skips ?? []) notes.push(`skipped: ${one}`);
  add(name, counts);
}

async function runBrowser() {
  heading('browser');
  const out = path.join(results, 'browser.json');
  await run([path.join(root, 'node_modules/@playwright/test/cli.js'), 'test', '--reporter=list,json'], {
    cwd: path.join(root, 'e2e'),
    env: pinnedEnvironment({ PLAYWRIGHT_JSON_OUTPUT_NAME: out, NODE_ENV: 'test' }),
  });
  const counts = { passed: 0, failed: 0, skipped: 0 };
  try {
    const { stats } = JSON.parse(readFileSync(out, 'utf8'));
    counts.passed = stats.expected;
    counts.failed = stats.unexpected + stats.flaky;
    counts.skipped = stats.skipped;
  } catch (error) {
    notes.push(`failed: browser tests gave no result (${error.message})`);
  }
  if (counts.passed + counts.failed === 0) counts.failed = 1;
  add('browser', counts);
}

/** After the tests nothing of ours is left on the machine; that is a test too. */
function checkLeftovers() {
  const found = leftovers().filter((line) => !before.includes(line));
  for (const line of found) notes.push(`failed: left on the machine after the tests: ${line}`);
  add('leftovers', found.length === 0 ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 });
}

function skip(name, count, why) {
  notes.push(`skipped: the ${name} tests (${count} files): not root, and ${why}`);
  add(name, { passed: 0, failed: 0, skipped: count });
}

function add(name, counts) {
  for (const key of Object.keys(total)) total[key] += counts[key];
  console.log(`${name}: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
}

function readCounts(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    return { passed: 0, failed: 1, skipped: 0, failures: [`no result in ${path.basename(file)}: ${error.message}`] };
  }
}

function testFiles() {
  const found = { unit: [], kernel: [], vm: [] };
  const visit = (place) => {
    for (const entry of readdirSync(path.join(root, place), { withFileTypes: true })) {
      const inside = path.join(place, entry.name);
      if (entry.isDirectory() && !['node_modules', 'build', '.next'].includes(entry.name)) visit(inside);
      else if (entry.name.endsWith('.test.ts')) found[kindOf(inside)].push(inside);
    }
  };
  for (const place of ['apps', 'packages', 'scripts']) visit(place);
  return found;
}

function kindOf(file) {
  if (file.startsWith('scripts/kernel/')) return 'vm';
  return file.split(path.sep).includes('test') ? 'kernel' : 'unit';
}

function run(args, options = {}) {
  const started = Date.now();
  return new Promise((resolve) => {
    const child = spawn(pinnedNode, args, {
      cwd: root,
      env: pinnedEnvironment({ BERTH_ADVERSARY_RESULTS: attacks }),
      stdio: ['ignore', 'inherit', 'inherit'],
      ...options,
    });
    child.on('exit', (code) => {
      writeFileSync(
        path.join(results, 'seconds.log'),
        `${((Date.now() - started) / 1000).toFixed(1)} ${args.at(-1)}\n`,
        {
          flag: 'a',
        },
      );
      resolve(code);
    });
  });
}

function heading(text) {
  console.log(`\n== ${text}`);
}
