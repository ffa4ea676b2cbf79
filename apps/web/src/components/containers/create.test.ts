import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CreateDraft, emptyDraft, readCreateDraft } from './create-draft.ts';
import { dockerRun } from './docker-run.ts';
import { quoteWord, splitWords } from './words.ts';

const draft = (change: Partial<CreateDraft> = {}) => ({ ...emptyDraft, hostId: 'h1', image: 'busybox', ...change });
function run(change: Partial<CreateDraft> = {}): string {
  const read = readCreateDraft(draft(change));
  assert.ok(read.ok, JSON.stringify(read));
  return dockerRun(read.value).replaceAll(' \\\n ', '');
}
function errors(change: Partial<CreateDraft>) {
  const read = readCreateDraft(draft(change));
  return read.ok ? {} : read.errors.fields;
}

test('words are split as a shell splits them', () => {
  assert.deepEqual(splitWords(`sh -c 'echo "a b"' "it's \\"x\\"" a\\ b ''`), [
    'sh',
    '-c',
    'echo "a b"',
    `it's "x"`,
    'a b',
    '',
  ]);
  assert.equal(splitWords(`sh -c 'open`), null);
});

test('what is quoted comes back as it was', () => {
  for (const word of ['plain', 'a b', `it's`, '$HOME', '', '"']) assert.deepEqual(splitWords(quoteWord(word)), [word]);
});

test('the smallest container is one short command', () => assert.equal(run(), 'docker run -d busybox'));

test('every option of the form has its twin on the command line', () => {
  const text = run({
    name: 'web',
    command: `sh -c 'sleep 1; echo done'`,
    env: [{ name: 'GREETING', value: 'hello world' }],
    ports: [{ hostAddress: '127.0.0.1', hostPort: '8080', containerPort: '80', protocol: 'tcp' }],
    mounts: [{ type: 'bind', source: '/srv', target: '/data', readOnly: true }],
    limits: { ...emptyDraft.limits, memory: '64', cpus: '0.5', pids: '32', restart: 'on-failure', retries: '3' },
    network: 'none',
    readOnlyRootfs: true,
    capDrop: 'cap_net_raw, chown',
    noNewPrivileges: false,
  });
  for (const part of [
    '--name web',
    `--env 'GREETING=hello world'`,
    '--publish 127.0.0.1:8080:80',
    '--mount type=bind,source=/srv,target=/data,readonly',
    '--memory 64m',
    '--cpus 0.5',
    '--pids-limit 32',
    '--restart on-failure:3',
    '--network none',
    '--read-only',
    '--cap-drop NET_RAW --cap-drop CHOWN',
    '--security-opt no-new-privileges=false',
    `busybox sh -c 'sleep 1; echo done'`,
  ])
    assert.ok(text.includes(part), `${part} is not in ${text}`);
});

test('a container that is not started is created', () =>
  assert.ok(run({ start: false }).startsWith('docker create busybox')));

test('rows that were never filled in are left out', () => {
  assert.equal(
    run({
      env: [{ name: '', value: '' }],
      ports: [{ hostAddress: '', hostPort: '', containerPort: '', protocol: 'tcp' }],
    }),
    'docker run -d busybox',
  );
});

test('each mistake is told at its field', () => {
  assert.deepEqual(errors({ image: ' ' }), { image: 'required' });
  assert.deepEqual(errors({ name: '-bad name' }), { name: 'name' });
  assert.deepEqual(errors({ command: `'open` }), { command: 'quotes' });
  assert.deepEqual(errors({ ports: [{ hostAddress: '', hostPort: '70000', containerPort: '80', protocol: 'tcp' }] }), {
    'ports.0': 'port',
  });
  assert.deepEqual(errors({ mounts: [{ type: 'bind', source: 'srv', target: '/data', readOnly: false }] }), {
    'mounts.0': 'absolutePath',
  });
  assert.deepEqual(errors({ autoRemove: true, limits: { ...emptyDraft.limits, restart: 'always' } }), {
    autoRemove: 'restartWithRemove',
  });
});
