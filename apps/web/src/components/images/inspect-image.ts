import { z } from 'zod';

const strings = z.array(z.string()).nullish().catch(null);
const keys = z
  .record(z.string(), z.unknown())
  .nullish()
  .catch(null)
  .transform((value) => Object.keys(value ?? {}));
const nanoseconds = z.number().nullish().catch(null);

const image = z.object({
  Id: z.string(),
  Parent: z.string().catch(''),
  Author: z.string().catch(''),
  Created: z.string().catch(''),
  Os: z.string().catch(''),
  Architecture: z.string().catch(''),
  Variant: z.string().catch(''),
  DockerVersion: z.string().catch(''),
  RootFS: z.object({ Layers: z.array(z.string()).catch([]) }).catch({ Layers: [] }),
  Config: z
    .object({
      Cmd: strings,
      Entrypoint: strings,
      Env: strings,
      ExposedPorts: keys,
      Volumes: keys,
      User: z.string().catch(''),
      WorkingDir: z.string().catch(''),
      StopSignal: z.string().catch(''),
      Labels: z.record(z.string(), z.string()).nullish().catch(null),
      Healthcheck: z
        .object({
          Test: strings,
          Interval: nanoseconds,
          Timeout: nanoseconds,
          StartPeriod: nanoseconds,
          Retries: z.number().nullish().catch(null),
        })
        .nullish()
        .catch(null),
    })
    .nullish()
    .catch(null),
});
export type ImageInspect = z.infer<typeof image>;

/** The engine's JSON, read leniently; null when it is no image at all. */
export function readImageInspect(value: Record<string, unknown> | null): ImageInspect | null {
  return image.safeParse(value).data ?? null;
}

/** `linux/arm64/v8`, or empty when the image does not say. */
export function platformOf({ Os, Architecture, Variant }: ImageInspect): string {
  return [Os, Architecture, Variant].filter(Boolean).join('/');
}

/** A health check as a person would write it; null when there is none or it is turned off. */
export function healthCommand(test: readonly string[] | null | undefined): string | null {
  const [kind, ...words] = test ?? [];
  if (kind === 'CMD-SHELL') return words.join(' ');
  if (kind === 'CMD') return words.join(' ');
  return null;
}
