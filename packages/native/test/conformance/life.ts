/** runtime.md: operations and states; namespaces by path, which need a second container; hooks; seccomp. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Bundles, Config } from '../bundle.ts';
import { type Case, inside, refused } from './case.ts';

type Track = (id: string) => string;

/** The outcome of a command: whether it went well. */
const went = (runtime: Bundles, ...args: string[]) => (runtime.call(...args).status === 0 ? 'ok' : 'error');

function created(runtime: Bundles, track: Track, change: (config: Config) => void = () => undefined) {
  const { id, bundle } = runtime.make((config) => {
    config.process.args = ['sleep', '1000'];
    change(config);
  });
  const answer = runtime.callSilent('create', '--bundle', bundle, id);
  track(id);
  return { id, bundle, made: answer.status === 0 };
}

function stopped(runtime: Bundles, track: Track): string {
  const id = track(runtime.running());
  runtime.call('kill', id, 'KILL');
  for (let tries = 0; tries < 100 && runtime.state(id).status !== 'stopped'; tries++) spawnSync('sleep', ['0.02']);
  return id;
}

const states: Case[] = [
  {
    name: 'state: what the specification lists',
    expected: 'created true true b',
    observe: (runtime, track) => {
      const { id, bundle } = created(runtime, track, (config) => (config.annotations = { 'org.example.a': 'b' }));
      const state = runtime.state(id);
      return `${state.status} ${state.bundle === bundle} ${state.pid > 0} ${state.annotations['org.example.a']}`;
    },
  },
  {
    name: 'state, start, kill, delete of one that is not there',
    expected: 'error error error error',
    observe: (runtime) => ['state', 'start', 'kill', 'delete'].map((verb) => went(runtime, verb, 'nowhere')).join(' '),
  },
  {
    name: 'create: the id is taken',
    expected: 'error created',
    observe: (runtime, track) => {
      const { id, bundle } = created(runtime, track);
      return `${went(runtime, 'create', '--bundle', bundle, id)} ${runtime.state(id).status}`;
    },
  },
  {
    name: 'create runs nothing; later changes of config.json count for nothing',
    expected: 'false of create',
    observe: (runtime, track) => {
      const script = (word: string) => ['sh', '-c', `echo ${word} > /said; sleep 1000`];
      const { id, bundle } = created(runtime, track, (config) => (config.process.args = script('of create')));
      const said = path.join(bundle, 'rootfs/said');
      const early = existsSync(said);
      const config = JSON.parse(readFileSync(path.join(bundle, 'config.json'), 'utf8'));
      config.process.args = script('later');
      writeFileSync(path.join(bundle, 'config.json'), JSON.stringify(config));
      runtime.call('start', id);
      for (let tries = 0; tries < 100 && !existsSync(said); tries++) spawnSync('sleep', ['0.02']);
      return `${early} ${readFileSync(said, 'utf8').trim()}`;
    },
  },
  {
    name: 'start twice',
    expected: 'ok error running',
    observe: (runtime, track) => {
      const { id } = created(runtime, track);
      return `${went(runtime, 'start', id)} ${went(runtime, 'start', id)} ${runtime.state(id).status}`;
    },
  },
  {
    name: 'kill one that is created',
    expected: 'ok',
    observe: (runtime, track) => went(runtime, 'kill', created(runtime, track).id, 'KILL'),
  },
  {
    name: 'kill one that is stopped',
    expected: 'error',
    observe: (runtime, track) => went(runtime, 'kill', stopped(runtime, track), 'TERM'),
  },
  {
    name: 'start one that is stopped',
    expected: 'error',
    observe: (runtime, track) => went(runtime, 'start', stopped(runtime, track)),
  },
  {
    name: 'delete one that is created',
    expected: 'error created',
    observe: (runtime, track) => {
      const { id } = created(runtime, track);
      const outcome = went(runtime, 'delete', id);
      return outcome === 'ok' ? outcome : `${outcome} ${runtime.state(id).status}`;
    },
  },
  {
    name: 'delete one that runs, with and without --force',
    expected: 'error running ok error',
    observe: (runtime, track) => {
      const id = track(runtime.running());
      const outcome = `${went(runtime, 'delete', id)} ${runtime.state(id).status}`;
      return `${outcome} ${went(runtime, 'delete', '--force', id)} ${went(runtime, 'state', id)}`;
    },
  },
  {
    name: 'pause, exec refused, resume',
    expected: 'ok paused error ok running',
    observe: (runtime, track) => {
      const id = track(runtime.running());
      const paused = `${went(runtime, 'pause', id)} ${runtime.state(id).status} ${went(runtime, 'exec', id, 'true')}`;
      return `${paused} ${went(runtime, 'resume', id)} ${runtime.state(id).status}`;
    },
  },
  {
    name: 'exec: environment, user, directory, exit code',
    expected: 'b 7 8 /tmp 9',
    observe: (runtime, track) => {
      const id = track(runtime.running());
      const script = 'echo -n "$A $(id -u) $(id -g) $(pwd)"; exit 9';
      const { out, status } = runtime.call('exec', '-e', 'A=b', '-u', '7:8', '--cwd', '/tmp', id, 'sh', '-c', script);
      return `${out} ${status}`;
    },
  },
];

