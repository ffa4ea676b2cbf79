'use client';
import type { LiveMessage } from '@berth/shared/live/live';
import { useRouter } from 'next/navigation';
import { createContext, type ReactNode, useContext, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { LiveConnection, type LiveStatus } from './live-connection.ts';

const LiveContext = createContext<LiveConnection | null>(null);

const refreshAfterMs = 150;

/** Opens the connection for all pages below, and renews their server data when the inventory changes. */
export function LiveProvider({ inventoryVersion, children }: { inventoryVersion: string; children: ReactNode }) {
  const [connection] = useState(() => new LiveConnection());
  useEffect(() => {
    connection.start();
    return () => connection.stop();
  }, [connection]);
  return (
    <LiveContext value={connection}>
      <InventoryRefresh inventoryVersion={inventoryVersion} />
      {children}
    </LiveContext>
  );
}

export function useLiveConnection(): LiveConnection {
  const connection = useContext(LiveContext);
  if (!connection) throw new Error('A live component stands outside of LiveProvider.');
  return connection;
}

export function useLiveStatus(): LiveStatus {
  const connection = useLiveConnection();
  return useSyncExternalStore(connection.onStatus, connection.status, () => 'connecting');
}

/** Calls `onMessage` with every message while mounted; null watches nothing. */
export function useLiveTopic(topic: string | null, onMessage: (message: LiveMessage) => void): void {
  const connection = useLiveConnection();
  const latest = useRef(onMessage);
  useEffect(() => {
    latest.current = onMessage;
  });
  useEffect(() => {
    if (!topic) return;
    const stop = connection.watch(topic, (message) => latest.current(message));
    connection.refresh(topic);
    return stop;
  }, [connection, topic]);
}

/**
 * Renews the page's server data when the inventory has another version than the page was made of: after a change, and
 * when the connection opens or comes back, for what changed before. The first change refreshes soon, those that follow
 * are gathered, and a burst never refreshes more than a few times a second.
 */
function InventoryRefresh({ inventoryVersion }: { inventoryVersion: string }) {
  const router = useRouter();
  const connection = useLiveConnection();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const shown = useRef(inventoryVersion);
  useEffect(() => {
    shown.current = inventoryVersion;
  }, [inventoryVersion]);
  useLiveTopic('inventory', (message) => {
    if (message.type !== 'inventory' || message.version === shown.current) return;
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      // Without a dashboard to answer, the router would leave the page for the browser's own error page. When the
      // connection is back, its first message brings us here again.
      if (connection.status() === 'open') router.refresh();
    }, refreshAfterMs);
  });
  useEffect(() => () => clearTimeout(timer.current), []);
  return null;
}
