/** Both ends of the link as they are, on loopback: the dashboard without its pages, the agent's link around an HTTP server. */
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import type { HostFacts } from '@berth/shared/protocol/control';
import { addEnrolmentToken } from '../../../web/src/server/inventory/add-enrolment-token.ts';
import { type Dashboard, startDashboard } from '../../../web/src/server/start.ts';
import { openDatabase } from '../../src/engine/database.ts';
import { createEvents, type Events, eventsSchema } from '../../src/engine/events.ts';
import { createHostReader } from '../../src/engine/stats/host.ts';
import type { RawRow, Tick } from '../../src/engine/stats/sampler.ts';
import { enroll } from '../../src/link/enroll.ts';
import { createLink, type Link } from '../../src/link/session.ts';

export const facts: HostFacts = {
  hostname: 'testhost',
  agentVersion: '0.1.0',
  engineApiVersion: '1.50',
  os: 'test',
  kernel: 'test',
  architecture: 'x86_64',
  cpuCount: 2,
  memoryBytes: 1024,
  bootId: 'boot',
  features: { cgroup: 'v2' },
  warnings: [],
};

export async function temporaryDirectory(): Promise<string> {
  return await mkdtemp(path.join(os.tmpdir(), 'berth-link-'));
}

export async function startWeb(dataDir: string, port = 0): Promise<Dashboard & { port: number }> {
  const dashboard = await startDashboard(
    {
      host: '127.0.0.1',
      port,
      dataDir,
      publicUrl: null,
      trustProxy: false,
      administrator: { email: 'admin@example.org', password: 'a good long password' },
      localEnrollFile: null,
      heartbeatMs: 500,
    },
    async () => async (_request, response) => void response.writeHead(404).end(),
  );
  return { ...dashboard, port: Number(new URL(dashboard.url).port) };
}

export interface TestAgent {
  dataDir: string;
  events: Events;
  link: Link;
  api: http.Server;
  /** As the sampler would: one tick at that time, with these containers. */
  tick(timeMs: number, rows: Record<string, RawRow>): void;
  enroll(url: string, token: string): Promise<{ hostId: string; isNew: boolean }>;
  stop(): Promise<void>;
}

/** `api` answers like the engine; by default it has no containers and no images. */
export async function createAgent(handler: http.RequestListener = answerEmpty): Promise<TestAgent> {
  const dataDir = await temporaryDirectory();
  const database = openDatabase(path.join(dataDir, 'agent.db'), [eventsSchema]);
  const events = createEvents(database);
  const listeners = new Set<(tick: Tick) => void>();
  const readHost = createHostReader({ diskPath: '/', isOurs: () => false });
  const api = http.createServer(handler);
  const link = createLink({
    apiServer: api,
    events,
    sampler: {
      subscribe(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    facts: async () => facts,
    dataDir,
    random: () => 0,
  });
  return {
    dataDir,
    events,
    link,
    api,
    tick(timeMs, rows) {
      for (const listener of listeners) listener({ timeMs, rows: new Map(Object.entries(rows)), host: readHost() });
    },
    enroll: (url, token) => enroll({ url, token, dataDir, facts }),
    async stop() {
      link.stop();
      api.closeAllConnections();
      database.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

export function newEnrolmentToken(dashboard: Dashboard, now = Date.now()): string {
  return addEnrolmentToken(dashboard.server.store, null, now).token;
}

/** Polls until the condition holds; the test's message when it never does. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  withinMs = 8_000,
): Promise<void> {
  const end = Date.now() + withinMs;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`Did not happen in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const answerEmpty: http.RequestListener = (_request, response) => {
  response.setHeader('content-type', 'application/json');
  response.end('[]');
};
