import assert from 'node:assert/strict';
import { test } from 'node:test';
import { weakeningKinds } from '@berth/shared/docker/weakening';
import en from '../../../messages/en.json' with { type: 'json' };
import { emptyDraft } from './create-draft.ts';
import { draftWeakenings, weakeningSentences } from './weakenings.ts';

test('every kind has a sentence', () => {
  assert.deepEqual(Object.keys(en.weakenings).sort(), [...weakeningKinds, 'other'].sort());
});

test('those of a kind are one sentence, and an unknown kind is not lost', () => {
  const one = (kind: string, detail = '', at = '') => ({ kind, detail, at });
  const list = [one('quantum', 'x'), one('capability', 'A'), one('host-path', '/etc', '/x'), one('capability', 'B')];
  assert.deepEqual(weakeningSentences(list), [
    { kind: 'capability', details: 'A, B' },
    { kind: 'host-path', details: '/etc → /x' },
    { kind: 'other', details: 'quantum x' },
  ]);
});

test('privileged says what it implies, and not what comes on top', () => {
  const list = ['privileged', 'capability', 'seccomp-off', 'host-pid'].map((kind) => ({ kind, detail: '', at: '' }));
  assert.deepEqual(
    weakeningSentences(list).map(({ kind }) => kind),
    ['privileged', 'host-pid'],
  );
});

test('a draft tells what it asks for, and nothing more', () => {
  assert.deepEqual(draftWeakenings(emptyDraft), []);
  const bind = { type: 'bind' as const, source: '/etc', target: '/x', readOnly: false };
  const draft = { ...emptyDraft, network: 'host' as const, capAdd: 'cap_net_admin, CHOWN', mounts: [bind] };
  assert.deepEqual(
    draftWeakenings(draft).map(({ kind, detail }) => `${kind} ${detail}`.trim()),
    ['host-network', 'host-user', 'capability NET_ADMIN', 'host-path /etc'],
  );
  assert.deepEqual(draftWeakenings({ ...emptyDraft, mounts: [{ ...bind, source: '/srv/data' }] }), []);
});
