/** Where the sources of bind mounts really are, and whether that is the agent's own. */
import { realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import type { BindSource } from '../runtime/policy.ts';
import type { Context } from './context.ts';
import type { ContainerRecord } from './store.ts';

export interface BindSources {
  /** By where they really are. */
  known: ReadonlyMap<string, BindSource>;
  real: (source: string) => string;
}

export function bindSources(context: Places, record: Pick<ContainerRecord, 'mounts'>): BindSources {
  const agents = agentPlaces(context);
  const reals = new Map<string, string>();
  const known = new Map<string, BindSource>();
  for (const { type, source } of record.mounts) {
    if (type !== 'bind') continue;
    const real = realPath(source);
    reals.set(source, real);
    known.set(real, { real, agents: relation(real, agents) });
  }
  return { known, real: (source) => reals.get(source) ?? source };
}

type Places = Pick<Context, 'dataDir' | 'runDir' | 'socketPath'>;

function agentPlaces({ dataDir, runDir, socketPath }: Places) {
  const inside = ['agent.db', 'containers', 'layers', 'volumes'].map((name) => path.join(dataDir, name));
  const places = [dataDir, runDir, ...inside, path.join(runDir, 'containers')];
  return {
    trees: [dataDir, runDir].map(realPath),
    // By whatever name: another mount of the same directory, a hard link of the socket.
    identities: new Set(places.map(identity).filter((one) => one !== null)),
    socket: identity(socketPath),
  };
}

function relation(real: string, { trees, identities, socket }: ReturnType<typeof agentPlaces>): BindSource['agents'] {
  const itself = identity(real);
  if (itself !== null && itself === socket) return 'socket';
  if (trees.some((tree) => `${real}/`.startsWith(`${tree}/`)) || (itself !== null && identities.has(itself))) {
    return 'inside';
  }
  return trees.some((tree) => tree.startsWith(real === '/' ? real : `${real}/`)) ? 'above' : null;
}

function identity(file: string): string | null {
  const at = statSync(file, { bigint: true, throwIfNoEntry: false });
  return at === undefined ? null : `${at.dev}:${at.ino}`;
}

/** Every link followed; of what is not there yet, those of the part that is. */
function realPath(file: string): string {
  try {
    return realpathSync(file);
  } catch (error) {
    const parent = path.dirname(file);
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (!isMissing || parent === file) return file;
    return path.join(realPath(parent), path.basename(file));
  }
}
