/** What a registry says of a reference, without pulling it: `docker manifest`'s and `docker service`'s question. */
import { parseConfig } from './config.ts';
import type { Platform } from './platform.ts';
import { familiarName, type Reference } from './reference.ts';
import type { Descriptor, ManifestContent } from './registry/content.ts';
import type { Credentials } from './registry/credentials.ts';
import { pullFailure } from './registry/failure.ts';
import { registryLimits } from './registry/limits.ts';
import type { Registries, Registry } from './registry/registry.ts';

/** @throws EngineError in Docker's words */
export async function describeDistribution(
  registries: Registries,
  reference: Reference,
  { credentials, signal }: { credentials: Credentials | null; signal: AbortSignal },
): Promise<{ descriptor: Descriptor; platforms: Platform[] }> {
  const registry = registries.open(reference, credentials);
  try {
    const { descriptor, manifest } = await registry.resolve(reference.digest ?? reference.tag ?? 'latest', signal);
    return { descriptor, platforms: await platformsOf(registry, manifest, signal) };
  } catch (error) {
    throw pullFailure(error, { ...reference, tag: familiarName(reference).includes(':') ? reference.tag : 'latest' });
  }
}

async function platformsOf(registry: Registry, manifest: ManifestContent, signal: AbortSignal): Promise<Platform[]> {
  if (manifest.kind === 'index') {
    return manifest.entries.flatMap(({ platform }) =>
      platform == null || platform.os === 'unknown' ? [] : [platform],
    );
  }
  const content = await registry.read(manifest.config, registryLimits.configBytesMax, signal);
  const { os, architecture, variant } = parseConfig(content.toString('utf8'));
  return [{ os: os ?? 'linux', architecture: architecture ?? '', ...(variant == null ? {} : { variant }) }];
}
