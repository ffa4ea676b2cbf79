/** The config blob of the image-spec, as far as it is read here. An image's id is the digest of its bytes. */
import { z } from 'zod';
import { broken } from './archive.ts';

export const configBytesMax = 4 * 1024 ** 2;
/** overlayfs takes 500 lower directories in one mount. */
export const layersMax = 500;

const strings = z.array(z.string()).nullish();
const keys = z.record(z.string(), z.looseObject({})).nullish();
const configSchema = z.looseObject({
  created: z.string().nullish(),
  author: z.string().nullish(),
  architecture: z.string().nullish(),
  variant: z.string().nullish(),
  os: z.string().nullish(),
  config: z
    .looseObject({
      User: z.string().nullish(),
      Env: strings,
      Cmd: strings,
      Entrypoint: strings,
      WorkingDir: z.string().nullish(),
      ExposedPorts: keys,
      Volumes: keys,
      Labels: z.record(z.string(), z.string()).nullish(),
      StopSignal: z.string().nullish(),
      OnBuild: strings,
      Shell: strings,
    })
    .nullish(),
  rootfs: z.looseObject({
    type: z.string(),
    diff_ids: z.array(z.string().regex(/^sha256:[0-9a-f]{64}$/)).max(layersMax),
  }),
  history: z
    .array(
      z.looseObject({
        created: z.string().nullish(),
        created_by: z.string().nullish(),
        author: z.string().nullish(),
        comment: z.string().nullish(),
        empty_layer: z.boolean().nullish(),
      }),
    )
    .nullish(),
});

export type ImageConfig = z.infer<typeof configSchema>;

/** @throws invalid-parameter */
export function parseConfig(text: string): ImageConfig {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    throw broken('its config is not JSON');
  }
  const parsed = configSchema.safeParse(content);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw broken(`its config is malformed (${issue?.path.join('.')}: ${issue?.message})`);
}
