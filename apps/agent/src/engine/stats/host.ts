/** The host's own figures, from /proc and statfs. The parsers are pure; `createHostReader` reads. */
import { readFileSync, statfsSync } from 'node:fs';

export interface HostCounters {
  cpuBusyTicks: number;
  cpuTotalTicks: number;
  cpuCount: number;
  load1: number;
  memoryBytes: number;
  memoryTotalBytes: number;
  diskUsedBytes: number;
  diskTotalBytes: number;
  rxBytes: number;
  txBytes: number;
}

/** `isOurs`: interfaces that only carry on what another one counts already (bridges, veths). */
export function createHostReader(options: { diskPath: string; isOurs: (name: string) => boolean }): () => HostCounters {
  return () => {
    const disk = statfsSync(options.diskPath);
    return {
      ...parseStat(readFileSync('/proc/stat', 'utf8')),
      ...parseMeminfo(readFileSync('/proc/meminfo', 'utf8')),
      ...parseNetDev(readFileSync('/proc/net/dev', 'utf8'), options.isOurs),
      load1: Number.parseFloat(readFileSync('/proc/loadavg', 'utf8')) || 0,
      diskUsedBytes: (disk.blocks - disk.bfree) * disk.bsize,
      diskTotalBytes: disk.blocks * disk.bsize,
    };
  };
}

/** proc_stat(5): user nice system idle iowait irq softirq steal; guest time is within user already. */
export function parseStat(text: string): Pick<HostCounters, 'cpuBusyTicks' | 'cpuTotalTicks' | 'cpuCount'> {
  const lines = text.split('\n');
  const all = lines.find((line) => line.startsWith('cpu ')) ?? '';
  const ticks = all.trim().split(/\s+/).slice(1, 9).map(Number);
  const total = ticks.reduce((sum, each) => sum + each, 0);
  const idle = (ticks[3] ?? 0) + (ticks[4] ?? 0);
  const cpuCount = lines.filter((line) => /^cpu\d/.test(line)).length;
  return { cpuBusyTicks: total - idle, cpuTotalTicks: total, cpuCount };
}

/** proc_meminfo(5): what is used is what no program could have. */
export function parseMeminfo(text: string): Pick<HostCounters, 'memoryBytes' | 'memoryTotalBytes'> {
  const of = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1] ?? 0) * 1024;
  const total = of('MemTotal');
  return { memoryTotalBytes: total, memoryBytes: total - (of('MemAvailable') || of('MemFree')) };
}

export function parseNetDev(
  text: string,
  isOurs: (name: string) => boolean,
): Pick<HostCounters, 'rxBytes' | 'txBytes'> {
  let rxBytes = 0;
  let txBytes = 0;
  for (const line of text.split('\n').slice(2)) {
    const [name = '', counters = ''] = line.split(/:(.*)/s);
    const values = counters.trim().split(/\s+/).map(Number);
    if (values.length < 16 || name.trim() === 'lo' || isOurs(name.trim())) continue;
    rxBytes += values[0] ?? 0;
    txBytes += values[8] ?? 0;
  }
  return { rxBytes, txBytes };
}
