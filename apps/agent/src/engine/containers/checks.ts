/** What a request may say, for create and update alike; a bad one leaves nothing. */
import type { HostConfig, UpdateContainerBody } from '@berth/shared/docker/container';
import { EngineError } from '@berth/shared/errors';
import { pidsLimit } from '../runtime/resources.ts';

export const memoryBytesMin = 6 * 1024 * 1024;

const invalid = (message: string) => new EngineError('invalid-parameter', message);

export function checkName(name: string): void {
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name) || name.length > 255) {
    throw invalid(`Invalid container name (${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`);
  }
}

type Limits = Pick<
  HostConfig,
  'Memory' | 'MemoryReservation' | 'MemorySwap' | 'NanoCpus' | 'CpuQuota' | 'CpuPeriod' | 'CpuShares'
> & {
  PidsLimit?: number | null | undefined;
};

/** For create and update alike. */
export function checkLimits(limits: Limits | UpdateContainerBody): void {
  if (limits.Memory !== 0 && limits.Memory < memoryBytesMin) throw invalid('Minimum memory limit allowed is 6MB');
  if (limits.MemorySwap > 0 && limits.Memory === 0)
    throw invalid('You should always set the Memory limit when using Memoryswap limit, see usage');
  if (limits.MemorySwap > 0 && limits.MemorySwap < limits.Memory) {
    throw invalid('Minimum memoryswap limit should be larger than memory limit, see usage');
  }
  if (limits.MemoryReservation > 0 && limits.Memory > 0 && limits.Memory < limits.MemoryReservation) {
    throw invalid('Minimum memory limit can not be less than memory reservation limit, see usage');
  }
  if (limits.NanoCpus < 0 || limits.NanoCpus > navigatorCpus() * 1e9) {
    throw invalid(
      `Range of CPUs is from 0.01 to ${navigatorCpus()}.00, as there are only ${navigatorCpus()} CPUs available`,
    );
  }
  if (limits.NanoCpus > 0 && limits.NanoCpus < 1e7)
    throw invalid(
      `Range of CPUs is from 0.01 to ${navigatorCpus()}.00, as there are only ${navigatorCpus()} CPUs available`,
    );
  if (limits.NanoCpus > 0 && (limits.CpuQuota > 0 || limits.CpuPeriod > 0)) {
    throw invalid('Conflicting options: Nano CPUs and CPU Period cannot both be set');
  }
  if (limits.CpuPeriod !== 0 && (limits.CpuPeriod < 1000 || limits.CpuPeriod > 1_000_000)) {
    throw invalid('CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)');
  }
  if (limits.CpuQuota > 0 && limits.CpuQuota < 1000)
    throw invalid('CPU cfs quota can not be less than 1ms (i.e. 1000)');
  if (limits.CpuShares < 0) throw invalid('invalid CPU shares: value must be a positive integer');
  if (pidsLimit(limits.PidsLimit) < -1) throw invalid('Invalid pids limit: it must be -1 or a positive number');
}

function navigatorCpus(): number {
  return navigator.hardwareConcurrency;
}
