/** /volumes, as of Engine API v1.50. */
import { createVolumeBody } from '@berth/shared/docker/volume';
import { EngineError } from '@berth/shared/errors';
import { listed, pruned } from '../../engine/volumes/filter.ts';
import type { Volume, Volumes } from '../../engine/volumes/volumes.ts';
import { filters, flag, type RequestContext, type Route } from '../router.ts';

export function volumeRoutes(volumes: Volumes): Route[] {
  const name = (context: RequestContext) => context.params.name ?? '';
  return [
    { method: 'GET', path: '/volumes', handler: list },
    { method: 'POST', path: '/volumes/create', handler: create },
    { method: 'POST', path: '/volumes/prune', handler: prune },
    {
      method: 'GET',
      path: '/volumes/{name}',
      handler: (context) => context.send(200, encodeVolume(volumes.get(name(context)))),
    },
    { method: 'PUT', path: '/volumes/{name}', handler: refuseCluster },
    {
      method: 'DELETE',
      path: '/volumes/{name}',
      handler: async (context) => {
        await volumes.remove(name(context)).catch((error) => {
          const isMissing = error instanceof EngineError && error.kind === 'not-found';
          if (!isMissing || !flag(context.query, 'force')) throw error;
        });
        context.send(204);
      },
    },
  ];

  function list(context: RequestContext): void {
    const shown = volumes.list().filter(listed(filters(context.query), volumes.isUsed));
    context.send(200, { Volumes: shown.map(encodeVolume), Warnings: null });
  }

  async function create(context: RequestContext): Promise<void> {
    const body = createVolumeBody.parse(await context.json());
    if (body.ClusterVolumeSpec != null) refuseCluster();
    if (!['', 'local'].includes(body.Driver ?? '')) {
      const message = `error looking up volume plugin ${body.Driver}: plugin "${body.Driver}" not found`;
      throw new EngineError('not-found', message);
    }
    const made = volumes.create({ name: body.Name ?? undefined, labels: body.Labels, options: body.DriverOpts });
    context.send(201, encodeVolume(made));
  }

  async function prune(context: RequestContext): Promise<void> {
    const wanted = filters(context.query);
    // Before 1.42 there was no `all`: it was what a prune did.
    const isOld = /^\/v1\.41\//.test(context.request.url ?? '');
    const { names, bytes } = await volumes.prune(pruned(isOld ? { ...wanted, all: ['true'] } : wanted));
    context.send(200, { VolumesDeleted: names, SpaceReclaimed: bytes });
  }
}

function refuseCluster(): never {
  throw new EngineError(
    'unavailable',
    'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.',
  );
}

export function encodeVolume(volume: Volume): object {
  return {
    CreatedAt: volume.createdAt,
    Driver: 'local',
    Labels: Object.keys(volume.labels).length === 0 ? null : volume.labels,
    Mountpoint: volume.mountpoint,
    Name: volume.name,
    Options: Object.keys(volume.options).length === 0 ? null : volume.options,
    Scope: 'local',
  };
}
