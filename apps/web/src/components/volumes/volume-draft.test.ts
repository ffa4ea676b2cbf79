import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyVolumeDraft, readVolumeDraft } from './volume-draft.ts';

test('an empty form is a volume that the host names', () => {
  assert.deepEqual(readVolumeDraft(emptyVolumeDraft), { ok: true, value: { name: null, labels: {}, options: {} } });
});

test('a bind and a tmpfs become the options of mount', () => {
  const bind = readVolumeDraft({
    ...emptyVolumeDraft,
    name: ' data ',
    kind: 'bind',
    device: '/srv/data',
    sizeMib: '5',
  });
  assert.deepEqual(bind, {
    ok: true,
    value: { name: 'data', labels: {}, options: { type: 'none', o: 'bind', device: '/srv/data' } },
  });
  const tmpfs = (sizeMib: string) => readVolumeDraft({ ...emptyVolumeDraft, kind: 'tmpfs', sizeMib });
  const options = { type: 'tmpfs', device: 'tmpfs' };
  assert.deepEqual(tmpfs('64'), {
    ok: true,
    value: { name: null, labels: {}, options: { ...options, o: 'size=64m' } },
  });
  assert.deepEqual(tmpfs(''), { ok: true, value: { name: null, labels: {}, options } });
});

test('labels without a name are left out when empty, and told when not', () => {
  const labels = [
    { name: 'a', value: '1' },
    { name: '', value: '' },
  ];
  assert.deepEqual(readVolumeDraft({ ...emptyVolumeDraft, labels }), {
    ok: true,
    value: { name: null, labels: { a: '1' }, options: {} },
  });
  const broken = readVolumeDraft({ ...emptyVolumeDraft, labels: [{ name: ' ', value: 'x' }] });
  assert.deepEqual(broken, { ok: false, errors: { 'labels.0': 'label' } });
});

test('every mistake is told at its field', () => {
  const draft = { ...emptyVolumeDraft, name: '-x', kind: 'bind' as const, device: 'srv' };
  assert.deepEqual(readVolumeDraft(draft), { ok: false, errors: { name: 'name', device: 'absolutePath' } });
  for (const sizeMib of ['0', '1.5', '10g', '-4', '123456789'])
    assert.deepEqual(readVolumeDraft({ ...emptyVolumeDraft, kind: 'tmpfs', sizeMib }), {
      ok: false,
      errors: { sizeMib: 'size' },
    });
});
