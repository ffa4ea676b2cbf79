/** Loads the AppArmor profile of containers: the one program that the agent starts, once, before there is any of them. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const name = 'berth-default';

/**
 * Replaces the profile in the kernel, from where containers of before have it too.
 * @returns its name, or null and why there is none
 */
export async function loadAppArmorProfile(): Promise<{ profile: string | null; warning?: string }> {
  const file = fileURLToPath(import.meta.resolve('@berth/native/profiles/berth-default.apparmor'));
  try {
    await promisify(execFile)('apparmor_parser', ['--replace', '--skip-cache', file], { timeout: 30_000 });
    return { profile: name };
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    const why = missing ? 'apparmor_parser is not installed (package apparmor)' : String(error);
    return { profile: null, warning: `Containers run without an AppArmor profile: ${why}.` };
  }
}
