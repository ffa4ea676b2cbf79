/** What this host's SELinux knows, asked of the kernel through selinuxfs. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { exampleLabel, type Selinux } from './engine/runtime/selinux.ts';

/** Null where SELinux is not active. */
export function openSelinux(): Selinux | null {
  try {
    // The kernel checks what is written here, and nothing else happens.
    writeFileSync('/sys/fs/selinux/context', readFileSync('/proc/self/attr/current'), { flag: 'r+' });
  } catch {
    return null;
  }
  return {
    isKnown(label) {
      try {
        writeFileSync('/sys/fs/selinux/context', label, { flag: 'r+' });
        return true;
      } catch {
        return false;
      }
    },
  };
}

/** What is missing in words; nothing where SELinux is off. */
export function selinuxWarnings(selinux: Selinux | null): string[] {
  if (selinux === null || selinux.isKnown(exampleLabel)) return [];
  const module = fileURLToPath(import.meta.resolve('@berth/native/profiles/berth-container.cil'));
  return [
    `SELinux is on, but its policy has no types for containers, which run without a label of their own. Install container-selinux, or run: semodule -i ${module}`,
  ];
}
