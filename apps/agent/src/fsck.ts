/** `berth-agent fsck`: what was found, for people or programs. */
import type { FsckReport } from './engine/images/fsck.ts';

/** @returns the exit code: 0 all is well, 1 it is now, 4 something is left to do, as fsck(8) has them */
export function printFsck(report: FsckReport, json: boolean): number {
  const { findings } = report;
  if (json) console.log(JSON.stringify(report, null, 2));
  else {
    for (const { subject, problem, repaired, remedy } of findings)
      console.log(`${subject}: ${problem}${repaired === true ? '; repaired' : remedy === '' ? '' : `: ${remedy}`}`);
    const kept = report.unverifiable === 0 ? '' : `, ${report.unverifiable} without a blob to compare with`;
    console.log(
      `${report.images} images, ${report.layers} layers${kept}, ${report.blobs} blobs: ${findings.length === 0 ? 'all is well' : `${findings.length} problems`}`,
    );
  }
  if (findings.length === 0) return 0;
  return findings.every((one) => one.repaired === true) ? 1 : 4;
}
