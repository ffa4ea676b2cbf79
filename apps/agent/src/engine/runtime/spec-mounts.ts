/** What is mounted in a container: the kernel's own file systems, our three files in /etc, what was asked for. Pure. */
import type { Mount } from '@berth/shared/oci/runtime-spec';
import type { ContainerMount } from '../containers/store.ts';
import { securityOptions } from './security-options.ts';
import type { SpecInput } from './spec.ts';
import { slotOf } from './uid-ranges.ts';

const shmBytesDefault = 64 * 1024 * 1024;

export function specMounts({ record, etcFiles, real, devices }: SpecInput): Mount[] {
  const host = record.hostConfig;
  const readOnly = host.Privileged ? 'rw' : 'ro';
  const cgroupReadOnly = (securityOptions(host.SecurityOpt).writableCgroups ?? host.Privileged) ? 'rw' : 'ro';
  const idmap = slotOf(record) === null ? [] : ['idmap'];
  const etc = (source: string, destination: string) => ({
    destination,
    type: 'bind',
    source,
    options: ['bind', 'rprivate', host.ReadonlyRootfs ? 'ro' : 'rw', ...idmap],
  });
  const mine: Mount[] = [
    { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
    {
      destination: '/dev',
      type: 'tmpfs',
      source: 'tmpfs',
      options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'],
    },
    {
      destination: '/dev/pts',
      type: 'devpts',
      source: 'devpts',
      options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
    },
    { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'noexec', 'nodev', readOnly] },
    {
      destination: '/sys/fs/cgroup',
      type: 'cgroup',
      source: 'cgroup',
      options: ['nosuid', 'noexec', 'nodev', 'relatime', cgroupReadOnly],
    },
    { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: ['nosuid', 'noexec', 'nodev'] },
    ...(host.IpcMode === 'none' ? [] : [shm(host.ShmSize > 0 ? host.ShmSize : shmBytesDefault)]),
    etc(etcFiles.hostname, '/etc/hostname'),
    etc(etcFiles.hosts, '/etc/hosts'),
    etc(etcFiles.resolvConf, '/etc/resolv.conf'),
  ];
  const asked = [...record.mounts].sort((a, b) => (a.destination < b.destination ? -1 : 1)); // below comes after
  // What was asked for stands in the place of ours.
  const covered = new Set(asked.map((mount) => mount.destination));
  return [
    ...mine.filter(({ destination }) => !covered.has(destination) || !replaceable.has(destination)),
    ...asked.map((mount) => (mount.type === 'tmpfs' ? tmpfs(mount) : bind(mount, real, idmap))),
    ...(slotOf(record) === null ? [] : devices.map(deviceBind)),
  ];
}

const replaceable = new Set(['/dev/shm', '/dev/mqueue', '/etc/hostname', '/etc/hosts', '/etc/resolv.conf']);

function shm(bytes: number): Mount {
  const options = ['nosuid', 'noexec', 'nodev', 'mode=1777', `size=${bytes}`];
  return { destination: '/dev/shm', type: 'tmpfs', source: 'shm', options };
}

function tmpfs({ destination, options, readOnly }: ContainerMount): Mount {
  const all = ['nosuid', 'nodev', 'noexec', ...options, ...(readOnly ? ['ro'] : [])];
  return { destination, type: 'tmpfs', source: 'tmpfs', options: all };
}

/** Read-only reaches what is mounted below, as of Docker 25, unless the request says otherwise. */
function bind(mount: ContainerMount, real: SpecInput['real'], idmap: string[]): Mount {
  const { recursive = true, recursiveReadOnly = true } = mount;
  const access = !mount.readOnly ? ['rw'] : recursive && recursiveReadOnly ? ['ro', 'rro'] : ['ro'];
  const subpath = mount.subpath === undefined ? [] : [`org.berth.subpath=${mount.subpath}`];
  const propagation = mount.options.length === 0 ? ['rprivate'] : mount.options;
  return {
    destination: mount.destination,
    type: 'bind',
    source: mount.type === 'bind' ? real(mount.source) : mount.source,
    options: [recursive ? 'rbind' : 'bind', ...propagation, ...access, ...idmap, ...subpath],
  };
}

function deviceBind({ device, source }: SpecInput['devices'][number]): Mount {
  return { destination: device.path, type: 'bind', source, options: ['bind', 'rprivate', 'nosuid', 'noexec'] };
}
