import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readBacking } from './options.ts';

test('no options are a directory of ours', () => {
  assert.deepEqual(readBacking('v', {}), { kind: 'directory' });
});

test('type=none, o=bind is a path of the host', () => {
  const read = (o: string, device = '/srv/../srv/x') => readBacking('v', { type: 'none', o, device });
  assert.deepEqual(read('bind'), { kind: 'bind', device: '/srv/x', readOnly: false, options: [] });
  assert.deepEqual(read('rbind,ro,rslave'), { kind: 'bind', device: '/srv/x', readOnly: true, options: ['rslave'] });
  for (const o of ['bind,shared,slave', 'bind,suid', 'bind,idmap', 'bind,org.berth.subpath=x'])
    assert.throws(() => read(o), /invalid mount option for a bind/, o);
  for (const device of ['', 'x', '/a\0b', `/${'x'.repeat(4096)}`])
    assert.throws(() => read('bind', device), /absolute/);
});

test('type=tmpfs takes what the kernel’s tmpfs takes, and nothing of the mount that could lead out', () => {
  const read = (o?: string) => readBacking('v', { type: 'tmpfs', device: 'tmpfs', ...(o !== undefined && { o }) });
  assert.deepEqual(read(), { kind: 'tmpfs', readOnly: false, options: [] });
  assert.deepEqual(read('size=10%,uid=1,gid=2,mode=1777,nr_inodes=10k,ro,noexec'), {
    kind: 'tmpfs',
    readOnly: true,
    options: ['size=10%', 'uid=1', 'gid=2', 'mode=1777', 'nr_inodes=10k', 'noexec'],
  });
  for (const o of ['size=-1', 'mode=9', 'mpol=bind:0', 'bind', 'tmpcopyup', 'shared'])
    assert.throws(() => read(o), /invalid mount option for a tmpfs/, o);
});

test('what would have to be mounted is refused with what to do', () => {
  for (const type of ['nfs', 'cifs', 'ext4', 'proc', 'overlay', 'none'])
    assert.throws(() => readBacking('v', { type, o: 'addr=1.2.3.4', device: ':/x' }), /mount it on the host/);
});
