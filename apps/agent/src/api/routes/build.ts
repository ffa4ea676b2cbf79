/** Builds, by the classic builder's protocol. BuildKit's is refused with what to do instead. */
import type { IncomingMessage } from 'node:http';
import { hostConfig } from '@berth/shared/docker/container';
import { EngineError } from '@berth/shared/errors';
import { z } from 'zod';
import type { Builds } from '../../engine/build/build.ts';
import type { BuildRequest } from '../../engine/build/job.ts';
import type { BuildOutput } from '../../engine/build/output.ts';
import { CommandFailed } from '../../engine/build/run.ts';
import type { Progress } from '../../engine/images/progress.ts';
import { readRegistryConfig } from '../../engine/images/registry/credentials.ts';
import { encodeProgress } from '../progress.ts';
import { flag, type RequestContext, type Route } from '../router.ts';
import { statusOf } from '../status.ts';

const useClassic = 'BuildKit is not supported by this engine: build with DOCKER_BUILDKIT=0';
const quietBytesMax = 1024 ** 2;

export function buildRoutes({ builds }: { builds: Builds }): Route[] {
  const buildKit = () => {
    throw new EngineError('not-implemented', useClassic);
  };
  return [
    { method: 'POST', path: '/build', handler: build },
    {
      method: 'POST',
      path: '/build/prune',
      // Steps that were built before are images, which `docker image prune` removes.
      handler: (context) => context.send(200, { CachesDeleted: [], SpaceReclaimed: 0 }),
    },
    { method: 'POST', path: '/build/cancel', handler: buildKit },
    { method: 'POST', path: '/session', handler: buildKit },
    { method: 'POST', path: '/grpc', handler: buildKit },
  ];

  async function build(context: RequestContext): Promise<void> {
    const { request, response, query } = context;
    const wanted = readRequest(query, request);
    const output = new ResponseOutput(context, flag(query, 'q'));
    try {
      const id = await builds.build(wanted, request, output, context.signal);
      output.end(flag(query, 'q') ? { stream: `${id}\n` } : null);
    } catch (error) {
      if (context.signal.aborted) return void response.destroy();
      // Nothing was said yet: the answer is the error.
      if (!output.hasBegun) throw error;
      output.end(errorMessage(error));
    }
  }
}

function errorMessage(error: unknown): object {
  const { message } = statusOf(error);
  const code = error instanceof CommandFailed ? { code: error.exitCode } : {};
  return { errorDetail: { ...code, message }, error: message };
}

/** Begins the answer with the first message. Quiet: nothing is said unless it fails. */
class ResponseOutput implements BuildOutput {
  readonly #context: RequestContext;
  readonly #isQuiet: boolean;
  #kept: string[] = [];
  #keptBytes = 0;
  hasBegun = false;

  constructor(context: RequestContext, isQuiet: boolean) {
    this.#context = context;
    this.#isQuiet = isQuiet;
  }

  send(message: object): boolean {
    const line = `${JSON.stringify(message)}\r\n`;
    if (!this.#isQuiet) return this.#write(line);
    this.hasBegun = true;
    this.#keptBytes += line.length;
    this.#kept.push(line);
    while (this.#keptBytes > quietBytesMax) this.#keptBytes -= this.#kept.shift()?.length ?? 0;
    return true;
  }

  /** Figures that a client does not read in time are not told. */
  onProgress = (progress: Progress): void => {
    if (progress.currentBytes !== undefined && this.#context.response.writableNeedDrain) return;
    for (const line of encodeProgress(progress)) this.send(line);
  };

  drained(): Promise<void> {
    const { response } = this.#context;
    if (!response.writableNeedDrain || response.destroyed) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        response.off('drain', done).off('close', done);
        resolve();
      };
      response.on('drain', done).on('close', done);
    });
  }

  /** With one more message, or none. */
  end(message: object | null): void {
    const hasFailed = message !== null && 'error' in message;
    if (hasFailed) for (const line of this.#kept) this.#write(line);
    if (message !== null) this.#write(`${JSON.stringify(message)}\r\n`);
    else this.#begin();
    this.#context.response.end();
  }

  #write(line: string): boolean {
    this.#begin();
    return this.#context.response.write(line);
  }

  #begin(): void {
    this.hasBegun = true;
    if (!this.#context.response.headersSent)
      this.#context.response.writeHead(200, { 'Content-Type': 'application/json' });
  }
}

