/** What a container's program is given, from its record. Pure. */
import { capabilitiesFor } from '../runtime/capabilities.ts';
import { resolveProfile, type SeccompProfile } from '../runtime/seccomp-profile.ts';
import { isSeccompOff } from '../runtime/spec.ts';
import type { ResolvedUser } from '../runtime/user.ts';
import type { ContainerRecord } from './store.ts';

export function environment(record: ContainerRecord, user: ResolvedUser): string[] {
  const has = (name: string) => record.config.Env.some((entry) => entry.startsWith(`${name}=`));
  return [
    ...(has('PATH') ? [] : ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin']),
    `HOSTNAME=${record.config.Hostname}`,
    ...(record.config.Tty && !has('TERM') ? ['TERM=xterm'] : []),
    ...record.config.Env,
    ...(has('HOME') ? [] : [`HOME=${user.home}`]),
  ];
}

export function workingDirectory(record: ContainerRecord): string {
  return record.config.WorkingDir === '' ? '/' : record.config.WorkingDir;
}

/** The OCI linux.seccomp object, or null when it is turned off. */
export function seccompFor(record: ContainerRecord, profile: SeccompProfile): object | null {
  if (isSeccompOff(record)) return null;
  const { CapAdd: add, CapDrop: drop } = record.hostConfig;
  return resolveProfile(profile, capabilitiesFor({ privileged: false, add, drop }), process.arch);
}

export function logOptions(record: ContainerRecord, path: string) {
  if (record.hostConfig.LogConfig?.Type === 'none') return null;
  const options = record.hostConfig.LogConfig?.Config ?? {};
  return {
    path,
    maxSizeBytes: sizeBytes(options['max-size'] ?? ''),
    maxFiles: Number(options['max-file'] ?? 1) || 1,
  };
}

/** Docker's 10m, 1g, 512k. */
function sizeBytes(text: string): number {
  const found = /^(\d+)([kmg]?)b?$/i.exec(text);
  return found === null
    ? 0
    : Number(found[1]) * ({ k: 1024, m: 1024 ** 2, g: 1024 ** 3 }[found[2]?.toLowerCase() ?? ''] ?? 1);
}
