'use server';
import type {
  BulkActionName,
  BulkOutcome,
  ContainerActionName,
  ContainerTarget,
} from '@/components/containers/container-types.ts';
import type { CreateInput } from '@/components/containers/create-draft.ts';
import type { LimitValues } from '@/components/containers/limit-draft.ts';
import type { ProcessList } from '@/components/containers/processes-tab.tsx';
import { containerAction } from '@/server/inventory/container-action.ts';
import { containerProcesses } from '@/server/inventory/container-processes.ts';
import { createContainer } from '@/server/inventory/create-container.ts';
import { removeContainer } from '@/server/inventory/remove-container.ts';
import { renameContainer } from '@/server/inventory/rename-container.ts';
import { updateContainer } from '@/server/inventory/update-container.ts';
import type { ActionResult } from '@/server/views.ts';

export async function submitContainerAction(
  hostId: string,
  containerId: string,
  action: ContainerActionName,
): Promise<ActionResult> {
  return await containerAction(hostId, containerId, action);
}

export async function submitRemoveContainer(
  hostId: string,
  containerId: string,
  options: { force: boolean; volumes: boolean },
): Promise<ActionResult> {
  return await removeContainer(hostId, containerId, options);
}

export async function submitRenameContainer(hostId: string, containerId: string, name: string): Promise<ActionResult> {
  return await renameContainer(hostId, containerId, name);
}

const bulkTargetsMax = 1000;
const bulkAtOnce = 8;

/** Each container succeeds or fails for itself; a few at a time, so that one host is not flooded. */
export async function submitBulkAction(action: BulkActionName, targets: ContainerTarget[]): Promise<BulkOutcome[]> {
  const waiting = targets.slice(0, bulkTargetsMax);
  const outcomes: BulkOutcome[] = [];
  const work = async () => {
    for (let target = waiting.shift(); target; target = waiting.shift()) {
      const { hostId, id } = target;
      const result =
        action === 'remove'
          ? await removeContainer(hostId, id, { force: true, volumes: false })
          : await containerAction(hostId, id, action);
      outcomes.push({ hostId, id, ok: result.ok, message: result.ok ? '' : result.message });
    }
  };
  await Promise.all(Array.from({ length: bulkAtOnce }, work));
  return outcomes;
}

export async function submitCreateContainer(
  hostId: string,
  input: CreateInput,
): Promise<ActionResult<{ id: string; warnings: string[] }>> {
  return await createContainer(hostId, input);
}

/** A limit of 0 takes the limit away; the Engine API's word for no limit of processes is -1. */
export async function submitLimits(hostId: string, containerId: string, limits: LimitValues): Promise<ActionResult> {
  return await updateContainer(hostId, containerId, {
    memoryBytes: limits.memoryBytes,
    nanoCpus: Math.round(limits.cpuCores * 1e9),
    pidsLimit: limits.pids > 0 ? limits.pids : -1,
    restartPolicy: limits.restartPolicy,
  });
}

export async function loadProcesses(hostId: string, containerId: string): Promise<ActionResult<ProcessList>> {
  return await containerProcesses(hostId, containerId);
}
