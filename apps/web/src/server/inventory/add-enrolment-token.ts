import { hashToken, newToken } from '../auth/tokens.ts';
import type { Store } from '../db/store.ts';

export const enrolmentTokenMs = 3_600_000;

/** Good for one host, once. */
export function addEnrolmentToken(
  store: Store,
  name: string | null,
  now: number,
): { token: string; expiresAt: number } {
  const token = `berth_${newToken()}`;
  const expiresAt = now + enrolmentTokenMs;
  store.hosts.addToken({ tokenHash: hashToken(token), name, createdAt: now, expiresAt });
  return { token, expiresAt };
}
