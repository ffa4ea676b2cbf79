/** One reading of one container in the Engine API's shape (ContainerStats), from the native sampler's row. */
import { readFileSync } from 'node:fs';
import os from 'node:os';

export type RawRow = Record<string, number>;

export interface StatsSource {
  sample(id: string, name: string, before: object | null): Promise<object>;
}

export function createDockerStats(read: (id: string) => RawRow | null): StatsSource {
  return {
    async sample(id, name, before) {
      const row = read(id);
      const now = new Date().toISOString();
      const of = (field: string) => {
        const value = row?.[field] ?? 0;
        return Number.isFinite(value) ? value : 0;
      };
      const cpu = {
        cpu_usage: {
          total_usage: of('cpuUsageNanos'),
          usage_in_kernelmode: of('cpuSystemNanos'),
          usage_in_usermode: of('cpuUserNanos'),
        },
        system_cpu_usage: systemCpuNanos(),
        online_cpus: os.availableParallelism(),
        throttling_data: {
          periods: of('cpuPeriods'),
          throttled_periods: of('cpuThrottledPeriods'),
          throttled_time: of('cpuThrottledNanos'),
        },
      };
      const earlier = before as { cpu_stats?: object; read?: string } | null;
      return {
        name: `/${name}`,
        id,
        read: now,
        preread: earlier?.read ?? '0001-01-01T00:00:00Z',
        num_procs: 0,
        pids_stats: row === null ? {} : { current: of('pidsCurrent'), limit: of('pidsLimit') },
        cpu_stats: cpu,
        precpu_stats: earlier?.cpu_stats ?? {
          cpu_usage: { total_usage: 0, usage_in_kernelmode: 0, usage_in_usermode: 0 },
          throttling_data: { periods: 0, throttled_periods: 0, throttled_time: 0 },
        },
        memory_stats:
          row === null
            ? {}
            : {
                usage: of('memoryUsageBytes'),
                max_usage: of('memoryMaxUsageBytes'),
                stats: {
                  inactive_file: of('memoryInactiveFileBytes'),
                  total_inactive_file: of('memoryInactiveFileBytes'),
                },
                limit: of('memoryLimitBytes') === 0 ? os.totalmem() : of('memoryLimitBytes'),
              },
        blkio_stats: {
          io_service_bytes_recursive: [
            { major: 0, minor: 0, op: 'read', value: of('blkReadBytes') },
            { major: 0, minor: 0, op: 'write', value: of('blkWriteBytes') },
          ],
          io_serviced_recursive: null,
        },
        storage_stats: {},
        ...(Number.isFinite(row?.rxBytes)
          ? {
              networks: {
                eth0: {
                  rx_bytes: of('rxBytes'),
                  rx_packets: of('rxPackets'),
                  rx_errors: of('rxErrors'),
                  rx_dropped: of('rxDropped'),
                  tx_bytes: of('txBytes'),
                  tx_packets: of('txPackets'),
                  tx_errors: of('txErrors'),
                  tx_dropped: of('txDropped'),
                },
              },
            }
          : {}),
      };
    },
  };
}

/** All CPUs' time since boot, in nanoseconds: the CLI divides by its growth. proc(5), /proc/stat in 1/100 s. */
function systemCpuNanos(): number {
  const [, ...fields] = (readFileSync('/proc/stat', 'utf8').split('\n')[0] ?? '').split(/\s+/);
  return fields.slice(0, 8).reduce((sum, field) => sum + Number(field), 0) * 1e7;
}
