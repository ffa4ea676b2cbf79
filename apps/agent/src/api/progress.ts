/** The progress of a pull or push as Docker's stream of JSON lines has it. */
import type { Progress } from '../engine/images/progress.ts';

export function encodeProgress({ id, status, currentBytes, totalBytes, pushed }: Progress): object[] {
  const subject = id === '' ? {} : { id };
  if (pushed !== undefined) {
    const aux = { Tag: pushed.tag, Digest: pushed.digest, Size: pushed.sizeBytes };
    return [{ status }, { progressDetail: {}, aux }];
  }
  if (currentBytes !== undefined)
    return [{ status, progressDetail: { current: currentBytes, total: totalBytes }, ...subject }];
  const isLayer = /^[0-9a-f]{12}$/.test(id);
  return [{ status, ...(isLayer ? { progressDetail: {} } : {}), ...subject }];
}
