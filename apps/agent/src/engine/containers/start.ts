/** From a record to a running program. What was made is unmade when any step fails, and the record says why. */
import { EngineError } from '@berth/shared/errors';
import { describeError } from '../../log.ts';
import type { Endpoint } from '../networks/networks.ts';
import { appArmorFor } from '../runtime/apparmor.ts';
import { weakeningsAttribute } from '../runtime/policy.ts';
import { buildSpec } from '../runtime/spec.ts';
import { type Created, type SupervisorConnection, SupervisorError } from '../runtime/supervisor.ts';
import { frame } from '../runtime/supervisor-protocol.ts';
import { slotOf } from '../runtime/uid-ranges.ts';
import type { Accounts } from './account.ts';
import type { Attachments } from './attach.ts';
import { backedMounts } from './backing.ts';
import { bindSources } from './bind-sources.ts';
import { type Context, now } from './context.ts';
import { hostDevices } from './devices.ts';
import type { Ends } from './end.ts';
import { layOutFiles } from './files.ts';
import { joinedNamespaces, userNamespaceOwner } from './joined.ts';
import type { ContainerLabels } from './labels.ts';
import { environment, logOptions, seccompFor, workingDirectory } from './process.ts';
import type { Remove } from './remove.ts';
import { review } from './review.ts';
import { type ContainerRecord, never } from './store.ts';

interface Parts {
  accounts: Accounts;
  attachments: Attachments;
  ends: Ends;
  labels: ContainerLabels;
  remove: Remove;
}

/** Starts under the container's lock. */
export type StartLocked = (record: ContainerRecord) => Promise<void>;

export function createStart(context: Context, { accounts, attachments, ends, labels, remove }: Parts): StartLocked {
  const { networks, store } = context;

  return async function startLocked(record) {
    let supervisor: SupervisorConnection | null = null;
    try {
      const image = context.images.resolve(record.imageId);
      const endpoint = networks.allocate({
        containerId: record.id,
        networkMode: record.hostConfig.NetworkMode,
        ports: record.hostConfig.PortBindings,
        publishAll: record.hostConfig.PublishAllPorts ? Object.keys(record.config.ExposedPorts) : [],
      });
      mountVolumes(record);
      supervisor = await launch(record, image.layerDirs, endpoint);
      const created = await equip(supervisor, endpoint);
      Object.assign(record, {
        pid: created.pid,
        pidfsInode: created.pidfsInode,
        cgroups: created.cgroups,
        status: 'running',
        startedAt: now(),
        exitCode: 0,
        oomKilled: false,
        oomKills: 0,
        error: '',
      });
      store.save(record);
      ends.observe(record, supervisor);
      const watching = supervisor.request(frame.watch);
      await attachments.joinWaiting(record);
      await Promise.all([watching, supervisor.request(frame.start)]);
      context.samples.add(record.id, {
        cgroups: created.cgroups,
        ...(endpoint === null ? {} : { hostInterface: endpoint.hostInterface }),
      });
      context.emit(record, 'start', weakeningsAttribute(record.weakenings));
    } catch (error) {
      await undo(record, supervisor, error);
    }
  };

  function mountVolumes(record: ContainerRecord): void {
    const mounts = record.mounts.flatMap(({ name, destination, readOnly }) =>
      name === null ? [] : [{ name, destination, readOnly, propagation: '' }],
    );
    context.volumes.mounts.mount(record.id, mounts, context.volumes.backing);
  }

  async function launch(record: ContainerRecord, layerDirs: string[], endpoint: Endpoint | null) {
    const etcFiles = layOutFiles(context, record, endpoint);
    const user = await accounts.ofContainer(record, layerDirs);
    const mounts = backedMounts(record.mounts, context.volumes.backing);
    const sources = bindSources(context, { mounts });
    const devices = hostDevices(record.hostConfig);
    const joined = joinedNamespaces(context, record);
    const owner = userNamespaceOwner(context, record);
    record.joinedUidSlot = owner === null ? null : slotOf(owner);
    const backed = { ...record, mounts };
    const spec = buildSpec({
      record: backed,
      user,
      env: environment(record, user),
      cwd: workingDirectory(record),
      appArmorProfile: appArmorFor(record, context.appArmorProfile),
      selinux: labels.forStart(record),
      cgroupsPath: `/${context.cgroupParent}/${record.id}`,
      etcFiles,
      joined,
      oomScoreAdj: context.oomScoreAdj,
      real: sources.real,
      devices,
    });
    record.weakenings = review(context, backed, { spec, sources, devices });
    await labels.share(record.selinux ?? null, mounts, Object.values(etcFiles));
    return context.launcher.launch(
      {
        version: 1,
        id: record.id,
        runDir: context.runDirOf(record.id),
        stateDir: context.stateDir(record.id),
        rootfs: { lower: layerDirs, ...context.layer(record.id), volatile: record.hostConfig.AutoRemove },
        log: logOptions(record, context.logPath(record.id)),
        stdin: { open: record.config.OpenStdin, once: record.config.StdinOnce },
        fenceAbstractSockets: context.canFenceSockets && !record.hostConfig.Privileged && isOnHostNetwork(record),
        spec,
      },
      seccompFor(record.hostConfig, context.profile),
    );
  }

  /** The network is made while the supervisor builds the root. */
  async function equip(supervisor: SupervisorConnection, endpoint: Endpoint | null): Promise<Created> {
    const created = supervisor.created();
    const linked = endpoint === null ? null : supervisor.namespaces().then((pid) => networks.attach(endpoint, pid));
    // Both have ended, well or not, before anything is undone; why the container failed comes first.
    const [made, link] = await Promise.allSettled([created, linked]);
    if (made.status === 'rejected') throw made.reason;
    if (link.status === 'rejected') throw link.reason;
    return made.value;
  }

  async function undo(
    record: ContainerRecord,
    supervisor: SupervisorConnection | null,
    error: unknown,
  ): Promise<never> {
    const exitCode = error instanceof SupervisorError ? error.exitCode : 128;
    attachments.drop(record.id, error);
    context.watched.delete(record.id);
    supervisor?.removeAllListeners('exit');
    supervisor?.close();
    await supervisor?.ended;
    await networks.detach(record.id);
    networks.release(record.id);
    context.volumes.mounts.unmount(record.id);
    const message = error instanceof SupervisorError ? startMessage(record, error) : describeError(error);
    Object.assign(record, {
      status: record.startedAt === never ? 'created' : 'exited',
      pid: 0,
      exitCode,
      error: message,
      finishedAt: now(),
    });
    store.save(record);
    if (record.hostConfig.AutoRemove) await remove.locked(record, { volumes: true }).catch(() => undefined);
    if (error instanceof EngineError) throw error;
    const kind = exitCode === 127 || exitCode === 126 ? 'invalid-parameter' : 'system';
    throw new EngineError(kind, message, { cause: error });
  }

  function isOnHostNetwork(record: ContainerRecord): boolean {
    const mode = record.hostConfig.NetworkMode;
    return mode.startsWith('container:') ? isOnHostNetwork(context.find(mode.slice(10))) : mode === 'host';
  }
}

/** Docker's words, which its CLI reads to choose 126 or 127 as its own exit code. */
function startMessage(record: ContainerRecord, error: SupervisorError): string {
  const program = record.args[0] ?? '';
  if (error.exitCode === 127)
    return `failed to create task for container: exec: "${program}": executable file not found in $PATH`;
  if (error.exitCode === 126) return `failed to create task for container: exec: "${program}": permission denied`;
  return `failed to create task for container: ${error.message}`;
}
