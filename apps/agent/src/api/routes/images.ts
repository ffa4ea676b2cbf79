import { EngineError } from '@berth/shared/errors';
import type { ImageRecord, ImageUse } from '../../engine/images/context.ts';
import type { Images } from '../../engine/images/images.ts';
import { parsePlatform } from '../../engine/images/platform.ts';
import { filters, flag, type RequestContext, type Route } from '../router.ts';

export function imageRoutes(deps: { images: Images; inUse: () => ImageUse[] }): Route[] {
  const { images } = deps;
  const name = (context: RequestContext) => context.params.name ?? '';
  return [
    {
      method: 'GET',
      path: '/images/json',
      handler: (context) => {
        const wanted = filters(context.query);
        const uses = deps.inUse();
        const fits = (image: ImageRecord) =>
          (wanted.reference === undefined ||
            wanted.reference.some((ref) => image.tags.some((tag) => tag === ref || tag.split(':')[0] === ref))) &&
          (wanted.dangling === undefined || wanted.dangling.includes(String(image.tags.length === 0)));
        context.send(
          200,
          images
            .list()
            .filter(fits)
            .map((image) => ({
              Id: image.id,
              ParentId: '',
              RepoTags: image.tags,
              RepoDigests: image.repoDigests,
              Created: Math.floor(Date.parse(createdAt(image)) / 1000),
              Size: image.sizeBytes,
              SharedSize: -1,
              Labels: image.config.config?.Labels ?? null,
              Containers: uses.filter((use) => use.imageId === image.id).length,
            })),
        );
      },
    },
    { method: 'POST', path: '/images/load', handler: load },
    { method: 'POST', path: '/images/prune', handler: prune },
    {
      method: 'GET',
      path: '/images/{name...}/json',
      handler: (context) => context.send(200, inspect(images.resolve(name(context)))),
    },
    {
      method: 'GET',
      path: '/images/{name...}/history',
      handler: (context) => {
        const image = images.resolve(name(context));
        context.send(
          200,
          [...(image.config.history ?? [])].reverse().map((entry, index) => ({
            Id: index === 0 ? image.id : '<missing>',
            Created: Math.floor(Date.parse(entry.created ?? createdAt(image)) / 1000),
            CreatedBy: entry.created_by ?? '',
            Tags: index === 0 ? image.tags : null,
            Size: 0,
            Comment: entry.comment ?? '',
          })),
        );
      },
    },
    {
      method: 'POST',
      path: '/images/{name...}/tag',
      handler: (context) => {
        const repository = context.query.get('repo') ?? '';
        images.tag(name(context), `${repository}:${context.query.get('tag') || 'latest'}`);
        context.send(201);
      },
    },
    {
      method: 'DELETE',
      path: '/images/{name...}',
      handler: async (context) =>
        context.send(
          200,
          (
            await images.remove(name(context), {
              force: flag(context.query, 'force'),
              prune: !flag(context.query, 'noprune'),
            })
          ).removed,
        ),
    },
  ];

  async function load(context: RequestContext): Promise<void> {
    const platform = parsePlatform(context.query.get('platform'));
    const { loaded } = await images.load(context.request, { platform, signal: context.signal });
    context.response.writeHead(200, { 'Content-Type': 'application/json' });
    for (const one of loaded) {
      const text = one.startsWith('sha256:') ? `Loaded image ID: ${one}\n` : `Loaded image: ${one}\n`;
      context.response.write(`${JSON.stringify({ stream: text })}\r\n`);
    }
    context.response.end();
  }

  async function prune(context: RequestContext): Promise<void> {
    const wanted = filters(context.query);
    const all = wanted.dangling?.includes('false') ?? false;
    const used = new Set(deps.inUse().map((use) => use.imageId));
    const gone = images.list().filter((image) => !used.has(image.id) && (all || image.tags.length === 0));
    const deleted: object[] = [];
    for (const image of gone) deleted.push(...(await images.remove(image.id, { force: true, prune: true })).removed);
    const bytes = gone.reduce((sum, image) => sum + image.sizeBytes, 0);
    context.send(200, { ImagesDeleted: deleted.length === 0 ? null : deleted, SpaceReclaimed: bytes });
  }
}

const createdAt = (image: ImageRecord) => image.config.created ?? image.addedAt;

function inspect(image: ImageRecord): object {
  return {
    Id: image.id,
    RepoTags: image.tags,
    RepoDigests: image.repoDigests,
    Parent: '',
    Comment: image.config.history?.at(-1)?.comment ?? '',
    Created: createdAt(image),
    Author: image.config.author ?? '',
    Config: image.config.config ?? {},
    Architecture: image.config.architecture ?? '',
    Os: image.config.os ?? 'linux',
    Size: image.sizeBytes,
    GraphDriver: { Name: 'overlay2', Data: null },
    RootFS: { Type: 'layers', Layers: image.config.rootfs.diff_ids },
    Metadata: { LastTagTime: image.addedAt },
  };
}
