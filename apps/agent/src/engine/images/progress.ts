/** What a pull or push tells while it goes on: one line a step, the figures of a transfer not more often than is of use. */
export interface Progress {
  /** What it is about: a tag, a layer's short digest; '' for the whole. */
  id: string;
  status: string;
  currentBytes?: number;
  totalBytes?: number;
  /** For programs: what a push ended in. */
  pushed?: { tag: string; digest: string; sizeBytes: number };
}

export type OnProgress = (progress: Progress) => void;

const intervalMs = 100;

/** Figures of one layer, at most ten a second. */
export function throttled(onProgress: OnProgress): OnProgress {
  let last = Number.NEGATIVE_INFINITY;
  let status = '';
  return (progress) => {
    const now = performance.now();
    if (progress.status === status && now - last < intervalMs) return;
    last = now;
    status = progress.status;
    onProgress(progress);
  };
}

/** The first twelve digits, as Docker shows them. */
export const shortId = (digest: string) => digest.slice(digest.indexOf(':') + 1).slice(0, 12);
