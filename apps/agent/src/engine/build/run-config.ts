/** What an image says of its containers, while it is being built; and its config blob. Pure. */
import { EngineError } from '@berth/shared/errors';
import type { ImageConfig } from '../images/config.ts';
import { architecture } from '../images/platform.ts';

export interface RunConfig {
  User: string;
  ExposedPorts: Record<string, object>;
  Env: string[];
  Entrypoint: string[] | null;
  Cmd: string[] | null;
  Volumes: Record<string, object>;
  WorkingDir: string;
  Labels: Record<string, string>;
  StopSignal: string;
  Healthcheck: unknown;
  Shell: string[] | null;
  OnBuild: string[];
}

const configBytesMax = 1024 ** 2;
const defaultPath = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const defaultShell = ['/bin/sh', '-c'];

/** A stage begins as its base ends, with a PATH. */
export function runConfigOf(config: ImageConfig['config']): RunConfig {
  const whole = filledConfig(config);
  const hasPath = whole.Env.some((entry) => entry.startsWith('PATH='));
  return hasPath ? whole : { ...whole, Env: [...whole.Env, defaultPath] };
}

export function filledConfig(config: ImageConfig['config']): RunConfig {
  return {
    User: config?.User ?? '',
    ExposedPorts: { ...config?.ExposedPorts },
    Env: [...(config?.Env ?? [])],
    Entrypoint: config?.Entrypoint ?? null,
    Cmd: config?.Cmd ?? null,
    Volumes: { ...config?.Volumes },
    WorkingDir: config?.WorkingDir ?? '',
    Labels: { ...config?.Labels },
    StopSignal: config?.StopSignal ?? '',
    Healthcheck: config?.['Healthcheck'] ?? null,
    Shell: config?.Shell ?? null,
    OnBuild: [...(config?.OnBuild ?? [])],
  };
}

export const shellOf = (config: RunConfig) =>
  config.Shell === null || config.Shell.length === 0 ? defaultShell : config.Shell;

/** `NAME=value` in the place of the one before it. */
export function setVariable(env: string[], name: string, value: string): void {
  const at = env.findIndex((entry) => entry.startsWith(`${name}=`));
  if (at < 0) env.push(`${name}=${value}`);
  else env[at] = `${name}=${value}`;
}

export interface Step {
  createdBy: string;
  author: string;
  /** Null: it left the tree as it was. */
  diffId: string | null;
}

/** The config blob of an image that is `base` and one step. @throws too-large */
export function configText(base: ImageConfig | null, config: RunConfig, step: Step, created: string): string {
  const text = JSON.stringify({
    architecture: base?.architecture ?? architecture(),
    ...(base?.variant == null ? {} : { variant: base.variant }),
    ...(step.author === '' ? {} : { author: step.author }),
    config: filled(config),
    created,
    history: [
      ...(base?.history ?? []),
      {
        created,
        created_by: step.createdBy,
        ...(step.author === '' ? {} : { author: step.author }),
        ...(step.diffId === null ? { empty_layer: true } : {}),
      },
    ],
    os: 'linux',
    rootfs: {
      type: 'layers',
      diff_ids: [...(base?.rootfs.diff_ids ?? []), ...(step.diffId === null ? [] : [step.diffId])],
    },
  });
  if (text.length > configBytesMax) {
    throw new EngineError('too-large', `the configuration of the image is larger than ${configBytesMax} bytes`);
  }
  return text;
}

/** Without what says nothing. */
function filled(config: RunConfig): object {
  const says = (value: unknown) =>
    value !== null && value !== '' && !(typeof value === 'object' && Object.keys(value).length === 0);
  return Object.fromEntries(
    Object.entries(config).filter(([name, value]) => says(value) || (name === 'Cmd' && value !== null)),
  );
}
