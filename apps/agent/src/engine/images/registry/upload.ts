/** What a push does at a registry: looks for blobs, mounts them from other repositories, uploads them, puts manifests. */
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { discard } from './body.ts';
import { pause, pauseAfter, type RegistryClient } from './client.ts';
import type { Descriptor } from './content.ts';
import { RegistryFailure } from './failure.ts';
import type { RegistryLimits } from './limits.ts';

export interface Upload {
  digest: string;
  sizeBytes: number;
  /** The blob's bytes from an offset on; may be asked for again. */
  open: (offset: number) => Readable;
  signal: AbortSignal;
  onProgress?: (sentBytes: number) => void;
}

export interface Uploads {
  hasBlob(digest: string, signal: AbortSignal): Promise<boolean>;
  /** Takes a blob over from another repository of the same registry. @returns whether it was there */
  mount(digest: string, from: string, signal: AbortSignal): Promise<boolean>;
  upload(upload: Upload): Promise<void>;
  putManifest(asked: {
    tagOrDigest: string;
    descriptor: Descriptor;
    content: Buffer;
    signal: AbortSignal;
  }): Promise<void>;
}

export function createUploads(client: RegistryClient, path: string, limits: Readonly<RegistryLimits>): Uploads {
  const scopes = [`repository:${path}:pull,push`];
  const uploads = `/v2/${path}/blobs/uploads/`;
  /** Set once a registry, or what stands before it, took no body as large as a blob. */
  let isChunked = false;

  async function begin(signal: AbortSignal): Promise<string> {
    const answer = await client.request({
      method: 'POST',
      target: uploads,
      body: Buffer.alloc(0),
      scopes,
      accept: [202],
      signal,
    });
    return nextPlace(answer, uploads);
  }

  /** One PUT with everything. */
  async function whole(upload: Upload): Promise<void> {
    const place = await begin(upload.signal);
    const answer = await client.request({
      method: 'PUT',
      target: withDigest(place, upload.digest),
      headers: { 'Content-Type': 'application/octet-stream' },
      body: { content: counted(upload, 0), sizeBytes: upload.sizeBytes },
      scopes,
      accept: [201, 202, 204],
      signal: upload.signal,
    });
    discard(answer);
  }

  /** PATCH after PATCH, then a PUT that says what it was. */
  async function inChunks(upload: Upload): Promise<void> {
    let place = await begin(upload.signal);
    for (let at = 0; at < upload.sizeBytes; at += limits.uploadChunkBytes) {
      const chunkBytes = Math.min(limits.uploadChunkBytes, upload.sizeBytes - at);
      const answer = await client.request({
        method: 'PATCH',
        target: place,
        headers: { 'Content-Type': 'application/octet-stream', 'Content-Range': `${at}-${at + chunkBytes - 1}` },
        body: { content: counted(upload, at, chunkBytes), sizeBytes: chunkBytes },
        scopes,
        accept: [202, 204],
        signal: upload.signal,
      });
      place = nextPlace(answer, uploads);
    }
    const target = withDigest(place, upload.digest);
    const { signal } = upload;
    discard(await client.request({ method: 'PUT', target, body: Buffer.alloc(0), scopes, accept: [201, 204], signal }));
  }

  return {
    async hasBlob(digest, signal) {
      const answer = await client.request({
        method: 'HEAD',
        target: `/v2/${path}/blobs/${digest}`,
        scopes,
        accept: [200, 404],
        signal,
      });
      discard(answer);
      return answer.statusCode === 200;
    },

    async mount(digest, from, signal) {
      const answer = await client.request({
        method: 'POST',
        target: `${uploads}?mount=${digest}&from=${encodeURIComponent(from)}`,
        body: Buffer.alloc(0),
        scopes: [...scopes, `repository:${from}:pull`],
        accept: [201, 202],
        signal,
      });
      if (answer.statusCode === 201) {
        discard(answer);
        return true;
      }
      // It began an upload instead, which nobody goes on with.
      const target = nextPlace(answer, uploads);
      await client
        .request({ method: 'DELETE', target, scopes, accept: [204, 202, 404], signal })
        .then(discard, () => undefined);
      return false;
    },

    async upload(upload) {
      for (let tries = 1; ; tries++) {
        try {
          return await (isChunked ? inChunks(upload) : whole(upload));
        } catch (error) {
          if (!(error instanceof RegistryFailure)) throw error;
          if (!isChunked && error.status === 413 && upload.sizeBytes > limits.uploadChunkBytes) {
            isChunked = true;
            continue;
          }
          const pauseMs = pauseAfter(error, tries, limits);
          if (pauseMs === null) throw error;
          await pause(pauseMs, upload.signal);
        }
      }
    },

    async putManifest({ tagOrDigest, descriptor, content, signal }) {
      const answer = await client.request({
        method: 'PUT',
        target: `/v2/${path}/manifests/${tagOrDigest}`,
        headers: { 'Content-Type': descriptor.mediaType },
        body: content,
        scopes,
        accept: [200, 201, 202],
        signal,
      });
      discard(answer);
    },
  };
}

async function* counted(upload: Upload, from: number, bytes = upload.sizeBytes): AsyncGenerator<Buffer> {
  const source = upload.open(from);
  let left = bytes;
  try {
    for await (const chunk of source) {
      const ours: Buffer = chunk.subarray(0, left);
      left -= ours.length;
      if (ours.length > 0) yield ours;
      upload.onProgress?.(from + bytes - left);
      if (left === 0) return;
    }
    throw new RegistryFailure('data-loss', `blob ${upload.digest} is shorter here than it should be`);
  } finally {
    source.destroy();
  }
}

/** Where an upload goes on: at the registry or anywhere else, which is given no credentials then. */
function nextPlace(answer: IncomingMessage, uploads: string): string {
  const { location } = answer.headers;
  discard(answer);
  const somewhere = `http://registry.invalid${uploads}`;
  const place = location === undefined ? null : URL.parse(location, somewhere);
  if (place === null) throw new RegistryFailure('system', 'the registry began an upload and did not say where');
  return place.hostname === 'registry.invalid' ? `${place.pathname}${place.search}` : place.href;
}

/** Whatever else the address says stays as the registry wrote it. */
function withDigest(place: string, digest: string): string {
  return `${place}${place.includes('?') ? '&' : '?'}digest=${encodeURIComponent(digest)}`;
}
