'use server';
import type { VolumeInput } from '@/components/volumes/volume-draft.ts';
import type { PruneOutcome } from '@/components/volumes/volume-types.ts';
import { createVolume } from '@/server/inventory/create-volume.ts';
import { pruneVolumes } from '@/server/inventory/prune-volumes.ts';
import { removeVolume } from '@/server/inventory/remove-volume.ts';
import type { ActionResult } from '@/server/views.ts';

export async function submitCreateVolume(hostId: string, input: VolumeInput): Promise<ActionResult<string>> {
  return await createVolume(hostId, input);
}

export async function submitRemoveVolume(hostId: string, name: string): Promise<ActionResult> {
  return await removeVolume(hostId, name);
}

export async function submitPruneVolumes(hostId: string, names: string[]): Promise<ActionResult<PruneOutcome>> {
  return await pruneVolumes(hostId, names);
}
