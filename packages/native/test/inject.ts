/** fuzz/inject.c, built: makes one system call of a program or its descendants fail, or kills the program there. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const native = fileURLToPath(new URL('..', import.meta.url));

/** Every how many calls one is tried; BERTH_TEST_FAULTS=all tries each. */
export const stride = process.env.BERTH_TEST_FAULTS === 'all' ? 1 : 17;

/** BERTH_TEST_FAULTS_LIST prints each of them. */
export const verbose = process.env.BERTH_TEST_FAULTS_LIST !== undefined;

/** What a call fails with. */
export const EIO = 5;

/** Calls of the C library before main(): what is said of their failure is its own. A line of inject's report. */
export function isBeforeMain(report: string): boolean {
  const [SYS_mprotect, SYS_arch_prctl] = [10, 158];
  return [SYS_mprotect, SYS_arch_prctl].includes(Number(report.split(' ')[1]));
}

export function buildInject(): string {
  const program = path.join(native, 'build/fuzz/inject');
  mkdirSync(path.dirname(program), { recursive: true });
  const line = ['-std=c17', '-D_GNU_SOURCE', '-O1', '-o', program, path.join(native, 'fuzz/inject.c')];
  assert.equal(spawnSync('cc', line, { stdio: 'inherit' }).status, 0);
  return program;
}
