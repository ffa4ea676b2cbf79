/** What this host can give containers, and what it cannot, in words: `berth-agent doctor` and the host's page. */
import { readFileSync } from 'node:fs';
import os from 'node:os';
import { type HostFeatures, probeHost } from '@berth/native';
import type { HostFacts } from '@berth/shared/protocol/control';

export type { HostFeatures };

export const agentVersion = '0.1.0';

export const probe = (): Promise<HostFeatures> => probeHost();

export function warningsFor(features: HostFeatures): string[] {
  const lacking: [boolean, string][] = [
    [
      features.openat2,
      'The kernel has no openat2: paths inside images cannot be resolved safely (Linux 5.6 is needed).',
    ],
    [
      features.userNamespaces,
      'User namespaces are off: a container’s root is the host’s root, fenced by the other walls alone.',
    ],
    [
      features.idmappedMounts,
      'The kernel has no idmapped mounts (Linux 5.12): containers run without a user namespace of their own.',
    ],
    [features.seccomp, 'The kernel has no seccomp: containers may make every system call.'],
    [features.appArmor || features.selinux, 'Neither AppArmor nor SELinux is active: that wall is missing.'],
    [
      features.cgroup === 'v2',
      'cgroups are v1 or hybrid: limits hold, but memory pressure and io cost are not measured.',
    ],
    [
      features.capSysResource,
      'Root here lacks CAP_SYS_RESOURCE: hard limits cannot be raised, oom_score_adj cannot be lowered.',
    ],
    [
      features.nftables,
      'The kernel has no nftables: ports cannot be published and containers cannot reach the outside.',
    ],
  ];
  return lacking.filter(([has]) => !has).map(([, text]) => text);
}

export async function hostFacts(features: HostFeatures): Promise<HostFacts> {
  return {
    hostname: os.hostname(),
    agentVersion,
    engineApiVersion: '1.50',
    os: prettyName(),
    kernel: os.release(),
    architecture: os.machine(),
    cpuCount: os.availableParallelism(),
    memoryBytes: os.totalmem(),
    bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
    features: Object.fromEntries(
      Object.entries(features).map(([name, value]) => [name, Array.isArray(value) ? value.join(' ') : value]),
    ),
    warnings: warningsFor(features),
  };
}

function prettyName(): string {
  try {
    return /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'Linux';
  } catch {
    return 'Linux';
  }
}
