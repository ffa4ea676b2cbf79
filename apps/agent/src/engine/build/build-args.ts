/** `--build-arg`, ARG, and what of them an instruction sees. Pure. */
import { EngineError } from '@berth/shared/errors';
import type { Variables } from './words.ts';

/** Of all values together, of the stage and of those before. */
const charactersMax = 1024 ** 2;

/** There without an ARG, and in no cache key. */
const proxies = ['HTTP_PROXY', 'HTTPS_PROXY', 'FTP_PROXY', 'NO_PROXY', 'ALL_PROXY'].flatMap((name) => [
  name,
  name.toLowerCase(),
]);

export class BuildArgs {
  readonly #given: ReadonlyMap<string, string>;
  /** Of the machine, where ARG names them: TARGETARCH and the like. */
  readonly #platform: ReadonlyMap<string, string>;
  readonly #consumed = new Set<string>();
  /** Of all stages: declared before the first FROM. */
  readonly #global = new Map<string, string | null>();
  #declared = new Map<string, string | null>();
  #characters = 0;

  constructor(given: ReadonlyMap<string, string>, architecture: string) {
    this.#given = given;
    const machine = ['TARGET', 'BUILD'].flatMap((side): [string, string][] => [
      [`${side}PLATFORM`, `linux/${architecture}`],
      [`${side}OS`, 'linux'],
      [`${side}ARCH`, architecture],
      [`${side}VARIANT`, ''],
    ]);
    this.#platform = new Map(machine);
  }

  /** @throws invalid-parameter */
  declareGlobal(name: string, value: string | null): void {
    this.#count(name, value);
    this.#global.set(name, value);
  }

  /** @throws invalid-parameter */
  declare(name: string, value: string | null): void {
    this.#count(name, value);
    this.#declared.set(name, value);
  }

  #count(name: string, value: string | null): void {
    this.#consumed.add(name);
    this.#characters += name.length + (value ?? '').length;
    if (this.#characters > charactersMax) {
      throw new EngineError(
        'invalid-parameter',
        `the values of ARG are larger than ${charactersMax} characters together`,
      );
    }
  }

  /** A stage begins with none. */
  reset(): void {
    this.#declared = new Map();
  }

  /** What FROM sees. */
  globals(): Variables {
    return new Map([...this.#platform, ...this.#valuesOf(this.#global)]);
  }

  /** What is declared and `environment`, entries NAME=value, does not have. */
  besides(environment: readonly string[]): Map<string, string> {
    const values = this.#valuesOf(this.#declared);
    for (const entry of environment) values.delete(entry.split('=', 1)[0] ?? '');
    return values;
  }

  /** Whether a change of it is another build. */
  counts(name: string): boolean {
    return this.#consumed.has(name) || !proxies.includes(name);
  }

  unconsumed(): string[] {
    return [...this.#given.keys()].filter((name) => !this.#consumed.has(name) && !proxies.includes(name)).sort();
  }

  #valuesOf(declared: ReadonlyMap<string, string | null>): Map<string, string> {
    const values = new Map<string, string>();
    for (const name of new Set([...declared.keys(), ...proxies])) {
      const value =
        this.#given.get(name) ??
        declared.get(name) ??
        this.#global.get(name) ??
        (declared.has(name) ? this.#platform.get(name) : null);
      if (value != null) values.set(name, value);
    }
    return values;
  }
}
