/** Capability sets as `--cap-add` and `--cap-drop` ask for them. Pure. */
import { EngineError } from '@berth/shared/errors';

const allNames =
  'CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE';
export const allCapabilities: readonly string[] = allNames.split(' ').map((name) => `CAP_${name}`);

/** Docker's 14. */
export const defaultCapabilities: readonly string[] =
  'CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT KILL AUDIT_WRITE'
    .split(' ')
    .map((name) => `CAP_${name}`);

/** @throws invalid-parameter for a name the kernel does not have */
export function capabilitiesFor(options: { privileged: boolean; add: string[]; drop: string[] }): string[] {
  if (options.privileged) return [...allCapabilities];
  const add = options.add.map(canonical);
  const drop = options.drop.map(canonical);
  const base = add.includes('ALL') ? allCapabilities : drop.includes('ALL') ? [] : defaultCapabilities;
  const set = new Set([...base, ...add.filter((name) => name !== 'ALL')]);
  for (const name of drop) set.delete(name);
  return allCapabilities.filter((name) => set.has(name));
}

function canonical(name: string): string {
  const upper = name.toUpperCase();
  if (upper === 'ALL' || upper === 'CAP_ALL') return 'ALL';
  const full = upper.startsWith('CAP_') ? upper : `CAP_${upper}`;
  if (!allCapabilities.includes(full)) {
    throw new EngineError('invalid-parameter', `invalid capability: unknown capability: "${name}"`);
  }
  return full;
}
