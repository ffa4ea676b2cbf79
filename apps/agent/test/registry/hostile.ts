/** A registry that answers as a test wants, and remembers what it was asked and what it was given. */

import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { gzipSync } from 'node:zlib';

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export const digestOf = (content: Buffer | string) => `sha256:${createHash('sha256').update(content).digest('hex')}`;
export const ociManifest = 'application/vnd.oci.image.manifest.v1+json';
export const ociIndex = 'application/vnd.oci.image.index.v1+json';
const configType = 'application/vnd.oci.image.config.v1+json';
const layerType = 'application/vnd.oci.image.layer.v1.tar+gzip';

let samples = 1;

/** An image of one small layer, unlike any other, whose parts a test bends. */
export function sample() {
  // An empty archive; there may be any number of zeros.
  const layerTar = Buffer.alloc(++samples * 512);
  const layer = gzipSync(layerTar);
  const config = Buffer.from(
    JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      config: { Cmd: ['true'] },
      rootfs: { type: 'layers', diff_ids: [digestOf(layerTar)] },
    }),
  );
  const manifest = {
    schemaVersion: 2,
    mediaType: ociManifest,
    config: { mediaType: configType, digest: digestOf(config), size: config.length },
    layers: [{ mediaType: layerType, digest: digestOf(layer), size: layer.length }],
  };
  return { layer, config, manifest };
}

export class HostileRegistry {
  readonly server: http.Server | https.Server;
  #forwarder: ChildProcess | null = null;
  #host = '';
  /** By path without the query; a manifest by tag is `/v2/x/manifests/latest`. */
  readonly answers = new Map<string, Answer>();
  readonly asked: {
    method: string;
    url: string;
    authorization: string | undefined;
    headers: http.IncomingHttpHeaders;
  }[] = [];
  /** A Bearer or Basic challenge of every answer without Authorization. */
  challenge: string | null = null;

  constructor(tls: { cert: Buffer; key: Buffer } | null = null) {
    const answer: Answer = (request, response) => this.#answer(request, response);
    this.server = tls === null ? http.createServer(answer) : https.createServer(tls, answer);
  }

  /** Reached inside a network namespace, at that address, from this process. */
  async startInside(namespace: string, directory: string, host: string): Promise<this> {
    const socket = path.join(directory, `hostile-${host.replaceAll(':', '-')}.sock`);
    await new Promise<void>((resolve) => this.server.listen(socket, resolve));
    const [address = '', port = ''] = host.split(':');
    const script = `require('net').createServer((client) => {
      const server = require('net').connect(process.argv[3]);
      for (const one of [client, server]) one.on('error', () => { client.destroy(); server.destroy(); });
      client.pipe(server).pipe(client);
    }).listen(Number(process.argv[2]), process.argv[1], () => console.log('listening'))`;
    const command = [process.execPath, '-e', script, address, port, socket];
    this.#forwarder = spawn('nsenter', [`--net=/run/netns/${namespace}`, ...command], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const output = this.#forwarder.stdout;
    if (output !== null) await once(output, 'data');
    this.#host = host;
    return this;
  }

  async start(host = '127.0.0.1', port = 0): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(port, host, resolve));
    return this;
  }

  get port(): number {
    const address = this.server.address();
    return (address as AddressInfo).port;
  }

  get host(): string {
    return this.#host === '' ? `127.0.0.1:${this.port}` : this.#host;
  }

  stop(): void {
    this.#forwarder?.kill();
    this.server.closeAllConnections();
    this.server.close();
  }

  /** Whether anything secret has arrived. */
  secrets(): string[] {
    return this.asked.flatMap(({ authorization }) => (authorization === undefined ? [] : [authorization]));
  }

  serve(place: string, content: Buffer | string | object, headers: Record<string, string> = {}): void {
    const bytes = Buffer.isBuffer(content)
      ? content
      : Buffer.from(typeof content === 'string' ? content : JSON.stringify(content));
    this.answers.set(place, (_request, response) => {
      response.writeHead(200, { 'Content-Length': bytes.length, ...headers });
      response.end(bytes);
    });
  }

  /** The image as it should be; what is bent is set after it. */
  serveImage(name: string, { layer, config, manifest }: ReturnType<typeof sample>, type = ociManifest): void {
    this.serve(`/v2/${name}/manifests/latest`, manifest, { 'Content-Type': type });
    this.serve(`/v2/${name}/blobs/${manifest.config.digest}`, config);
    this.serve(`/v2/${name}/blobs/${manifest.layers[0]?.digest}`, layer);
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { authorization } = request.headers;
    this.asked.push({ method: request.method ?? '', url: request.url ?? '', authorization, headers: request.headers });
    const [place = ''] = (request.url ?? '').split('?');
    response.on('error', () => undefined);
    if (this.challenge !== null && authorization === undefined && place.startsWith('/v2/')) {
      response.writeHead(401, { 'WWW-Authenticate': this.challenge }).end();
      return;
    }
    const answer = this.answers.get(place);
    if (answer !== undefined) return answer(request, response);
    response.writeHead(place === '/v2/' ? 200 : 404, { 'Content-Type': 'application/json' });
    response.end(place === '/v2/' ? '{}' : '{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}');
  }
}
