/** What a container's program is given, from its record. Pure. */
import os from 'node:os';
import type { HostConfig } from '@berth/shared/docker/container';
import { capabilitiesFor } from '../runtime/capabilities.ts';
import { resolveProfile, type SeccompProfile } from '../runtime/seccomp-profile.ts';
import { securityOptions } from '../runtime/security-options.ts';
import { containerCapabilities, seccompChoice } from '../runtime/spec.ts';
import type { ResolvedUser } from '../runtime/user.ts';
import { byteSize } from './byte-size.ts';
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
export function seccompFor(host: HostConfig, builtin: SeccompProfile): object | null {
  const { seccomp } = securityOptions(host.SecurityOpt);
  if (seccompChoice(host) === 'off') return null;
  const profile = typeof seccomp === 'object' && seccomp !== null ? seccomp : builtin;
  return resolveProfile(profile, target(containerCapabilities(host)));
}

/** What most containers get: compiled before the first of them. */
export const defaultFilter = (builtin: SeccompProfile) =>
  resolveProfile(builtin, target(capabilitiesFor({ privileged: false, add: [], drop: [] })));

const target = (capabilities: readonly string[]) => ({
  capabilities,
  architecture: process.arch,
  kernelRelease: os.release(),
});

export function logOptions(record: ContainerRecord, path: string) {
  if (record.hostConfig.LogConfig?.Type === 'none') return null;
  const options = record.hostConfig.LogConfig?.Config ?? {};
  return {
    path,
    maxSizeBytes: byteSize(options['max-size'] ?? '') ?? 0,
    maxFiles: Number(options['max-file'] ?? 1) || 1,
  };
}
