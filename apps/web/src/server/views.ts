/** What pages show: the shapes that the verbs of src/server return. Dates are Unix milliseconds, sizes bytes. */
import type { ContainerStats, HostStats } from '@berth/shared/protocol/stats-fields';

export interface UserView {
  id: string;
  email: string;
}

export interface HostView {
  id: string;
  name: string;
  state: 'online' | 'offline';
  /** When the link was last alive; pages say "last seen" when offline. */
  lastSeenAt: number | null;
  enrolledAt: number;
  hostname: string;
  os: string;
  kernel: string;
  architecture: string;
  agentVersion: string;
  cpuCount: number;
  memoryBytes: number;
  features: Record<string, string | number | boolean>;
  warnings: string[];
  containersRunning: number;
  containersTotal: number;
  /** Newest sample, null when none in the last 10 s. */
  stats: HostStats | null;
}

export type ContainerState = 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';

export interface ContainerView {
  hostId: string;
  hostName: string;
  hostState: 'online' | 'offline';
  id: string;
  name: string;
  image: string;
  command: string;
  state: ContainerState;
  /** Docker's text, as `Up 3 minutes`, is made in the browser from these. */
  createdAt: number;
  startedAt: number | null;
  finishedAt: number | null;
  exitCode: number | null;
  oomKilled: boolean;
  ports: { hostAddress: string; hostPort: number | null; containerPort: number; protocol: string }[];
  labels: Record<string, string>;
  stats: ContainerStats | null;
  /** Its image's tag stands for something newer: at the registry, or on the host already. */
  hasNewerImage: boolean;
}

/** `inspect` is the Engine API's GET /containers/{id}/json as last known; `fetchedAt` tells how old it is. */
export interface ContainerDetailView extends ContainerView {
  inspect: Record<string, unknown>;
  fetchedAt: number;
}

export interface ImageView {
  hostId: string;
  hostName: string;
  hostState: 'online' | 'offline';
  id: string;
  /** Empty: dangling, what is left when a tag moved to another image. */
  repoTags: string[];
  repoDigests: string[];
  labels: Record<string, string>;
  sizeBytes: number;
  /** Of it, what other images have too; -1 when unknown. */
  sharedBytes: number;
  createdAt: number;
  containers: number;
  /** Tags under which the registry has something newer. */
  newerTags: string[];
}

export interface ImageDetailView extends ImageView {
  usedBy: ContainerView[];
  /** What the engine says of it now; null when the host did not answer, and then `problem` tells why. */
  inspect: Record<string, unknown> | null;
  history: ImageLayer[];
  problem: string;
}

/** A step of the image's making, the newest first. */
export interface ImageLayer {
  createdAt: number;
  command: string;
  comment: string;
  sizeBytes: number;
}

export type JobKind = 'pull' | 'push' | 'build' | 'recreate';
export type JobState = 'running' | 'done' | 'failed' | 'cancelled';

/** Long work on a host. It goes on when nobody watches. */
export interface JobView {
  id: string;
  kind: JobKind;
  hostId: string;
  /** What is worked on, as an image's name. */
  title: string;
  userEmail: string;
  startedAt: number;
  endedAt: number | null;
  state: JobState;
  /** Why it failed, in the words of who refused. */
  message: string;
  /** Of work that has several, the one under way; null before the first. */
  step: RecreateStep | null;
  result: JobResult;
}

export const recreateSteps = ['pull', 'replace', 'start', 'watch', 'tidy'] as const;
export type RecreateStep = (typeof recreateSteps)[number] | 'restore';

export interface JobResult {
  imageId?: string;
  containerId?: string;
  digest?: string;
  /** There was nothing newer. */
  isUpToDate?: boolean;
}

/** One layer on its way. */
export interface JobItem {
  id: string;
  status: string;
  currentBytes: number;
  /** 0 while unknown. */
  totalBytes: number;
}

/** What a watcher gets: first everything, then what changed; `lines` are added to those before. */
export interface JobProgress {
  job: JobView;
  items: JobItem[];
  lines: string[];
}

/** Never the password: it goes in and not out. */
export interface RegistryView {
  host: string;
  username: string;
  createdAt: number;
  updatedAt: number;
}

export interface PrunePreview {
  images: { id: string; name: string; sizeBytes: number; createdAt: number }[];
  /** At least: layers that only these images share among themselves come on top. */
  reclaimableBytes: number;
}

export interface VolumeView {
  hostId: string;
  hostName: string;
  hostState: 'online' | 'offline';
  name: string;
  driver: string;
  mountpoint: string;
  labels: Record<string, string>;
  options: Record<string, string>;
  createdAt: number;
  /** Nobody named it: it was made for one container. */
  isAnonymous: boolean;
  users: VolumeUser[];
}

/** A container with the volume at one or more places. */
export interface VolumeUser {
  id: string;
  name: string;
  state: ContainerState;
  mounts: { path: string; readOnly: boolean }[];
}

export interface EventView {
  hostId: string;
  seq: number;
  type: string;
  action: string;
  actorId: string;
  actorName: string;
  attributes: Record<string, string>;
  at: number;
}

export interface AuditView {
  id: number;
  at: number;
  userEmail: string;
  action: string;
  hostId: string | null;
  targetId: string | null;
  targetName: string | null;
  result: 'ok' | 'failed';
  message: string;
}

export interface HistoryView {
  /** Seconds a point stands for. */
  stepSeconds: number;
  points: ({ timeMs: number } & Partial<ContainerStats & HostStats>)[];
}

/** What a mutation answers: either done, or a message for a person, already free of stack traces. */
export type ActionResult<T = null> = { ok: true; value: T } | { ok: false; kind: string; message: string };
