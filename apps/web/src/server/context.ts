/**
 * What the custom server builds once and the pages' bundles use. Next compiles its own copies of the modules here, so
 * everything with a state hangs on one object of the process, never on a module variable.
 */
import type { Agents } from './agents/agents.ts';
import type { Limiter } from './auth/limiter.ts';
import type { Store } from './db/store.ts';
import type { Jobs } from './jobs/jobs.ts';
import type { Live } from './live/live.ts';
import type { Secrets } from './secrets.ts';
import type { Updates } from './updates/updates.ts';

export interface BerthServer {
  store: Store;
  agents: Agents;
  live: Live;
  limiter: Limiter;
  jobs: Jobs;
  secrets: Secrets;
  updates: Updates;
  /** What the one-time link of a dashboard without users carries; null once there is one. */
  setupToken: string | null;
  /** Where browsers and agents find the dashboard, when it was told (BERTH_PUBLIC_URL); else by the request's Host. */
  publicUrl: string | null;
}

const key = Symbol.for('berth.server');
const holder: typeof globalThis & { [key]?: BerthServer } = globalThis;

export function installServer(server: BerthServer | undefined): void {
  if (server) holder[key] = server;
  else delete holder[key];
}

export function server(): BerthServer {
  const installed = holder[key];
  if (!installed) throw new Error('The dashboard is started by its server.ts.');
  return installed;
}
