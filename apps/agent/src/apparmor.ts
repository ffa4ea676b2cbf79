/** Loads the AppArmor profile of containers: the one program that the agent starts, once, before there is any of them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const name = 'berth-default';

/**
 * Replaces the profile in the kernel, from where containers of before have it too.
 * @returns its name, or null and why there is none
 */
export async function loadAppArmorProfile(): Promise<{ profile: string | null; warning?: string }> {
  try {
    const file = fileURLToPath(import.meta.resolve('@berth/native/profiles/berth-default.apparmor'));
    await parse(withAgent(readFileSync(file, 'utf8'), ownProfiles()));
    return { profile: name };
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    const why = missing ? 'apparmor_parser is not installed (package apparmor)' : String(error);
    return { profile: null, warning: `Containers run without an AppArmor profile: ${why}.` };
  }
}

async function parse(profile: string): Promise<void> {
  const parser = spawn('apparmor_parser', ['--replace', '--skip-cache'], { timeout: 30_000 });
  parser.stdin.on('error', () => undefined); // it may end before it has read all
  parser.stdin.end(profile);
  const [said, [code]] = await Promise.all([text(parser.stderr), once(parser, 'close')]);
  if (code !== 0) throw new Error(said.trim());
}

/** Profiles that confine the agent itself, and so its supervisors. */
function ownProfiles(): string[] {
  const label = readFileSync('/proc/self/attr/apparmor/current', 'utf8').replace(/ \(\w+\)\s*$/, '');
  return label.split('//&').map((one) => one.trim());
}

/** Signals come from them: the profile must know their names. */
function withAgent(profile: string, own: string[]): string {
  const names = own.filter((one) => one !== 'unconfined' && !/["\n]/.test(one));
  return profile.replace('@{agent}=unconfined', ['@{agent}=unconfined', ...names.map((one) => `"${one}"`)].join(' '));
}
