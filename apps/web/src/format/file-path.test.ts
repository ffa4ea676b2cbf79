import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatMode } from './file-mode.ts';
import { baseName, joinPath, nameMistake, parentPath, pathSteps, readPath } from './file-path.ts';

test('paths are joined and taken apart', () => {
  assert.equal(joinPath('/', 'etc'), '/etc');
  assert.equal(joinPath('/etc', 'a b'), '/etc/a b');
  assert.equal(parentPath('/etc/nginx'), '/etc');
  assert.equal(parentPath('/etc'), '/');
  assert.equal(parentPath('/'), '/');
  assert.equal(baseName('/etc/nginx'), 'nginx');
  assert.deepEqual(pathSteps('/'), []);
  assert.deepEqual(pathSteps('/etc/nginx'), [
    { name: 'etc', path: '/etc' },
    { name: 'nginx', path: '/etc/nginx' },
  ]);
});

test('a path of the address bar is made plain, and one that climbs begins at the root', () => {
  assert.equal(readPath(null), '/');
  assert.equal(readPath('etc'), '/');
  assert.equal(readPath('/etc//./nginx/'), '/etc/nginx');
  assert.equal(readPath('/etc/../../x'), '/');
  assert.equal(readPath('/a\0'), '/');
});

test('a name is one step of a path', () => {
  assert.equal(nameMistake('.env'), null);
  assert.equal(nameMistake(''), 'required');
  assert.equal(nameMistake('a/b'), 'slash');
  assert.equal(nameMistake('..'), 'dots');
  assert.equal(nameMistake('ż'.repeat(128)), 'long');
});

test('modes read as ls has them', () => {
  assert.equal(formatMode('directory', 0o755), 'drwxr-xr-x');
  assert.equal(formatMode('file', 0o640), '-rw-r-----');
  assert.equal(formatMode('file', 0o4755), '-rwsr-xr-x');
  assert.equal(formatMode('file', 0o6644), '-rwSr-Sr--');
  assert.equal(formatMode('directory', 0o1777), 'drwxrwxrwt');
  assert.equal(formatMode('symlink', 0o777), 'lrwxrwxrwx');
});
