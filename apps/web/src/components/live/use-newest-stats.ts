'use client';
import type { ContainerStats, HostStats } from '@berth/shared/protocol/stats-fields';
import { useRef, useState } from 'react';
import { useLiveTopic } from './live-provider.tsx';

export interface NewestStats {
  /** By `hostId/containerId`. */
  containers: ReadonlyMap<string, ContainerStats>;
  hosts: ReadonlyMap<string, HostStats>;
}

/** Every container's and host's newest sample, for lists. */
export function useNewestStats(): NewestStats {
  const [stats, setStats] = useState<NewestStats>({ containers: new Map(), hosts: new Map() });
  const pending = useRef<NewestStats>(stats);
  useLiveTopic('stats', (message) => {
    if (message.type !== 'stats') return;
    const containers = new Map(pending.current.containers);
    for (const entry of message.containers) containers.set(`${entry.hostId}/${entry.containerId}`, entry.stats);
    const hosts = new Map(pending.current.hosts);
    for (const entry of message.hosts) hosts.set(entry.hostId, entry.stats);
    pending.current = { containers, hosts };
    setStats(pending.current);
  });
  return stats;
}
