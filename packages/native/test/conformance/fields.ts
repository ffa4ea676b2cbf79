/** config.json, field by field (config.md, config-linux.md). */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Bundles, Config } from '../bundle.ts';
import { type Case, inside, refused } from './case.ts';

const status = (field: string) => `sed -n 's/^${field}:\\s*//p' /proc/self/status`;
const tmpfs = (destination: string, ...options: string[]) => ({
  destination,
  type: 'tmpfs',
  source: 'tmpfs',
  options,
});

/** A directory of the host with a file in it. */
function source(runtime: Bundles): string {
  const place = path.join(runtime.image.directory, 'source');
  mkdirSync(path.join(place, 'below'), { recursive: true });
  writeFileSync(path.join(place, 'file'), 'of the host\n');
  return place;
}

function mapped(config: Config): void {
  config.linux.namespaces.push({ type: 'user' });
  config.linux.uidMappings = [{ containerID: 0, hostID: 1_600_000, size: 65_536 }];
  config.linux.gidMappings = config.linux.uidMappings;
}

const process: Case[] = [
  inside('process.user: uid, gid, additionalGids', 'id -u; id -g; id -G', '7\n8\n8 9 10', (config) => {
    config.process.user = { uid: 7, gid: 8, additionalGids: [9, 10] };
  }),
  inside('process.user.umask', 'umask', '0027', (config) => {
    config.process.user.umask = 0o27;
  }),
  inside(
    'process.env, in order and nothing else',
    'env | grep -v -e PWD -e SHLVL | sort',
    'A=1\nHOME=/x\nPATH=/bin',
    (c) => {
      c.process.env = ['PATH=/bin', 'A=1', 'HOME=/x'];
    },
  ),
  inside('HOME from /etc/passwd when env has none', 'echo $HOME', '/'),
  inside('process.cwd', 'pwd', '/tmp', (config) => {
    config.process.cwd = '/tmp';
  }),
  inside('process.noNewPrivileges', status('NoNewPrivs'), '1', (config) => {
    config.process.noNewPrivileges = true;
  }),
  inside(
    'process.capabilities: a set of its own each',
    ['Bnd', 'Prm', 'Eff', 'Inh', 'Amb'].map((set) => status(`Cap${set}`)).join('; '),
    /^0*21\n0*20\n0*20\n0*20\n0*20$/,
    (config) => {
      const kill = ['CAP_KILL'];
      config.process.capabilities = {
        bounding: ['CAP_CHOWN', ...kill],
        permitted: kill,
        effective: kill,
        inheritable: kill,
        ambient: kill,
      };
    },
  ),
  inside('process.capabilities: an unknown one is a warning', 'echo it ran', 'it ran', (config) => {
    config.process.capabilities.bounding.push('CAP_UNKNOWN');
  }),
  inside('process.rlimits', 'ulimit -Sn; ulimit -Hn', '100\n200', (config) => {
    config.process.rlimits = [{ type: 'RLIMIT_NOFILE', soft: 100, hard: 200 }];
  }),
  refused('process.rlimits: an unknown type', (config) => {
    config.process.rlimits = [{ type: 'RLIMIT_UNKNOWN', soft: 1, hard: 1 }];
  }),
  refused('process.rlimits: a type twice', (config) => {
    config.process.rlimits = [1, 2].map((soft) => ({ type: 'RLIMIT_NOFILE', soft, hard: 100 }));
  }),
  inside('process.oomScoreAdj', 'cat /proc/self/oom_score_adj', '321', (config) => {
    config.process.oomScoreAdj = 321;
  }),
  inside('process.scheduler', 'cut -d" " -f19,41 /proc/self/stat', '5 3', (config) => {
    config.process.scheduler = { policy: 'SCHED_BATCH', nice: 5 };
  }),
  inside('process.ioPriority', 'ionice', /idle/, (config) => {
    config.process.ioPriority = { class: 'IOPRIO_CLASS_IDLE', priority: 0 };
  }),
  refused('a wrong JSON type: noNewPrivileges a string', (config) => {
    config.process.noNewPrivileges = 'true';
  }),
  refused('a wrong JSON type: uid a string', (config) => {
    config.process.user.uid = '0';
  }),
  inside('unknown fields are ignored', 'echo it ran', 'it ran', (config) => {
    config.novelty = { a: 1 };
    config.process.novelty = true;
    config.linux.novelty = [];
  }),
];