const kinds = { network: 'net', ipc: 'ipc', uts: 'uts', pid: 'pid', cgroup: 'cgroup' } as const;

function setPath(config: Config, type: string, place: string): void {
  const own = config.linux.namespaces.find((namespace: { type: string }) => namespace.type === type);
  if (own === undefined) config.linux.namespaces.push({ type, path: place });
  else own.path = place;
  if (type === 'uts') delete config.hostname;
}

function mapped(config: Config): void {
  config.linux.namespaces.push({ type: 'user' });
  config.linux.uidMappings = [{ containerID: 0, hostID: 1_600_000, size: 65_536 }];
  config.linux.gidMappings = config.linux.uidMappings;
}

/** Joins namespaces of a container that runs, and tells whether it is in them. */
function joining(
  name: string,
  types: string[],
  first: (config: Config) => void,
  second: (config: Config) => void,
): Case {
  return {
    name,
    expected: types.map(() => 'same').join(' '),
    observe: (runtime, track) => {
      const { pid } = runtime.state(track(runtime.running(first)));
      const files = types.map((type) => (type === 'user' ? 'user' : kinds[type as keyof typeof kinds]));
      const text = runtime.shell(files.map((file) => `readlink /proc/self/ns/${file}`).join('; '), (config) => {
        second(config);
        for (const [at, type] of types.entries()) setPath(config, type, `/proc/${pid}/ns/${files[at]}`);
      });
      const there = files.map((file) => readlinkSync(`/proc/${pid}/ns/${file}`));
      return text
        .split('\n')
        .map((line, at) => (line === there[at] ? 'same' : 'other'))
        .join(' ');
    },
  };
}

const nothing = () => undefined;
const namespaces: Case[] = [
  ...Object.keys(kinds).map((type) => joining(`namespaces: ${type} by path`, [type], nothing, nothing)),
  joining('namespaces: user by path, its mapping with it', ['user'], mapped, nothing),
  joining('namespaces: user and network by path', ['user', 'network'], mapped, nothing),
  joining('namespaces: network by path of one without a user namespace, into a new one', ['network'], nothing, mapped),
  refused('namespaces: a path of the wrong kind', (config) => setPath(config, 'network', '/proc/self/ns/uts')),
  refused('namespaces: a path that is no namespace', (config) => setPath(config, 'network', '/dev/null')),
  refused('namespaces: an unknown type', (config) => config.linux.namespaces.push({ type: 'cloud' })),
  refused('namespaces: a type twice', (config) => config.linux.namespaces.push({ type: 'pid' })),
];

function hookOrder(runtime: Bundles, track: Track): string {
  const log = path.join(runtime.image.directory, `hooks-${path.basename(runtime.image.directory)}`);
  writeFileSync(log, '');
  const hook = (kind: string) => [
    {
      path: '/bin/sh',
      args: ['sh', '-c', `echo ${kind} $(sed 's/.*"status": *"\\([a-z]*\\)".*/\\1/') >> ${log}`],
      env: ['PATH=/bin:/usr/bin'],
    },
  ];
  const { id } = created(runtime, track, (config) => {
    config.hooks = {};
    for (const kind of ['prestart', 'createRuntime', 'createContainer', 'poststart', 'poststop'])
      config.hooks[kind] = hook(kind);
    config.mounts.push({ destination: log, type: 'bind', source: log, options: ['bind'] });
  });
  runtime.call('start', id);
  runtime.call('delete', '--force', id);
  return readFileSync(log, 'utf8').trim().split('\n').join(' ');
}

const hooks: Case[] = [
  {
    name: 'hooks: order, and the state on standard input',
    expected:
      /^prestart creat(ing|ed) createRuntime creat(ing|ed) createContainer creat(ing|ed) poststart running poststop stopped$/,
    observe: hookOrder,
  },
  refused('hooks: a createRuntime that fails', (config) => {
    config.hooks = { createRuntime: [{ path: '/bin/false' }] };
  }),
  refused('hooks: a startContainer that fails', (config) => {
    config.hooks = { startContainer: [{ path: '/bin/false' }] };
  }),
  refused('hooks: a timeout that passes', (config) => {
    config.hooks = { createRuntime: [{ path: '/bin/sleep', args: ['sleep', '5'], timeout: 1 }] };
  }),
];

const filter =
  (rule: object, more: object = {}) =>
  (config: Config) => {
    config.linux.seccomp = { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [rule], ...more };
  };
