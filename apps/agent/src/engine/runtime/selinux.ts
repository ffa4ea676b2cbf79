/**
 * SELinux labels of a container, from what was asked for and its pair of categories. Pure. A process may touch what has
 * the container's type and no category that it lacks: the pair keeps containers from each other's files.
 */
import type { HostConfig } from '@berth/shared/docker/container';
import { EngineError } from '@berth/shared/errors';

/** The host's, where it is active. */
export interface Selinux {
  /** Whether the policy has such a label. */
  isKnown(label: string): boolean;
}

export interface Labels {
  /** Of its processes. */
  process: string;
  /** Of its files. */
  mount: string;
}

const defaults = { user: 'system_u', role: 'system_r', type: 'container_t' };
const fileType = 'container_file_t';
/** No container gets this pair: files of those without categories of their own have it. */
export const reservedLevel = 's0:c1022,c1023';
const sharedLevel = 's0';
const privileged: Labels = {
  process: 'system_u:system_r:spc_t:s0',
  mount: `system_u:object_r:${fileType}:${reservedLevel}`,
};
/** What a policy without container types does not know. */
export const exampleLabel = labels({ ...defaults, level: 's0:c1,c2' }).process;

interface LabelOptions {
  isDisabled: boolean;
  parts: Partial<Record<'user' | 'role' | 'type' | 'level', string>>;
}

const syntax = /^label[:=](?:(disable)|(user|role|type)[:=]([A-Za-z0-9_.-]+)|(level)[:=](s\d+(?:-s\d+)?[:c\d.,s-]*))$/;

/** Of `--security-opt label=…`; null when there is none. @throws invalid-parameter */
export function labelOptions(securityOpt: readonly string[]): LabelOptions | null {
  const given = securityOpt.filter((option) => /^label([:=]|$)/.test(option));
  if (given.length === 0) return null;
  const options: LabelOptions = { isDisabled: false, parts: {} };
  for (const option of given) {
    const [, disable, name, value, level, range] = syntax.exec(option) ?? [];
    if (disable !== undefined) options.isDisabled = true;
    else if (name === 'user' || name === 'role' || name === 'type') options.parts[name] = value ?? '';
    else if (level !== undefined) options.parts.level = range ?? '';
    else throw new EngineError('invalid-parameter', `invalid --security-opt: ${JSON.stringify(option)}`);
  }
  return options;
}

/** Whose labels a container has: `pair` is for one with categories of its own, `of` tells another container's. */
export function labelsFor(
  hostConfig: HostConfig,
  pair: () => string,
  of: (reference: string) => Labels | null,
): Labels {
  const options = labelOptions(hostConfig.SecurityOpt);
  if (options !== null) {
    const { parts } = options;
    return options.isDisabled ? privileged : labels({ ...defaults, ...parts, level: parts.level ?? pair() });
  }
  const { PidMode: pidMode, IpcMode: ipcMode } = hostConfig;
  // Processes and memory of others are its own to reach: the label must not stand between them.
  if (hostConfig.Privileged || pidMode === 'host' || ipcMode === 'host') return privileged;
  const joined = [ipcMode, pidMode].find((mode) => mode.startsWith('container:'));
  const others = joined === undefined ? null : of(joined.slice('container:'.length));
  return others ?? labels({ ...defaults, level: pair() });
}

/** What all containers may read and write. */
export const sharedLabel = (own: Labels) => [...own.mount.split(':').slice(0, 3), sharedLevel].join(':');

/** The level of a label, with its categories. */
export const levelOf = (own: Labels) => own.process.split(':').slice(3).join(':');

function labels(parts: { user: string; role: string; type: string; level: string }): Labels {
  const { user, role, type, level } = parts;
  return { process: `${user}:${role}:${type}:${level}`, mount: `${user}:object_r:${fileType}:${level}` };
}
