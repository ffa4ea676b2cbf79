/**
 * The life of containers, put together from its verbs. A record is written before a kernel object is made, and after
 * what the kernel said before anybody is answered. Supervisors live on without us: `adopt` finds them again.
 */

import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { treeSize } from '@berth/native';
import type { CreateContainerBody, CreateExecBody, UpdateContainerBody } from '@berth/shared/docker/container';
import { appArmorFor } from '../runtime/apparmor.ts';
import { weakeningsAttribute } from '../runtime/policy.ts';
import { seccompChoice } from '../runtime/spec.ts';
import { frame } from '../runtime/supervisor-protocol.ts';
import { createAccounts } from './account.ts';
import { adopt } from './adopt.ts';
import { createArchives } from './archive.ts';
import { createAttachments } from './attach.ts';
import { backedMounts } from './backing.ts';
import { changes } from './changes.ts';
import { checkName } from './checks.ts';
import { type CommitOptions, commit } from './commit.ts';
import { createContext, type Dependencies } from './context.ts';
import { planContainer } from './create.ts';
import { createEnds } from './end.ts';
import { exec } from './exec.ts';
import { createContainerLabels } from './labels.ts';
import { dropLayer, layerBytesMax, tryLayer } from './layer.ts';
import { inventName } from './names.ts';
import { containerPlace } from './place.ts';
import { seccompFor } from './process.ts';
import { createRemove, type RemoveOptions } from './remove.ts';
import { createRestarts } from './restarts.ts';
import { reviewDraft } from './review.ts';
import { createStart, type StartLocked } from './start.ts';
import { isLive, requireState } from './state.ts';
import { createStop } from './stop.ts';
import type { ContainerRecord } from './store.ts';
import { processRow } from './top.ts';
import { update } from './update.ts';
import { makeVolumes } from './volumes.ts';

export type WaitCondition = 'not-running' | 'next-exit' | 'removed';

export type Containers = ReturnType<typeof createContainers>;

