/** Changes to a container that exists: its limits, while it runs, and its restart policy. */
import type { UpdateContainerBody } from '@berth/shared/docker/container';
import { EngineError } from '@berth/shared/errors';
import { limitWarnings, resources } from '../runtime/resources.ts';
import { frame } from '../runtime/supervisor-protocol.ts';
import { checkLimits } from './checks.ts';
import type { Context } from './context.ts';
import { reviewDraft } from './review.ts';
import { isLive } from './state.ts';

/** @returns warnings. What the kernel refuses changes nothing. */
export async function update(context: Context, reference: string, body: UpdateContainerBody): Promise<string[]> {
  const record = context.find(reference);
  checkLimits(body);
  const before = record.hostConfig;
  if (before.AutoRemove && !['', 'no'].includes(body.RestartPolicy?.Name ?? ''))
    throw new EngineError(
      'conflict',
      'Restart policy cannot be updated because AutoRemove is enabled for the container',
    );
  record.hostConfig = { ...before, ...changes(body) };
  try {
    const weakenings = reviewDraft(context, record);
    checkLimits(record.hostConfig); // what is new may not go with what is old
    const { devices: _devices, ...limits } = resources(record) as Record<string, unknown>;
    if (isLive(record)) await context.ask(record, frame.update, { resources: limits });
    record.weakenings = weakenings;
  } catch (error) {
    record.hostConfig = before;
    throw error;
  }
  context.store.save(record);
  context.emit(record, 'update');
  return limitWarnings({ ...record.hostConfig, KernelMemory: body.KernelMemory });
}

/** Zero and empty mean "as it is", as in the Engine API. */
function changes(body: UpdateContainerBody) {
  const { Memory, MemoryReservation, MemorySwap, NanoCpus, CpuShares, CpuPeriod, CpuQuota } = body;
  const { CpuRealtimePeriod, CpuRealtimeRuntime, BlkioWeight } = body;
  const numbers = { Memory, MemoryReservation, MemorySwap, NanoCpus, CpuShares, CpuPeriod, CpuQuota };
  const { CpusetCpus, CpusetMems } = body;
  const given = Object.entries({
    ...numbers,
    ...{ CpuRealtimePeriod, CpuRealtimeRuntime, BlkioWeight },
    ...{ CpusetCpus, CpusetMems },
  }).filter(([, value]) => value !== 0 && value !== '');
  const { PidsLimit, RestartPolicy } = body;
  return {
    ...Object.fromEntries(given),
    ...(PidsLimit != null && PidsLimit !== 0 && { PidsLimit }),
    ...(RestartPolicy != null &&
      RestartPolicy.Name !== '' && {
        RestartPolicy: { Name: RestartPolicy.Name, MaximumRetryCount: RestartPolicy.MaximumRetryCount },
      }),
  };
}
