/** What a build says, message by message as the Engine API streams it. */
import type { OnProgress } from '../images/progress.ts';

export interface BuildOutput {
  /** @returns false when the client is behind: `drained` resolves when it has caught up */
  send(message: object): boolean;
  drained(): Promise<void>;
  /** Of a pull. */
  onProgress: OnProgress;
}

export function say(output: BuildOutput, text: string): boolean {
  return output.send({ stream: text });
}

/** In red, as dockerd has it. */
export function sayError(output: BuildOutput, text: string): boolean {
  return output.send({ stream: `\u001b[91m${text}\u001b[0m` });
}

export const short = (id: string) => id.replace(/^sha256:/, '').slice(0, 12);
