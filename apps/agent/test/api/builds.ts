/** Builds for tests: by the unmodified CLI from a directory, and over the API from an archive made here. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { type Entry, encodeEntry, encodeFile } from '../../src/engine/files/tar-entries.ts';
import type { TestAgent } from './agent.ts';

export interface Outcome {
  status: number | null;
  out: string;
  err: string;
}

/** Contents by name; a name that ends in a slash is a directory. */
export type Files = Record<string, string | Buffer>;

export function writeFiles(directory: string, files: Files): string {
  for (const [name, content] of Object.entries(files)) {
    const target = path.join(directory, name);
    mkdirSync(name.endsWith('/') ? target : path.dirname(target), { recursive: true });
    if (!name.endsWith('/')) writeFileSync(target, content);
  }
  return directory;
}

/** `docker build`, which reads `files` as its context. */
export function build(agent: TestAgent, files: Files, ...options: string[]): { done: Promise<Outcome>; kill(): void } {
  const context = writeFiles(mkdtempSync(path.join(agent.directory, 'context-')), files);
  const child = spawn('docker', ['-H', `unix://${agent.socket}`, 'build', ...options, context], {
    env: { ...process.env, DOCKER_BUILDKIT: '0' },
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  const done = new Promise<Outcome>((resolve) => child.on('close', (status) => resolve({ status, out, err })));
  return { done, kill: () => void child.kill('SIGKILL') };
}

export const fileEntry = (changes: Partial<Entry>): Entry => ({
  name: 'Dockerfile',
  type: '0',
  mode: 0o644,
  uid: 0,
  gid: 0,
  sizeBytes: 0,
  mtimeSeconds: 0,
  linkName: '',
  device: { major: 0, minor: 0 },
  attributes: [],
  ...changes,
});

export function archive(files: Files, entries: readonly Entry[] = []): Buffer {
  return Buffer.concat([
    ...entries.map(encodeEntry),
    ...Object.entries(files).map(([name, content]) => encodeFile(fileEntry({ name }), Buffer.from(content))),
    Buffer.alloc(1024),
  ]);
}

/** Messages of the answer as they came; `error` is the last one's, or the answer's own. */
export function post(
  agent: TestAgent,
  query: Record<string, string>,
  body: Buffer,
  options: { signal?: AbortSignal; headers?: Record<string, string> } = {},
): Promise<{ status: number; text: string; messages: Record<string, unknown>[] }> {
  return new Promise((resolve, reject) => {
    const target = `/v1.45/build?${new URLSearchParams(query)}`;
    const request = http.request({
      socketPath: agent.socket,
      method: 'POST',
      path: target,
      agent: false,
      ...options,
      headers: { 'Content-Type': 'application/x-tar', ...options.headers },
    });
    request.on('response', (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk) => {
        text += chunk;
      });
      answer.on('error', reject);
      answer.on('end', () =>
        resolve({
          status: answer.statusCode ?? 0,
          text,
          messages: text.split(/\r?\n/).flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : [])),
        }),
      );
    });
    request.on('error', (error) => ('code' in error && error.code === 'EPIPE' ? undefined : reject(error)));
    request.end(body);
  });
}

/** What a build may have left: containers, their directories, cgroups, links and staging. */
export function leftovers(agent: TestAgent): string[] {
  const data = path.join(agent.directory, 'data');
  return [
    ...agent.docker('ps', '--all', '--quiet').out.split('\n').filter(Boolean),
    ...readdirSync(path.join(data, 'containers')),
    ...readdirSync(path.join(agent.directory, 'run/containers')),
    ...readdirSync(path.join(data, 'tmp')).map((name) => `tmp/${name}`),
    ...agent.cgroups(),
    ...(agent.inNamespace('ip', '-o', 'link').stdout.match(/\bbv[0-9a-f]{11}/g) ?? []),
    ...agent.docker('volume', 'ls', '--quiet').out.split('\n').filter(Boolean),
  ];
}
