/** Starts supervisors: the one place where a container's process comes into being. */

import { openSync } from 'node:fs';
import net from 'node:net';
import {
  closeFd,
  compileSeccomp,
  createSealedMemfd,
  runtimePath,
  sealExecutable,
  socketPair,
  spawnSupervisor,
  watchPidfd,
} from '@berth/native';
import { EngineError } from '@berth/shared/errors';
import { SupervisorConnection } from './supervisor.ts';

export interface LaunchDocument {
  version: 1;
  id: string;
  runDir: string;
  stateDir: string;
  /** `volatile`: nothing of it is ever synced. */
  rootfs: { lower: string[]; upper: string; work: string; volatile: boolean } | null;
  log: { path: string; maxSizeBytes: number; maxFiles: number } | null;
  stdin: { open: boolean; once: boolean };
  fenceAbstractSockets: boolean;
  spec: object;
}

export interface Launcher {
  /** A connection that speaks before anything is started; `created()` on it tells whether it went well. */
  launch(document: LaunchDocument, seccomp: object | null): Promise<SupervisorConnection>;
  /** Compiles a filter and throws it away. @throws invalid-parameter with what is wrong with it */
  check(seccomp: object): Promise<void>;
  /** Compiles ahead of the first start. */
  warm(seccomp: object): Promise<void>;
}

/** Callers bring profiles of their own: what was compiled is remembered up to here. */
const programsMax = 64;

export function createLauncher(): Launcher {
  // One sealed copy for all supervisors: nothing that a container does to the installed file reaches a running one, and
  // its pages are in memory once.
  let executable: Promise<number> | null = null;
  let nullFd: number | null = null;
  const programs = new Map<string, Promise<Uint8Array>>();

  function program(seccomp: object): Promise<Uint8Array> {
    const key = JSON.stringify(seccomp);
    const known = programs.get(key);
    if (known !== undefined) return known;
    const [oldest] = programs.keys();
    if (programs.size >= programsMax && oldest !== undefined) programs.delete(oldest);
    const compiled = compileSeccomp(key);
    compiled.catch(() => programs.delete(key));
    programs.set(key, compiled);
    return compiled;
  }

  return {
    async warm(seccomp) {
      executable ??= sealExecutable(runtimePath);
      await Promise.all([executable, program(seccomp)]);
    },
    async check(seccomp) {
      await compileSeccomp(JSON.stringify(seccomp)).catch((cause) => {
        throw new EngineError('invalid-parameter', `the seccomp profile cannot be used: ${cause.message}`, { cause });
      });
    },
    async launch(document, seccomp) {
      executable ??= sealExecutable(runtimePath);
      nullFd ??= openSync('/dev/null', 'r+');
      const [executableFd, filter] = await Promise.all([executable, seccomp === null ? null : program(seccomp)]);
      const seccompFd = filter === null ? null : createSealedMemfd('seccomp', filter);
      const text = JSON.stringify({ ...document, seccompFd: seccompFd === null ? -1 : 5 });
      const documentFd = createSealedMemfd('launch', Buffer.from(text));
      const errorsFd = openSync(`${document.stateDir}/supervisor.err`, 'a', 0o600);
      const [ours, theirs] = socketPair();
      try {
        const fds = [nullFd, nullFd, errorsFd, theirs, documentFd, ...(seccompFd === null ? [] : [seccompFd])];
        const { pidfd } = await spawnSupervisor({ executableFd, argv: ['berth-runtime', 'supervise'], fds });
        const ended = new Promise<void>((resolve) => {
          watchPidfd(pidfd, () => {
            closeFd(pidfd);
            resolve();
          });
        });
        return new SupervisorConnection(new net.Socket({ fd: ours, readable: true, writable: true }), ended);
      } catch (error) {
        closeFd(ours);
        throw error;
      } finally {
        closeFd(theirs);
        closeFd(documentFd);
        closeFd(errorsFd);
        if (seccompFd !== null) closeFd(seccompFd);
      }
    },
  };
}
