/** `docker commit`: what a container wrote becomes a layer upon its image's. It pauses meanwhile, unless told otherwise. */
import { EngineError } from '@berth/shared/errors';
import type { ImageConfig } from '../images/config.ts';
import { hostPlatform } from '../images/platform.ts';
import { ingestUpper } from '../images/written-layer.ts';
import { type Context, now } from './context.ts';
import { mergeEnv } from './create.ts';
import type { ContainerRecord } from './store.ts';

type Config = NonNullable<ImageConfig['config']>;

export interface CommitOptions {
  name: string | null;
  comment: string;
  author: string;
  /** Over what the container was made with. */
  config: Config;
  /** After that. @throws invalid-parameter */
  change: (config: Config) => Config;
  signal: AbortSignal;
}

/** Under the container's lock. @returns the image's id. @throws not-found, conflict, invalid-parameter */
export async function commit(context: Context, record: ContainerRecord, options: CommitOptions): Promise<string> {
  if (record.status === 'removing' || record.status === 'dead') {
    throw new EngineError('conflict', `You cannot commit container ${record.id} which is being removed`);
  }
  const config = options.change(merged(options.config, configOf(record)));
  const parent = context.images.resolve(record.imageId);
  const id = await context.images.hold(async (layers) => {
    for (const chainId of parent.chainIds) layers.get(chainId);
    // Ids are on disk as the container sees them.
    const { upper } = context.layer(record.id);
    const layer = await ingestUpper(layers, upper, parent.chainIds.at(-1) ?? null, options.signal);
    const created = now();
    const image: ImageConfig = {
      created,
      ...(options.author === '' ? {} : { author: options.author }),
      ...hostPlatform(),
      ...(parent.config.architecture == null ? {} : { architecture: parent.config.architecture }),
      ...(parent.config.variant == null ? {} : { variant: parent.config.variant }),
      config,
      rootfs: {
        type: 'layers',
        diff_ids: [...parent.config.rootfs.diff_ids, ...(layer === null ? [] : [layer.diffId])],
      },
      history: [
        ...(parent.config.history ?? []),
        {
          created,
          created_by: record.args.join(' '),
          ...(options.author === '' ? {} : { author: options.author }),
          ...(options.comment === '' ? {} : { comment: options.comment }),
          ...(layer === null ? { empty_layer: true } : {}),
        },
      ],
    };
    return context.images.add({
      configText: JSON.stringify(image),
      chainIds: [...parent.chainIds, ...(layer === null ? [] : [layer.chainId])],
      names: options.name === null ? [] : [options.name],
      manifest: null,
      parentId: parent.id,
      action: 'commit',
    });
  });
  context.emit(record, 'commit', { comment: options.comment, imageID: id, imageRef: options.name ?? '' });
  return id;
}

/** What of a container's settings an image can say. */
function configOf({ config }: ContainerRecord): Config {
  return {
    User: config.User,
    ExposedPorts: config.ExposedPorts,
    Env: config.Env,
    Entrypoint: config.Entrypoint,
    Cmd: config.Cmd,
    Volumes: config.Volumes,
    WorkingDir: config.WorkingDir,
    Labels: config.Labels,
    ...(config.StopSignal === '' ? {} : { StopSignal: config.StopSignal }),
  };
}

/** What the request says, and the container where it says nothing; lists of the two are joined. */
function merged(asked: Config, own: Config): Config {
  const pick = (a: string | null | undefined, b: string | null | undefined) => (a == null || a === '' ? b : a);
  const isCommandAsked = asked.Entrypoint != null && asked.Entrypoint.length > 0;
  return {
    ...own,
    ...(asked.Healthcheck === undefined ? {} : { Healthcheck: asked.Healthcheck }),
    ...(asked.OnBuild == null ? {} : { OnBuild: asked.OnBuild }),
    ...(asked.Shell == null ? {} : { Shell: asked.Shell }),
    User: pick(asked.User, own.User) ?? '',
    WorkingDir: pick(asked.WorkingDir, own.WorkingDir) ?? '',
    StopSignal: pick(asked.StopSignal, own.StopSignal) ?? '',
    Env: mergeEnv(own.Env ?? [], asked.Env ?? []),
    Entrypoint: isCommandAsked ? asked.Entrypoint : own.Entrypoint,
    Cmd: asked.Cmd != null && asked.Cmd.length > 0 ? asked.Cmd : isCommandAsked ? null : own.Cmd,
    Labels: { ...own.Labels, ...asked.Labels },
    ExposedPorts: { ...own.ExposedPorts, ...asked.ExposedPorts },
    Volumes: { ...own.Volumes, ...asked.Volumes },
  };
}
