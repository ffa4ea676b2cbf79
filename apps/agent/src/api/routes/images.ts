import { EngineError } from '@berth/shared/errors';
import { z } from 'zod';
import { applyChanges } from '../../engine/build/changes.ts';
import type { Containers } from '../../engine/containers/containers.ts';
import type { Images } from '../../engine/images/images.ts';
import { parsePlatform } from '../../engine/images/platform.ts';
import { filters, flag, type RequestContext, type Route } from '../router.ts';

/** What `docker commit` sends of a container's settings; null and absent say nothing. */
const strings = z.array(z.string().max(131_072)).max(4096).nullish();
const keys = z.record(z.string().max(4096), z.looseObject({})).nullish();
const commitConfig = z
  .object({
    User: z.string().nullish(),
    Env: strings,
    Cmd: strings,
    Entrypoint: strings,
    WorkingDir: z.string().nullish(),
    ExposedPorts: keys,
    Volumes: keys,
    Labels: z.record(z.string(), z.string()).nullish(),
    StopSignal: z.string().nullish(),
    Healthcheck: z.looseObject({}).nullish(),
    OnBuild: strings,
    Shell: strings,
  })
  .nullable()
  .transform((value) => value ?? {});

export function imageRoutes({ images, containers }: { images: Images; containers: Containers }): Route[] {
  const name = (context: RequestContext) => context.params.name ?? '';
  return [
    { method: 'GET', path: '/images/json', handler: list },
    { method: 'GET', path: '/images/search', handler: search },
    { method: 'GET', path: '/images/get', handler: (context) => save(context, namesOf(context)) },
    { method: 'POST', path: '/images/load', handler: load },
    { method: 'POST', path: '/images/prune', handler: prune },
    { method: 'POST', path: '/commit', handler: commit },
    { method: 'GET', path: '/images/{name...}/get', handler: (context) => save(context, [name(context)]) },
    {
      method: 'GET',
      path: '/images/{name...}/json',
      handler: (context) =>
        context.send(200, images.inspect(name(context), { manifests: flag(context.query, 'manifests') })),
    },
    {
      method: 'GET',
      path: '/images/{name...}/history',
      handler: (context) => context.send(200, images.history(name(context))),
    },
    {
      method: 'POST',
      path: '/images/{name...}/tag',
      handler: (context) => {
        const repository = context.query.get('repo') ?? '';
        const tag = context.query.get('tag') ?? '';
        images.tag(name(context), tag === '' ? repository : `${repository}:${tag}`);
        context.send(201);
      },
    },
    {
      method: 'DELETE',
      path: '/images/{name...}',
      handler: async (context) => {
        const options = { force: flag(context.query, 'force'), prune: !flag(context.query, 'noprune') };
        context.send(200, (await images.remove(name(context), options)).removed);
      },
    },
  ];

  function list(context: RequestContext): void {
    const { query } = context;
    const wanted = filters(query);
    // The filter's older name.
    const filter = query.get('filter');
    context.send(
      200,
      images.summaries({
        filters: filter === null || filter === '' ? wanted : { ...wanted, reference: [filter] },
        all: flag(query, 'all'),
        sharedSize: flag(query, 'shared-size'),
        manifests: flag(query, 'manifests'),
      }),
    );
  }

  function search(): never {
    throw new EngineError(
      'unavailable',
      'searching is an offer of Docker Hub alone, which is not asked from here: look there, and pull by the full name',
    );
  }

  function namesOf({ query }: RequestContext): string[] {
    return query.getAll('names').flatMap((names) => names.split(','));
  }

  async function save(context: RequestContext, names: string[]): Promise<void> {
    const write = await images.save(names);
    context.response.writeHead(200, { 'Content-Type': 'application/x-tar' });
    await write(context.response);
  }

  async function load(context: RequestContext): Promise<void> {
    const platform = parsePlatform(context.query.get('platform'));
    const { loaded, renamed } = await images.load(context.request, { platform, signal: context.signal });
    context.response.writeHead(200, { 'Content-Type': 'application/json' });
    const write = (text: string) => context.response.write(`${JSON.stringify({ stream: text })}\r\n`);
    for (const one of renamed)
      write(`The image ${one.name} already exists, renaming the old one with ID ${one.from} to empty string\n`);
    for (const one of loaded) write(one.startsWith('sha256:') ? `Loaded image ID: ${one}\n` : `Loaded image: ${one}\n`);
    context.response.end();
  }

  async function commit(context: RequestContext): Promise<void> {
    const { query } = context;
    const container = query.get('container') ?? '';
    if (container === '') throw new EngineError('invalid-parameter', 'container is required');
    const id = await containers.commit(container, {
      name: target(query),
      comment: query.get('comment') ?? '',
      author: query.get('author') ?? '',
      config: commitConfig.parse(await context.json()),
      change: (config) => applyChanges(config, query.getAll('changes')),
      pause: !query.has('pause') || flag(query, 'pause'),
      signal: context.signal,
    });
    context.send(201, { Id: id });
  }

  async function prune(context: RequestContext): Promise<void> {
    const { removed, bytes } = await images.prune(filters(context.query));
    context.send(200, { ImagesDeleted: removed.length === 0 ? null : removed, SpaceReclaimed: bytes });
  }
}

/** `repo` and `tag`; null: it gets no name. */
function target(query: URLSearchParams): string | null {
  const repository = query.get('repo') ?? '';
  const tag = query.get('tag') ?? '';
  return repository === '' ? null : tag === '' ? repository : `${repository}:${tag}`;
}
