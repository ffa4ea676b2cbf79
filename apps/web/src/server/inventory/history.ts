import { server } from '../context.ts';
import { rollupSteps } from '../rollup-steps.ts';
import type { HistoryView } from '../views.ts';

const pointsMax = 720;

/** The finest step that is still kept for that time and gives no more points than a chart can show. */
export function readHistory(
  hostId: string,
  containerId: string,
  { fromMs, toMs }: { fromMs: number; toMs: number },
): HistoryView {
  const { stepSeconds } = chooseStep(fromMs, toMs, Date.now());
  const rows = server().store.rollups.history({ hostId, containerId, stepSeconds, fromMs, toMs });
  return {
    stepSeconds,
    points: rows.map(({ stepSeconds, hostId, containerId, samples, timeMs, ...means }) => ({
      timeMs,
      ...Object.fromEntries(Object.entries(means).filter(([, value]) => value !== null)),
    })),
  };
}

export function chooseStep(fromMs: number, toMs: number, now: number): (typeof rollupSteps)[number] {
  const fits = rollupSteps.find(
    ({ stepSeconds, keepMs }) => (toMs - fromMs) / (stepSeconds * 1000) <= pointsMax && fromMs >= now - keepMs,
  );
  return fits ?? rollupSteps[3];
}
