/** RUN: a container like any other, of the image so far; what it wrote is the step's layer. */

import { StringDecoder } from 'node:string_decoder';
import { createContainerBody } from '@berth/shared/docker/container';
import { EngineError } from '@berth/shared/errors';
import { describeError, log } from '../../log.ts';
import { ingestUpper } from '../images/written-layer.ts';
import type { SupervisorConnection } from '../runtime/supervisor.ts';
import { stepKey } from './cache.ts';
import { commit, type NewStep, takeCached } from './commit.ts';
import type { Heredoc } from './dockerfile.ts';
import type { Instruction } from './instructions.ts';
import type { Job, StageState } from './job.ts';
import { say, sayError, short } from './output.ts';
import { shellOf } from './run-config.ts';

/** Containers of builds, so that one that outlives its agent is found. */
export const buildLabel = 'org.berth.build';
const outputBytesMax = 64 * 1024 ** 2;

/** The program's own exit code is the error's, as clients show and pass it on. */
export class CommandFailed extends EngineError {
  readonly exitCode: number;

  constructor(args: readonly string[], exitCode: number) {
    super('invalid-parameter', `The command '${args.join(' ')}' returned a non-zero code: ${exitCode}`);
    this.exitCode = exitCode;
  }
}

type Run = Extract<Instruction, { kind: 'run' }>;

/** @throws CommandFailed, invalid-parameter, cancelled */
export async function runStep(job: Job, stage: StageState, run: Run): Promise<void> {
  const args = argsOf(run, shellOf(stage.config));
  const given = job.args.besides(stage.config.Env);
  const environment = [...given].map(([name, value]) => `${name}=${value}`);
  const counted = [...given].filter(([name]) => job.args.counts(name)).map(([name, value]) => `${name}=${value}`);
  // As Docker writes it: no command begins with a bar.
  const saved = environment.length === 0 ? args : [`|${counted.length}`, ...counted.sort(), ...args];
  const step = { createdBy: saved.join(' '), key: stepKey(saved, stage.config) };
  if (takeCached(job, stage, step)) return;
  if (stage.image === null) throw new EngineError('invalid-parameter', 'No image is generated yet: RUN needs one');
  await inContainer(job, stage, { image: stage.image.id, args, environment, step });
}

interface Program {
  image: string;
  args: string[];
  environment: string[];
  step: NewStep;
}

async function inContainer(job: Job, stage: StageState, program: Program): Promise<void> {
  const { containers, output, request, signal } = job;
  signal.throwIfAborted();
  const body = createContainerBody.parse({
    Image: program.image,
    Entrypoint: [''],
    Cmd: program.args,
    Env: program.environment,
    Labels: { [buildLabel]: job.id },
    HostConfig: { ...request.hostConfig, LogConfig: { Type: 'none' } },
  });
  const { id, warnings } = await containers.create(body, null);
  let isDone = false;
  try {
    for (const warning of warnings) say(output, ` ---> [Warning] ${warning}\n`);
    say(output, ` ---> Running in ${short(id)}\n`);
    const exitCode = await execute(job, id);
    signal.throwIfAborted();
    if (exitCode !== 0) throw new CommandFailed(program.args, exitCode);
    const { upper } = containers.layerOf(containers.find(id));
    commit(
      job,
      stage,
      program.step,
      await ingestUpper(job.layers, upper, stage.image?.chainIds.at(-1) ?? null, signal),
    );
    isDone = true;
  } finally {
    await remove(job, id);
    if (isDone ? request.tellsRemoval.success : request.tellsRemoval.failure) {
      say(output, `Removing intermediate container ${short(id)}\n`);
    }
  }
}

/** @returns the exit code */
async function execute({ containers, output, signal }: Job, id: string): Promise<number> {
  const kill = () => void containers.remove(id, { force: true, volumes: true }).catch(() => undefined);
  const leave = new AbortController();
  const attached = containers.attach(id, { stdin: false, stdout: true, stderr: true }, leave.signal);
  attached.catch(() => undefined);
  const ended = containers.wait(id, 'next-exit');
  try {
    signal.addEventListener('abort', kill, { once: true });
    await containers.start(id);
    const [exitCode] = await Promise.all([ended, attached.then((supervisor) => pass(supervisor, output))]);
    return exitCode;
  } finally {
    signal.removeEventListener('abort', kill);
    leave.abort();
  }
}

/** The program's output to the client, no faster than it reads. Resolves when there is no more. */
function pass(supervisor: SupervisorConnection, output: Job['output']): Promise<void> {
  return new Promise((resolve) => {
    let leftBytes = outputBytesMax;
    const tell = (write: typeof say) => {
      const decoder = new StringDecoder('utf8');
      return (chunk: Buffer) => {
        if (leftBytes < 0) return;
        leftBytes -= chunk.length;
        const text = decoder.write(chunk);
        const free = text === '' || write(output, text);
        if (leftBytes < 0) say(output, `\n[Warning] What it says after ${outputBytesMax} bytes is not shown.\n`);
        if (free) return;
        supervisor.socket.pause();
        void output.drained().then(() => supervisor.socket.resume());
      };
    };
    supervisor.on('stdout', tell(say));
    supervisor.on('stderr', tell(sayError));
    const end = () => {
      supervisor.close();
      resolve();
    };
    supervisor.once('exit', end);
    supervisor.once('close', end);
    supervisor.release();
  });
}

async function remove({ containers }: Job, id: string): Promise<void> {
  try {
    await containers.remove(id, { force: true, volumes: true });
  } catch (error) {
    const isGone = error instanceof EngineError && error.kind === 'not-found';
    if (!isGone)
      log('error', 'a container of a build could not be removed', { container: id, error: describeError(error) });
  }
}

function argsOf({ command, heredocs }: Run, shell: readonly string[]): string[] {
  if (!command.shell) return command.words;
  const [text = ''] = command.words;
  return [...shell, heredocs.length === 0 ? text : script(text, heredocs)];
}

/** A here-document alone is the script; otherwise the shell is given all of it to read. */
function script(text: string, heredocs: readonly Heredoc[]): string {
  const [only] = heredocs;
  if (only === undefined || heredocs.length > 1 || !/^<<-?\S+$/.test(text)) {
    return text + heredocs.map(({ name, content }) => `\n${content}${name}`).join('');
  }
  if (only.content.startsWith('#!')) {
    throw new EngineError(
      'not-implemented',
      'a here-document that names its interpreter (#!) requires BuildKit: COPY it as a file, and run that',
    );
  }
  return only.content;
}
