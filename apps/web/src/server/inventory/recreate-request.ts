/** A container's inspect → the body of POST /containers/create that makes the same again from a newer image. Pure. */
import { z } from 'zod';

const strings = z.array(z.string()).nullish();
const map = z.record(z.string(), z.unknown()).nullish();

const config = z.looseObject({
  Image: z.string(),
  Hostname: z.string().nullish(),
  Env: strings,
  Cmd: strings,
  Entrypoint: strings,
  Labels: z.record(z.string(), z.string()).nullish(),
  ExposedPorts: map,
  Volumes: map,
});
const mount = z.looseObject({
  Type: z.string(),
  Source: z.string().nullish(),
  Target: z.string().nullish(),
});
export const recreatable = z.object({
  Id: z.string(),
  Name: z.string(),
  Image: z.string(),
  State: z.object({ Status: z.string() }),
  Config: config,
  HostConfig: z.looseObject({
    AutoRemove: z.boolean().nullish(),
    Binds: strings,
    Mounts: z.array(mount).nullish(),
  }),
  Mounts: z
    .array(
      z.object({ Type: z.string(), Name: z.string().nullish(), Destination: z.string(), RW: z.boolean().nullish() }),
    )
    .nullish(),
  NetworkSettings: z.object({
    Networks: z
      .record(z.string(), z.looseObject({ IPAMConfig: map, Aliases: strings, Links: strings, DriverOpts: map }))
      .nullish(),
  }),
});
export type Recreatable = z.infer<typeof recreatable>;

export const imageConfig = z.looseObject({
  Env: strings,
  Cmd: strings,
  Entrypoint: strings,
  Labels: z.record(z.string(), z.string()).nullish(),
  ExposedPorts: map,
  Volumes: map,
});
export type ImageConfig = z.infer<typeof imageConfig>;

/**
 * What the container has from its old image is left out, so that the new image's own takes its place: a variable that
 * a newer version sets otherwise must not be held back by its old value.
 */
export function recreateRequest(container: Recreatable, old: ImageConfig): Record<string, unknown> {
  const { Config, HostConfig } = container;
  const isOwnEntrypoint = !same(Config.Entrypoint ?? null, old.Entrypoint ?? null);
  const isOwnCommand = isOwnEntrypoint || !same(Config.Cmd ?? null, old.Cmd ?? null);
  const volumes = unnamedVolumes(container);
  const taken = new Set(volumes.map(({ Target }) => Target));
  const { Hostname, Healthcheck, User, WorkingDir, StopSignal, ...rest } = Config;
  return {
    ...rest,
    ...own({ Healthcheck, User, WorkingDir, StopSignal }, old),
    // Made up from the id when nobody chose one.
    ...(Hostname && !container.Id.startsWith(Hostname) && { Hostname }),
    Entrypoint: isOwnEntrypoint ? Config.Entrypoint : undefined,
    Cmd: isOwnCommand ? Config.Cmd : undefined,
    Env: (Config.Env ?? []).filter((variable) => !(old.Env ?? []).includes(variable)),
    Labels: own(Config.Labels ?? {}, old.Labels ?? {}),
    ExposedPorts: own(Config.ExposedPorts ?? {}, old.ExposedPorts ?? {}),
    Volumes: Object.fromEntries(
      Object.entries(own(Config.Volumes ?? {}, old.Volumes ?? {})).filter(([target]) => !taken.has(target)),
    ),
    HostConfig: {
      ...HostConfig,
      ContainerIDFile: undefined,
      Mounts: [...(HostConfig.Mounts ?? []).filter(({ Target }) => !taken.has(Target ?? '')), ...volumes],
    },
    NetworkingConfig: { EndpointsConfig: endpoints(container) },
  };
}

/** Volumes without a name of their own hold data all the same: the new container takes them over. */
function unnamedVolumes({ Mounts, HostConfig }: Recreatable) {
  const named = new Set([
    ...(HostConfig.Binds ?? []).map((bind) => bind.split(':')[0]),
    ...(HostConfig.Mounts ?? []).map(({ Source }) => Source),
  ]);
  return (Mounts ?? [])
    .filter(({ Type, Name }) => Type === 'volume' && Name && !named.has(Name))
    .map(({ Name, Destination, RW }) => ({
      Type: 'volume',
      Source: Name,
      Target: Destination,
      ReadOnly: RW === false,
    }));
}

/** What was chosen of a network, without the addresses that it gave. */
function endpoints({ Id, NetworkSettings }: Recreatable): Record<string, object> {
  return Object.fromEntries(
    Object.entries(NetworkSettings.Networks ?? {}).map(([name, { IPAMConfig, Aliases, Links, DriverOpts }]) => [
      name,
      {
        ...(IPAMConfig && { IPAMConfig }),
        ...(Aliases && { Aliases: Aliases.filter((alias) => !Id.startsWith(alias)) }),
        ...(Links && { Links }),
        ...(DriverOpts && { DriverOpts }),
      },
    ]),
  );
}

/** The entries that the image does not have just so. */
function own(values: Record<string, unknown>, image: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([name, value]) => !same(value, image[name])));
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
