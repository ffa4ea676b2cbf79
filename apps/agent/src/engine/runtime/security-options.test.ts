import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseProfile, resolveProfile } from './seccomp-profile.ts';
import { securityOptions } from './security-options.ts';

test('options are read as the docker CLI and older clients spell them', () => {
  const read = securityOptions(['no-new-privileges', 'label:type:spc_t', 'label=level:s0:c1', 'apparmor:mine']);
  assert.equal(read.noNewPrivileges, true);
  assert.deepEqual(read.labels, ['type:spc_t', 'level:s0:c1']);
  assert.equal(read.appArmor, 'mine');
  assert.equal(securityOptions(['no-new-privileges:false']).noNewPrivileges, false);
  assert.equal(securityOptions(['seccomp=unconfined']).seccomp, 'unconfined');
  assert.equal(securityOptions(['seccomp:builtin']).seccomp, 'builtin');
  assert.equal(securityOptions(['systempaths=unconfined']).systemPaths, 'unconfined');
  assert.equal(securityOptions([]).seccomp, null);
});

for (const option of [
  '',
  'seccomp',
  'seccomp=',
  'seccomp=/etc/passwd',
  'seccomp={"defaultAction":"SCMP_ACT_MAYBE"}',
  'no-new-privileges=perhaps',
  'apparmor=a b',
  'apparmor=unconfined\nroot',
  'apparmor=:other:profile',
  'apparmor=a//&b',
  'label=type:a b',
  'label=type:a:s0',
  'systempaths=confined',
  '__proto__=x',
  'constructor',
]) {
  test(`${JSON.stringify(option)} is refused`, () => {
    assert.throws(() => securityOptions([option]), { kind: 'invalid-parameter' });
  });
}

test('an option given twice is refused: nobody would know which holds', () => {
  assert.throws(() => securityOptions(['seccomp=unconfined', 'seccomp=builtin']), /given twice/);
});

const profile = (more: object) => JSON.stringify({ defaultAction: 'SCMP_ACT_ERRNO', ...more });

for (const [what, text] of [
  [
    'a number that JSON cannot keep',
    profile({
      syscalls: [
        { names: ['clone'], action: 'SCMP_ACT_ALLOW', args: [{ index: 0, value: 2 ** 53, op: 'SCMP_CMP_EQ' }] },
      ],
    }),
  ],
  ['a listener on the host', profile({ listenerPath: '/run/x.sock' })],
  ['a notification', profile({ syscalls: [{ names: ['mount'], action: 'SCMP_ACT_NOTIFY' }] })],
  [
    'both kinds of architecture lists',
    profile({ architectures: ['SCMP_ARCH_X86'], archMap: [{ architecture: 'SCMP_ARCH_X86_64' }] }),
  ],
  ['neither name nor names', profile({ syscalls: [{ action: 'SCMP_ACT_ALLOW' }] })],
  ['name and names', profile({ syscalls: [{ name: 'a', names: ['b'], action: 'SCMP_ACT_ALLOW' }] })],
  ['a name that is none', profile({ syscalls: [{ names: ['a;b'], action: 'SCMP_ACT_ALLOW' }] })],
  [
    'an argument that no call has',
    profile({
      syscalls: [{ names: ['a'], action: 'SCMP_ACT_ALLOW', args: [{ index: 6, value: 0, op: 'SCMP_CMP_EQ' }] }],
    }),
  ],
  ['an errno beyond the last', profile({ defaultErrnoRet: 5000 })],
  ['flags', profile({ flags: ['SECCOMP_FILTER_FLAG_TSYNC'] })],
  ['an array', '[]'],
  ['more than a megabyte', `{"comment":"${'x'.repeat(1024 * 1024)}"}`],
] as const) {
  test(`a seccomp profile with ${what} is refused`, () => {
    assert.throws(() => parseProfile(text), { kind: 'invalid-parameter' });
  });
}

test('rules follow capabilities, architecture and kernel', () => {
  const rule = (name: string, more: object) => ({ names: [name], action: 'SCMP_ACT_ALLOW', ...more });
  const parsed = parseProfile(
    profile({
      archMap: [
        { architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86'] },
        { architecture: 'SCMP_ARCH_AARCH64', subArchitectures: [] },
      ],
      syscalls: [
        rule('always', {}),
        rule('both', { includes: { caps: ['CAP_A', 'CAP_B'] } }),
        rule('notA', { excludes: { caps: ['CAP_A'] } }),
        rule('arm', { includes: { arches: ['arm64'] } }),
        rule('notArm', { excludes: { arches: ['arm64'] } }),
        rule('new', { includes: { minKernel: '6.12' } }),
        rule('old', { excludes: { minKernel: '6.12' } }),
      ],
    }),
  );
  const names = (capabilities: string[], architecture: string, kernelRelease: string) => {
    const { syscalls, architectures } = resolveProfile(parsed, { capabilities, architecture, kernelRelease }) as {
      syscalls: { names: string[] }[];
      architectures: string[];
    };
    return `${architectures.length} ${syscalls.flatMap((one) => one.names).join(' ')}`;
  };
  assert.equal(names([], 'x64', '6.12.3-amd64'), '2 always notA notArm new');
  assert.equal(names(['CAP_A'], 'x64', '6.9.0'), '2 always notArm old');
  assert.equal(names(['CAP_A', 'CAP_B'], 'arm64', '10.0'), '1 always both arm new');
});

test('a plain OCI object keeps its architectures', () => {
  const parsed = parseProfile(
    profile({
      architectures: ['SCMP_ARCH_X86_64'],
      syscalls: [{ names: ['a'], action: 'SCMP_ACT_ERRNO', errnoRet: 38 }],
    }),
  );
  assert.deepEqual(resolveProfile(parsed, { capabilities: [], architecture: 'x64', kernelRelease: '6.1' }), {
    defaultAction: 'SCMP_ACT_ERRNO',
    architectures: ['SCMP_ARCH_X86_64'],
    syscalls: [{ names: ['a'], action: 'SCMP_ACT_ERRNO', errnoRet: 38 }],
  });
});
