/** What one sample of a container and of a host says, in the order of the stats frame's change mask. Rates are per second. */
export const containerStatsFields = [
  'cpuCores',
  'cpuThrottledRatio',
  'memoryBytes',
  'memoryLimitBytes',
  'rxBytesPerSecond',
  'txBytesPerSecond',
  'readBytesPerSecond',
  'writeBytesPerSecond',
  'pids',
  'pidsLimit',
] as const;
export const hostStatsFields = [
  'cpuCores',
  'load1',
  'memoryBytes',
  'memoryTotalBytes',
  'diskUsedBytes',
  'diskTotalBytes',
  'rxBytesPerSecond',
  'txBytesPerSecond',
] as const;

export type ContainerStats = Record<(typeof containerStatsFields)[number], number>;
export type HostStats = Record<(typeof hostStatsFields)[number], number>;

/** One tick of a host. A limit of 0 means none. */
export interface StatsSample {
  timeMs: number;
  host: HostStats;
  containers: { id: string; stats: ContainerStats }[];
}
