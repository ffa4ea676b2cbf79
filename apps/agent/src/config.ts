/** Flags and environment become one frozen Config; nobody else reads process.env. */
import { parseArgs } from 'node:util';
import type { RegistryConfig } from './engine/images/registry/hosts.ts';

export interface Config {
  dataDir: string;
  runDir: string;
  socketPath: string;
  /** Only the Docker API on the socket; no dashboard. */
  standalone: boolean;
  cgroupParent: string;
  bridge: string;
  /** CIDR of the default bridge, or null: the first free one. */
  subnet: string | null;
  /** An image archive to load when the store is empty. */
  starterImage: string | null;
  registries: RegistryConfig;
}

export interface EnrollConfig {
  dataDir: string;
  url: string;
  token: string;
}

export type Command =
  | { name: 'serve'; config: Readonly<Config> }
  | { name: 'enroll'; config: Readonly<EnrollConfig> }
  | { name: 'doctor'; json: boolean }
  | { name: 'fsck'; dataDir: string; repair: boolean; json: boolean }
  | { name: 'version' };

export const usage = `usage: berth-agent COMMAND

  serve    [--data-dir D] [--run-dir R] [--socket PATH] [--standalone]
           [--cgroup-parent NAME] [--bridge NAME] [--subnet CIDR] [--starter-image FILE]
           [--insecure-registry HOST[:PORT]|CIDR]... [--registry-mirror URL]... [--registry-token-server HOST[:PORT]]...
  enroll   --url U --token T [--data-dir D]
  doctor   [--json]
  fsck     [--data-dir D] [--repair] [--json]
  version
`;

/** @throws Error with a message for the person who typed it */
export function readCommand(args: string[], env: NodeJS.ProcessEnv): Command {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      'data-dir': { type: 'string' },
      'run-dir': { type: 'string' },
      socket: { type: 'string' },
      standalone: { type: 'boolean' },
      'cgroup-parent': { type: 'string' },
      bridge: { type: 'string' },
      subnet: { type: 'string' },
      'starter-image': { type: 'string' },
      'insecure-registry': { type: 'string', multiple: true },
      'registry-mirror': { type: 'string', multiple: true },
      'registry-token-server': { type: 'string', multiple: true },
      url: { type: 'string' },
      token: { type: 'string' },
      json: { type: 'boolean' },
      repair: { type: 'boolean' },
    },
  });
  const dataDir = values['data-dir'] ?? `${env.BERTH_DATA_DIR ?? '/var/lib/berth'}/agent`;
  const runDir = values['run-dir'] ?? env.BERTH_RUN_DIR ?? '/run/berth';
  switch (positionals[0]) {
    case 'serve':
      return {
        name: 'serve',
        config: Object.freeze({
          dataDir,
          runDir,
          socketPath: values.socket ?? `${runDir}/docker.sock`,
          standalone: values.standalone ?? false,
          cgroupParent: checked('--cgroup-parent', values['cgroup-parent'] ?? 'berth', /^[\w.-]{1,64}$/),
          bridge: checked('--bridge', values.bridge ?? 'berth0', /^[a-zA-Z][\w.-]{0,14}$/),
          subnet: values.subnet === undefined ? null : checked('--subnet', values.subnet, /^\d+(\.\d+){3}\/\d+$/),
          starterImage: values['starter-image'] ?? null,
          registries: {
            insecure: (values['insecure-registry'] ?? []).map((value) =>
              checked(
                '--insecure-registry',
                value,
                /^(?:[\w.-]+|\[[0-9a-fA-F:]+\])(?::\d+)?$|^[0-9a-fA-F.:]+\/\d{1,3}$/,
              ),
            ),
            mirrors: (values['registry-mirror'] ?? []).map((value) =>
              checked('--registry-mirror', value, /^https?:\/\/[\w.:[\]-]+\/?$/),
            ),
            tokenServers: (values['registry-token-server'] ?? []).map((value) =>
              checked('--registry-token-server', value, /^(?:[\w.-]+|\[[0-9a-fA-F:]+\])(?::\d+)?$/),
            ),
            certDirs: ['/etc/docker/certs.d', `${dataDir}/certs.d`],
          },
        }),
      };
    case 'enroll':
      if (values.url === undefined || values.token === undefined) throw new Error('enroll needs --url and --token');
      return { name: 'enroll', config: Object.freeze({ dataDir, url: values.url, token: values.token }) };
    case 'doctor':
      return { name: 'doctor', json: values.json ?? false };
    case 'fsck':
      return { name: 'fsck', dataDir, repair: values.repair ?? false, json: values.json ?? false };
    case 'version':
      return { name: 'version' };
    default:
      throw new Error(positionals[0] === undefined ? 'a command is needed' : `no command is called ${positionals[0]}`);
  }
}

function checked(flag: string, value: string, pattern: RegExp): string {
  if (!pattern.test(value)) throw new Error(`${flag} ${JSON.stringify(value)} does not fit ${pattern}`);
  return value;
}
