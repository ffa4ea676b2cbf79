import type { ActionResult } from '../views.ts';
import { removeVolume } from './remove-volume.ts';

const pruneMax = 10_000;

export interface PruneOutcome {
  removed: string[];
  refused: { name: string; message: string }[];
}

/**
 * Removes exactly the volumes that a person was shown, and not what the engine's own prune would choose a moment later:
 * one that got a container meanwhile is refused by the host, one that is new was never on the list.
 */
export async function pruneVolumes(hostId: string, names: string[]): Promise<ActionResult<PruneOutcome>> {
  const outcome: PruneOutcome = { removed: [], refused: [] };
  for (const name of names.slice(0, pruneMax)) {
    const result = await removeVolume(hostId, name);
    if (result.ok) outcome.removed.push(name);
    else outcome.refused.push({ name, message: result.message });
  }
  return { ok: true, value: outcome };
}