const mkdir = { names: ['mkdir', 'mkdirat', 'not_a_call'] };
const compare = (op: string, value: number, valueTwo?: number) =>
  filter({ names: ['kill'], action: 'SCMP_ACT_ERRNO', errnoRet: 28, args: [{ index: 1, op, value, valueTwo }] });

const seccomp: Case[] = [
  inside(
    'seccomp: errno, and an unknown name is skipped',
    'mkdir /tmp/a 2>&1 || true',
    /No space left/,
    filter({ ...mkdir, action: 'SCMP_ACT_ERRNO', errnoRet: 28 }),
  ),
  inside(
    'seccomp: errno without a number is EPERM',
    'mkdir /tmp/a 2>&1 || true',
    /not permitted/,
    filter({ ...mkdir, action: 'SCMP_ACT_ERRNO' }),
  ),
  inside(
    'seccomp: LOG lets it pass',
    'mkdir /tmp/a && echo made',
    'made',
    filter({ ...mkdir, action: 'SCMP_ACT_LOG' }, { flags: ['SECCOMP_FILTER_FLAG_LOG'] }),
  ),
  inside(
    'seccomp: KILL_PROCESS',
    'sh -c "mkdir /tmp/a"; echo $?',
    /159/,
    filter({ ...mkdir, action: 'SCMP_ACT_KILL_PROCESS' }),
  ),
  inside('seccomp: TRAP', 'sh -c "mkdir /tmp/a"; echo $?', /159/, filter({ ...mkdir, action: 'SCMP_ACT_TRAP' })),
  ...(
    [
      ['SCMP_CMP_EQ', 0, undefined, '28'],
      ['SCMP_CMP_NE', 0, undefined, 'ok'],
      ['SCMP_CMP_LT', 1, undefined, '28'],
      ['SCMP_CMP_GT', 0, undefined, 'ok'],
      ['SCMP_CMP_LE', 0, undefined, '28'],
      ['SCMP_CMP_GE', 1, undefined, 'ok'],
      ['SCMP_CMP_MASKED_EQ', 0xff, 0, '28'],
    ] as const
  ).map(([op, value, two, expected]) =>
    inside(
      `seccomp: ${op}`,
      'kill -0 $$ 2>&1 | grep -q "No space" && echo 28 || echo ok',
      expected,
      compare(op, value, two),
    ),
  ),
  refused('seccomp: an unknown action', filter({ ...mkdir, action: 'SCMP_ACT_MAYBE' })),
  refused('seccomp: an unknown operator', compare('SCMP_CMP_ABOUT', 0)),
  refused(
    'seccomp: an unknown flag',
    filter({ ...mkdir, action: 'SCMP_ACT_ERRNO' }, { flags: ['SECCOMP_FILTER_FLAG_WISH'] }),
  ),
  inside(
    'seccomp: the architectures asked for',
    'echo it ran',
    'it ran',
    filter(
      { ...mkdir, action: 'SCMP_ACT_ERRNO' },
      { architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'] },
    ),
  ),
  {
    name: 'seccomp: NOTIFY hands its descriptor to listenerPath, with the state',
    expected: /^creat(ing|ed) True True some words fd$/,
    observe: notify,
  },
];

const listener = `
import json, os, socket, sys
s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(1); print("ready", flush=True)
s.settimeout(10); c, _ = s.accept()
data, fds, _, _ = socket.recv_fds(c, 65536, 8)
state = json.loads(data)
kind = os.readlink("/proc/self/fd/%d" % fds[state["fds"].index("seccompFd")])
print(state["state"]["status"], state["pid"] > 0, state["state"]["pid"] > 0, state["metadata"], "fd" if "seccomp" in kind else kind)
`;

/** A listener that only takes the descriptor and goes: what it filters then fails. */
function notify(runtime: Bundles): string {
  const place = path.join(runtime.image.directory, 'listener');
  mkdirSync(place, { recursive: true });
  const at = path.join(place, 'socket');
  const script = `python3 -c '${listener}' ${at} > ${place}/out & while ! grep -q ready ${place}/out 2>/dev/null; do sleep 0.05; done; "$@"; wait; rm -f ${at}`;
  const { id, bundle } = runtime.make((config) => {
    config.process.args = ['sh', '-c', 'mkdir /tmp/a || true'];
    filter(
      { names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_NOTIFY' },
      { listenerPath: at, listenerMetadata: 'some words' },
    )(config);
  });
  const run = [...runtime.command, '--root', runtime.root, 'run', '--bundle', bundle, id];
  const answer = spawnSync('sh', ['-c', script, 'sh', ...run], { encoding: 'utf8', timeout: 15_000 });
  return readFileSync(path.join(place, 'out'), 'utf8').split('\n')[1] ?? `nothing: ${answer.stderr}`;
}

export const life: Case[] = [...states, ...namespaces, ...hooks, ...seccomp];
