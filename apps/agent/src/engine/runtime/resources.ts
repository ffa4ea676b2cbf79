/** From a container's record to linux.resources of the OCI runtime-spec. Pure. */
import type { HostConfig } from '@berth/shared/docker/container';
import { EngineError } from '@berth/shared/errors';
import type { ContainerRecord } from '../containers/store.ts';
import { type CgroupHost, cgroupHost } from './cgroup-host.ts';

const invalid = (message: string) => new EngineError('invalid-parameter', message);

const pidsLimitDefault = 2048;

/** Docker's limits as linux.resources. `--cpus` is quota over period. @throws invalid-parameter */
export function resources(record: ContainerRecord, machine: CgroupHost = cgroupHost): object {
  const host = record.hostConfig;
  return {
    memory: memory(host, machine),
    cpu: cpu(host),
    pids: { limit: pidsLimit(host.PidsLimit) },
    ...blockIO(host, machine),
    devices: [...devices(host.Privileged), ...host.DeviceCgroupRules.map(deviceRule)],
  };
}

/** What this host leaves out of what was asked, in Docker's words. */
export function limitWarnings(
  host: Pick<HostConfig, 'KernelMemory' | 'KernelMemoryTCP' | 'OomKillDisable' | 'MemorySwappiness' | 'Memory'>,
  machine: CgroupHost = cgroupHost,
): string[] {
  const warnings: [boolean, string][] = [
    [host.KernelMemory > 0, 'Kernel memory is limited as part of the memory limit. KernelMemory discarded.'],
    [host.KernelMemoryTCP > 0, 'Kernel memory is limited as part of the memory limit. KernelMemoryTCP discarded.'],
    [host.OomKillDisable && machine.isV2, 'cgroup v2 cannot go without the OOM killer. OomKillDisable discarded.'],
    [
      host.OomKillDisable && !machine.isV2 && host.Memory === 0,
      'OOM killer is disabled for the container, but no memory limit is set, this can result in the system running out of resources.',
    ],
    [
      (host.MemorySwappiness ?? -1) >= 0 && machine.isV2,
      'cgroup v2 has no swappiness of a container. Memory swappiness discarded.',
    ],
  ];
  return warnings.filter(([holds]) => holds).map(([, message]) => message);
}

function memory(host: HostConfig, { isV2 }: CgroupHost): object {
  const swappiness = host.MemorySwappiness ?? -1;
  return {
    ...(host.Memory > 0 ? { limit: host.Memory } : {}),
    ...(host.MemoryReservation > 0 ? { reservation: host.MemoryReservation } : {}),
    ...swap(host.Memory, host.MemorySwap),
    ...(swappiness >= 0 && !isV2 ? { swappiness } : {}),
    ...(host.OomKillDisable && !isV2 ? { disableOOMKiller: true } : {}),
  };
}

function cpu(host: HostConfig): object {
  const periodUs = host.CpuPeriod > 0 ? host.CpuPeriod : 100_000;
  const quotaUs = host.NanoCpus > 0 ? Math.round((host.NanoCpus / 1e9) * periodUs) : host.CpuQuota;
  if (host.CpuRealtimePeriod > 0 && host.CpuRealtimeRuntime > host.CpuRealtimePeriod)
    throw invalid('cpu real-time runtime cannot be higher than cpu real-time period');
  return {
    ...(host.CpuShares > 0 ? { shares: host.CpuShares } : {}),
    ...(quotaUs === 0 ? {} : { quota: quotaUs, period: periodUs }),
    ...(host.CpuRealtimePeriod > 0 ? { realtimePeriod: host.CpuRealtimePeriod } : {}),
    ...(host.CpuRealtimeRuntime === 0 ? {} : { realtimeRuntime: host.CpuRealtimeRuntime }),
    ...(host.CpusetCpus === '' ? {} : { cpus: host.CpusetCpus }),
    ...(host.CpusetMems === '' ? {} : { mems: host.CpusetMems }),
  };
}

function blockIO(host: HostConfig, { blockDevice }: CgroupHost): { blockIO?: object } {
  const weight = (value: number) => {
    if (value < 10 || value > 1000) throw invalid('Range of blkio weight is from 10 to 1000');
    return value;
  };
  const rates = (list: { Path: string; Rate: number }[]) =>
    list.map(({ Path, Rate }) => {
      if (Rate < 0) throw invalid(`invalid rate for device: ${Path}. Rate must be a positive integer`);
      return { ...blockDevice(Path), rate: Rate };
    });
  const given = {
    ...(host.BlkioWeight === 0 ? {} : { weight: weight(host.BlkioWeight) }),
    weightDevice: host.BlkioWeightDevice.map(({ Path, Weight }) => ({
      ...blockDevice(Path),
      weight: weight(Weight),
    })),
    throttleReadBpsDevice: rates(host.BlkioDeviceReadBps),
    throttleWriteBpsDevice: rates(host.BlkioDeviceWriteBps),
    throttleReadIOPSDevice: rates(host.BlkioDeviceReadIOps),
    throttleWriteIOPSDevice: rates(host.BlkioDeviceWriteIOps),
  };
  const entries = Object.entries(given).filter(([, value]) => !Array.isArray(value) || value.length > 0);
  return entries.length === 0 ? {} : { blockIO: Object.fromEntries(entries) };
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

/** `c 10:200 rwm`, `a *:* rwm`. */
function deviceRule(text: string): object {
  const [, type, major, minor, access] = /^([acb]) (\d{1,9}|\*):(\d{1,9}|\*) ([rwm]{1,3})$/.exec(text) ?? [];
  if (type === undefined) throw invalid(`invalid device cgroup rule format: '${text}'`);
  return {
    allow: true,
    type,
    ...(major === '*' ? {} : { major: Number(major) }),
    ...(minor === '*' ? {} : { minor: Number(minor) }),
    access,
  };
}
