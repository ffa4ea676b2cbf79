// `npm run bench`: what one container costs, side by side with the runtimes and engines that are installed here.
// Every round runs each contender once, so that whatever else the machine does meets all of them alike.
//
//   npm run bench [-- --rounds N]
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { addBerth, addDocker, addPodman } from './bench/engines.mjs';
import { measureImages } from './bench/images.mjs';
import { openStage } from './bench/stage.mjs';
import { setup } from './setup.mjs';

const rounds = readRounds();
const notMeasured = [];
const contenders = [];
const supervisors = [];

if (process.getuid?.() !== 0) {
  console.error('The benchmark makes containers, which needs root.');
  process.exit(1);
}
await setup({ web: false });
const native = await import('@berth/native');
const { addRuntimes } = await import('./bench/runtimes.mjs');
openStage();

for (const [name, prepare] of [
  ['Berth', () => addBerth(addContender, noteSupervisor)],
  ['runtimes', () => addRuntimes(addContender, native, notMeasured)],
  ['podman', () => addPodman(addContender, noteSupervisor)],
  ['docker', () => addDocker(addContender, noteSupervisor)],
]) {
  try {
    await prepare();
  } catch (error) {
    notMeasured.push(`${name}: ${gist(error)}`);
  }
}
await measure();
report();
await measureImages({ rounds: Math.min(rounds, 7) });
process.exit(contenders.some(({ name }) => name.startsWith('Berth')) ? 0 : 1);

async function addContender(name, once) {
  try {
    for (let i = 0; i < 3; i++) await once();
    contenders.push({ name, once, times: [] });
  } catch (error) {
    notMeasured.push(`${name}: ${gist(error)}`);
  }
}

async function measure() {
  for (let round = 0; round < rounds; round++) {
    for (const contender of contenders) {
      const began = process.hrtime.bigint();
      await contender.once();
      contender.times.push(Number(process.hrtime.bigint() - began) / 1e6);
    }
  }
}

/** What the parents of these processes keep in memory, each, once they are quiet; and how often they wake in a second. */
async function noteSupervisor(name, containerPids) {
  const status = containerPids.map((pid) => readFileSync(`/proc/${pid}/status`, 'utf8'));
  const parents = status.map((text) => Number(/^PPid:\s+(\d+)$/m.exec(text)?.[1]));
  await sleep(2500);
  const wakeups = () => parents.reduce((sum, pid) => sum + switches(pid), 0);
  const before = wakeups();
  await sleep(2000);
  const perSecond = (wakeups() - before) / 2 / parents.length;
  const rollups = parents.map((pid) => readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'));
  const mean = (field) => {
    const values = rollups.map((text) => Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1]));
    return Math.round(values.reduce((sum, value) => sum + value, 0) / values.length);
  };
  const threads = readdirSync(`/proc/${parents[0]}/task`).length;
  supervisors.push({ name, pss: mean('Pss'), rss: mean('Rss'), threads, perSecond });
}

function switches(pid) {
  return readdirSync(`/proc/${pid}/task`).reduce((sum, task) => {
    const text = readFileSync(`/proc/${pid}/task/${task}/status`, 'utf8');
    return sum + Number(/^voluntary_ctxt_switches:\s+(\d+)$/m.exec(text)?.[1]);
  }, 0);
}

function report() {
  const ms = (value) => value.toFixed(2).padStart(9);
  console.log(`\nOne container running "true", from nothing to nothing; ${rounds} interleaved rounds, milliseconds`);
  console.log(`${''.padEnd(60)}   median       p10       p90     share`);
  let last;
  for (const { name, times } of contenders) {
    const sorted = times.toSorted((a, b) => a - b);
    const at = (part) => sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))];
    const share = name.includes(' + ') && last !== undefined ? ms(at(0.5) - last) : '';
    last = at(0.5);
    console.log(`${name.padEnd(60)}${ms(at(0.5))} ${ms(at(0.1))} ${ms(at(0.9))} ${share}`);
  }
  console.log('\nWhat stays for each running container, kB, once it is quiet');
  console.log(`${''.padEnd(60)}      PSS       RSS   threads  wake-ups/s`);
  for (const { name, pss, rss, threads, perSecond } of supervisors) {
    const columns = [String(pss).padStart(9), String(rss).padStart(9), String(threads).padStart(9)];
    console.log(`${name.padEnd(60)}${columns.join(' ')} ${perSecond.toFixed(2).padStart(11)}`);
  }
  console.log(
    '\nThe API figures are four requests over a kept connection; the runtimes are started without a fork of Node, podman and docker by one.',
  );
  for (const line of notMeasured) console.log(`not measured: ${line}`);
}

/** The line of a program's complaint that says what is wrong, without the stack around it. */
function gist(error) {
  const lines = error.message.trim().split('\n');
  return lines.find((line) => /^\w*Error\b.*:/.test(line)) ?? lines.slice(-3).join(' ');
}

function readRounds() {
  const at = process.argv.indexOf('--rounds');
  const asked = at === -1 ? 30 : Number(process.argv[at + 1]);
  if (Number.isInteger(asked) && asked > 0) return asked;
  console.error('usage: bench.mjs [--rounds N]');
  process.exit(2);
}
