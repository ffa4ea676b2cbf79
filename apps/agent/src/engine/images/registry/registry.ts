/** One repository of one registry, with the credentials of one request: what is asked of it, mirrors before the origin. */
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { z } from 'zod';
import type { Reference } from '../reference.ts';
import { type BlobRequest, openBlob } from './blob.ts';
import { discard, readBody } from './body.ts';
import { createClient, type RegistryClient } from './client.ts';
import { acceptedManifests, checkDigest, type Descriptor, type ManifestContent, readManifest } from './content.ts';
import type { Credentials } from './credentials.ts';
import { RegistryFailure } from './failure.ts';
import { type Endpoint, endpointsOf, type RegistryConfig } from './hosts.ts';
import { type RegistryLimits, registryLimits } from './limits.ts';
import { createTransport, type Transport } from './transport.ts';
import { createUploads, type Uploads } from './upload.ts';

export interface FoundManifest {
  descriptor: Descriptor;
  content: Buffer;
  manifest: ManifestContent;
}

export interface Registry extends Uploads {
  /** A manifest or index, by tag or digest. @throws not-found, data-loss, … */
  resolve(tagOrDigest: string, signal: AbortSignal, onRetry?: (seconds: number) => void): Promise<FoundManifest>;
  /** The digest that a tag points to, without its content. */
  head(tagOrDigest: string, signal: AbortSignal): Promise<string>;
  blob(asked: BlobRequest): Promise<Readable>;
  /** Small content, whole and verified. */
  read(descriptor: Descriptor, bytesMax: number, signal: AbortSignal): Promise<Buffer>;
  tags(signal: AbortSignal): Promise<string[]>;
  login(signal: AbortSignal): Promise<string>;
}

export interface Registries {
  open(reference: Pick<Reference, 'domain' | 'path'>, credentials: Credentials | null): Registry;
  readonly config: RegistryConfig;
  close(): void;
}

/** Connections are kept per endpoint, whoever asks; what was signed in stays with one `open`. */
export function createRegistries(
  config: RegistryConfig,
  limits: Readonly<RegistryLimits> = registryLimits,
): Registries {
  const transports = new Map<string, Transport>();
  const transportOf = (endpoint: Endpoint) => {
    const key = `${endpoint.isMirror} ${endpoint.origins.join(' ')}`;
    const kept = transports.get(key);
    if (kept !== undefined) return kept;
    if (transports.size >= transportsMax) closeOldest(transports);
    const made = createTransport(endpoint, config, limits);
    transports.set(key, made);
    return made;
  };
  return {
    config,
    open({ domain, path }, credentials) {
      const clients = endpointsOf(domain, config).map((endpoint) =>
        createClient({ endpoint, transport: transportOf(endpoint), credentials, config, limits }),
      );
      return openRepository(path, clients, limits);
    },
    close() {
      for (const transport of transports.values()) transport.close();
      transports.clear();
    },
  };
}

const transportsMax = 64;

function closeOldest(transports: Map<string, Transport>): void {
  for (const [key, transport] of transports) {
    transports.delete(key);
    return transport.close();
  }
}

