/**
 * What an image may say about a container of it: data from a closed list, bounded, never an option of isolation. What
 * makes no sense is left out and told, so that a strange image is a warning and not a way in.
 */
import type { ImageConfig } from '../images/config.ts';
import { signalNumber } from './signals.ts';

export interface ImageDefaults {
  user: string;
  env: string[];
  cmd: string[] | null;
  entrypoint: string[] | null;
  workingDir: string;
  stopSignal: string;
  labels: Record<string, string>;
  exposedPorts: string[];
  volumes: string[];
  warnings: string[];
}

/** Labels by which clients and the agent find what belongs together: a container's, never an image's. */
const reservedLabels = ['org.berth.', 'com.docker.compose.'];
const listMax = 4096;
const textMax = 131_072;

export function imageDefaults(config: ImageConfig['config']): ImageDefaults {
  const warnings: string[] = [];
  const warn = (count: number, what: string) => {
    if (count > 0) warnings.push(`The image's configuration is not followed in ${count} ${what}.`);
  };
  const keep = <T>(list: readonly T[], fits: (one: T) => boolean, what: string): T[] => {
    const kept = list.filter(fits).slice(0, listMax);
    warn(list.length - kept.length, what);
    return kept;
  };
  const isText = (text: string) => text.length <= textMax && !text.includes('\0');
  const given = config ?? {};
  const labels = keep(
    Object.entries(given.Labels ?? {}),
    ([name, value]) =>
      !reservedLabels.some((prefix) => name.toLowerCase().startsWith(prefix)) && isText(name) && isText(value),
    'labels (their prefix is reserved, or they are too long)',
  );
  return {
    user: given.User ?? '',
    env: keep(
      given.Env ?? [],
      (entry) => /^[^=\0]+=/.test(entry) && isText(entry),
      'variables (NAME=value is expected)',
    ),
    cmd: given.Cmd ?? null,
    entrypoint: given.Entrypoint ?? null,
    workingDir: given.WorkingDir ?? '',
    stopSignal: keep([given.StopSignal ?? ''], (name) => name === '' || isSignal(name), 'stop signals')[0] ?? '',
    labels: Object.fromEntries(labels),
    exposedPorts: keep(Object.keys(given.ExposedPorts ?? {}), isPort, 'exposed ports'),
    volumes: keep(Object.keys(given.Volumes ?? {}), isText, 'volumes'),
    warnings,
  };
}

function isSignal(name: string): boolean {
  try {
    return signalNumber(name) > 0;
  } catch {
    return false;
  }
}

function isPort(text: string): boolean {
  const [, port = ''] = /^(\d{1,5})(?:\/(?:tcp|udp|sctp))?$/.exec(text) ?? [];
  return Number(port) >= 1 && Number(port) <= 65_535;
}
