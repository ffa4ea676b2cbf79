/** Manifests and indexes as they are read here (image-spec, Docker schema 2), and the manifest of an image that has none. */
import { z } from 'zod';
import { layersMax } from './config.ts';

export const manifestBytesMax = 4 * 1024 ** 2;

export const mediaType = {
  ociIndex: 'application/vnd.oci.image.index.v1+json',
  ociManifest: 'application/vnd.oci.image.manifest.v1+json',
  ociConfig: 'application/vnd.oci.image.config.v1+json',
  dockerIndex: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
} as const;

export const descriptorSchema = z.looseObject({
  mediaType: z.string().optional(),
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  size: z.number().int().nonnegative(),
  annotations: z.record(z.string(), z.string()).optional(),
  platform: z.looseObject({ architecture: z.string(), os: z.string(), variant: z.string().optional() }).optional(),
});
export const indexSchema = z.looseObject({ manifests: z.array(descriptorSchema).max(1000) });
export const manifestSchema = z.looseObject({
  mediaType: z.string().optional(),
  config: descriptorSchema,
  layers: z.array(descriptorSchema).max(layersMax),
});

export type Descriptor = z.infer<typeof descriptorSchema>;
export type Manifest = z.infer<typeof manifestSchema>;

/** The same image has the same manifest, to the byte. */
export function makeManifest(
  config: { digest: string; sizeBytes: number },
  layers: readonly { digest: string; sizeBytes: number; mediaType: string }[],
): Buffer {
  const describe = (type: string, { digest, sizeBytes }: { digest: string; sizeBytes: number }) => ({
    mediaType: type,
    digest,
    size: sizeBytes,
  });
  return Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaType.ociManifest,
      config: describe(mediaType.ociConfig, config),
      layers: layers.map((layer) => describe(layer.mediaType, layer)),
    }),
  );
}
