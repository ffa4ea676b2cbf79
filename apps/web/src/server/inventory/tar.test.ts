import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { tarOfOneFile } from './tar.ts';

for (const length of [0, 1, 511, 512, 5000])
  test(`tar reads a file of ${length} bytes back`, () => {
    const content = Buffer.alloc(length, 'FROM busybox\n');
    const input = tarOfOneFile('Dockerfile', content);
    assert.equal(input.length % 512, 0);
    assert.equal(execFileSync('tar', ['-tf', '-'], { input }).toString(), 'Dockerfile\n');
    assert.deepEqual(execFileSync('tar', ['-xOf', '-', 'Dockerfile'], { input }), content);
  });