const root: Case[] = [
  inside('root.readonly', 'touch /x 2>&1 || true', /Read-only file system/, (config) => {
    config.root.readonly = true;
  }),
  inside('hostname', 'hostname', 'named', (config) => {
    config.hostname = 'named';
  }),
  inside('domainname', 'cat /proc/sys/kernel/domainname', 'domain', (config) => {
    config.domainname = 'domain';
  }),
  inside('linux.maskedPaths', 'cat /proc/version | wc -c; ls /sys/kernel | wc -l', '0\n0', (config) => {
    config.linux.maskedPaths = ['/proc/version', '/sys/kernel', '/nowhere'];
  }),
  inside('linux.readonlyPaths', 'touch /tmp/x 2>&1 || true', /Read-only file system/, (config) => {
    config.linux.readonlyPaths = ['/tmp', '/nowhere'];
  }),
  ...['shared', 'slave', 'private', 'unbindable'].map((propagation) =>
    inside(
      `linux.rootfsPropagation: ${propagation}`,
      "grep ' / / \\| /.* / ' /proc/self/mountinfo | grep -o -e shared -e unbindable || echo neither",
      propagation === 'shared' || propagation === 'unbindable' ? propagation : 'neither',
      (config) => {
        config.linux.rootfsPropagation = propagation;
      },
    ),
  ),
  refused('linux.rootfsPropagation: an unknown value', (config) => {
    config.linux.rootfsPropagation = 'everywhere';
  }),
];

const flags = ' /m ' as const;
const shown = `grep '${flags}' /proc/self/mountinfo`;
const options: Array<[string[], RegExp]> = [
  [['ro'], / \/m ro/],
  [['ro', 'rw'], / \/m rw/],
  [['nosuid', 'nodev', 'noexec'], /nosuid,nodev,noexec/],
  [['nosuid', 'suid'], / \/m rw,relatime/],
  [['nodev', 'dev', 'noexec', 'exec'], / \/m rw,relatime/],
  [['noatime'], /noatime/],
  [['noatime', 'atime'], / \/m rw,relatime/],
  [['nodiratime'], /nodiratime/],
  [['nodiratime', 'diratime'], / \/m rw,relatime/],
  [['strictatime'], / \/m rw( |,(?!relatime))/],
  [['relatime', 'silent', 'loud', 'async', 'nomand', 'noiversion'], /relatime/],
  [['sync'], / rw,sync/],
  [['dirsync'], / rw,dirsync/],
  [['lazytime'], / rw,lazytime/],
  [['size=64k', 'mode=700'], /size=64k,mode=700/],
];

const mounts: Case[] = [
  ...options.map(([list, expected]) =>
    inside(`mounts: tmpfs ${list.join(',')}`, shown, expected, (config) => {
      config.mounts.push(tmpfs('/m', ...list));
    }),
  ),
  ...(
    [
      [['bind', 'ro', 'nosuid'], / \/m ro,nosuid/],
      [['rbind', 'rro', 'rnosuid', 'rnodev', 'rnoexec'], / \/m ro,nosuid,nodev,noexec/],
      [['rbind', 'rro', 'rrw', 'rnoatime'], / \/m rw,noatime/],
      [['rbind', 'rnoexec', 'rexec', 'rnosuid', 'rsuid'], / \/m rw,relatime/],
      [['bind', 'nosymfollow'], /nosymfollow/],
      [['bind', 'rprivate'], / \/m rw,relatime - /],
    ] as Array<[string[], RegExp]>
  ).map(([list, expected]) =>
    inside(`mounts: ${list.join(',')}`, shown, expected, (config, runtime) => {
      config.mounts.push({ destination: '/m', type: 'none', source: source(runtime), options: list });
    }),
  ),
  inside('mounts: a file', 'cat /m', 'of the host', (config, runtime) => {
    const file = path.join(source(runtime), 'file');
    config.mounts.push({ destination: '/m', type: 'bind', source: file, options: ['bind'] });
  }),
  inside('mounts: a source relative to the bundle', 'ls /m/config.json', '/m/config.json', (config) => {
    config.mounts.push({ destination: '/m', type: 'bind', source: '.', options: ['bind'] });
  }),
  inside(
    'mounts: several at one place, the last is seen',
    'ls /m; grep -c " /m " /proc/self/mountinfo',
    'below\nfile\n2',
    (config, runtime) => {
      config.mounts.push(tmpfs('/m'), { destination: '/m', type: 'bind', source: source(runtime), options: ['bind'] });
    },
  ),
  inside(
    'mounts: in a tmpfs that is read-only',
    'ls /m/deep/er; touch /m/x 2>&1 || true',
    /^below\nfile\n.*Read-only/,
    (config, runtime) => {
      config.mounts.push(tmpfs('/m', 'ro'), {
        destination: '/m/deep/er',
        type: 'bind',
        source: source(runtime),
        options: ['bind'],
      });
    },
  ),
  inside(
    'mounts: tmpcopyup',
    'cat /etc/passwd; grep -o " /etc .*- tmpfs" /proc/self/mountinfo | cut -c1-6',
    /^root:.*\n \/etc/,
    (config) => {
      config.mounts.push(tmpfs('/etc', 'tmpcopyup'));
    },
  ),
  inside('mounts: uidMappings of a mount’s own', 'stat -c %u:%g /m/file', '42:43', (config, runtime) => {
    const at = { destination: '/m', type: 'bind', source: source(runtime), options: ['bind', 'idmap'] };
    const mapping = (hostID: number) => [{ containerID: 0, hostID, size: 1 }];
    config.mounts.push({ ...at, uidMappings: mapping(42), gidMappings: mapping(43) });
  }),
  refused('mounts: a source that is not there', (config) => {
    config.mounts.push({ destination: '/m', type: 'bind', source: '/no/such/place', options: ['bind'] });
  }),
  refused('mounts: a file system that is none', (config) => {
    config.mounts.push({ destination: '/m', type: 'nofs', source: 'nofs' });
  }),
];

