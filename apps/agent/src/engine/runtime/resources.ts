/** From a container's record to linux.resources of the OCI runtime-spec. Pure. */
import type { ContainerRecord } from '../containers/store.ts';

const pidsLimitDefault = 2048;

/** Docker's limits as linux.resources. `--cpus` is quota over period. */
export function resources(record: ContainerRecord): object {
  const host = record.hostConfig;
  const memory = {
    ...(host.Memory > 0 ? { limit: host.Memory } : {}),
    ...(host.MemoryReservation > 0 ? { reservation: host.MemoryReservation } : {}),
    ...swap(host.Memory, host.MemorySwap),
  };
  const periodUs = host.CpuPeriod > 0 ? host.CpuPeriod : 100_000;
  const quotaUs = host.NanoCpus > 0 ? Math.round((host.NanoCpus / 1e9) * periodUs) : host.CpuQuota;
  const cpu = {
    ...(host.CpuShares > 0 ? { shares: host.CpuShares } : {}),
    ...(quotaUs > 0 ? { quota: quotaUs, period: periodUs } : {}),
    ...(host.CpusetCpus === '' ? {} : { cpus: host.CpusetCpus }),
    ...(host.CpusetMems === '' ? {} : { mems: host.CpusetMems }),
  };
  return { memory, cpu, pids: { limit: pidsLimit(host.PidsLimit) }, devices: devices(host.Privileged) };
}

/** 0 and nothing mean the default, which is not "unlimited"; -1 is. */
export function pidsLimit(asked: number | null | undefined): number {
  return asked == null || asked === 0 ? pidsLimitDefault : asked;
}

/** Memory plus swap: twice the memory where nothing is said, as Docker does. */
function swap(memoryBytes: number, memorySwapBytes: number): { swap?: number } {
  if (memorySwapBytes !== 0) return { swap: memorySwapBytes };
  return memoryBytes > 0 ? { swap: memoryBytes * 2 } : {};
}

/** Docker's device list: its own nodes, terminals; anything may be made (mknod), nothing else opened. */
function devices(privileged: boolean): object[] {
  if (privileged) return [{ allow: true, access: 'rwm' }];
  const allow = (type: string, major: number | null, minor: number | null, access = 'rwm') => ({
    allow: true,
    type,
    ...(major === null ? {} : { major }),
    ...(minor === null ? {} : { minor }),
    access,
  });
  return [
    { allow: false, access: 'rwm' },
    allow('c', null, null, 'm'),
    allow('b', null, null, 'm'),
    allow('c', 1, 3),
    allow('c', 1, 5),
    allow('c', 1, 7),
    allow('c', 1, 8),
    allow('c', 1, 9),
    allow('c', 5, 0),
    allow('c', 5, 1),
    allow('c', 5, 2),
    allow('c', 136, null),
  ];
}
