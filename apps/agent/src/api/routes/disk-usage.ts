import { EngineError } from '@berth/shared/errors';
import type { Containers } from '../../engine/containers/containers.ts';
import { summarizeContainer } from '../../engine/containers/inspect.ts';
import type { Images } from '../../engine/images/images.ts';
import type { Networks } from '../../engine/networks/networks.ts';
import type { Volumes } from '../../engine/volumes/volumes.ts';
import type { RequestContext, Route } from '../router.ts';
import { encodeVolume } from './volumes.ts';

const types = ['image', 'container', 'volume', 'build-cache'];

export function diskUsageRoutes(deps: {
  images: Images;
  containers: Containers;
  networks: Networks;
  volumes: Volumes;
}): Route[] {
  const { images, containers, volumes } = deps;
  return [{ method: 'GET', path: '/system/df', handler: df }];

  async function df(context: RequestContext): Promise<void> {
    const asked = context.query.getAll('type');
    const unknown = asked.find((type) => !types.includes(type));
    if (unknown !== undefined) throw new EngineError('invalid-parameter', `unknown object type: ${unknown}`);
    const isAsked = (type: string) => asked.length === 0 || asked.includes(type);
    context.send(200, {
      ...(isAsked('image') ? await imageUsage() : {}),
      ...(isAsked('container') ? { Containers: await containerUsage() } : {}),
      ...(isAsked('volume') ? { Volumes: await volumeUsage() } : {}),
      ...(isAsked('build-cache') ? { BuildCache: [] } : {}),
    });
  }

  async function imageUsage(): Promise<object> {
    return {
      LayersSize: await images.totalBytes(),
      Images: images.summaries({ filters: {}, all: true, sharedSize: true, manifests: false }),
    };
  }

  async function containerUsage(): Promise<object[]> {
    const usage: object[] = [];
    for (const one of containers.all()) {
      const sizes = await containers.sizes(one);
      usage.push({ ...summarizeContainer(one, deps.networks.endpoint(one.id)), ...sizes });
    }
    return usage;
  }

  async function volumeUsage(): Promise<object[]> {
    const usage: object[] = [];
    for (const one of volumes.list()) {
      const { sizeBytes, refCount } = await volumes.usage(one.name);
      usage.push({ ...encodeVolume(one), UsageData: { Size: sizeBytes, RefCount: refCount } });
    }
    return usage;
  }
}