const devices: Case[] = [
  inside(
    'default devices',
    'for d in null zero full random urandom tty; do stat -c %t:%T /dev/$d; done',
    '1:3\n1:5\n1:7\n1:8\n1:9\n5:0',
  ),
  inside(
    'default links',
    'for l in fd stdin stdout stderr ptmx; do readlink /dev/$l; done',
    /^\/proc\/self\/fd\n\/proc\/self\/fd\/0\n\/proc\/self\/fd\/1\n\/proc\/self\/fd\/2\n(\/dev\/)?pts\/ptmx$/,
  ),
  inside('default devices without a mount at /dev', 'stat -c %t:%T /dev/null', '1:3', (config) => {
    config.mounts = config.mounts.filter(({ destination }: { destination: string }) => !destination.startsWith('/dev'));
  }),
  inside(
    'linux.devices: type, number, mode and owner',
    'stat -c %F,%t:%T,%a,%u:%g /dev/extra',
    'character special file,1:b,640,5:6',
    (c) => {
      c.linux.devices = [{ path: '/dev/extra', type: 'c', major: 1, minor: 11, fileMode: 0o640, uid: 5, gid: 6 }];
    },
  ),
  inside('linux.devices: outside /dev, in a directory to be made', 'stat -c %t:%T /made/extra', '1:b', (config) => {
    config.linux.devices = [{ path: '/made/extra', type: 'c', major: 1, minor: 11 }];
  }),
  inside('linux.devices: a fifo', 'stat -c %F /dev/queue', 'fifo', (config) => {
    config.linux.devices = [{ path: '/dev/queue', type: 'p', fileMode: 0o600 }];
  }),
  refused('linux.devices: an unknown type', (config) => {
    config.linux.devices = [{ path: '/dev/extra', type: 'x', major: 1, minor: 11 }];
  }),
];

const kernel: Case[] = [
  inside('linux.sysctl', 'cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/shmmni', '1\n1234', (config) => {
    config.linux.sysctl = { 'net.ipv4.ip_forward': '1', 'kernel.shmmni': '1234' };
  }),
  refused('linux.sysctl: of the host', (config) => {
    config.linux.sysctl = { 'kernel.core_pattern': 'core' };
  }),
  refused('linux.sysctl: a way around', (config) => {
    config.linux.sysctl = { 'net.ipv4/../../kernel.core_pattern': 'core' };
  }),
  inside('linux.personality', 'uname -m', 'i686', (config) => {
    config.linux.personality = { domain: 'LINUX32' };
  }),
  inside('linux.timeOffsets', 'test "$(cut -d. -f1 /proc/uptime)" -gt 1000000 && echo later', 'later', (config) => {
    config.linux.namespaces.push({ type: 'time' });
    config.linux.timeOffsets = { boottime: { secs: 1_000_000 } };
  }),
  inside(
    'linux.uidMappings',
    'id -u; tr -s " " < /proc/self/uid_map; stat -c %u /dev/null',
    '0\n 0 1600000 65536\n65534',
    mapped,
  ),
];

export const fields: Case[] = [...process, ...root, ...mounts, ...devices, ...kernel];
