/** What became of each attack: a line for people, and rows in a file for the summary at the end of `npm test`. */
import { appendFileSync } from 'node:fs';
import os from 'node:os';

export interface Outcome {
  /** Of the catalogue: a letter and a number. */
  row: string;
  what: string;
  kernel: string;
  outcome: 'contained' | 'not applicable' | 'got out';
  /** Which feature this kernel lacks, for all of the case or for a part of it. */
  lacks: string[];
}

const file = process.env.BERTH_ADVERSARY_RESULTS;

export class Tally {
  readonly #outcomes: Outcome[] = [];

  add(one: Omit<Outcome, 'kernel'>): void {
    const outcome = { ...one, kernel: os.release() };
    this.#outcomes.push(outcome);
    if (file !== undefined) appendFileSync(file, `${JSON.stringify(outcome)}\n`);
  }

  toString(): string {
    const count = (outcome: Outcome['outcome']) => this.#outcomes.filter((one) => one.outcome === outcome).length;
    const lacking = this.#outcomes.filter((one) => one.lacks.length > 0);
    const why = lacking.map((one) => `; ${one.row}: this kernel has no ${one.lacks.join(', ')}`).join('');
    return `adversary: ${this.#outcomes.length} cases tried, ${count('contained')} contained, ${count('not applicable')} not applicable, ${count('got out')} got out${why}`;
  }
}
