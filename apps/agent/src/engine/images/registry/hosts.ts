/** Which servers stand behind a registry's name, and on what terms each is spoken to. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import tls from 'node:tls';
import { EngineError } from '@berth/shared/errors';
import { blockList, isLoopbackHost } from './addresses.ts';

export interface RegistryConfig {
  /** HOST[:PORT] or CIDR: certificates are not checked, plain HTTP is spoken where HTTPS is not. Loopback always is. */
  insecure: readonly string[];
  /** URLs of mirrors of docker.io, asked in this order before it. */
  mirrors: readonly string[];
  /** Hosts that may be given credentials as token servers of registries elsewhere. */
  tokenServers: readonly string[];
  /** Directories that hold HOST[:PORT]/{*.crt,*.cert,*.key}, as Docker's certs.d. */
  certDirs: readonly string[];
}

export interface Endpoint {
  /** HOST[:PORT] */
  host: string;
  /** In the order in which they are tried; the first that answers is kept. */
  origins: URL[];
  isInsecure: boolean;
  /** Never given credentials, which are the origin's. */
  isMirror: boolean;
}

const dockerHub = 'docker.io';
const dockerHubHost = 'registry-1.docker.io';

/** Where a registry's images are pulled from, mirrors first; pushes go to the last. */
export function endpointsOf(domain: string, config: RegistryConfig): Endpoint[] {
  const host = domain === dockerHub ? dockerHubHost : domain;
  const isInsecure = isInsecureHost(host, config.insecure);
  const origin: Endpoint = { host, origins: originsOf(host, isInsecure), isInsecure, isMirror: false };
  if (domain !== dockerHub) return [origin];
  const mirrors = config.mirrors.map((text): Endpoint => {
    const url = new URL(text);
    return {
      host: url.host,
      origins: [url],
      isInsecure: url.protocol === 'http:' || isInsecureHost(url.host, config.insecure),
      isMirror: true,
    };
  });
  return [...mirrors, origin];
}

function originsOf(host: string, isInsecure: boolean): URL[] {
  const url = URL.parse(`https://${host}/`);
  if (url === null || url.hostname === '') throw new EngineError('invalid-parameter', 'invalid reference format');
  return isInsecure ? [url, new URL(`http://${host}/`)] : [url];
}

function isInsecureHost(host: string, insecure: readonly string[]): boolean {
  const bare = new URL(`https://${host}/`).hostname.replace(/^\[|\]$/g, '');
  const subnets = blockList(insecure.filter((entry) => entry.includes('/')));
  return isLoopbackHost(bare) || insecure.includes(host) || subnets.check(bare, bare.includes(':') ? 'ipv6' : 'ipv4');
}

const contexts = new Map<string, tls.SecureContext>();
let systemCas: string[] | null = null;

/**
 * The system's CAs and those of certs.d, of the registry too where it sent us to this host; the client's certificate is
 * for the host that it is kept for. Made anew when the files change, kept otherwise: reading some hundred CAs takes a
 * tenth of a second.
 */
export function secureContextOf(host: string, registry: string, config: RegistryConfig): tls.SecureContext {
  const own = readCerts(host, config);
  const cas = [...own, ...(registry === host ? [] : readCerts(registry, config))].filter(({ name }) =>
    name.endsWith('.crt'),
  );
  const certificate = own.find(({ name }) => name.endsWith('.cert'));
  const key = own.find(({ name }) => name === certificate?.name.replace(/cert$/, 'key'));
  if (certificate !== undefined && key === undefined) {
    throw new EngineError('system', `the client certificate ${certificate.name} for ${host} has no .key beside it`);
  }
  const identity = [...cas, certificate, key].map((one) => one?.content ?? '').join('\0');
  const kept = contexts.get(identity);
  if (kept !== undefined) return kept;
  systemCas ??= [...new Set([...tls.getCACertificates('default'), ...tls.getCACertificates('system')])];
  const context = tls.createSecureContext({
    ca: [...systemCas, ...cas.map(({ content }) => content)],
    ...(certificate === undefined || key === undefined ? {} : { cert: certificate.content, key: key.content }),
  });
  if (contexts.size >= contextsMax) contexts.clear();
  contexts.set(identity, context);
  return context;
}

const contextsMax = 64;

function readCerts(host: string, config: RegistryConfig): { name: string; content: string }[] {
  // A redirect may name any host; this one is to be a file's name.
  if (host.startsWith('.') || /[/\0]|\.\./.test(host)) return [];
  return config.certDirs.flatMap((certDir) => {
    const directory = path.join(certDir, host);
    return namesIn(directory)
      .filter((name) => /\.(crt|cert|key)$/.test(name))
      .sort()
      .map((name) => ({ name, content: readFileSync(path.join(directory, name), 'utf8') }));
  });
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
