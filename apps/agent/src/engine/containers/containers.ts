/**
 * The life of containers. A record is written before a kernel object is made, and after what the kernel said before
 * anybody is answered. Supervisors live on without us: `adopt` finds them again.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { readdir, readFile, rename, rmdir } from 'node:fs/promises';
import path from 'node:path';
import {
  closeFd,
  openOverlay,
  openPidfd,
  openProcessRoot,
  pidfdInode,
  readFileInRoot,
  removeTree,
  sendSignal,
} from '@berth/native';
import type { CreateContainerBody, CreateExecBody, UpdateContainerBody } from '@berth/shared/docker/container';
import { EngineError } from '@berth/shared/errors';
import { describeError, log } from '../../log.ts';
import type { Events } from '../events.ts';
import type { Images } from '../images/images.ts';
import type { Endpoint, Networks } from '../networks/networks.ts';
import { capabilitiesFor } from '../runtime/capabilities.ts';
import type { Launcher } from '../runtime/launch.ts';
import { resolveProfile, type SeccompProfile } from '../runtime/seccomp-profile.ts';
import {
  buildProcess,
  buildSpec,
  isSeccompOff,
  noNewPrivileges,
  processCapabilities,
  resources,
  rlimits,
  uidBase,
} from '../runtime/spec.ts';
import { type Exit, SupervisorConnection, SupervisorError } from '../runtime/supervisor.ts';
import { frame } from '../runtime/supervisor-protocol.ts';
import { type ResolvedUser, resolveUser } from '../runtime/user.ts';
import type { Volumes } from '../volumes/volumes.ts';
import { checkLimits, checkName, newRecord } from './create.ts';
import { inventName } from './names.ts';
import { signalNumber } from './signals.ts';
import { type ContainerRecord, type ContainerStore, never } from './store.ts';

const accountFileBytesMax = 10 * 1024 * 1024;
const stopTimeoutSecondsDefault = 10;
const restartDelayMsMin = 100;
const restartDelayMsMax = 60_000;
/** A container that lived this long starts its back-off anew. */
const restartSettledMs = 10_000;

export interface Streams {
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
}

export type WaitCondition = 'not-running' | 'next-exit' | 'removed';

export interface SampleSources {
  add(id: string, source: { cgroups: Record<string, string>; hostInterface?: string }): void;
  remove(id: string): void;
}

export interface AttachedStreams {
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
}

interface AttachWaiter {
  streams: AttachedStreams;
  resolve: (supervisor: SupervisorConnection) => void;
  reject: (error: unknown) => void;
}

export type Containers = ReturnType<typeof createContainers>;

