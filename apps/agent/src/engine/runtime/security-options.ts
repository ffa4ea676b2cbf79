/** `--security-opt`, as the docker CLI sends it: `key=value`, the older `key:value`, or a word alone. Pure. */
import { EngineError } from '@berth/shared/errors';
import { parseProfile, type SeccompProfile } from './seccomp-profile.ts';

export interface SecurityOptions {
  /** null: nothing was said. */
  seccomp: 'builtin' | 'unconfined' | SeccompProfile | null;
  noNewPrivileges: boolean | null;
  /** A profile's name, or `unconfined`. */
  appArmor: string | null;
  /** SELinux: `disable`, `type:T` and the like, as they are. */
  labels: string[];
  systemPaths: 'unconfined' | null;
  writableCgroups: boolean | null;
}

const parsed = new WeakMap<readonly string[], SecurityOptions>();

/** @throws invalid-parameter */
export function securityOptions(list: readonly string[]): SecurityOptions {
  // A profile is large, and a record's list is read for every start, exec and inspect.
  const known = parsed.get(list) ?? parse(list);
  parsed.set(list, known);
  return known;
}

function parse(list: readonly string[]): SecurityOptions {
  const options: SecurityOptions = {
    seccomp: null,
    noNewPrivileges: null,
    appArmor: null,
    labels: [],
    systemPaths: null,
    writableCgroups: null,
  };
  const seen = new Set<string>();
  for (const text of list) {
    const at = text.search(/[=:]/);
    const key = at < 0 ? text : text.slice(0, at);
    const value = at < 0 ? null : text.slice(at + 1);
    if (key !== 'label' && seen.has(key)) throw invalid(text, `${key} is given twice`);
    seen.add(key);
    read(options, text, key, value);
  }
  return options;
}

function read(options: SecurityOptions, text: string, key: string, value: string | null): void {
  if (key === 'no-new-privileges') options.noNewPrivileges = value === null || truth(text, value);
  else if (value === null || value === '') throw invalid(text, 'it needs a value');
  else if (key === 'seccomp') options.seccomp = seccomp(value);
  else if (key === 'apparmor') options.appArmor = appArmor(text, value);
  else if (key === 'label') options.labels.push(label(text, value));
  else if (key === 'writable-cgroups') options.writableCgroups = truth(text, value);
  else if (key === 'systempaths' && value === 'unconfined') options.systemPaths = value;
  else throw invalid(text, 'it is not known');
}

function seccomp(value: string): SecurityOptions['seccomp'] {
  return value === 'unconfined' || value === 'builtin' ? value : parseProfile(value);
}

/** Neither a namespace (`:name:`), nor a stack (`a//&b`), nor anything that the kernel's file would read as two words. */
function appArmor(text: string, value: string): string {
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/.test(value))
    throw invalid(text, 'a profile name is letters, digits, _ . -');
  return value;
}

function label(text: string, value: string): string {
  if (!/^(disable|(user|role|type):[A-Za-z0-9_.-]{1,64}|level:[A-Za-z0-9_.,:-]{1,128})$/.test(value))
    throw invalid(text, 'a label is disable, user:U, role:R, type:T or level:L');
  return value;
}

function truth(text: string, value: string): boolean {
  if (['true', '1', 't', 'T', 'TRUE', 'True'].includes(value)) return true;
  if (['false', '0', 'f', 'F', 'FALSE', 'False'].includes(value)) return false;
  throw invalid(text, 'it is true or false');
}

function invalid(text: string, why: string): EngineError {
  const shown = text.length > 80 ? `${text.slice(0, 80)}…` : text;
  return new EngineError('invalid-parameter', `invalid --security-opt: ${JSON.stringify(shown)}: ${why}`);
}
