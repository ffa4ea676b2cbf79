/** berth-agent: builds everything, listens, handles signals. Reads as a recipe. */
import { chmodSync, createReadStream, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Sampler, sampleFields } from '@berth/native';
import { EngineError } from '@berth/shared/errors';
import { buildRoutes } from './api/routes/build.ts';
import { containerRoutes } from './api/routes/containers.ts';
import { diskUsageRoutes } from './api/routes/disk-usage.ts';
import { execRoutes } from './api/routes/exec.ts';
import { fileRoutes } from './api/routes/files.ts';
import { imageRoutes } from './api/routes/images.ts';
import { networkRoutes } from './api/routes/networks.ts';
import { registryRoutes } from './api/routes/registry.ts';
import { systemRoutes } from './api/routes/system.ts';
import { volumeRoutes } from './api/routes/volumes.ts';
import { createApiServer } from './api/server.ts';
import { loadAppArmorProfile } from './apparmor.ts';
import { type Config, readCommand, usage } from './config.ts';
import { printDoctor } from './doctor.ts';
import { createBuilds } from './engine/build/build.ts';
import { buildCacheSchema, createBuildCache } from './engine/build/cache.ts';
import { createContainers } from './engine/containers/containers.ts';
import { defaultFilter } from './engine/containers/process.ts';
import { containersSchema, createContainerStore, imageUses } from './engine/containers/store.ts';
import { openDatabase } from './engine/database.ts';
import { createEvents, eventsSchema } from './engine/events.ts';
import { agentVersion, hostFacts, probe, warningsFor } from './engine/host.ts';
import { createImages } from './engine/images/images.ts';
import { createPull } from './engine/images/pull.ts';
import { createPush } from './engine/images/push.ts';
import { createRegistries } from './engine/images/registry/registry.ts';
import { imagesSchema } from './engine/images/store.ts';
import { lockDataDir } from './engine/lock.ts';
import { createNetworks, networksSchema } from './engine/networks/networks.ts';
import { createLauncher } from './engine/runtime/launch.ts';
import { createMcsPairs, mcsSchema } from './engine/runtime/mcs.ts';
import { parseProfile } from './engine/runtime/seccomp-profile.ts';
import { subordinateIds } from './engine/runtime/uid-ranges.ts';
import { createDockerStats } from './engine/stats/docker-stats.ts';
import { createHostReader } from './engine/stats/host.ts';
import { createSampler } from './engine/stats/sampler.ts';
import { volumesSchema } from './engine/volumes/store.ts';
import { createVolumes } from './engine/volumes/volumes.ts';
import { printFsck } from './fsck.ts';
import { enroll } from './link/enroll.ts';
import { createLink } from './link/session.ts';
import { describeError, log } from './log.ts';
import { openSelinux, selinuxWarnings } from './selinux.ts';

const openRecords = (dataDir: string) =>
  openDatabase(path.join(dataDir, 'agent.db'), [
    eventsSchema,
    imagesSchema,
    buildCacheSchema,
    networksSchema,
    volumesSchema,
    containersSchema,
    mcsSchema,
  ]);

