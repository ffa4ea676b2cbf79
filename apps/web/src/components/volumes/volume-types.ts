import type { ActionResult, VolumeView } from '@/server/views.ts';

export type VolumeTarget = Pick<VolumeView, 'hostId' | 'name'>;

export interface PruneOutcome {
  removed: string[];
  refused: { name: string; message: string }[];
}

export interface VolumeMutations {
  remove: (hostId: string, name: string) => Promise<ActionResult>;
  prune: (hostId: string, names: string[]) => Promise<ActionResult<PruneOutcome>>;
}

export function volumeHref({ hostId, name }: VolumeTarget, tab?: string): string {
  return `/hosts/${hostId}/volumes/${encodeURIComponent(name)}${tab ? `?tab=${tab}` : ''}`;
}

export function volumeKey({ hostId, name }: VolumeTarget): string {
  return `${hostId}/${name}`;
}

/** What nobody named has a long name that says nothing. */
export function shortName({ name, isAnonymous }: Pick<VolumeView, 'name' | 'isAnonymous'>): string {
  return isAnonymous && name.length > 24 ? `${name.slice(0, 12)}…` : name;
}

/** Where the files are when that is not a directory of the host's own data: only containers get to them there. */
export function volumeSource({ options }: Pick<VolumeView, 'options'>): 'bind' | 'tmpfs' | 'other' | null {
  if (Object.keys(options).length === 0) return null;
  if (options.type === 'tmpfs') return 'tmpfs';
  return options.o?.split(',').includes('bind') ? 'bind' : 'other';
}
