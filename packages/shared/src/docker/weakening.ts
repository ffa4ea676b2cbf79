/** What makes a container weaker than one gets by default: a closed list, which the agent finds and pages show. */
import { z } from 'zod';

export const weakeningKinds = [
  'privileged',
  'host-pid',
  'host-network',
  'host-ipc',
  'host-uts',
  'host-cgroup',
  'host-user',
  'host-root',
  'shared-pid',
  'shared-network',
  'shared-ipc',
  'shared-uts',
  'shared-cgroup',
  'shared-user',
  'capability',
  'seccomp-off',
  'seccomp-custom',
  'apparmor-off',
  'apparmor-custom',
  'selinux-off',
  'new-privileges',
  'unmasked-path',
  'writable-path',
  'device',
  'device-rule',
  'host-path',
  'mount-propagation',
  'sysctl',
  'writable-cgroup',
  'pids-unlimited',
  'oom-protected',
  'hook',
] as const;

export type WeakeningKind = (typeof weakeningKinds)[number];

export const weakening = z.object({
  kind: z.enum(weakeningKinds),
  /** Which one, where there are several: a capability, a path of the host, a device, a sysctl, a container. */
  detail: z.string(),
  /** Where a path of the host appears inside; empty for the others. */
  at: z.string().default(''),
});
export type Weakening = z.infer<typeof weakening>;
