import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createContainerBody, type HostConfig } from '@berth/shared/docker/container';
import { type Weakening, type WeakeningKind, weakeningKinds } from '@berth/shared/docker/weakening';
import type { RuntimeSpec } from '@berth/shared/oci/runtime-spec';
import type { ContainerRecord } from '../containers/store.ts';
import {
  askedBy,
  askedByExec,
  type Final,
  judge,
  processWeakenings,
  refuseUnaskedBinds,
  weakenings,
} from './policy.ts';
import { buildSpec, seccompChoice } from './spec.ts';

const walls = { userNamespace: true, appArmorProfile: 'berth-default', selinux: true };
const etcFiles = { hostname: '/data/c/hostname', hosts: '/data/c/hosts', resolvConf: '/data/c/resolv.conf' };
const label = 'system_u:system_r:container_t:s0:c1,c2';

/** What a request would be launched as; the parts that a record and its image decide elsewhere are given. */
function final(
  host: Record<string, unknown>,
  more: {
    mounts?: ContainerRecord['mounts'];
    uid?: number;
    real?: (source: string) => string;
    devices?: string[];
  } = {},
): { final: Final; host: HostConfig } {
  const { HostConfig: hostConfig, ...config } = createContainerBody.parse({ Image: 'x', HostConfig: host });
  const isShared = (mode: string) => mode.startsWith('container:');
  const record = {
    config,
    hostConfig,
    args: ['true'],
    mounts: more.mounts ?? [],
    uidSlot:
      hostConfig.Privileged ||
      [hostConfig.UsernsMode, hostConfig.NetworkMode, hostConfig.PidMode].some((mode) => mode !== '')
        ? null
        : 0,
  } as unknown as ContainerRecord;
  const spec = buildSpec({
    record,
    user: { uid: more.uid ?? 0, gid: 0, additionalGids: [], home: '/' },
    env: [],
    cwd: '/',
    appArmorProfile: hostConfig.Privileged ? undefined : 'berth-default',
    selinux: null,
    cgroupsPath: '/berth/x',
    etcFiles,
    joined: {
      ...(isShared(hostConfig.PidMode) && { pid: '/proc/7/ns/pid' }),
      ...(isShared(hostConfig.NetworkMode) && { network: '/proc/7/ns/net' }),
      ...(isShared(hostConfig.IpcMode) && { ipc: '/proc/7/ns/ipc' }),
    },
    oomScoreAdj: 0,
    real: more.real ?? ((source) => source),
    devices: (more.devices ?? []).map((path) => ({
      device: { type: 'c', path, major: 10, minor: 229 },
      source: path,
      access: 'rwm',
    })),
  });
  spec.process.selinuxLabel = hostConfig.Privileged ? undefined : label;
  return {
    host: hostConfig,
    final: {
      spec,
      seccomp: seccompChoice(hostConfig),
      own: new Set(Object.values(etcFiles)),
      binds: new Map(),
      devices: new Set(record.uidSlot === null ? [] : (more.devices ?? [])),
      joined: {},
    },
  };
}

const bind = (source: string, destination = '/x', options: string[] = []): ContainerRecord['mounts'] => [
  { type: 'bind', name: null, source, destination, readOnly: false, options },
];

const kinds = (list: Weakening[]) => [...new Set(list.map(({ kind }) => kind))].sort();

test('a container that asks for nothing is not weaker than the default', () => {
  assert.deepEqual(weakenings(final({}).final, walls), []);
  assert.deepEqual(weakenings(final({ CapDrop: ['ALL'], ReadonlyRootfs: true, PidsLimit: 5 }).final, walls), []);
  assert.deepEqual(weakenings(final({}, { uid: 1000 }).final, walls), []);
});

