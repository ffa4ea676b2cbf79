/** `--sysctl`: only those that belong to a namespace of the container's own. Pure; berth-runtime checks once more. */
import type { HostConfig } from '@berth/shared/docker/container';
import { EngineError } from '@berth/shared/errors';

const ofIpc = new Set(
  'msgmax msgmnb msgmni sem shmall shmmax shmmni shm_rmid_forced'.split(' ').map((name) => `kernel.${name}`),
);

/** @throws invalid-parameter */
export function checkSysctls(host: HostConfig): void {
  for (const [name, value] of Object.entries(host.Sysctls)) {
    const refuse = (why: string) => new EngineError('invalid-parameter', `sysctl ${JSON.stringify(name)} ${why}`);
    // No slash, no empty part: the name becomes a path below /proc/sys.
    if (!/^[a-zA-Z0-9_-]+(\.[a-zA-Z0-9_:-]+)+$/.test(name) || name.length > 400) throw refuse('is no name of a sysctl');
    if (/[\n\0]/.test(value) || value.length > 4096) throw refuse('has a value that is no line');
    const space = spaceOf(name);
    if (space === null) throw refuse('is not of a namespace: it would change the whole host');
    const mode = { ipc: host.IpcMode, network: host.NetworkMode, uts: host.UTSMode }[space];
    if (mode === 'host' || mode.startsWith('container:')) {
      throw refuse(`needs a ${space} namespace of the container's own, not ${mode}`);
    }
  }
}

function spaceOf(name: string): 'ipc' | 'network' | 'uts' | null {
  if (name.startsWith('net.')) return 'network';
  if (ofIpc.has(name) || name.startsWith('fs.mqueue.')) return 'ipc';
  return name === 'kernel.domainname' ? 'uts' : null;
}
