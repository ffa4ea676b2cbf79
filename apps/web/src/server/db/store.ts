/** Everything the dashboard keeps, as functions named for what they mean. SQL and the ORM stay in this folder. */
import { auditStore } from './audit.ts';
import { openDb } from './client.ts';
import { eventStore } from './events.ts';
import { hostStore } from './hosts.ts';
import { inventoryStore } from './inventory.ts';
import { registryStore } from './registries.ts';
import { rollupStore } from './rollups.ts';
import { userStore } from './users.ts';
import { volumeStore } from './volumes.ts';

export type Store = ReturnType<typeof openStore>;

export function openStore(file: string) {
  const db = openDb(file);
  return {
    users: userStore(db),
    hosts: hostStore(db),
    inventory: inventoryStore(db),
    volumes: volumeStore(db),
    events: eventStore(db),
    registries: registryStore(db),
    rollups: rollupStore(db),
    audit: auditStore(db),
    close: () => void db.$client.close(),
  };
}