function openRepository(path: string, clients: RegistryClient[], limits: Readonly<RegistryLimits>): Registry {
  const scopes = [`repository:${path}:pull`];
  /** Mirrors that failed are not asked again for the same image. */
  let at = 0;

  async function fromAny<T>(signal: AbortSignal, ask: (client: RegistryClient) => Promise<T>): Promise<T> {
    for (;;) {
      const mine = at;
      const client = clients[mine];
      if (client === undefined) throw new RegistryFailure('system', 'no endpoint of the registry is left');
      try {
        return await ask(client);
      } catch (error) {
        if (signal.aborted || mine === clients.length - 1) throw error;
        // Others may have left it meanwhile.
        at = Math.max(at, mine + 1);
      }
    }
  }

  async function manifestOf(
    client: RegistryClient,
    wanted: string,
    signal: AbortSignal,
    onRetry?: (seconds: number) => void,
  ): Promise<FoundManifest> {
    const answer = await client.request({
      method: 'GET',
      target: `/v2/${path}/manifests/${wanted}`,
      headers: { Accept: acceptedManifests },
      scopes,
      accept: [200],
      signal,
      onRetry,
    });
    const content = await readBody(answer, { bytesMax: limits.manifestBytesMax, what: 'the manifest' }, limits);
    if (isDigest(wanted)) checkDigest(content, wanted, 'the manifest');
    const told = toldDigest(answer.headers['docker-content-digest']);
    if (told !== null) checkDigest(content, told, 'the manifest');
    const manifest = readManifest(content, answer.headers['content-type'] ?? '', limits);
    const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
    return { descriptor: { mediaType: manifest.mediaType, digest, size: content.length }, content, manifest };
  }

  const blob = (asked: BlobRequest) => {
    let last = -1;
    return openBlob(
      asked,
      (headers, signal) => {
        // A mirror whose connection broke in the middle is left as well.
        if (last === at && at < clients.length - 1) at++;
        return fromAny(signal, (client) => {
          last = at;
          return client.request({
            method: 'GET',
            target: `/v2/${path}/blobs/${asked.digest}`,
            headers,
            scopes,
            accept: [200, 206],
            signal,
            onRetry: asked.onRetry,
          });
        });
      },
      limits,
    );
  };

  const origin = clients.at(-1);
  if (origin === undefined) throw new RegistryFailure('system', 'a registry without an endpoint');

  return {
    resolve: (wanted, signal, onRetry) => fromAny(signal, (client) => manifestOf(client, wanted, signal, onRetry)),

    head: (wanted, signal) =>
      fromAny(signal, async (client) => {
        const answer = await client.request({
          method: 'HEAD',
          target: `/v2/${path}/manifests/${wanted}`,
          headers: { Accept: acceptedManifests },
          scopes,
          accept: [200],
          signal,
        });
        const told = toldDigest(answer.headers['docker-content-digest']);
        discard(answer);
        return told ?? (await manifestOf(client, wanted, signal)).descriptor.digest;
      }),

    blob,

    async read({ digest, size }, bytesMax, signal) {
      if (size > bytesMax) throw new RegistryFailure('too-large', `${digest} is larger than ${bytesMax} bytes`);
      const chunks: Buffer[] = [];
      for await (const chunk of await blob({ digest, sizeBytes: size, offset: 0, signal })) chunks.push(chunk);
      const content = Buffer.concat(chunks);
      checkDigest(content, digest, 'a blob');
      return content;
    },

    tags: (signal) => fromAny(signal, (client) => listTags(client, path, scopes, limits, signal)),

    login: (signal) => origin.login(signal),

    ...createUploads(origin, path, limits),
  };
}

const tagList = z.looseObject({ tags: z.array(z.string().regex(/^\w[\w.-]{0,127}$/)).nullish() });

/** Page by page, as the Link header says. */
async function listTags(
  client: RegistryClient,
  path: string,
  scopes: string[],
  limits: Readonly<RegistryLimits>,
  signal: AbortSignal,
): Promise<string[]> {
  const found = new Set<string>();
  const seen = new Set<string>();
  for (let target: string | null = `/v2/${path}/tags/list`; target !== null && !seen.has(target); ) {
    seen.add(target);
    const answer = await client.request({ method: 'GET', target, scopes, accept: [200], signal });
    const body = await readBody(answer, { bytesMax: limits.answerBytesMax, what: 'the list of tags' }, limits);
    const page = tagList.safeParse(parseJson(body));
    if (!page.success) throw new RegistryFailure('system', 'the registry’s list of tags is malformed');
    for (const tag of page.data.tags ?? []) found.add(tag);
    if (found.size > limits.tagsMax) throw new RegistryFailure('too-large', `more than ${limits.tagsMax} tags`);
    const next = /^\s*<([^>]+)>\s*;\s*rel="?next"?/.exec(String(answer.headers.link ?? ''))?.[1];
    target = next?.startsWith(`/v2/${path}/tags/list?`) ? next : null;
  }
  return [...found].sort();
}

function parseJson(content: Buffer): unknown {
  try {
    return JSON.parse(content.toString('utf8'));
  } catch {
    return undefined;
  }
}

const isDigest = (text: string) => /^sha(256|384|512):[0-9a-f]+$/.test(text);

function toldDigest(header: string | string[] | undefined): string | null {
  return typeof header === 'string' && /^sha256:[0-9a-f]{64}$/.test(header) ? header : null;
}
