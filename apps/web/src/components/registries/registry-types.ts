import type { ActionResult } from '@/server/views.ts';

/** An empty password leaves the stored one as it is. */
export interface RegistryDraft {
  host: string;
  username: string;
  password: string;
}

export interface RegistryMutations {
  save: (draft: RegistryDraft) => Promise<ActionResult>;
  remove: (host: string) => Promise<ActionResult>;
  test: (hostId: string, draft: RegistryDraft) => Promise<ActionResult<{ status: string }>>;
}
