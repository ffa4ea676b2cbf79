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
  repoTags: string[];
  sizeBytes: number;
  createdAt: number;
  containers: number;
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
