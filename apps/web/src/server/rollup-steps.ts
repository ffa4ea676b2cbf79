/** Finest first; each is made of the one before. */
export const rollupSteps = [
  { stepSeconds: 10, keepMs: 6 * 3_600_000 },
  { stepSeconds: 60, keepMs: 3 * 86_400_000 },
  { stepSeconds: 600, keepMs: 30 * 86_400_000 },
  { stepSeconds: 3600, keepMs: 760 * 86_400_000 },
] as const;
