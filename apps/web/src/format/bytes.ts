const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** `1536` is `1.5 KiB`: three significant digits at most, binary units. */
export function formatBytes(bytes: number, locale = 'en'): string {
  if (!Number.isFinite(bytes)) return '–';
  let value = Math.abs(bytes);
  let unit = 0;
  // 1023.5 would be shown as 1,024: it belongs to the next unit.
  while (value >= 1023.5 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  const text = new Intl.NumberFormat(locale, { maximumFractionDigits: digits }).format(bytes < 0 ? -value : value);
  return `${text} ${units[unit]}`;
}

export function formatBytesPerSecond(bytes: number, locale = 'en'): string {
  return `${formatBytes(bytes, locale)}/s`;
}

export const memoryUnits = { MiB: 1024 ** 2, GiB: 1024 ** 3 } as const;
export type MemoryUnit = keyof typeof memoryUnits;

/** The unit a form shows a limit in: the largest one that keeps the figure whole, or GiB from 1 GiB on. */
export function splitBytes(bytes: number): { value: number; unit: MemoryUnit } {
  if (bytes >= memoryUnits.GiB && bytes % (memoryUnits.GiB / 4) === 0)
    return { value: bytes / memoryUnits.GiB, unit: 'GiB' };
  return { value: Math.round((bytes / memoryUnits.MiB) * 100) / 100, unit: 'MiB' };
}
