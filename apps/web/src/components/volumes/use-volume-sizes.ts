'use client';
import { useCallback, useEffect, useState } from 'react';
import type { VolumeView } from '@/server/views.ts';
import { volumeSource } from './volume-types.ts';

export type HostSizes = { state: 'asking' } | { state: 'known'; sizes: Record<string, number> } | { state: 'unknown' };

/**
 * The sizes of the volumes of these hosts, asked when the page already stands: a host walks through every file for it.
 * They are asked once, and again when a person wants it.
 */
export function useVolumeSizes(hostIds: string[]) {
  const [byHost, setByHost] = useState<Record<string, HostSizes>>({});
  const ask = useCallback(async (hostId: string, signal?: AbortSignal) => {
    setByHost((kept) => ({ ...kept, [hostId]: { state: 'asking' } }));
    const next = await readSizes(hostId, signal);
    if (!signal?.aborted) setByHost((kept) => ({ ...kept, [hostId]: next }));
  }, []);
  const key = hostIds.join(' ');
  useEffect(() => {
    const abort = new AbortController();
    for (const hostId of key.split(' ').filter(Boolean)) ask(hostId, abort.signal);
    return () => abort.abort();
  }, [key, ask]);
  return {
    /** undefined: being measured; null: nobody knows. */
    sizeOf: ({ hostId, name, options }: Pick<VolumeView, 'hostId' | 'name' | 'options'>): number | null | undefined => {
      if (volumeSource({ options }) !== null) return null;
      const host = byHost[hostId];
      if (!host) return hostIds.includes(hostId) ? undefined : null;
      if (host.state === 'asking') return undefined;
      return host.state === 'known' ? (host.sizes[name] ?? null) : null;
    },
    isAsking: Object.values(byHost).some(({ state }) => state === 'asking'),
    askAgain: () => {
      for (const hostId of hostIds) ask(hostId);
    },
  };
}

async function readSizes(hostId: string, signal: AbortSignal | undefined): Promise<HostSizes> {
  try {
    const answer = await fetch(`/api/hosts/${hostId}/volumes/sizes`, { cache: 'no-store', ...(signal && { signal }) });
    if (!answer.ok) return { state: 'unknown' };
    const value: unknown = await answer.json();
    if (typeof value !== 'object' || value === null) return { state: 'unknown' };
    const sizes = Object.entries(value).filter((entry): entry is [string, number] => typeof entry[1] === 'number');
    return { state: 'known', sizes: Object.fromEntries(sizes) };
  } catch {
    return { state: 'unknown' };
  }
}
