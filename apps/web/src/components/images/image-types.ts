import type { ActionResult, ImageView, PrunePreview } from '@/server/views.ts';

export type RemoveImage = (hostId: string, id: string, options: { force: boolean }) => Promise<ActionResult>;
export type StartedJob = ActionResult<{ jobId: string }>;
export type ImageTarget = Pick<ImageView, 'hostId' | 'id'>;

export interface BulkRemoveOutcome {
  hostId: string;
  id: string;
  ok: boolean;
  message: string;
}

export interface PruneChoice {
  all: boolean;
  olderThanHours: number;
}

/** What the images page can do; each is a server action. */
export interface ImageMutations {
  remove: RemoveImage;
  removeSeveral: (targets: ImageTarget[]) => Promise<BulkRemoveOutcome[]>;
  pull: (hostId: string, reference: string, platform: string) => Promise<StartedJob>;
  cancelJob: (jobId: string) => Promise<void>;
  previewPrune: (hostId: string, choice: PruneChoice) => Promise<ActionResult<PrunePreview>>;
  prune: (hostId: string, choice: PruneChoice) => Promise<ActionResult<{ reclaimedBytes: number; count: number }>>;
  checkUpdates: () => Promise<ActionResult<{ newer: number; problems: string[] }>>;
}

export interface HostChoice {
  id: string;
  name: string;
  state: 'online' | 'offline';
}
