import path from 'node:path';
import { createContainerBody, updateContainerBody } from '@berth/shared/docker/container';
import { EngineError } from '@berth/shared/errors';
import type { Containers } from '../../engine/containers/containers.ts';
import { inspectContainer, summarizeContainer } from '../../engine/containers/inspect.ts';
import { readLog } from '../../engine/containers/logs.ts';
import type { ContainerRecord } from '../../engine/containers/store.ts';
import { processTitles } from '../../engine/containers/top.ts';
import { decompressed } from '../../engine/decompress.ts';
import type { Networks } from '../../engine/networks/networks.ts';
import type { StatsSource } from '../../engine/stats/docker-stats.ts';
import { multiplexed } from '../frames.ts';
import { hijack, join } from '../hijack.ts';
import { filters, flag, type RequestContext, type Route } from '../router.ts';

export function containerRoutes(deps: { containers: Containers; networks: Networks; stats: StatsSource }): Route[] {
  const { containers } = deps;
  const id = (context: RequestContext) => context.params.id ?? '';
  const record = (context: RequestContext) => containers.find(id(context));
  const endpointOf = (one: ContainerRecord) => deps.networks.endpoint(one.id);

  return [
    { method: 'GET', path: '/containers/json', handler: list },
    { method: 'POST', path: '/containers/create', handler: create },
    { method: 'POST', path: '/containers/prune', handler: prune },
    {
      method: 'GET',
      path: '/containers/{id}/json',
      handler: async (context) => {
        const one = record(context);
        const sizes = flag(context.query, 'size') ? await containers.sizes(one) : {};
        context.send(200, {
          ...inspectContainer(one, endpointOf(one), containers.logPath(one), containers.appArmorProfile(one)),
          ...sizes,
        });
      },
    },
    { method: 'GET', path: '/containers/{id}/top', handler: top },
    { method: 'GET', path: '/containers/{id}/logs', handler: logs },
    { method: 'GET', path: '/containers/{id}/stats', handler: stats },
    {
      method: 'GET',
      path: '/containers/{id}/changes',
      handler: async (context) => context.send(200, await containers.changes(id(context))),
    },
    { method: 'POST', path: '/containers/{id}/start', handler: done((context) => containers.start(id(context))) },
    {
      method: 'POST',
      path: '/containers/{id}/stop',
      handler: done((context) =>
        containers.stop(id(context), { timeoutSeconds: timeout(context), signal: context.query.get('signal') }),
      ),
    },
    {
      method: 'POST',
      path: '/containers/{id}/restart',
      handler: done((context) => containers.restart(id(context), timeout(context))),
    },
    {
      method: 'POST',
      path: '/containers/{id}/kill',
      handler: done((context) => containers.kill(id(context), context.query.get('signal') || 'SIGKILL')),
    },
    { method: 'POST', path: '/containers/{id}/pause', handler: done((context) => containers.pause(id(context))) },
    { method: 'POST', path: '/containers/{id}/unpause', handler: done((context) => containers.unpause(id(context))) },
    {
      method: 'POST',
      path: '/containers/{id}/rename',
      handler: done(async (context) => containers.rename(id(context), context.query.get('name') ?? '')),
    },
    {
      method: 'POST',
      path: '/containers/{id}/update',
      handler: async (context) => {
        const warnings = await containers.update(id(context), updateContainerBody.parse(await context.json()));
        context.send(200, { Warnings: warnings });
      },
    },
    {
      method: 'POST',
      path: '/containers/{id}/resize',
      handler: async (context) => {
        await containers.resize(id(context), sizeOf(context));
        context.send(200);
      },
    },
    { method: 'POST', path: '/containers/{id}/attach', handler: attach },
    { method: 'POST', path: '/containers/{id}/wait', handler: wait },
    {
      method: 'DELETE',
      path: '/containers/{id}',
      handler: done((context) =>
        containers.remove(id(context), { force: flag(context.query, 'force'), volumes: flag(context.query, 'v') }),
      ),
    },
    { method: 'HEAD', path: '/containers/{id}/archive', handler: archiveHead },
    { method: 'GET', path: '/containers/{id}/archive', handler: archiveGet },
    { method: 'PUT', path: '/containers/{id}/archive', handler: archivePut },
    {
      method: 'GET',
      path: '/containers/{id}/export',
      handler: async (context) => {
        const one = record(context);
        context.response.writeHead(200, { 'Content-Type': 'application/x-tar' });
        await containers.archives.export(one, context.response);
      },
    },
  ];

  async function list(context: RequestContext): Promise<void> {
    const wanted = filters(context.query);
    const limit = Number(context.query.get('limit') ?? 0);
    const all = flag(context.query, 'all') || limit > 0 || wanted.status !== undefined;
    const matching = containers
      .all()
      .filter((one) => (all || containers.isLive(one)) && matches(one, wanted))
      .sort((a, b) => b.createdAt.localeCompare(a.createdAt));
    const shown = limit > 0 ? matching.slice(0, limit) : matching;
    const isSized = flag(context.query, 'size');
    context.send(
      200,
      await Promise.all(
        shown.map(async (one) => ({
          ...summarizeContainer(one, endpointOf(one)),
          ...(isSized ? await containers.sizes(one) : {}),
        })),
      ),
    );
  }

  async function create(context: RequestContext): Promise<void> {
    const body = createContainerBody.parse(await context.json());
    const created = await containers.create(body, context.query.get('name')?.replace(/^\//, '') || null);
    context.send(201, { Id: created.id, Warnings: created.warnings });
  }

  async function prune(context: RequestContext): Promise<void> {
    const wanted = filters(context.query);
    const gone = containers
      .all()
      .filter((one) => (one.status === 'exited' || one.status === 'created') && matches(one, wanted));
    let bytes = 0;
    for (const one of gone) {
      bytes += (await containers.sizes(one)).SizeRw;
      await containers.remove(one.id, { force: false, volumes: false });
    }
    context.send(200, { ContainersDeleted: gone.map((one) => one.id), SpaceReclaimed: bytes });
  }

  async function top(context: RequestContext): Promise<void> {
    context.send(200, {
      Titles: processTitles,
      Processes: await containers.top(id(context)),
    });
  }

  async function logs(context: RequestContext): Promise<void> {
    const { query, response } = context;
    const one = record(context);
    const want = { stdout: flag(query, 'stdout'), stderr: flag(query, 'stderr') };
    if (!want.stdout && !want.stderr)
      throw new EngineError('invalid-parameter', 'Bad parameters: you must choose at least one stream');
    const tail = query.get('tail') ?? 'all';
    const type = one.config.Tty ? 'raw-stream' : 'multiplexed-stream';
    response.writeHead(200, { 'Content-Type': `application/vnd.docker.${type}` });
    response.flushHeaders();
    const stop = new AbortController();
    context.signal.addEventListener('abort', () => stop.abort());
    try {
      const entries = readLog(
        containers.logPath(one),
        {
          tail: /^\d+$/.test(tail) ? Number(tail) : 'all',
          since: timeOf(query.get('since')),
          until: timeOf(query.get('until')),
          follow: flag(query, 'follow'),
        },
        () => !containers.isLive(containers.all().find((other) => other.id === one.id) ?? { ...one, status: 'exited' }),
        stop.signal,
      );
      for await (const entry of entries) {
        if (!want[entry.stream]) continue;
        const text = Buffer.from(flag(query, 'timestamps') ? `${entry.time} ${entry.text}` : entry.text);
        const free = response.write(one.config.Tty ? text : multiplexed(entry.stream, text));
        if (!free) await new Promise((resolve) => response.once('drain', resolve).once('close', resolve));
      }
    } finally {
      stop.abort();
      response.end();
    }
  }

  async function stats(context: RequestContext): Promise<void> {
    const one = record(context);
    const { response, query } = context;
    const stream = !query.has('stream') || flag(query, 'stream');
    response.writeHead(200, { 'Content-Type': 'application/json' });
    let before: object | null = null;
    for (let count = 0; !context.signal.aborted; count++) {
      const sample = await deps.stats.sample(one.id, one.name, before);
      before = sample;
      // The first answer of a single reading needs two readings to have a rate.
      const isLast = !stream && (flag(query, 'one-shot') || count === 1);
      if (stream || isLast) response.write(`${JSON.stringify(sample)}\n`);
      if (isLast || !containers.isLive(one)) break;
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, 1000);
        context.signal.addEventListener('abort', () => {
          clearTimeout(timer);
          resolve(null);
        });
      });
    }
    response.end();
  }

  async function attach(context: RequestContext): Promise<void> {
    const { query } = context;
    const one = record(context);
    const want = {
      stdin: flag(query, 'stdin') && one.config.OpenStdin,
      stdout: flag(query, 'stdout'),
      stderr: flag(query, 'stderr'),
    };
    // `docker run` attaches before it starts: the client is given its stream at once and joined when there is one.
    const socket = hijack(context, one.config.Tty);
    if (!flag(query, 'stream') && !flag(query, 'logs')) {
      socket.end();
      return;
    }
    const gone = new AbortController();
    socket.once('close', () => gone.abort());
    const supervisor = await containers.attach(one.id, want, gone.signal).catch(() => null);
    if (supervisor === null) {
      socket.end();
      return;
    }
    await join(socket, supervisor, { isTerminal: one.config.Tty, ...want });
  }

  async function wait(context: RequestContext): Promise<void> {
    const condition = context.query.get('condition') || 'not-running';
    if (condition !== 'not-running' && condition !== 'next-exit' && condition !== 'removed') {
      throw new EngineError('invalid-parameter', `invalid condition: "${condition}"`);
    }
    const waiting = containers.wait(id(context), condition);
    // The client starts the container once it has these headers.
    context.response.writeHead(200, { 'Content-Type': 'application/json' });
    context.response.flushHeaders();
    context.response.end(`${JSON.stringify({ StatusCode: await waiting })}\n`);
  }

  // ---- cp

  async function archiveHead(context: RequestContext): Promise<void> {
    context.response.setHeader('X-Docker-Container-Path-Stat', await pathStat(context));
    context.send(200);
  }

  async function pathStat(context: RequestContext): Promise<string> {
    const stat = await containers.archives.stat(record(context), context.query.get('path') ?? '');
    return Buffer.from(
      JSON.stringify({
        name: stat.name,
        size: stat.sizeBytes,
        mode: goMode(stat.type, stat.mode),
        mtime: new Date(Number(stat.mtimeNanos / 1_000_000n)).toISOString(),
        linkTarget: stat.linkTarget,
      }),
    ).toString('base64');
  }

  async function archiveGet(context: RequestContext): Promise<void> {
    context.response.setHeader('X-Docker-Container-Path-Stat', await pathStat(context));
    const wanted = context.query.get('path') ?? '/';
    await sendTar(context, wanted, path.posix.basename(wanted) || '.');
  }

  async function sendTar(context: RequestContext, from: string, name: string): Promise<void> {
    context.response.writeHead(200, { 'Content-Type': 'application/x-tar' });
    await containers.archives.read(record(context), from, name, context.response);
  }

  async function archivePut(context: RequestContext): Promise<void> {
    const archive = await decompressed(context.request);
    await containers.archives.write(record(context), context.query.get('path') ?? '', archive, {
      noOverwriteDirNonDir: flag(context.query, 'noOverwriteDirNonDir'),
    });
    context.send(200);
  }
}

