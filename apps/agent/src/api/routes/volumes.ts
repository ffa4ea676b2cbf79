import { EngineError } from '@berth/shared/errors';
import { z } from 'zod';
import type { Volume, Volumes } from '../../engine/volumes/volumes.ts';
import { filters, type Route } from '../router.ts';

const createBody = z.object({
  Name: z.string().nullish(),
  Driver: z.string().nullish(),
  DriverOpts: z.record(z.string(), z.string()).nullish(),
  Labels: z.record(z.string(), z.string()).nullish(),
});

export function volumeRoutes(volumes: Volumes): Route[] {
  return [
    {
      method: 'GET',
      path: '/volumes',
      handler: (context) => {
        const wanted = filters(context.query);
        const shown = volumes
          .list()
          .filter((one) => wanted.name === undefined || wanted.name.some((name) => one.name.includes(name)));
        context.send(200, { Volumes: shown.map(encode), Warnings: null });
      },
    },
    {
      method: 'POST',
      path: '/volumes/create',
      handler: async (context) => {
        const body = createBody.parse(await context.json());
        if (body.Driver != null && body.Driver !== '' && body.Driver !== 'local') {
          throw new EngineError(
            'not-found',
            `error looking up volume plugin ${body.Driver}: plugin "${body.Driver}" not found`,
          );
        }
        const [option] = Object.keys(body.DriverOpts ?? {});
        if (option !== undefined) {
          const message = `the volume option ${JSON.stringify(option)} is not supported: bind a path of the host with -v or --mount`;
          throw new EngineError('invalid-parameter', message);
        }
        context.send(201, encode(volumes.create({ name: body.Name ?? undefined, labels: body.Labels ?? {} })));
      },
    },
    {
      method: 'POST',
      path: '/volumes/prune',
      handler: async (context) => {
        const all = filters(context.query).all !== undefined;
        const gone = volumes.list().filter((one) => !volumes.isUsed(one.name) && (all || one.anonymous));
        for (const one of gone) await volumes.remove(one.name);
        context.send(200, { VolumesDeleted: gone.map((one) => one.name), SpaceReclaimed: 0 });
      },
    },
    {
      method: 'GET',
      path: '/volumes/{name}',
      handler: (context) => context.send(200, encode(volumes.get(context.params.name ?? ''))),
    },
    {
      method: 'DELETE',
      path: '/volumes/{name}',
      handler: async (context) => {
        await volumes.remove(context.params.name ?? '');
        context.send(204);
      },
    },
  ];
}

function encode(volume: Volume): object {
  return {
    CreatedAt: volume.createdAt,
    Driver: 'local',
    Labels: volume.labels,
    Mountpoint: volume.mountpoint,
    Name: volume.name,
    Options: null,
    Scope: 'local',
  };
}
