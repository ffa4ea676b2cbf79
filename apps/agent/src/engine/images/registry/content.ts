/**
 * What a registry gave for a manifest, checked: that it is one, and one thing only (CVE-2021-41190: the same bytes read
 * as an index by one and as a manifest by another).
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { mediaType } from '../manifest.ts';
import { RegistryFailure } from './failure.ts';
import type { RegistryLimits } from './limits.ts';

export const acceptedManifests = [
  mediaType.ociIndex,
  mediaType.ociManifest,
  mediaType.dockerIndex,
  mediaType.dockerManifest,
].join(', ');

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/, 'is no sha256 digest');
const size = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);
const descriptor = z.looseObject({ mediaType: z.string().min(1).max(255), digest, size });
const platform = z.looseObject({
  os: z.string().max(64),
  architecture: z.string().max(64),
  variant: z.string().max(64).optional(),
});
const indexEntry = z.looseObject({ ...descriptor.shape, platform: platform.nullish() });

export interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
}
export interface IndexEntry extends Descriptor {
  platform?: { os: string; architecture: string; variant?: string | undefined } | null | undefined;
}
export type ManifestContent =
  | { kind: 'index'; mediaType: string; entries: IndexEntry[] }
  | { kind: 'image'; mediaType: string; config: Descriptor; layers: Descriptor[] };

const kinds: Record<string, ManifestContent['kind']> = {
  [mediaType.ociIndex]: 'index',
  [mediaType.dockerIndex]: 'index',
  [mediaType.ociManifest]: 'image',
  [mediaType.dockerManifest]: 'image',
};
const schemaOne = 'application/vnd.docker.distribution.manifest.v1+';
/** Said by servers that do not know what they serve; then the content has to say it. */
const saysNothing = new Set(['', 'application/json', 'text/plain', 'application/octet-stream', 'binary/octet-stream']);

const configTypes = new Set([mediaType.ociConfig, 'application/vnd.docker.container.image.v1+json']);
const layerTypes =
  /^application\/vnd\.(oci\.image\.layer\.v1\.tar(\+gzip|\+zstd)?|docker\.image\.rootfs\.diff\.tar(\.gzip|\.zstd)?)$/;
const foreignTypes = /^application\/vnd\.(oci\.image\.layer\.nondistributable\.|docker\.image\.rootfs\.foreign\.)/;

/** @throws RegistryFailure */
export function readManifest(content: Buffer, contentType: string, limits: Readonly<RegistryLimits>): ManifestContent {
  const sent = contentType.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  const object = parseObject(content);
  const said = typeof object.mediaType === 'string' ? object.mediaType : '';
  if (sent.startsWith(schemaOne) || said.startsWith(schemaOne) || object.schemaVersion === 1) {
    throw refused(
      'schema 1 manifests are not supported: the image has to be pushed again by a newer tool (docker image format v1 was replaced in 2016)',
    );
  }
  if (!saysNothing.has(sent) && said !== '' && sent !== said) {
    throw refused(`it is served as ${quoted(sent)} and calls itself ${quoted(said)}`);
  }
  const type = saysNothing.has(sent) ? said : sent;
  const kind = Object.hasOwn(kinds, type) ? kinds[type] : undefined;
  if (kind === undefined) throw refused(`media type ${quoted(type === '' ? sent : type)} is not supported`);
  if (object.schemaVersion !== 2) throw refused('its schemaVersion is not 2');
  const has = (name: string) => Object.hasOwn(object, name);
  if (kind === 'index' ? has('layers') || has('config') || has('fsLayers') : has('manifests') || has('fsLayers')) {
    throw refused('it has the parts of both an index and a manifest');
  }
  if (kind === 'index') {
    const { manifests } = parsed(z.looseObject({ manifests: z.array(indexEntry).max(limits.indexEntriesMax) }), object);
    return { kind, mediaType: type, entries: manifests };
  }
  const shape = z.looseObject({ config: descriptor, layers: z.array(descriptor).max(limits.layersMax) });
  const { config, layers } = parsed(shape, object);
  checkParts(config, layers, limits);
  return { kind, mediaType: type, config, layers };
}

function checkParts(config: Descriptor, layers: Descriptor[], limits: Readonly<RegistryLimits>): void {
  if (!configTypes.has(config.mediaType)) {
    throw refused(`it is no image: encountered remote ${quoted(config.mediaType)} when fetching`);
  }
  if (config.size > limits.configBytesMax) throw refused(`its config is larger than ${limits.configBytesMax} bytes`);
  for (const layer of layers) {
    if (foreignTypes.test(layer.mediaType)) {
      throw refused(`layer ${layer.digest} is foreign: its content lies outside of the registry and is not fetched`);
    }
    if (!layerTypes.test(layer.mediaType))
      throw refused(`layer media type ${quoted(layer.mediaType)} is not supported`);
  }
}

/** The digest is of the bytes as they came, whatever they say. @throws RegistryFailure */
export function checkDigest(content: Buffer, wanted: string, what: string): void {
  const algorithm = wanted.split(':', 1)[0] ?? '';
  const found = `${algorithm}:${createHash(algorithm).update(content).digest('hex')}`;
  if (found !== wanted) {
    throw new RegistryFailure('data-loss', `${what} does not match digest: expected ${wanted}, got ${found}`);
  }
}

function parseObject(content: Buffer): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content));
  } catch {
    throw refused('it is not JSON');
  }
  const object = z.record(z.string(), z.unknown()).safeParse(value);
  if (!object.success) throw refused('it is no JSON object');
  return object.data;
}

function parsed<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw refused(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'malformed'}`);
}

const quoted = (text: string) => JSON.stringify(text.slice(0, 200));

function refused(why: string): RegistryFailure {
  return new RegistryFailure('system', `the registry's manifest is refused: ${why}`);
}