const textsMax = 4096;
const texts = z.array(z.string().max(4096)).max(textsMax).nullable();
const variables = z.record(z.string().min(1).max(4096), z.string().max(131_072).nullable()).nullable();
const labels = z.record(z.string().max(4096), z.string().max(65_536)).nullable();
const ulimits = z.array(z.object({ Name: z.string(), Soft: z.number().int(), Hard: z.number().int() })).nullable();

/** @throws invalid-parameter, not-implemented */
function readRequest(query: URLSearchParams, request: IncomingMessage): BuildRequest {
  refuse(query);
  const text = (name: string) => query.get(name) ?? '';
  const isRemoving = flag(query, 'forcerm');
  return {
    dockerfile: text('dockerfile'),
    names: query.getAll('t').filter((name) => name !== ''),
    args: new Map(
      Object.entries(json(query, 'buildargs', variables) ?? {}).flatMap(([name, value]) =>
        value === null ? [] : [[name, value]],
      ),
    ),
    labels: Object.entries(json(query, 'labels', labels) ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)),
    cacheFrom: json(query, 'cachefrom', texts) ?? [],
    noCache: flag(query, 'nocache'),
    pull: flag(query, 'pull'),
    target: text('target'),
    platform: text('platform'),
    tellsRemoval: { success: isRemoving || text('rm') === '' || flag(query, 'rm'), failure: isRemoving },
    hostConfig: hostConfig.parse({
      Memory: integer(query, 'memory'),
      MemorySwap: integer(query, 'memswap'),
      CpuShares: integer(query, 'cpushares'),
      CpuPeriod: integer(query, 'cpuperiod'),
      CpuQuota: integer(query, 'cpuquota'),
      CpusetCpus: text('cpusetcpus'),
      CpusetMems: text('cpusetmems'),
      CgroupParent: text('cgroupparent'),
      ShmSize: integer(query, 'shmsize'),
      NetworkMode: text('networkmode'),
      ExtraHosts: extraHosts(query),
      Ulimits: json(query, 'ulimits', ulimits),
      Isolation: text('isolation'),
    }),
    credentials: readRegistryConfig(String(request.headers['x-registry-config'] ?? '')),
  };
}

function refuse(query: URLSearchParams): void {
  const version = query.get('version') ?? '';
  if (version === '2') throw new EngineError('not-implemented', useClassic);
  if (!['', '1'].includes(version)) throw new EngineError('invalid-parameter', `invalid version ${version}`);
  const remote = query.get('remote') ?? '';
  if (remote !== '') {
    throw new EngineError(
      'not-implemented',
      `a build context at ${JSON.stringify(remote)} is not supported: fetch it, and send it as the context`,
    );
  }
  if (flag(query, 'squash')) {
    throw new EngineError('not-implemented', 'squash is not supported: end with a stage that copies what is to stay');
  }
  for (const name of ['outputs', 'session', 'securityopt']) {
    if (!['', '[]', 'null'].includes(query.get(name) ?? '')) {
      throw new EngineError('not-implemented', `${name} is not supported. ${useClassic}`);
    }
  }
}

/** A JSON list from some clients, one parameter each from others. */
function extraHosts(query: URLSearchParams): string[] {
  return query
    .getAll('extrahosts')
    .flatMap((text) =>
      text.startsWith('[') ? (parseJson('extrahosts', text, texts) ?? []) : text.split(',').filter(Boolean),
    );
}

function integer(query: URLSearchParams, name: string): number {
  const text = query.get(name) ?? '';
  if (!/^-?\d{0,16}$/.test(text)) throw new EngineError('invalid-parameter', `${name} must be a number`);
  return Number(text);
}

function json<T>(query: URLSearchParams, name: string, schema: z.ZodType<T>): T | null {
  const text = query.get(name) ?? '';
  return text === '' ? null : parseJson(name, text, schema);
}

function parseJson<T>(name: string, text: string, schema: z.ZodType<T>): T {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (cause) {
    throw new EngineError('invalid-parameter', `error reading ${name}: it is not JSON`, { cause });
  }
  const parsed = schema.safeParse(content);
  if (parsed.success) return parsed.data;
  throw new EngineError(
    'invalid-parameter',
    `error reading ${name}: ${parsed.error.issues[0]?.message ?? 'malformed'}`,
  );
}
