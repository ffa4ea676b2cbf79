/**
 * Buffers lie outside of V8's heap, where tens of megabytes of them wait for a collection that nothing else asks for.
 * Whoever passes much on says so: young ones go often, old ones now and then (`--expose-gc`, in bin/berth-agent).
 */
const minorEveryBytes = 4 * 1024 ** 2;
const majorEveryBytes = 64 * 1024 ** 2;
let passedBytes = 0;
let passedSinceMajorBytes = 0;

export function notePassed(bytes: number): void {
  passedBytes += bytes;
  if (passedBytes < minorEveryBytes) return;
  passedSinceMajorBytes += passedBytes;
  passedBytes = 0;
  if (passedSinceMajorBytes < majorEveryBytes) return void globalThis.gc?.({ type: 'minor' });
  passedSinceMajorBytes = 0;
  globalThis.gc?.({ type: 'major', execution: 'async' });
}
