/**
 * The tests of the runtime once more, against the build with the address and undefined behaviour sanitizers. What the
 * sanitizers find in any process of the runtime, in the container's namespaces too, is in the file of reports.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const native = fileURLToPath(new URL('..', import.meta.url));
const runtime = path.join(native, 'build/sanitized/berth-runtime');
const directory = mkdtempSync(path.join(os.tmpdir(), 'berth-sanitized-'));
const reports = path.join(directory, 'reports');
const emulated = process.env.BERTH_TEST_SLOWNESS !== undefined;

after(() => rmSync(directory, { recursive: true, force: true }));

test('the build with sanitizers reports what it finds', { skip: emulated }, () => {
  const made = spawnSync('make', ['-C', native, '-j2', 'SANITIZE=address,undefined'], { encoding: 'utf8' });
  assert.equal(made.status, 0, made.stderr);
  writeFileSync(reports, '');
  const answer = spawnSync(runtime, ['--version'], {
    env: { BERTH_SANITIZER_REPORTS: reports, BERTH_SANITIZER_PROBE: '1' },
  });
  assert.equal(answer.status, 99);
  assert.match(readFileSync(reports, 'utf8'), /AddressSanitizer: heap-use-after-free/);
});

for (const name of ['runtime', 'oci'])
  test(`${name}.test.ts finds nothing under the sanitizers`, { skip: emulated, timeout: 180_000 }, () => {
    writeFileSync(reports, '');
    const { NODE_TEST_CONTEXT: _, ...environment } = process.env;
    const answer = spawnSync(process.execPath, ['--test', path.join(native, `test/${name}.test.ts`)], {
      env: { ...environment, BERTH_TEST_RUNTIME: runtime, BERTH_SANITIZER_REPORTS: reports },
      encoding: 'utf8',
      timeout: 170_000,
    });
    assert.equal(readFileSync(reports, 'utf8'), '');
    assert.equal(answer.status, 0, answer.stdout);
  });
