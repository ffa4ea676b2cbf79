/** `0.256` is `26%`; under ten per cent one digit is kept, because there it matters. */
export function formatPercent(ratio: number, locale = 'en'): string {
  if (!Number.isFinite(ratio)) return '–';
  const digits = Math.abs(ratio) < 0.0995 ? 1 : 0;
  return new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: digits }).format(ratio);
}

/** CPU as cores in use: `0.25`, `1.5`, `12`. */
export function formatCores(cores: number, locale = 'en'): string {
  if (!Number.isFinite(cores)) return '–';
  return new Intl.NumberFormat(locale, { maximumFractionDigits: cores < 9.95 ? 2 : 1 }).format(cores);
}
