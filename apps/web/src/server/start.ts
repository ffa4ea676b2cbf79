/** Builds the dashboard's state and its HTTP server around a handler for pages. server.ts gives it Next's; tests their own. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import path from 'node:path';
import type { Duplex } from 'node:stream';
import { createAgents } from './agents/agents.ts';
import { addFirstUser } from './auth/add-first-user.ts';
import { createLimiter } from './auth/limiter.ts';
import { newToken } from './auth/tokens.ts';
import { type BerthServer, installServer } from './context.ts';
import { openStore } from './db/store.ts';
import { addEnrolmentToken } from './inventory/add-enrolment-token.ts';
import { createJobs } from './jobs/jobs.ts';
import { createLive } from './live/live.ts';
import { openSecrets } from './secrets.ts';
import { createUpdates } from './updates/updates.ts';
import { createUpgrades, isSameOrigin } from './upgrades.ts';

export interface DashboardConfig {
  host: string;
  port: number;
  dataDir: string;
  publicUrl: string | null;
  /** Believe X-Forwarded-For and -Proto of the proxy in front. */
  trustProxy: boolean;
  administrator: { email: string; password: string } | null;
  localEnrollFile: string | null;
  heartbeatMs: number;
}

export interface Dashboard {
  server: BerthServer;
  url: string;
  /** The one-time link for the first administrator, when there is none yet. */
  setupUrl: string | null;
  stop(): Promise<void>;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

const stopWithinMs = 3_000;
const loopback = /^(localhost|127(\.\d+){3}|\[::1\])(:\d+)?$/;

export async function startDashboard(config: DashboardConfig, prepare: () => Promise<Handler>): Promise<Dashboard> {
  const store = openStore(path.join(config.dataDir, 'dashboard.db'));
  const now = () => Date.now();
  const live = createLive({ store, now });
  const agents = createAgents({ store, live, heartbeatMs: config.heartbeatMs, now });
  const changed = (hostId: string) => live.inventoryChanged({ hostIds: [hostId], containerIds: [] });
  const secrets = openSecrets(path.join(config.dataDir, 'registries.key'));
  const jobs = createJobs({ now, changed });
  const updates = createUpdates({ store, agents, secrets, now, changed });
  const server: BerthServer = {
    store,
    live,
    agents,
    limiter: createLimiter(now),
    jobs,
    secrets,
    updates,
    setupToken: null,
    publicUrl: config.publicUrl,
  };
  installServer(server);
  await makeAdministrator(server, config);
  const handle = await prepare();

  const listener = http.createServer((request, response) => {
    if (!isAllowedHost(request, config)) return refuse(response, 421, 'This dashboard is not known by that name.');
    if (isForeignWrite(request, config)) return refuse(response, 403, 'The request came from another site.');
    describeClient(request, config);
    addSecurityHeaders(request, response);
    handle(request, response).catch((error: unknown) => {
      console.error(error);
      if (!response.headersSent) refuse(response, 500, 'Something went wrong in the dashboard.');
      else response.destroy();
    });
  });
  // An image takes as long as it takes; a client that sends nothing is cut off by the idle limit of its socket.
  listener.requestTimeout = 0;
  listener.headersTimeout = 20_000;
  const upgrade = createUpgrades(server);
  const upgraded = new Set<Duplex>();
  let isStopping = false;
  listener.on('upgrade', (request, socket, head) => {
    if (isStopping || !isAllowedHost(request, config)) return void socket.destroy();
    upgraded.add(socket);
    socket.once('close', () => upgraded.delete(socket));
    describeClient(request, config);
    upgrade(request, socket, head);
  });
  await new Promise<void>((resolve, reject) => {
    listener.once('error', reject);
    listener.listen(config.port, config.host, resolve);
  });
  const address = listener.address();
  const port = typeof address === 'object' && address ? address.port : config.port;
  const shownHost = /^(0\.0\.0\.0|::|127\.0\.0\.1|localhost)$/.test(config.host) ? 'localhost' : config.host;
  const url = config.publicUrl ?? `http://${shownHost.includes(':') ? `[${shownHost}]` : shownHost}:${port}`;
  if (config.localEnrollFile) writeEnrollFile(server, config.localEnrollFile);

  return {
    server,
    url,
    setupUrl: server.setupToken && `${url}/setup?token=${server.setupToken}`,
    async stop() {
      isStopping = true;
      const closed = new Promise<void>((resolve) => listener.close(() => resolve()));
      const force = setTimeout(() => {
        listener.closeAllConnections();
        for (const socket of upgraded) socket.destroy();
      }, stopWithinMs);
      updates.stop();
      await jobs.stop();
      await agents.stop();
      live.stop();
      listener.closeIdleConnections();
      await closed;
      clearTimeout(force);
      installServer(undefined);
      store.close();
    },
  };
}

async function makeAdministrator(server: BerthServer, { administrator }: DashboardConfig): Promise<void> {
  if (server.store.users.hasAny()) return;
  if (administrator) {
    const added = await addFirstUser(server.store, administrator, Date.now());
    if (!added.ok) throw new Error(`BERTH_ADMIN_EMAIL and BERTH_ADMIN_PASSWORD: ${added.message}`);
    return;
  }
  server.setupToken = newToken();
}

function writeEnrollFile({ store }: BerthServer, file: string): void {
  const { token } = addEnrolmentToken(store, null, Date.now());
  writeFileSync(file, `${token}\n`, { mode: 0o600 });
}

/**
 * A page of another site could point its own name at this address (DNS rebinding): on loopback only loopback names are
 * answered, with a public URL also that one.
 */
function isAllowedHost(
  { headers: { host } }: IncomingMessage,
  { host: listening, publicUrl }: DashboardConfig,
): boolean {
  if (!host || !/^[\w.:[\]-]{1,255}$/.test(host)) return false;
  if (loopback.test(host)) return true;
  if (publicUrl !== null) return host === new URL(publicUrl).host;
  return !/^(localhost|127\.|::1)/.test(listening);
}

/** Browsers tell where a write comes from; tools that send no Origin have no cookie either. */
function isForeignWrite(request: IncomingMessage, { publicUrl }: DashboardConfig): boolean {
  if (request.method === 'GET' || request.method === 'HEAD' || request.method === 'OPTIONS') return false;
  return request.headers.origin !== undefined && !isSameOrigin(request, publicUrl);
}

/** Overwrites what the client may have sent under these names. */
function describeClient(request: IncomingMessage, { trustProxy, publicUrl }: DashboardConfig): void {
  const forwarded = trustProxy
    ? String(request.headers['x-forwarded-for'] ?? '')
        .split(',')
        .at(-1)
        ?.trim()
    : '';
  const protocol = trustProxy ? String(request.headers['x-forwarded-proto'] ?? '') : '';
  request.headers['x-berth-address'] = forwarded || request.socket.remoteAddress || '';
  request.headers['x-berth-protocol'] = protocol === 'https' || publicUrl?.startsWith('https:') ? 'https' : 'http';
}

/** Next takes the nonce for its own inline scripts from the policy it finds on the request. */
function addSecurityHeaders(request: IncomingMessage, response: ServerResponse): void {
  const nonce = randomBytes(16).toString('base64');
  const policy = [
    `default-src 'self'`,
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'`,
    // Charts, the terminal and positioned menus set style attributes.
    `style-src 'self' 'unsafe-inline'`,
    `img-src 'self' data: blob:`,
    `font-src 'self' data:`,
    `connect-src 'self'`,
    `worker-src 'self' blob:`,
    `object-src 'none'`,
    `base-uri 'none'`,
    `form-action 'self'`,
    `frame-ancestors 'none'`,
  ].join('; ');
  request.headers['content-security-policy'] = policy;
  const headers = {
    'Content-Security-Policy': policy,
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Referrer-Policy': 'same-origin',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Permissions-Policy': 'camera=(), microphone=(), geolocation=(), payment=(), usb=()',
  };
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (request.headers['x-berth-protocol'] === 'https')
    response.setHeader('Strict-Transport-Security', 'max-age=31536000');
}

function refuse(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
  response.end(JSON.stringify({ message }));
}
