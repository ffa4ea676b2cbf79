// Loads the addon; everything is documented in index.d.ts.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const addon = createRequire(import.meta.url)('./build/Release/addon.node');

export const runtimePath = fileURLToPath(new URL('./build/berth-runtime', import.meta.url));
export const {
  Sampler,
  applyTar,
  closeFd,
  compileSeccomp,
  createSealedMemfd,
  createTar,
  createVeth,
  deleteLink,
  ensureBridge,
  ensureFirewall,
  forgetLimit,
  ingestLayer,
  labelTree,
  limitDirectory,
  listLinks,
  listPublishedPorts,
  listRoutes,
  mkdirInRoot,
  openOverlay,
  openPidfd,
  openPipe,
  openProcessRoot,
  openRoot,
  pidfdInode,
  probeHost,
  publishPorts,
  readFileInRoot,
  removeFirewall,
  removeTree,
  sampleFields,
  sealExecutable,
  sendSignal,
  socketPair,
  spawnSupervisor,
  statInRoot,
  treeSize,
  unpublishPorts,
  watchPidfd,
} = addon;