const seccompProfile = `seccomp=${JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW' })}`;
/** What each kind is asked for with, and how a spec has it. */
const cases: Record<Exclude<WeakeningKind, 'hook'>, () => ReturnType<typeof final>> = {
  privileged: () => final({ Privileged: true }),
  'host-pid': () => final({ PidMode: 'host' }),
  'host-network': () => final({ NetworkMode: 'host' }),
  'host-ipc': () => final({ IpcMode: 'host' }),
  'host-uts': () => final({ UTSMode: 'host' }),
  'host-cgroup': () => final({ CgroupnsMode: 'host' }),
  'host-user': () => final({ UsernsMode: 'host' }),
  'host-root': () => final({ UsernsMode: 'host' }),
  'shared-pid': () => final({ PidMode: 'container:a' }),
  'shared-network': () => final({ NetworkMode: 'container:a' }),
  'shared-ipc': () => final({ IpcMode: 'container:a' }),
  'shared-uts': () => bent({ UTSMode: 'container:a' }, (spec) => namespace(spec, 'uts')),
  'shared-cgroup': () => bent({ CgroupnsMode: 'container:a' }, (spec) => namespace(spec, 'cgroup')),
  'shared-user': () => bent({ PidMode: 'container:a' }, (spec) => namespace(spec, 'user')),
  capability: () => final({ CapAdd: ['net_admin'] }),
  'seccomp-off': () => final({ SecurityOpt: ['seccomp=unconfined'] }),
  'seccomp-custom': () => final({ SecurityOpt: [seccompProfile] }),
  'apparmor-off': () =>
    bent({ SecurityOpt: ['apparmor=unconfined'] }, (spec) => {
      spec.process.apparmorProfile = undefined;
    }),
  'apparmor-custom': () =>
    bent({ SecurityOpt: ['apparmor=mine'] }, (spec) => {
      spec.process.apparmorProfile = 'mine';
    }),
  'selinux-off': () =>
    bent({ SecurityOpt: ['label=disable'] }, (spec) => {
      spec.process.selinuxLabel = undefined;
    }),
  'new-privileges': () => final({ SecurityOpt: ['no-new-privileges=false'] }),
  'unmasked-path': () => final({ MaskedPaths: [] }),
  'writable-path': () => final({ ReadonlyPaths: ['/proc/bus'] }),
  device: () => final({ Devices: [{ PathOnHost: '/dev/fuse' }] }, { devices: ['/dev/fuse'] }),
  'device-rule': () =>
    bent({ DeviceCgroupRules: ['c 10:200 rwm'] }, (spec) => {
      const resources = spec.linux.resources as { devices: object[] };
      resources.devices = [...resources.devices, { allow: true, type: 'c', major: 10, minor: 200, access: 'rwm' }];
    }),
  'host-path': () => final({ Binds: ['/etc:/x'] }, { mounts: bind('/etc') }),
  'mount-propagation': () => final({ Binds: ['/srv:/x:shared'] }, { mounts: bind('/srv', '/x', ['shared']) }),
  sysctl: () => final({ Sysctls: { 'kernel.msgmax': '1' } }),
  'writable-cgroup': () => final({ SecurityOpt: ['writable-cgroups=true'] }),
  'pids-unlimited': () => final({ PidsLimit: -1 }),
  'oom-protected': () => final({ OomScoreAdj: -5 }),
};

function bent(host: Record<string, unknown>, change: (spec: RuntimeSpec) => void) {
  const made = final(host);
  change(made.final.spec);
  return made;
}

function namespace(spec: RuntimeSpec, type: string): void {
  spec.linux.namespaces = [
    ...spec.linux.namespaces.filter((one) => one.type !== type),
    { type, path: `/proc/7/ns/${type}` },
  ];
}

for (const [kind, make] of Object.entries(cases)) {
  test(`${kind} is found, given to who asks, and refused to everybody else`, () => {
    const made = make();
    const found = weakenings(made.final, walls);
    assert.ok(kinds(found).includes(kind as WeakeningKind), `${kinds(found)}`);
    judge(found, askedBy(made.host));
    assert.throws(() => judge(found, askedBy(final({}).host)), { kind: 'forbidden' });
  });
}

test('a hook is asked for by nothing', () => {
  const { final: made, host } = bent({ Privileged: true, Annotations: { hook: 'yes' } }, (spec) => {
    spec.hooks = { prestart: [{ path: '/x' }] };
  });
  assert.throws(() => judge(weakenings(made, walls), askedBy(host)), /hook prestart/);
  assert.deepEqual([...weakeningKinds].sort(), [...Object.keys(cases), 'hook'].sort());
});

