/** One thing that the runtime-spec says, and how a runtime shows that it does it. */
import type { Bundles, Config } from '../bundle.ts';

export interface Case {
  name: string;
  /** What a runtime does, observed from inside the container or by its own commands. */
  observe(runtime: Bundles, track: (id: string) => string): string;
  /** What it must be. */
  expected: string | RegExp;
}

/** What a script prints inside. */
export function inside(
  name: string,
  script: string,
  expected: string | RegExp,
  change: (config: Config, runtime: Bundles) => void = () => undefined,
): Case {
  return { name, expected, observe: (runtime) => runtime.shell(script, (config) => change(config, runtime)) };
}

/** A configuration that must not become a container. */
export function refused(name: string, change: (config: Config) => void): Case {
  return {
    name,
    expected: 'refused',
    observe: (runtime) => {
      const { status, out } = runtime.run((config) => {
        config.process.args = ['echo', 'it ran'];
        change(config);
      });
      return status === 0 || out.includes('it ran') ? 'it ran' : 'refused';
    },
  };
}
