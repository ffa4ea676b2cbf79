/** `docker import`: one tar stream becomes an image of one layer. */
import { Readable } from 'node:stream';
import { formatOf } from '../decompress.ts';
import { addImage } from './add.ts';
import type { ImageConfig } from './config.ts';
import type { ImageContext } from './context.ts';
import { hostPlatform, type Platform } from './platform.ts';

export interface ImportOptions {
  name: string | null;
  message: string;
  config: NonNullable<ImageConfig['config']>;
  platform: Platform | null;
  signal: AbortSignal;
}

/** @returns the image's id. @throws invalid-parameter, system */
export async function importImage(context: ImageContext, input: Readable, options: ImportOptions): Promise<string> {
  await formatOf(input);
  return context.hold(async (layers) => {
    const { signal } = options;
    // Who stops reading it does not hang up on who sends it: there is an answer to give.
    const open = async () => Readable.from(input.iterator({ destroyOnReturn: false }));
    const layer = await layers.ingest({ diffId: null, parent: null, blob: null, open, signal });
    const created = new Date().toISOString();
    const image: ImageConfig = {
      created,
      ...(options.platform ?? hostPlatform()),
      config: options.config,
      rootfs: { type: 'layers', diff_ids: [layer.diffId] },
      history: [{ created, comment: options.message }],
    };
    return addImage(context, {
      configText: JSON.stringify(image),
      chainIds: [layer.chainId],
      names: options.name === null ? [] : [options.name],
      manifest: null,
      action: 'import',
    });
  });
}