test('what one option gives, it gives no more of', () => {
  const asked = askedBy(final({ CapAdd: ['NET_ADMIN'], Sysctls: { 'net.a': '1' }, Binds: ['/etc:/x'] }).host);
  const weak = (kind: WeakeningKind, detail: string, at = '') => ({ kind, detail, at });
  assert.equal(asked(weak('capability', 'CAP_NET_ADMIN')), true);
  assert.equal(asked(weak('capability', 'CAP_SYS_ADMIN')), false);
  assert.equal(asked(weak('capability', 'ALL')), false);
  assert.equal(asked(weak('sysctl', 'net.b')), false);
  assert.equal(asked(weak('host-path', '/etc', '/x')), true);
  assert.equal(asked(weak('host-path', '/etc', '/y')), false);
});

test('host paths are told where they matter, whatever they are called', () => {
  const told = (source: string, real = source, readOnly = false) => {
    const [mount] = bind(source);
    const mounts = mount === undefined ? [] : [{ ...mount, readOnly }];
    return weakenings(final({ Binds: [`${source}:/x`] }, { mounts, real: () => real }).final, walls).length > 0;
  };
  for (const path of ['/', '/proc', '/sys/fs/cgroup', '/dev', '/etc', '/run', '/var', '/var/lib', '/run/docker.sock']) {
    assert.ok(told(path), path);
  }
  assert.ok(told('/srv/link', '/etc'));
  assert.ok(told('/home/me/podman.sock'));
  for (const path of ['/srv', '/home/me', '/var/lib/postgresql', '/tmp/x']) assert.ok(!told(path), path);
  assert.ok(told('/etc/ssl') && !told('/etc/ssl', '/etc/ssl', true));
  assert.ok(told('/proc', '/proc', true));
});

test('M14: a bind that nobody asked for, and one of the agent’s own files, are refused', () => {
  const image = final({}, { mounts: bind('/srv/data') });
  assert.throws(() => refuseUnaskedBinds(image.final, image.host), /nobody asked for/);
  const agents = (privileged: boolean, relation: 'inside' | 'socket') => {
    const made = final({ Binds: ['/data:/x'], Privileged: privileged }, { mounts: bind('/data') });
    const last = { ...made.final, binds: new Map([['/data', { real: '/data', agents: relation }]]) };
    refuseUnaskedBinds(last, made.host);
    return weakenings(last, walls).map(({ kind }) => kind);
  };
  assert.throws(() => agents(false, 'inside'), /belongs to the agent itself/);
  agents(true, 'inside');
  assert.deepEqual(agents(false, 'socket'), ['host-path']);
});

test('U12: labels, environment and annotations ask for nothing', () => {
  const { HostConfig } = createContainerBody.parse({
    Image: 'x',
    Labels: { 'com.docker.compose.privileged': 'true', 'org.berth.privileged': 'true' },
    Env: ['PRIVILEGED=true'],
    privileged: true,
    hostconfig: { Privileged: true },
    HostConfig: { privileged: true, Annotations: { 'io.kubernetes.cri.privileged': 'true' }, CapAdd: null },
  });
  const made = final({ Privileged: true });
  for (const weakening of weakenings(made.final, walls)) assert.equal(askedBy(HostConfig)(weakening), false);
});

test('an exec is judged as its container, and its own --privileged and --user are what it asks', () => {
  const { spec } = final({}).final;
  const all = final({ Privileged: true }).final.spec.process;
  const found = processWeakenings({ ...spec.process, capabilities: all.capabilities }, walls, {
    hasUserNamespace: true,
  });
  assert.deepEqual(kinds(found), ['capability']);
  const { host } = final({});
  assert.throws(() => judge(found, askedByExec(host, { Privileged: false, User: '0' })), { kind: 'forbidden' });
  judge(found, askedByExec(host, { Privileged: true, User: '' }));
  const root = processWeakenings(spec.process, walls, { hasUserNamespace: false });
  assert.deepEqual(kinds(root), ['host-root']);
  judge(root, askedByExec(host, { Privileged: false, User: '0' }));
});

test('a wall that the host lacks weakens nobody', () => {
  const { spec } = final({}).final;
  spec.process.apparmorProfile = undefined;
  spec.process.selinuxLabel = undefined;
  spec.linux.namespaces = spec.linux.namespaces.filter(({ type }) => type !== 'user');
  const none = { userNamespace: false, appArmorProfile: null, selinux: false };
  assert.deepEqual(weakenings({ ...final({}).final, spec }, none), []);
});
