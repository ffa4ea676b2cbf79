/** How containers end: told by their supervisors, or found out when one is gone. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { closeFd, openPidfd, pidfdInode, removeTree, sendSignal } from '@berth/native';
import { describeError, log } from '../../log.ts';
import { removeCgroups } from '../runtime/cgroup-remains.ts';
import type { Exit, SupervisorConnection } from '../runtime/supervisor.ts';
import { type Context, now } from './context.ts';
import type { Remove } from './remove.ts';
import type { Restarts } from './restarts.ts';
import { isLive } from './state.ts';
import type { ContainerRecord } from './store.ts';

const unknownExitCode = 255;

export function createEnds(context: Context, { restarts, remove }: { restarts: Restarts; remove: Remove }) {
  function observe(record: ContainerRecord, supervisor: SupervisorConnection): void {
    context.watched.set(record.id, supervisor);
    // The count since the start: what was killed while no agent was there is told when the next one is.
    supervisor.on('oom', (count) => {
      const news = count - (record.oomKills ?? 0);
      Object.assign(record, { oomKilled: true, oomKills: count });
      context.store.save(record);
      for (let kill = 0; kill < news; kill++) context.emit(record, 'oom');
    });
    supervisor.on('pressure', ({ resource, kind }) => context.emit(record, 'pressure', { resource, kind }));
    let told = false;
    const closed = new Promise<void>((resolve) => supervisor.once('close', resolve));
    supervisor.once('exit', (exit) => {
      told = true;
      void ended(record, exit, '', closed);
    });
    void closed.then(() => {
      if (!told && !context.isStopping && context.watched.get(record.id) === supervisor) return supervisorLost(record);
    });
  }

  /** The supervisor was killed. Its record may say how the container ended; if not, that stays unknown. */
  async function supervisorLost(record: ContainerRecord): Promise<void> {
    log('error', 'a supervisor is gone; its container lost log and attach', { container: record.id });
    await foundOut(record, 'its supervisor was killed; the exit code is unknown');
  }

  /** Nobody tells any more: the exit record does, or `why` is all that is known. */
  async function foundOut(record: ContainerRecord, why: string): Promise<void> {
    const exit = await readExit(record);
    await killRemains(record);
    await ended(record, exit ?? { exitCode: unknownExitCode, signal: 0 }, exit === null ? why : '');
  }

  async function killRemains(record: ContainerRecord): Promise<void> {
    try {
      const pidfd = openPidfd(record.pid);
      try {
        if (String(pidfdInode(pidfd)) === record.pidfsInode) sendSignal(pidfd, 9);
      } finally {
        closeFd(pidfd);
      }
    } catch {
      // It has ended.
    }
    await removeCgroups(Object.values(record.cgroups));
  }

  async function readExit(record: ContainerRecord): Promise<Exit | null> {
    try {
      const exit: Exit = JSON.parse(await readFile(path.join(context.stateDir(record.id), 'exit.json'), 'utf8'));
      const startedMs = Date.parse(record.startedAt);
      return Number(BigInt(exit.finishedAtNs ?? '0') / 1_000_000n) + 1000 >= startedMs ? exit : null;
    } catch {
      return null;
    }
  }

  /** `gone`: when the supervisor has removed what it made; the next change of the container waits for it. */
  async function ended(record: ContainerRecord, exit: Exit, error: string, gone?: Promise<void>): Promise<void> {
    await context.locked(record.id, async () => {
      if (!isLive(record)) return;
      context.watched.delete(record.id);
      context.samples.remove(record.id);
      await context.networks
        .detach(record.id)
        .catch((cause) =>
          log('error', 'a link could not be removed', { container: record.id, error: describeError(cause) }),
        );
      context.networks.release(record.id);
      Object.assign(record, {
        status: 'exited',
        pid: 0,
        exitCode: exit.exitCode,
        oomKilled: exit.oomKilled ?? record.oomKilled,
        finishedAt: exit.finishedAtNs === undefined ? now() : fromNanos(exit.finishedAtNs),
        error,
      });
      const delayMs = restarts.delayOf(record);
      if (delayMs !== null) record.status = 'restarting';
      context.store.save(record);
      const seconds = Math.max(0, (Date.parse(record.finishedAt) - Date.parse(record.startedAt)) / 1000);
      context.emit(record, 'die', {
        exitCode: String(record.exitCode),
        execDuration: String(Math.floor(seconds)),
      });
      context.volumes.mounts.unmount(record.id);
      if (delayMs !== null) restarts.schedule(record, delayMs);
      context.exits.notify(record.id, record.exitCode);
      await gone;
      await removeTree(context.runDirOf(record.id)).catch(() => undefined);
      if (record.hostConfig.AutoRemove && delayMs === null && !context.restarted.has(record.id))
        await remove.locked(record, { volumes: true });
    });
  }

  return { observe, foundOut };
}

export type Ends = ReturnType<typeof createEnds>;

/** RFC 3339 with nanoseconds. */
function fromNanos(nanos: string): string {
  const value = BigInt(nanos);
  const fraction = String(value % 1_000_000_000n).padStart(9, '0');
  return `${new Date(Number(value / 1_000_000n)).toISOString().slice(0, 19)}.${fraction}Z`;
}
