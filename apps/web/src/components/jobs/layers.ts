import type { JobItem } from '@/server/views.ts';

/** The engine's words for what becomes of a layer, as Docker has them; each has a text in the catalogues. */
const phases = {
  'Pulling fs layer': 'waiting',
  Waiting: 'waiting',
  Preparing: 'waiting',
  Downloading: 'downloading',
  'Verifying Checksum': 'verifying',
  'Download complete': 'downloaded',
  Extracting: 'extracting',
  'Pull complete': 'done',
  'Already exists': 'there',
  Pushing: 'pushing',
  Pushed: 'done',
  'Layer already exists': 'there',
} as const;
export type LayerPhase = (typeof phases)[keyof typeof phases];

export interface Layer {
  id: string;
  /** null: a word that is not known here, to be shown as it is. */
  phase: LayerPhase | null;
  status: string;
  /** 0 to 1; null while nobody knows. */
  ratio: number | null;
  currentBytes: number;
  totalBytes: number;
}

export function layerOf({ id, status, currentBytes, totalBytes }: JobItem): Layer {
  const phase = Object.hasOwn(phases, status) ? phases[status as keyof typeof phases] : mountedFrom(status);
  const isDone = phase === 'done' || phase === 'there' || phase === 'downloaded';
  const known = totalBytes > 0 ? currentBytes / totalBytes : null;
  const ratio = isDone ? 1 : phase === 'waiting' ? 0 : known;
  return { id, phase, status, ratio, currentBytes, totalBytes };
}

function mountedFrom(status: string): LayerPhase | null {
  return /^Mounted from /.test(status) ? 'there' : null;
}

export function countDone(layers: readonly Layer[]): number {
  return layers.filter(({ phase }) => phase === 'done' || phase === 'there').length;
}