function done(act: (context: RequestContext) => Promise<void>): Route['handler'] {
  return async (context) => {
    await act(context);
    context.send(204);
  };
}

function timeout({ query }: RequestContext): number | null {
  const text = query.get('t');
  return text === null || text === '' ? null : Number(text);
}

export function sizeOf({ query }: RequestContext): { width: number; height: number } {
  const width = Number(query.get('w'));
  const height = Number(query.get('h'));
  if (
    !Number.isInteger(width) ||
    !Number.isInteger(height) ||
    width < 0 ||
    height < 0 ||
    width > 65_535 ||
    height > 65_535
  ) {
    throw new EngineError('invalid-parameter', 'w and h must be numbers of character cells');
  }
  return { width, height };
}

/** Unix seconds with fraction, or RFC 3339. */
function timeOf(text: string | null): number {
  if (text === null || text === '' || text === '0') return 0;
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Date.parse(text) / 1000;
  if (Number.isNaN(seconds)) throw new EngineError('invalid-parameter', `invalid time: ${JSON.stringify(text)}`);
  return seconds;
}

/** Go's os.FileMode, which the CLI decodes. */
function goMode(type: string, mode: number): number {
  const bits: Record<string, number> = {
    directory: 2 ** 31,
    symlink: 2 ** 27,
    block: 2 ** 26,
    char: 2 ** 26 + 2 ** 21,
    fifo: 2 ** 25,
    socket: 2 ** 24,
  };
  const special = (mode & 0o4000 ? 2 ** 23 : 0) + (mode & 0o2000 ? 2 ** 22 : 0) + (mode & 0o1000 ? 2 ** 20 : 0);
  return (bits[type] ?? 0) + special + (mode & 0o777);
}

function matches(one: ContainerRecord, wanted: Record<string, string[]>): boolean {
  const any = (key: string, test: (value: string) => boolean) => wanted[key] === undefined || wanted[key].some(test);
  const label = (value: string) => {
    const [name = '', expected] = value.split(/=(.*)/s, 2) as [string, string | undefined];
    const actual = one.config.Labels[name];
    return actual !== undefined && (expected === undefined || actual === expected);
  };
  return (
    any('id', (value) => one.id.startsWith(value)) &&
    any(
      'name',
      (value) => `/${one.name}`.includes(value) || new RegExp(value.replace(/[^\w^$./-]/g, '')).test(`/${one.name}`),
    ) &&
    any('status', (value) => one.status === value) &&
    any('exited', (value) => one.status === 'exited' && String(one.exitCode) === value) &&
    any('ancestor', (value) => one.image === value || one.image === `${value}:latest` || one.imageId.includes(value)) &&
    (wanted.label === undefined || wanted.label.every(label))
  );
}
