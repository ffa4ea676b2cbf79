/** Sizes as people write them to Docker: `512k`, `10G`, `1.5gb`, in powers of 1024. Pure. */
const factors: Record<string, number> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4, p: 1024 ** 5 };

/** In bytes; null when it is none. */
export function byteSize(text: string): number | null {
  const [, number, unit = ''] = /^(\d{1,15}(?:\.\d{1,6})?)\s*([kmgtp]?)(?:i?b)?$/i.exec(text.trim()) ?? [];
  const bytes = Math.floor(Number(number) * (factors[unit.toLowerCase()] ?? Number.NaN));
  return Number.isSafeInteger(bytes) ? bytes : null;
}