export function createContainers(deps: {
  store: ContainerStore;
  images: Images;
  volumes: Volumes;
  networks: Networks;
  events: Events;
  launcher: Launcher;
  samples: SampleSources;
  profile: SeccompProfile;
  dataDir: string;
  runDir: string;
  cgroupParent: string;
  canUserNamespace: boolean;
}) {
  const { store, events, networks } = deps;
  /** The connection that watches a running container, by id. */
  const watched = new Map<string, SupervisorConnection>();
  const exitListeners = new Map<string, Set<(exitCode: number) => void>>();
  const removeListeners = new Map<string, Set<(exitCode: number) => void>>();
  const attachWaiters = new Map<string, Set<AttachWaiter>>();
  const locks = new Map<string, Promise<unknown>>();
  const restarts = new Map<string, { timer: NodeJS.Timeout | null; delayMs: number }>();
  let stopping = false;

  const stateDir = (id: string) => path.join(deps.dataDir, 'containers', id);
  const runDirOf = (id: string) => path.join(deps.runDir, 'containers', id);
  const logPath = (id: string) => path.join(stateDir(id), `${id}-json.log`);
  const find = (reference: string) => store.find(reference);
  const isLive = (record: ContainerRecord) => record.status === 'running' || record.status === 'paused';

  for (const directory of [path.join(deps.dataDir, 'containers'), path.join(deps.runDir, 'containers')]) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  }

  /** One change of a container's state at a time. */
  function locked<T>(id: string, work: () => Promise<T>): Promise<T> {
    const before = locks.get(id) ?? Promise.resolve();
    const result = before.then(work, work);
    const settled = result.catch(() => undefined);
    locks.set(id, settled);
    settled.finally(() => {
      if (locks.get(id) === settled) locks.delete(id);
    });
    return result;
  }

  function emit(record: ContainerRecord, action: string, extra: Record<string, string> = {}): void {
    events.append({
      type: 'container',
      action,
      actorId: record.id,
      attributes: { ...record.config.Labels, image: record.image, name: record.name, ...extra },
    });
  }

  async function connection(record: ContainerRecord): Promise<SupervisorConnection> {
    try {
      return await SupervisorConnection.connect(runDirOf(record.id));
    } catch (cause) {
      throw new EngineError('conflict', `container ${record.id} is not running`, { cause });
    }
  }

  function requireLive(record: ContainerRecord): void {
    if (!isLive(record)) throw new EngineError('conflict', `container ${record.id} is not running`);
  }

  // ---- create

  function create(body: CreateContainerBody, asked: string | null) {
    const image = deps.images.resolve(body.Image);
    const taken = (name: string) => store.all().some((record) => record.name === name);
    const name = asked ?? inventName(taken);
    if (asked !== null && taken(asked)) store.find(asked) && refuseName(asked);
    const { record, warnings } = newRecord({
      body,
      name,
      image,
      volumes: deps.volumes,
      uidSlot: () => store.freeUidSlot(),
      canUserNamespace: deps.canUserNamespace,
    });
    store.add(record);
    emit(record, 'create');
    return { id: record.id, warnings };
  }

  function refuseName(name: string): never {
    const taken = store.find(name);
    throw new EngineError(
      'conflict',
      `Conflict. The container name "/${name}" is already in use by container "${taken.id}". You have to remove (or rename) that container to be able to reuse that name.`,
    );
  }

  // ---- start

  async function start(reference: string): Promise<void> {
    const record = find(reference);
    await locked(record.id, async () => {
      if (record.status === 'paused')
        throw new EngineError('conflict', 'cannot start a paused container, try unpause instead');
      if (record.status === 'running')
        throw new EngineError('not-modified', `container ${record.id} is already running`);
      if (record.status === 'removing')
        throw new EngineError('conflict', 'container is marked for removal and cannot be started');
      cancelRestart(record.id);
      record.stoppedByUser = false;
      await startLocked(record);
    });
  }

  async function startLocked(record: ContainerRecord): Promise<void> {
    let supervisor: SupervisorConnection | null = null;
    try {
      const image = deps.images.resolve(record.imageId);
      const endpoint = networks.allocate({
        containerId: record.id,
        networkMode: record.hostConfig.NetworkMode,
        ports: record.hostConfig.PortBindings,
        publishAll: record.hostConfig.PublishAllPorts ? Object.keys(record.config.ExposedPorts) : [],
      });
      const directories = prepareDirectories(record, image.layerDirs, endpoint);
      const user = await resolveAccount(record, image.layerDirs);
      const spec = buildSpec({
        record,
        user,
        env: environment(record, user),
        cwd: record.config.WorkingDir === '' ? '/' : record.config.WorkingDir,
        cgroupsPath: `/${deps.cgroupParent}/${record.id}`,
        etcFiles: directories.etcFiles,
        joined: joinedNamespaces(record),
      });
      supervisor = await deps.launcher.launch(
        {
          version: 1,
          id: record.id,
          runDir: runDirOf(record.id),
          stateDir: stateDir(record.id),
          rootfs: directories.rootfs,
          log: logOptions(record),
          stdin: { open: record.config.OpenStdin, once: record.config.StdinOnce },
          spec,
        },
        seccomp(record),
      );
      const created = await supervisor.created();
      Object.assign(record, {
        pid: created.pid,
        pidfsInode: created.pidfsInode,
        cgroups: created.cgroups,
        status: 'running',
        startedAt: now(),
        exitCode: 0,
        oomKilled: false,
        error: '',
      });
      store.save(record);
      if (endpoint !== null) await networks.attach(endpoint, created.pid);
      observe(record, supervisor);
      await supervisor.request(frame.watch);
      await attachWaiting(record);
      await supervisor.request(frame.start);
      deps.samples.add(record.id, {
        cgroups: created.cgroups,
        ...(endpoint === null ? {} : { hostInterface: endpoint.hostInterface }),
      });
      emit(record, 'start');
    } catch (error) {
      await failStart(record, supervisor, error);
    }
  }

  /** Nothing half-made stays, and the record says why. */
  async function failStart(
    record: ContainerRecord,
    supervisor: SupervisorConnection | null,
    error: unknown,
  ): Promise<never> {
    const exitCode = error instanceof SupervisorError ? error.exitCode : 128;
    dropWaiting(record.id, error);
    watched.delete(record.id);
    supervisor?.removeAllListeners('exit');
    supervisor?.close();
    await networks.detach(record.id);
    networks.release(record.id);
    const message = error instanceof SupervisorError ? startMessage(record, error) : describeError(error);
    Object.assign(record, {
      status: record.startedAt === never ? 'created' : 'exited',
      pid: 0,
      exitCode,
      error: message,
      finishedAt: now(),
    });
    store.save(record);
    if (record.hostConfig.AutoRemove) await removeLocked(record, { volumes: true }).catch(() => undefined);
    if (error instanceof EngineError) throw error;
    const kind = exitCode === 127 || exitCode === 126 ? 'invalid-parameter' : 'system';
    throw new EngineError(kind, message, { cause: error });
  }

  /** Docker's words, which its CLI reads to choose 126 or 127 as its own exit code. */
  function startMessage(record: ContainerRecord, error: SupervisorError): string {
    const program = record.args[0] ?? '';
    if (error.exitCode === 127)
      return `failed to create task for container: exec: "${program}": executable file not found in $PATH`;
    if (error.exitCode === 126) return `failed to create task for container: exec: "${program}": permission denied`;
    return `failed to create task for container: ${error.message}`;
  }

  function prepareDirectories(record: ContainerRecord, layerDirs: string[], endpoint: Endpoint | null) {
    const directory = stateDir(record.id);
    const layer = path.join(directory, 'layer');
    for (const one of [directory, runDirOf(record.id)]) mkdirSync(one, { recursive: true, mode: 0o700 });
    for (const one of ['upper', 'work']) mkdirSync(path.join(layer, one), { recursive: true, mode: 0o755 });
    for (const mount of record.mounts) {
      // As dockerd does for -v; a --mount of a missing path was refused at create.
      if (mount.type === 'bind') mkdirSyncIfMissing(mount.source);
    }
    const etcFiles = {
      hostname: path.join(directory, 'hostname'),
      hosts: path.join(directory, 'hosts'),
      resolvConf: path.join(directory, 'resolv.conf'),
    };
    writeFileSync(etcFiles.hostname, `${record.config.Hostname}\n`, { mode: 0o644 });
    writeFileSync(etcFiles.hosts, hostsFile(record, endpoint), { mode: 0o644 });
    writeFileSync(etcFiles.resolvConf, networks.resolvConf(record.hostConfig), { mode: 0o644 });
    return {
      etcFiles,
      rootfs: { lower: layerDirs, upper: path.join(layer, 'upper'), work: path.join(layer, 'work') },
    };
  }

  /** Needs the container's own /etc/passwd only where the user is a name or a home is wanted; read inside its root. */
  async function resolveAccount(record: ContainerRecord, layerDirs: string[]): Promise<ResolvedUser> {
    const layer = path.join(stateDir(record.id), 'layer');
    // Read-only: the upper directory must have one writer, which is the container's own mount.
    const root = await openOverlay({ lower: [path.join(layer, 'upper'), ...layerDirs], upper: null, work: null });
    try {
      return await accountIn(root, record.config.User, record.hostConfig.GroupAdd);
    } finally {
      closeFd(root);
    }
  }

  async function accountIn(root: number, user: string, groupAdd: string[]): Promise<ResolvedUser> {
    const read = (file: string) =>
      readFileInRoot(root, file, accountFileBytesMax).then(
        (bytes) => Buffer.from(bytes).toString('utf8'),
        () => '',
      );
    const [passwd, group] = await Promise.all([read('/etc/passwd'), read('/etc/group')]);
    return resolveUser(user, passwd, group, groupAdd);
  }

  function joinedNamespaces(record: ContainerRecord) {
    const host = record.hostConfig;
    const of = (mode: string, file: string) => {
      if (!mode.startsWith('container:')) return {};
      const other = find(mode.slice('container:'.length));
      if (!isLive(other))
        throw new EngineError(
          'conflict',
          `cannot join the ${file} namespace of a container that is not running: ${other.name}`,
        );
      return { path: `/proc/${other.pid}/ns/${file}` };
    };
    const network = of(host.NetworkMode, 'net').path;
    const pid = of(host.PidMode, 'pid').path;
    const ipc = of(host.IpcMode, 'ipc').path;
    return { ...(network && { network }), ...(pid && { pid }), ...(ipc && { ipc }) };
  }

  function seccomp(record: ContainerRecord): object | null {
    if (isSeccompOff(record)) return null;
    const host = record.hostConfig;
    return resolveProfile(
      deps.profile,
      capabilitiesFor({ privileged: false, add: host.CapAdd, drop: host.CapDrop }),
      process.arch,
    );
  }

  function logOptions(record: ContainerRecord) {
    const driver = record.hostConfig.LogConfig?.Type ?? '';
    if (driver === 'none') return null;
    const options = record.hostConfig.LogConfig?.Config ?? {};
    return {
      path: logPath(record.id),
      maxSizeBytes: sizeBytes(options['max-size'] ?? ''),
      maxFiles: Number(options['max-file'] ?? 1) || 1,
    };
  }

  // ---- what the supervisor tells

  function observe(record: ContainerRecord, supervisor: SupervisorConnection): void {
    watched.set(record.id, supervisor);
    supervisor.on('oom', () => {
      record.oomKilled = true;
      store.save(record);
      emit(record, 'oom');
    });
    let told = false;
    supervisor.once('exit', (exit) => {
      told = true;
      supervisor.close();
      void ended(record, exit);
    });
    supervisor.once('close', () => {
      if (!told && !stopping && watched.get(record.id) === supervisor) void supervisorLost(record);
    });
  }

  /** The supervisor was killed. Its record may say how the container ended; if not, that stays unknown. */
  async function supervisorLost(record: ContainerRecord): Promise<void> {
    const exit = await readExit(record);
    if (exit !== null) return ended(record, exit);
    log('error', 'a supervisor is gone; its container lost log and attach', { container: record.id });
    await killRemains(record);
    await ended(record, { exitCode: 255, signal: 0 }, 'its supervisor was killed; the exit code is unknown');
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
    // A cgroup takes a moment to be empty after its last process was killed.
    for (const directory of Object.values(record.cgroups)) {
      for (let tries = 0; tries < 100; tries++) {
        const failure = await rmdir(directory).then(
          () => null,
          (error) => error.code,
        );
        if (failure !== 'EBUSY') break;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }

  async function readExit(record: ContainerRecord): Promise<Exit | null> {
    try {
      const exit: Exit = JSON.parse(await readFile(path.join(stateDir(record.id), 'exit.json'), 'utf8'));
      const startedMs = Date.parse(record.startedAt);
      return Number(BigInt(exit.finishedAtNs ?? '0') / 1_000_000n) + 1000 >= startedMs ? exit : null;
    } catch {
      return null;
    }
  }

  async function ended(record: ContainerRecord, exit: Exit, error = ''): Promise<void> {
    await locked(record.id, async () => {
      if (!isLive(record)) return;
      watched.delete(record.id);
      deps.samples.remove(record.id);
      await networks
        .detach(record.id)
        .catch((cause) =>
          log('error', 'a link could not be removed', { container: record.id, error: describeError(cause) }),
        );
      networks.release(record.id);
      Object.assign(record, {
        status: 'exited',
        pid: 0,
        exitCode: exit.exitCode,
        oomKilled: exit.oomKilled ?? record.oomKilled,
        finishedAt: exit.finishedAtNs === undefined ? now() : fromNanos(exit.finishedAtNs),
        error,
      });
      const delayMs = restartDelay(record);
      if (delayMs !== null) record.status = 'restarting';
      store.save(record);
      await removeTree(runDirOf(record.id)).catch(() => undefined);
      const seconds = Math.max(0, (Date.parse(record.finishedAt) - Date.parse(record.startedAt)) / 1000);
      emit(record, 'die', { exitCode: String(record.exitCode), execDuration: String(Math.floor(seconds)) });
      if (delayMs !== null) scheduleRestart(record, delayMs);
      notify(exitListeners, record);
      if (record.hostConfig.AutoRemove && delayMs === null) await removeLocked(record, { volumes: true });
    });
  }

  function notify(listeners: Map<string, Set<(exitCode: number) => void>>, record: ContainerRecord): void {
    const waiting = listeners.get(record.id);
    listeners.delete(record.id);
    for (const one of waiting ?? []) one(record.exitCode);
  }

  // ---- restart policies

  function restartDelay(record: ContainerRecord): number | null {
    const { Name, MaximumRetryCount } = record.hostConfig.RestartPolicy;
    if (stopping || record.stoppedByUser || Name === 'no') return null;
    if (Name === 'on-failure') {
      if (record.exitCode === 0 || (MaximumRetryCount > 0 && record.restartCount >= MaximumRetryCount)) return null;
    }
    const known = restarts.get(record.id);
    const lived = Date.parse(record.finishedAt) - Date.parse(record.startedAt);
    const delayMs =
      known === undefined || lived >= restartSettledMs
        ? restartDelayMsMin
        : Math.min(known.delayMs * 2, restartDelayMsMax);
    return delayMs;
  }

  function scheduleRestart(record: ContainerRecord, delayMs: number): void {
    cancelRestart(record.id);
    const timer = setTimeout(() => {
      void locked(record.id, async () => {
        if (record.status !== 'restarting') return;
        record.restartCount++;
        await startLocked(record).catch((error) =>
          log('warn', 'a restart failed', { container: record.id, error: describeError(error) }),
        );
      });
    }, delayMs);
    restarts.set(record.id, { timer, delayMs });
  }

  function cancelRestart(id: string): void {
    const known = restarts.get(id);
    if (known?.timer != null) clearTimeout(known.timer);
    if (known !== undefined) known.timer = null;
  }

  // ---- signals and ends

  async function kill(reference: string, signalText: string): Promise<void> {
    const record = find(reference);
    const signal = signalNumber(signalText);
    if (!isLive(record))
      throw new EngineError('conflict', `cannot kill container: ${reference}: container ${record.id} is not running`);
    if (signal === 9) record.stoppedByUser = true;
    await signalLive(record, signal);
    emit(record, 'kill', { signal: String(signal) });
  }

  async function signalLive(record: ContainerRecord, signal: number): Promise<void> {
    const supervisor = await connection(record);
    try {
      // A frozen process takes no signal until it thaws.
      await supervisor.request(frame.signal, { signal, all: false });
      if (signal === 9 && record.status === 'paused') await supervisor.request(frame.resume);
    } finally {
      supervisor.close();
    }
  }

  async function stop(
    reference: string,
    options: { timeoutSeconds: number | null; signal: string | null },
  ): Promise<void> {
    const record = find(reference);
    if (record.status === 'restarting') {
      cancelRestart(record.id);
      Object.assign(record, { status: 'exited', stoppedByUser: true });
      store.save(record);
      return;
    }
    if (!isLive(record)) throw new EngineError('not-modified', `container ${record.id} is not running`);
    record.stoppedByUser = true;
    store.save(record);
    const configured = record.config.StopSignal === '' ? 'SIGTERM' : record.config.StopSignal;
    const signal = signalNumber(options.signal ?? configured);
    const seconds = options.timeoutSeconds ?? record.config.StopTimeout ?? stopTimeoutSecondsDefault;
    const gone = waitExit(record);
    await signalLive(record, signal).catch((error) => {
      if (isLive(record)) throw error;
    });
    if (record.status === 'paused') await unpause(record.id);
    const stopped = seconds < 0 ? await gone : await within(gone, seconds * 1000);
    if (stopped === null && isLive(record)) {
      await signalLive(record, 9).catch(() => undefined);
      await gone;
    }
    emit(record, 'stop');
  }

  function waitExit(record: ContainerRecord): Promise<number> {
    return new Promise((resolve) => {
      const waiting = exitListeners.get(record.id) ?? new Set();
      waiting.add(resolve);
      exitListeners.set(record.id, waiting);
    });
  }

  async function restart(reference: string, timeoutSeconds: number | null): Promise<void> {
    const record = find(reference);
    if (isLive(record)) await stop(reference, { timeoutSeconds, signal: null });
    if (store.get(record.id) === null) return;
    await start(record.id);
    emit(record, 'restart');
  }

  async function pause(reference: string): Promise<void> {
    const record = find(reference);
    if (record.status === 'paused') throw new EngineError('conflict', `container ${record.id} is already paused`);
    requireLive(record);
    await ask(record, frame.pause);
    record.status = 'paused';
    store.save(record);
    emit(record, 'pause');
  }

  async function unpause(reference: string): Promise<void> {
    const record = find(reference);
    if (record.status !== 'paused') throw new EngineError('conflict', `container ${record.id} is not paused`);
    await ask(record, frame.resume);
    record.status = 'running';
    store.save(record);
    emit(record, 'unpause');
  }

  async function ask(record: ContainerRecord, type: number, body: object = {}): Promise<Record<string, unknown>> {
    const supervisor = await connection(record);
    try {
      return await supervisor.request(type, body);
    } catch (error) {
      throw error instanceof SupervisorError ? new EngineError('system', error.message, { cause: error }) : error;
    } finally {
      supervisor.close();
    }
  }

  // ---- remove

  async function remove(reference: string, options: { force: boolean; volumes: boolean }): Promise<void> {
    const record = find(reference);
    if (isLive(record)) {
      if (!options.force) {
        throw new EngineError(
          'conflict',
          `cannot remove container "${record.name}": container is ${record.status}: stop the container before removing or force remove`,
        );
      }
      record.stoppedByUser = true;
      const gone = waitExit(record);
      await signalLive(record, 9).catch(() => undefined);
      if (isLive(record)) await gone;
    }
    cancelRestart(record.id);
    await locked(record.id, async () => {
      if (store.get(record.id) !== null) await removeLocked(record, options);
    });
  }

  async function removeLocked(record: ContainerRecord, options: { volumes: boolean }): Promise<void> {
    record.status = 'removing';
    store.save(record);
    await networks.detach(record.id);
    networks.release(record.id);
    // Renamed away first: what is left of it after a crash has no record and is swept.
    const doomed = path.join(deps.dataDir, 'tmp', `removed-${record.id}`);
    await rename(stateDir(record.id), doomed).catch((error) => {
      if (error.code !== 'ENOENT') throw error;
    });
    store.remove(record.id);
    dropWaiting(record.id, new EngineError('not-found', 'the container was removed'));
    restarts.delete(record.id);
    emit(record, 'destroy');
    notify(removeListeners, record);
    notify(exitListeners, record);
    await Promise.all([
      removeTree(doomed),
      removeTree(runDirOf(record.id)),
      ...(options.volumes ? record.anonymousVolumes : []).map((name) =>
        deps.volumes.remove(name).catch(() => undefined),
      ),
    ]);
  }

  // ---- wait, rename, update, top

  function wait(reference: string, condition: WaitCondition): Promise<number> {
    const record = find(reference);
    if (condition === 'not-running' && !isLive(record) && record.status !== 'restarting')
      return Promise.resolve(record.exitCode);
    if (condition !== 'removed') return waitExit(record);
    return new Promise((resolve) => {
      const waiting = removeListeners.get(record.id) ?? new Set();
      waiting.add(resolve);
      removeListeners.set(record.id, waiting);
    });
  }

  function renameContainer(reference: string, name: string): void {
    const record = find(reference);
    const clean = name.replace(/^\//, '');
    checkName(clean);
    const oldName = record.name;
    store.rename(record, clean);
    emit(record, 'rename', { oldName: `/${oldName}` });
  }

  async function update(reference: string, body: UpdateContainerBody): Promise<string[]> {
    const record = find(reference);
    checkLimits(body);
    const before = structuredClone(record.hostConfig);
    const host = record.hostConfig;
    for (const key of [
      'Memory',
      'MemoryReservation',
      'MemorySwap',
      'NanoCpus',
      'CpuShares',
      'CpuPeriod',
      'CpuQuota',
    ] as const) {
      if (body[key] !== 0) host[key] = body[key];
    }
    for (const key of ['CpusetCpus', 'CpusetMems'] as const) if (body[key] !== '') host[key] = body[key];
    if (body.PidsLimit != null && body.PidsLimit !== 0) host.PidsLimit = body.PidsLimit;
    if (body.RestartPolicy != null && body.RestartPolicy.Name !== '') {
      host.RestartPolicy = { Name: body.RestartPolicy.Name, MaximumRetryCount: body.RestartPolicy.MaximumRetryCount };
    }
    if (body.Memory > 0 && body.MemorySwap === 0 && before.MemorySwap === 0) host.MemorySwap = 0;
    try {
      if (isLive(record)) await ask(record, frame.update, { resources: { ...resources(record), devices: undefined } });
    } catch (error) {
      record.hostConfig = before;
      throw error;
    }
    store.save(record);
    emit(record, 'update');
    return [];
  }

  async function processes(reference: string): Promise<number[]> {
    const record = find(reference);
    requireLive(record);
    const { pids } = await ask(record, frame.processes);
    return Array.isArray(pids) ? pids.filter((pid): pid is number => typeof pid === 'number') : [];
  }

  // ---- attach, exec

  /** To a container that is not running, this waits for its next start: not a byte of what it says is missed. */
  async function attach(
    reference: string,
    streams: AttachedStreams,
    signal: AbortSignal,
  ): Promise<SupervisorConnection> {
    const record = find(reference);
    if (isLive(record)) return attachLive(record, streams);
    return new Promise((resolve, reject) => {
      const one: AttachWaiter = { streams, resolve, reject };
      const waiting = attachWaiters.get(record.id) ?? new Set();
      attachWaiters.set(record.id, waiting.add(one));
      signal.addEventListener('abort', () => {
        waiting.delete(one);
        reject(new EngineError('cancelled', 'the client is gone'));
      });
    });
  }

  async function attachLive(record: ContainerRecord, streams: AttachedStreams): Promise<SupervisorConnection> {
    const supervisor = await connection(record);
    supervisor.hold();
    await supervisor.request(frame.attach, streams);
    return supervisor;
  }

  /** Between making a container and starting it. */
  async function attachWaiting(record: ContainerRecord): Promise<void> {
    const waiting = attachWaiters.get(record.id);
    attachWaiters.delete(record.id);
    await Promise.all([...(waiting ?? [])].map((one) => attachLive(record, one.streams).then(one.resolve, one.reject)));
  }

  function dropWaiting(id: string, error: unknown): void {
    const waiting = attachWaiters.get(id);
    attachWaiters.delete(id);
    for (const one of waiting ?? []) one.reject(error);
  }

  async function exec(record: ContainerRecord, body: CreateExecBody, size: { width: number; height: number } | null) {
    requireLive(record);
    if (record.status === 'paused')
      throw new EngineError('conflict', `Container ${record.id} is paused, unpause the container before exec`);
    const root = await rootOf(record);
    let user: ResolvedUser;
    try {
      user = await accountIn(root, body.User === '' ? record.config.User : body.User, record.hostConfig.GroupAdd);
    } finally {
      closeFd(root);
    }
    const host = record.hostConfig;
    const names = capabilitiesFor({
      privileged: host.Privileged || body.Privileged,
      add: host.CapAdd,
      drop: host.CapDrop,
    });
    const process_ = {
      ...buildProcess({
        args: body.Cmd,
        env: [...environment(record, user), ...body.Env, ...(body.Tty ? ['TERM=xterm'] : [])],
        cwd:
          body.WorkingDir !== '' ? body.WorkingDir : record.config.WorkingDir === '' ? '/' : record.config.WorkingDir,
        user,
        terminal: body.Tty,
        capabilities: processCapabilities(names, user.uid === 0),
        noNewPrivileges: noNewPrivileges(record),
        rlimits: rlimits(record),
        oomScoreAdj: host.OomScoreAdj,
      }),
      ...(size === null ? {} : { consoleSize: size }),
    };
    const supervisor = await connection(record);
    try {
      supervisor.hold();
      const { pid } = await supervisor.request(frame.exec, { process: process_, stdin: body.AttachStdin });
      return { supervisor, pid: Number(pid) };
    } catch (error) {
      supervisor.close();
      throw error;
    }
  }

  /** A descriptor of the container's root, running or not; the caller closes it. */
  async function rootOf(record: ContainerRecord): Promise<number> {
    if (isLive(record)) {
      const pidfd = openPidfd(record.pid);
      try {
        if (record.pidfsInode !== '' && String(pidfdInode(pidfd)) !== record.pidfsInode)
          throw new EngineError('conflict', 'the container has just ended');
        return await openProcessRoot(record.pid, pidfd);
      } finally {
        closeFd(pidfd);
      }
    }
    const image = deps.images.resolve(record.imageId);
    const layer = path.join(stateDir(record.id), 'layer');
    for (const one of ['upper', 'work']) mkdirSync(path.join(layer, one), { recursive: true, mode: 0o755 });
    return openOverlay({ lower: image.layerDirs, upper: path.join(layer, 'upper'), work: path.join(layer, 'work') });
  }

  // ---- coming back

  /** At start: adopts what lives, learns how the rest ended, finishes what was interrupted. */
  async function adopt(): Promise<void> {
    await Promise.all(
      store
        .all()
        .map((record) =>
          adoptOne(record).catch((error) =>
            log('error', 'a container could not be adopted', { container: record.id, error: describeError(error) }),
          ),
        ),
    );
    const known = new Set(store.all().map((record) => record.id));
    for (const parent of [path.join(deps.runDir, 'containers'), path.join(deps.dataDir, 'containers')]) {
      for (const id of await readdir(parent)) if (!known.has(id)) await removeTree(path.join(parent, id));
    }
  }

  async function adoptOne(record: ContainerRecord): Promise<void> {
    if (record.status === 'removing') return removeLocked(record, { volumes: true });
    if (record.status === 'restarting') return scheduleRestart(record, restartDelayMsMin);
    const supervisor = await SupervisorConnection.connect(runDirOf(record.id)).catch(() => null);
    if (supervisor !== null) {
      const { status, pid } = await supervisor.request(frame.status);
      if (status === 'created') {
        // We died between making it and saying start: it is torn down with its first client, which was us.
        supervisor.close();
      } else {
        record.status = status === 'paused' ? 'paused' : 'running';
        record.pid = Number(pid);
        store.save(record);
        observe(record, supervisor);
        const endpoint = networks.endpoint(record.id);
        deps.samples.add(record.id, {
          cgroups: record.cgroups,
          ...(endpoint === null ? {} : { hostInterface: endpoint.hostInterface }),
        });
        await supervisor.request(frame.watch);
        return;
      }
    }
    if (!isLive(record)) {
      networks.release(record.id);
      return;
    }
    const exit = await readExit(record);
    if (exit !== null) await ended(record, exit);
    else {
      await killRemains(record);
      await ended(record, { exitCode: 255, signal: 0 }, 'it was not running any more when the agent came back');
    }
  }

  return {
    all: () => store.all(),
    find,
    isLive,
    create,
    start,
    stop,
    kill,
    restart,
    pause,
    unpause,
    remove,
    wait,
    rename: renameContainer,
    update,
    processes,
    attach,
    exec,
    rootOf,
    /** What archive ids differ by from those seen through `rootOf`: a running container's root shows its host ids. */
    idShift: (record: ContainerRecord, direction: 'from' | 'into') => {
      const base = isLive(record) && record.uidSlot !== null ? uidBase(record.uidSlot) : 0;
      const shift = direction === 'into' ? base : -base;
      return { uidShift: shift, gidShift: shift };
    },
    adopt,
    logPath: (record: ContainerRecord) => logPath(record.id),
    layerPath: (record: ContainerRecord) => path.join(stateDir(record.id), 'layer', 'upper'),
    resize: async (reference: string, size: { width: number; height: number }) => {
      const record = find(reference);
      requireLive(record);
      await ask(record, frame.resize, size);
    },
    shutdown() {
      stopping = true;
      for (const id of restarts.keys()) cancelRestart(id);
      for (const supervisor of watched.values()) supervisor.close();
    },
  };
}

function environment(record: ContainerRecord, user: ResolvedUser): string[] {
  const has = (name: string) => record.config.Env.some((entry) => entry.startsWith(`${name}=`));
  return [
    ...(has('PATH') ? [] : ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin']),
    `HOSTNAME=${record.config.Hostname}`,
    ...(record.config.Tty && !has('TERM') ? ['TERM=xterm'] : []),
    ...record.config.Env,
    ...(has('HOME') ? [] : [`HOME=${user.home}`]),
  ];
}

function hostsFile(record: ContainerRecord, endpoint: Endpoint | null): string {
  const lines = ['127.0.0.1\tlocalhost', '::1\tlocalhost ip6-localhost ip6-loopback'];
  if (endpoint !== null) lines.push(`${endpoint.address}\t${record.config.Hostname}`);
  else if (record.config.Hostname !== '') lines.push(`127.0.1.1\t${record.config.Hostname}`);
  for (const extra of record.hostConfig.ExtraHosts) {
    const at = extra.search(/[:=]/);
    const address = extra.slice(at + 1) === 'host-gateway' ? (endpoint?.gateway ?? '127.0.0.1') : extra.slice(at + 1);
    if (at > 0) lines.push(`${address}\t${extra.slice(0, at)}`);
  }
  return `${lines.join('\n')}\n`;
}

function mkdirSyncIfMissing(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}

/** Docker's 10m, 1g, 512k. */
function sizeBytes(text: string): number {
  const found = /^(\d+)([kmg]?)b?$/i.exec(text);
  return found === null
    ? 0
    : Number(found[1]) * ({ k: 1024, m: 1024 ** 2, g: 1024 ** 3 }[found[2]?.toLowerCase() ?? ''] ?? 1);
}

const now = () => new Date().toISOString();

/** RFC 3339 with nanoseconds. */
function fromNanos(nanos: string): string {
  const value = BigInt(nanos);
  const fraction = String(value % 1_000_000_000n).padStart(9, '0');
  return `${new Date(Number(value / 1_000_000n)).toISOString().slice(0, 19)}.${fraction}Z`;
}

async function within<T>(promise: Promise<T>, milliseconds: number): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
