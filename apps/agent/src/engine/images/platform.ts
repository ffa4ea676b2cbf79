/** The platform of this host, and the choice among those of an index. */
import { EngineError } from '@berth/shared/errors';
import { z } from 'zod';

export interface Platform {
  os: string;
  architecture: string;
  variant?: string | undefined;
}

export function architecture(): string {
  const known: Record<string, string> = { x64: 'amd64', arm64: 'arm64' };
  return known[process.arch] ?? process.arch;
}

export const hostPlatform = (): Platform => ({ os: 'linux', architecture: architecture() });

const name = z.string().regex(/^[a-zA-Z0-9_.-]+$/);
const asObject = z
  .string()
  .transform((text, check) => {
    try {
      return JSON.parse(text);
    } catch {
      check.addIssue('not JSON');
      return z.NEVER;
    }
  })
  .pipe(z.object({ os: name, architecture: name, variant: z.union([name, z.literal('')]).optional() }));

/** `linux/arm64/v8`, `arm64` or, from newer clients, JSON. Null: this host's. @throws invalid-parameter */
export function parsePlatform(text: string | null): Platform | null {
  if (text === null || text === '') return null;
  const written = text.startsWith('{') ? asObject.safeParse(text).data : undefined;
  if (written !== undefined) {
    const { os, architecture, variant } = written;
    return { os, architecture: normal(architecture), ...(variant === undefined || variant === '' ? {} : { variant }) };
  }
  const parts = text.split('/');
  const [first = '', second, variant] = parts;
  if (parts.length > 3 || parts.some((part) => !/^[a-zA-Z0-9_.-]+$/.test(part))) {
    throw new EngineError('invalid-parameter', `"${text}" is an invalid platform: expected os/architecture[/variant]`);
  }
  if (second === undefined) return first === 'linux' ? hostPlatform() : { os: 'linux', architecture: normal(first) };
  return { os: first, architecture: normal(second), ...(variant === undefined ? {} : { variant }) };
}

const normal = (name: string) => ({ x86_64: 'amd64', 'x86-64': 'amd64', aarch64: 'arm64' })[name] ?? name;

/** The entry for the platform; null when none fits. Those of attestations (`unknown/unknown`) never do. */
export function choose<T extends { platform?: Platform | undefined }>(
  entries: readonly T[],
  wanted: Platform,
): T | null {
  const fitting = entries.filter(
    ({ platform }) => platform?.os === wanted.os && platform.architecture === wanted.architecture,
  );
  const exact = fitting.find(({ platform }) => platform?.variant === wanted.variant);
  return exact ?? (wanted.variant === undefined || wanted.architecture === 'arm64' ? (fitting[0] ?? null) : null);
}