async function serve(config: Readonly<Config>): Promise<void> {
  for (const directory of [config.dataDir, config.runDir]) mkdirSync(directory, { recursive: true, mode: 0o711 });
  const lock = lockDataDir(config.dataDir);
  const db = openRecords(config.dataDir);
  const features = await probe();
  const events = createEvents(db);
  const store = createContainerStore(db, subordinateIds);
  const inUse = () => [...imageUses(store), ...builds.inUse()];
  const images = createImages({ db, dataDir: config.dataDir, events, inUse });
  const registries = createRegistries(config.registries);
  const pull = createPull({ images, registries });
  const volumes = createVolumes({
    db,
    dataDir: config.dataDir,
    events,
    users: (name) =>
      store
        .all()
        .filter((one) => one.mounts.some((mount) => mount.name === name))
        .map((one) => one.id),
  });
  const networks = createNetworks({ db, bridge: config.bridge, subnet: config.subnet });
  const sampler = createSampler({
    native: new Sampler(),
    fields: sampleFields,
    readHost: createHostReader({
      diskPath: config.dataDir,
      isOurs: (name) => name === config.bridge || name.startsWith('bv'),
    }),
  });
  const launcher = createLauncher();
  const profile = parseProfile(
    readFileSync(fileURLToPath(import.meta.resolve('@berth/native/profiles/seccomp.json')), 'utf8'),
  );
  const appArmor = features.appArmor ? await loadAppArmorProfile() : { profile: null };
  const selinux = openSelinux();
  const warnings = [
    ...warningsFor(features),
    ...(appArmor.warning === undefined ? [] : [appArmor.warning]),
    ...selinuxWarnings(selinux),
  ];
  const containers = createContainers({
    store,
    images,
    volumes,
    networks,
    events,
    launcher,
    samples: sampler,
    profile,
    appArmorProfile: appArmor.profile,
    selinux,
    mcsPairs: createMcsPairs(db),
    dataDir: config.dataDir,
    runDir: config.runDir,
    cgroupParent: config.cgroupParent,
    canUserNamespace: features.userNamespaces && features.idmappedMounts,
    canFenceSockets: features.landlockAbi >= 6,
    canLowerOomScore: features.capSysResource,
    socketPath: config.socketPath,
  });

  const builds = createBuilds({
    images,
    containers,
    cache: createBuildCache(db),
    dataDir: config.dataDir,
    pull,
  });

  await images.sweep();
  await volumes.sweep();
  await networks.start(
    new Set(
      store
        .all()
        .filter((one) => one.status === 'running' || one.status === 'paused')
        .map((one) => one.id),
    ),
  );
  await containers.adopt();
  await builds.sweep();
  await launcher.warm(defaultFilter(profile)).catch(() => undefined);
  if (config.starterImage !== null && images.list().length === 0 && existsSync(config.starterImage)) {
    await images.load(createReadStream(config.starterImage), {
      platform: null,
      signal: new AbortController().signal,
    });
  }

  const server = createApiServer(
    [
      ...systemRoutes({
        containers,
        images,
        events,
        features,
        warnings,
        agentVersion,
        dataDir: config.dataDir,
        hostId: config.bridge,
        registries: config.registries,
      }),
      ...containerRoutes({ containers, networks, stats: createDockerStats((id) => sampler.latest(id)) }),
      ...execRoutes({ containers, events }),
      ...buildRoutes({ builds }),
      ...imageRoutes({ images, containers }),
      ...diskUsageRoutes({
        images,
        containers,
        networks,
        volumes,
      }),
      ...registryRoutes({
        images,
        registries,
        pull,
        push: createPush({ images, registries, events }),
        containers: () => store.all().map(({ id, image, imageId }) => ({ containerId: id, image, imageId })),
      }),
      ...networkRoutes({ networks, nameOf: (id) => store.get(id)?.name ?? '' }),
      ...volumeRoutes(volumes),
      ...fileRoutes({ containers, volumes, stagingDir: path.join(config.dataDir, 'tmp') }),
    ],
    agentVersion,
  );
  sampler.start();
  await listen(server, config.socketPath);
  log('info', 'listening', { socket: config.socketPath, version: agentVersion });
  const link = config.standalone
    ? null
    : createLink({
        apiServer: server,
        events,
        sampler,
        facts: async () => ({ ...(await hostFacts(features)), warnings }),
        dataDir: config.dataDir,
      });
  link?.start();
  // An agent that is killed has not thrown the work of compiling away.
  flushCompileCache();

  const stop = (signal: string) => {
    log('info', 'stopping; containers go on', { signal });
    link?.stop();
    sampler.stop();
    containers.shutdown();
    server.close();
    server.closeAllConnections();
    rmSync(config.socketPath, { force: true });
    db.close();
    lock.release();
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
}

async function checkStore(dataDir: string, options: { repair: boolean; json: boolean }): Promise<void> {
  if (!existsSync(path.join(dataDir, 'agent.db'))) throw new Error(`${dataDir} is no data directory of an agent`);
  const lock = lockDataDir(dataDir);
  const db = openRecords(dataDir);
  const store = createContainerStore(db, subordinateIds);
  const images = createImages({ db, dataDir, events: createEvents(db), inUse: () => imageUses(store) });
  process.exitCode = printFsck(await images.fsck(options), options.json);
  db.close();
  lock.release();
}

/** Root and its group only; a socket that nobody answers on is a dead agent's. */
async function listen(server: ReturnType<typeof createApiServer>, socketPath: string): Promise<void> {
  rmSync(socketPath, { force: true });
  const mask = process.umask(0o117);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socketPath, resolve);
  });
  process.umask(mask);
  chmodSync(socketPath, 0o660);
}

async function main(): Promise<void> {
  const command = readCommand(process.argv.slice(2), process.env);
  switch (command.name) {
    case 'serve':
      return serve(command.config);
    case 'enroll': {
      const { hostId, isNew } = await enroll({ ...command.config, facts: await hostFacts(await probe()) });
      console.log(isNew ? `Enrolled as host ${hostId}.` : `Already enrolled as host ${hostId}.`);
      return;
    }
    case 'doctor':
      return printDoctor(await probe(), selinuxWarnings(openSelinux()), command.json);
    case 'fsck':
      return checkStore(command.dataDir, command);
    case 'version':
      console.log(agentVersion);
  }
}

try {
  await main();
} catch (error) {
  console.error(`berth-agent: ${describeError(error)}`);
  if (
    error instanceof Error &&
    !(error instanceof EngineError) &&
    (error.message.includes('command') || 'code' in error === false)
  )
    console.error(`\n${usage}`);
  process.exit(1);
}
