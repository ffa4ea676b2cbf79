import { type MemoryUnit, memoryUnits, splitBytes } from '../../format/bytes.ts';

/** Limits as a person types them: an empty field is no limit. */
export interface LimitDraft {
  memory: string;
  memoryUnit: MemoryUnit;
  cpus: string;
  pids: string;
  restart: 'no' | 'always' | 'unless-stopped' | 'on-failure';
  retries: string;
}

export interface LimitValues {
  memoryBytes: number;
  cpuCores: number;
  pids: number;
  restartPolicy: { name: LimitDraft['restart']; maximumRetryCount?: number };
}

export const noLimits: LimitDraft = { memory: '', memoryUnit: 'MiB', cpus: '', pids: '', restart: 'no', retries: '' };

export type LimitError = 'notANumber' | 'memoryMin' | 'notWhole';
export type LimitErrors = Partial<Record<'memory' | 'cpus' | 'pids' | 'retries', LimitError>>;

/** The engine refuses less; a program could not even start. */
export const memoryBytesMin = 6 * 1024 ** 2;

export function draftOf({ memoryBytes, cpuCores, pids, restartPolicy }: LimitValues): LimitDraft {
  const memory = memoryBytes > 0 ? splitBytes(memoryBytes) : null;
  return {
    memory: memory ? String(memory.value) : '',
    memoryUnit: memory?.unit ?? 'MiB',
    cpus: cpuCores > 0 ? String(cpuCores) : '',
    pids: pids > 0 ? String(pids) : '',
    restart: restartPolicy.name,
    retries: restartPolicy.maximumRetryCount ? String(restartPolicy.maximumRetryCount) : '',
  };
}

/** 0 stands for no limit. A comma is a decimal point to half of the world. */
export function readDraft(draft: LimitDraft): { ok: true; value: LimitValues } | { ok: false; errors: LimitErrors } {
  const errors: LimitErrors = {};
  const memoryBytes = Math.round(readNumber(draft.memory) * memoryUnits[draft.memoryUnit]);
  const cpuCores = readNumber(draft.cpus);
  const pids = readNumber(draft.pids);
  const retries = readNumber(draft.retries);
  if (Number.isNaN(memoryBytes)) errors.memory = 'notANumber';
  else if (memoryBytes > 0 && memoryBytes < memoryBytesMin) errors.memory = 'memoryMin';
  if (Number.isNaN(cpuCores)) errors.cpus = 'notANumber';
  if (!Number.isInteger(pids)) errors.pids = 'notWhole';
  if (draft.restart === 'on-failure' && !Number.isInteger(retries)) errors.retries = 'notWhole';
  if (Object.keys(errors).length > 0) return { ok: false, errors };
  const restartPolicy = {
    name: draft.restart,
    ...(draft.restart === 'on-failure' && retries > 0 ? { maximumRetryCount: retries } : {}),
  };
  return { ok: true, value: { memoryBytes, cpuCores, pids, restartPolicy } };
}

function readNumber(text: string): number {
  const trimmed = text.trim().replace(',', '.');
  if (trimmed === '') return 0;
  return /^\d+(\.\d+)?$|^\.\d+$/.test(trimmed) ? Number(trimmed) : Number.NaN;
}
