/** What one build has, for its steps. */
import type { HostConfig } from '@berth/shared/docker/container';
import type { Containers } from '../containers/containers.ts';
import type { ImageRecord } from '../images/context.ts';
import type { Images } from '../images/images.ts';
import type { Layers } from '../images/layers.ts';
import type { Pull } from '../images/pull.ts';
import type { Credentials } from '../images/registry/credentials.ts';
import type { BuildArgs } from './build-args.ts';
import type { BuildCache } from './cache.ts';
import type { BuildContext } from './context.ts';
import type { BuildOutput } from './output.ts';
import type { RunConfig } from './run-config.ts';
import type { Escape } from './words.ts';

export interface BuildRequest {
  /** In the context. */
  dockerfile: string;
  /** Of the image. */
  names: string[];
  args: Map<string, string>;
  labels: [name: string, value: string][];
  cacheFrom: string[];
  noCache: boolean;
  /** Bases are asked for again. */
  pull: boolean;
  target: string;
  /** `os/architecture`; '' is this host's. */
  platform: string;
  /** Intermediate containers are told to be removed: after success, and after failure. */
  tellsRemoval: { success: boolean; failure: boolean };
  /** Of the containers of RUN. */
  hostConfig: Partial<HostConfig>;
  /** How to sign in to a registry, by its domain. */
  credentials: ReadonlyMap<string, Credentials>;
}

export interface BuildDependencies {
  images: Images;
  containers: Containers;
  cache: BuildCache;
  dataDir: string;
  pull: Pick<Pull, 'pullImage'>;
}

export interface Job extends BuildDependencies {
  id: string;
  request: BuildRequest;
  context: BuildContext;
  escapeChar: Escape;
  args: BuildArgs;
  layers: Layers;
  output: BuildOutput;
  signal: AbortSignal;
  /** Its own directory, gone after it. */
  staging: string;
  /** Those that are done, in order. */
  stages: { name: string; image: ImageRecord | null }[];
  cacheFrom: ImageRecord[];
  /** Opened images by id, to be closed with it. */
  trees: Map<string, number>;
}

/** A stage under way. */
export interface StageState {
  /** Null: nothing yet, from scratch. */
  image: ImageRecord | null;
  config: RunConfig;
  author: string;
  /** By this stage: an ENTRYPOINT leaves it alone then. */
  isCmdSet: boolean;
  /** A step was not in the cache, and so none after it is. */
  isCacheOver: boolean;
}
