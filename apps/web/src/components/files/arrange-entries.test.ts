import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FileEntry } from '@berth/shared/berth/files';
import { arrangeEntries } from './arrange-entries.ts';

const entry = (Name: string, part: Partial<FileEntry> = {}): FileEntry => ({
  Name,
  Size: 0,
  Mode: 0o644,
  Uid: 0,
  Gid: 0,
  ModTime: '2026-01-01T00:00:00Z',
  Type: 'file',
  ...part,
});
const names = (list: FileEntry[]) => list.map(({ Name }) => Name);
const plain = { search: '', sort: 'name', descending: false } as const;

test('directories come first, and numbers in names count as numbers', () => {
  const list = [entry('log.10'), entry('log.9'), entry('Zoo'), entry('etc', { Type: 'directory' }), entry('alpha')];
  assert.deepEqual(names(arrangeEntries(list, plain)), ['etc', 'alpha', 'log.9', 'log.10', 'Zoo']);
  assert.deepEqual(names(arrangeEntries(list, { ...plain, descending: true })), [
    'etc',
    'Zoo',
    'log.10',
    'log.9',
    'alpha',
  ]);
});

test('by size and by date, and by name where they are equal', () => {
  const list = [
    entry('b', { Size: 5, ModTime: '2026-03-01T00:00:00.123456789Z' }),
    entry('a', { Size: 5, ModTime: '2026-02-01T00:00:00Z' }),
    entry('c', { Size: 900, ModTime: 'never' }),
  ];
  assert.deepEqual(names(arrangeEntries(list, { ...plain, sort: 'size', descending: true })), ['c', 'a', 'b']);
  assert.deepEqual(names(arrangeEntries(list, { ...plain, sort: 'modified' })), ['c', 'a', 'b']);
});

test('the search takes the name as it is, not as a pattern', () => {
  const list = [entry('a.txt'), entry('abtxt'), entry('A.TXT')];
  assert.deepEqual(names(arrangeEntries(list, { ...plain, search: 'a.t' })), ['A.TXT', 'a.txt']);
});
