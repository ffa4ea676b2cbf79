import type { CreateInput } from './create-draft.ts';
import { quoteWord } from './words.ts';

/** The `docker run` (or `docker create`) that makes the same container, one option a line. */
export function dockerRun(input: CreateInput): string {
  const options = [
    input.autoRemove && '--rm',
    input.name && option('--name', input.name),
    input.hostname && option('--hostname', input.hostname),
    input.user && option('--user', input.user),
    input.workingDir && option('--workdir', input.workingDir),
    ...input.env.map(({ name, value }) => option('--env', `${name}=${value}`)),
    ...input.ports.map((port) => option('--publish', portOf(port))),
    ...input.mounts.map((mount) => option('--mount', mountOf(mount))),
    input.memoryBytes && option('--memory', memoryOf(input.memoryBytes)),
    input.nanoCpus && option('--cpus', String(input.nanoCpus / 1e9)),
    input.pidsLimit && option('--pids-limit', String(input.pidsLimit)),
    input.restartPolicy.name !== 'no' && option('--restart', restartOf(input.restartPolicy)),
    input.network !== 'bridge' && option('--network', input.network),
    input.readOnlyRootfs && '--read-only',
    input.privileged && '--privileged',
    ...input.capAdd.map((name) => option('--cap-add', name)),
    ...input.capDrop.map((name) => option('--cap-drop', name)),
    !input.noNewPrivileges && option('--security-opt', 'no-new-privileges=false'),
    input.userNamespace === 'host' && '--userns host',
    input.entrypoint && option('--entrypoint', input.entrypoint[0] ?? ''),
  ].filter((entry) => typeof entry === 'string' && entry !== '');
  // The CLI takes one word as the entry point; further words go before the command.
  const words = [input.image, ...(input.entrypoint?.slice(1) ?? []), ...(input.command ?? [])].map(quoteWord).join(' ');
  const flags = `${input.start ? 'd' : ''}${input.tty ? 'it' : ''}`;
  const verb = `docker ${input.start ? 'run' : 'create'}${flags && ` -${flags}`}`;
  return [verb, ...options, words].join(' \\\n  ');
}

function option(name: string, value: string): string {
  return `${name} ${quoteWord(value)}`;
}

function portOf({ hostAddress, hostPort, containerPort, protocol }: CreateInput['ports'][number]): string {
  const inside = protocol === 'tcp' ? `${containerPort}` : `${containerPort}/${protocol}`;
  const address = hostAddress?.includes(':') ? `[${hostAddress}]` : hostAddress;
  if (address) return `${address}:${hostPort ?? ''}:${inside}`;
  return hostPort ? `${hostPort}:${inside}` : inside;
}

function mountOf({ type, source, target, readOnly }: CreateInput['mounts'][number]): string {
  return [`type=${type}`, source && `source=${source}`, `target=${target}`, readOnly && 'readonly']
    .filter(Boolean)
    .join(',');
}

function memoryOf(bytes: number): string {
  if (bytes % 1024 ** 3 === 0) return `${bytes / 1024 ** 3}g`;
  return bytes % 1024 ** 2 === 0 ? `${bytes / 1024 ** 2}m` : `${bytes}b`;
}

function restartOf({ name, maximumRetryCount }: CreateInput['restartPolicy']): string {
  return maximumRetryCount ? `${name}:${maximumRetryCount}` : name;
}