export function createContainers(deps: Dependencies) {
  for (const directory of [path.join(deps.dataDir, 'containers'), path.join(deps.runDir, 'containers')])
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  const context = createContext(deps);
  const accounts = createAccounts(context);
  const attachments = createAttachments(context);
  const archives = createArchives(context);
  const labels = createContainerLabels(context);
  // An end may lead to a start, and a start to an end.
  const startLocked: StartLocked = (record) => start_(record);
  const restarts = createRestarts(context, startLocked);
  const remove = createRemove(context, { attachments, labels }, restarts.forget);
  const ends = createEnds(context, { restarts, remove });
  const start_ = createStart(context, { accounts, attachments, ends, labels, remove });
  const stop = createStop(context, restarts);
  const { find, store } = context;

  return {
    all: () => store.all(),
    find,
    isLive,
    attach: attachments.attach,
    archives,
    /** Its files, as the file browser sees them. */
    place: (record: ContainerRecord) => containerPlace(context, record),
    kill: stop.kill,
    stop: stop.stop,
    update: (reference: string, body: UpdateContainerBody) => update(context, reference, body),
    exec: (record: ContainerRecord, body: CreateExecBody, size: { width: number; height: number } | null) =>
      exec(context, accounts, record, body, size),
    async adopt(): Promise<void> {
      labels.sweep();
      await adopt(context, { ends, remove, restarts });
      await context.volumes.settle();
    },
    logPath: (record: ContainerRecord) => context.logPath(record.id),
    /** What it writes over its image. */
    layerOf: (record: ContainerRecord) => context.layer(record.id),
    appArmorProfile: (record: ContainerRecord) => appArmorFor(record, context.appArmorProfile) ?? '',
    /** Of what the container wrote over its image, and with the image, in bytes. */
    async sizes(record: ContainerRecord): Promise<{ SizeRw: number; SizeRootFs: number }> {
      const written = await treeSize(context.layer(record.id).upper).then(
        ({ bytes }) => bytes,
        () => 0,
      );
      return { SizeRw: written, SizeRootFs: written + context.images.resolve(record.imageId).rootfsBytes };
    },
    /** `docker diff`. */
    changes: (reference: string) => changes(context, find(reference)),

    /** @throws not-found, conflict, invalid-parameter */
    async commit(reference: string, { pause, ...options }: CommitOptions & { pause: boolean }): Promise<string> {
      const record = find(reference);
      return context.locked(record.id, async () => {
        const isPausedHere = pause && record.status === 'running';
        if (isPausedHere) await this.pause(record.id);
        try {
          return await commit(context, record, options);
        } finally {
          if (isPausedHere) await this.unpause(record.id).catch(() => undefined);
        }
      });
    },

    async create(body: CreateContainerBody, asked: string | null): Promise<{ id: string; warnings: string[] }> {
      const image = context.images.resolve(body.Image);
      const isTaken = (name: string) => store.all().some((record) => record.name === name);
      if (asked !== null) store.refuseTaken(asked);
      const selinux = labels.decide(body.HostConfig);
      let unnamed: string[] = [];
      try {
        const { record, volumes, warnings } = planContainer({
          body,
          name: asked ?? inventName(isTaken),
          image,
          planVolume: context.volumes.plan,
          find,
          uidSlot: () => store.freeUidSlot(),
          canUserNamespace: context.canUserNamespace,
          rights: context,
          selinux,
        });
        const planned = new Map(volumes.map(({ plan, options }) => [plan.name, options]));
        const mounts = backedMounts(record.mounts, (name) => context.volumes.backing(name, planned.get(name)));
        record.weakenings = reviewDraft(context, record, mounts);
        const filter =
          seccompChoice(record.hostConfig) === 'custom' ? seccompFor(record.hostConfig, context.profile) : null;
        if (filter !== null) await context.launcher.check(filter);
        unnamed = record.anonymousVolumes;
        await makeVolumes(context, image, volumes);
        // Others may have been made meanwhile, and the image taken away.
        store.refuseTaken(record.name);
        context.images.resolve(record.imageId);
        if (record.uidSlot !== null) record.uidSlot = store.freeUidSlot();
        try {
          if (layerBytesMax(record.hostConfig) !== null) {
            record.project = store.freeProject();
            tryLayer(context, record);
          }
          for (const { plan, labels, options } of volumes) context.volumes.create({ ...plan, labels, options });
          store.add(record);
        } catch (error) {
          await dropLayer(context, record);
          throw error;
        }
        await context.volumes.settle(unnamed);
        context.emit(record, 'create', weakeningsAttribute(record.weakenings));
        return { id: record.id, warnings };
      } catch (error) {
        labels.release(selinux);
        await context.volumes.settle(unnamed).catch(() => undefined);
        throw error;
      }
    },

    async start(reference: string): Promise<void> {
      const record = find(reference);
      await context.locked(record.id, async () => {
        requireState(record, 'start');
        restarts.cancel(record.id);
        record.stoppedByUser = false;
        await startLocked(record);
      });
    },

    async restart(reference: string, timeoutSeconds: number | null): Promise<void> {
      const record = find(reference);
      context.restarted.add(record.id);
      try {
        if (isLive(record)) await stop.stop(reference, { timeoutSeconds, signal: null });
        await this.start(record.id);
      } finally {
        context.restarted.delete(record.id);
      }
      context.emit(record, 'restart');
    },

    async pause(reference: string): Promise<void> {
      const record = find(reference);
      requireState(record, 'pause');
      await context.ask(record, frame.pause);
      record.status = 'paused';
      store.save(record);
      context.emit(record, 'pause');
    },

    async unpause(reference: string): Promise<void> {
      const record = find(reference);
      requireState(record, 'unpause');
      await context.ask(record, frame.resume);
      record.status = 'running';
      store.save(record);
      context.emit(record, 'unpause');
    },

    async remove(reference: string, { force, volumes }: RemoveOptions & { force: boolean }): Promise<void> {
      const record = find(reference);
      if (!force) requireState(record, 'remove');
      if (isLive(record)) await stop.forceEnd(record);
      restarts.cancel(record.id);
      await context.locked(record.id, async () => {
        if (store.get(record.id) !== null) await remove.locked(record, { volumes });
      });
    },

    wait(reference: string, condition: WaitCondition): Promise<number> {
      const record = find(reference);
      if (condition === 'not-running' && !isLive(record) && record.status !== 'restarting')
        return Promise.resolve(record.exitCode);
      return condition === 'removed' ? context.removals.wait(record.id) : context.exits.wait(record.id);
    },

    rename(reference: string, name: string): void {
      const record = find(reference);
      const clean = name.replace(/^\//, '');
      checkName(clean);
      const oldName = record.name;
      store.rename(record, clean);
      context.emit(record, 'rename', { oldName: `/${oldName}` });
    },

    async resize(reference: string, size: { width: number; height: number }): Promise<void> {
      const record = find(reference);
      requireState(record, 'reach');
      await context.ask(record, frame.resize, size);
    },

    /** Rows of `processTitles`. */
    async top(reference: string): Promise<string[][]> {
      const record = find(reference);
      requireState(record, 'reach');
      const { pids } = await context.ask(record, frame.processes);
      const found = Array.isArray(pids) ? pids.filter((pid): pid is number => typeof pid === 'number') : [];
      const rows = await Promise.all(found.map(processRow));
      return rows.filter((row) => row !== null);
    },

    shutdown(): void {
      context.isStopping = true;
      restarts.cancelAll();
      for (const supervisor of context.watched.values()) supervisor.close();
    },
  };
}
