/** At start: adopts what lives, learns how the rest ended, finishes what was interrupted. */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { removeTree } from '@berth/native';
import { describeError, log } from '../../log.ts';
import { SupervisorConnection } from '../runtime/supervisor.ts';
import { frame } from '../runtime/supervisor-protocol.ts';
import type { Context } from './context.ts';
import type { Ends } from './end.ts';
import type { Remove } from './remove.ts';
import { type Restarts, restartDelayMsMin } from './restarts.ts';
import { isLive } from './state.ts';
import type { ContainerRecord } from './store.ts';

interface Parts {
  ends: Ends;
  remove: Remove;
  restarts: Restarts;
}

export async function adopt(context: Context, parts: Parts): Promise<void> {
  await Promise.all(
    context.store
      .all()
      .map((record) =>
        adoptOne(context, parts, record).catch((error) =>
          log('error', 'a container could not be adopted', { container: record.id, error: describeError(error) }),
        ),
      ),
  );
  const known = new Set(context.store.all().map((record) => record.id));
  for (const parent of [path.join(context.runDir, 'containers'), path.join(context.dataDir, 'containers')]) {
    for (const id of await readdir(parent)) if (!known.has(id)) await removeTree(path.join(parent, id));
  }
}

async function adoptOne(context: Context, { ends, remove, restarts }: Parts, record: ContainerRecord): Promise<void> {
  const isOver = record.status === 'exited' && record.hostConfig.AutoRemove; // we died in its restart
  // Whether its volumes were to go as well was noted with them.
  if (record.status === 'removing' || isOver) return remove.locked(record, { volumes: record.hostConfig.AutoRemove });
  if (record.status === 'restarting') return restarts.schedule(record, restartDelayMsMin);
  const supervisor = await SupervisorConnection.connect(context.runDirOf(record.id)).catch(() => null);
  // A supervisor that is just ending accepts, and answers no more: what it wrote tells.
  const status = await supervisor?.request(frame.status).catch(() => null);
  if (supervisor && (status?.status === 'running' || status?.status === 'paused')) {
    record.status = status.status;
    record.pid = Number(status.pid);
    context.store.save(record);
    ends.observe(record, supervisor);
    context.volumes.mounts.adopt(
      record.id,
      record.mounts.flatMap(({ name }) => name ?? []),
    );
    const hostInterface = context.networks.endpoint(record.id)?.hostInterface;
    context.samples.add(record.id, { cgroups: record.cgroups, ...(hostInterface && { hostInterface }) });
    await supervisor.request(frame.watch);
    return;
  }
  // Created and not started: we died in between. It is torn down with its first client, which was us.
  supervisor?.close();
  if (isLive(record)) await ends.foundOut(record, 'it was not running any more when the agent came back');
  else context.networks.release(record.id);
}
