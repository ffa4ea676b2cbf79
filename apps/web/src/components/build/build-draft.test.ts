import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyBuildDraft, readBuildDraft } from './build-draft.ts';

const draft = { ...emptyBuildDraft, text: 'FROM busybox\n' };

test('a pasted Dockerfile with names and arguments becomes an order', () => {
  const read = readBuildDraft(
    {
      ...draft,
      tags: 'web:1, ghcr.io/a/web\nweb:latest',
      args: [
        { name: 'VERSION', value: 'a=b' },
        { name: '', value: '' },
      ],
    },
    false,
  );
  assert.ok(read.ok);
  assert.deepEqual(read.value.tags, ['web:1', 'ghcr.io/a/web', 'web:latest']);
  assert.deepEqual(read.value.buildArgs, { VERSION: 'a=b' });
  assert.equal(read.value.dockerfile, 'Dockerfile');
});

test('what is wrong is told by its field', () => {
  const errorsOf = (part: Partial<typeof draft>, hasFile = false) => {
    const read = readBuildDraft({ ...draft, ...part }, hasFile);
    return read.ok ? {} : read.errors;
  };
  assert.deepEqual(errorsOf({ text: ' ' }), { text: 'textNeeded' });
  assert.deepEqual(errorsOf({ text: 'RUN true' }), { text: 'fromNeeded' });
  assert.deepEqual(errorsOf({ tags: 'Web' }), { tags: 'tagWrong' });
  assert.deepEqual(errorsOf({ args: [{ name: '', value: 'x' }] }), { args: 'argName' });
  assert.deepEqual(errorsOf({ source: 'context' }), { file: 'fileNeeded' });
  assert.deepEqual(errorsOf({ source: 'context' }, true), {});
  assert.deepEqual(errorsOf({ text: '# syntax\nARG X=1\nfrom $X AS base\n' }), {});
});

test('only an uploaded context has its Dockerfile elsewhere', () => {
  const elsewhere = { ...draft, dockerfile: 'build/Dockerfile' };
  const pasted = readBuildDraft(elsewhere, false);
  const uploaded = readBuildDraft({ ...elsewhere, source: 'context' }, true);
  assert.ok(pasted.ok && uploaded.ok);
  assert.deepEqual([pasted.value.dockerfile, uploaded.value.dockerfile], ['Dockerfile', 'build/Dockerfile']);
});
