import type { Store } from '../db/store.ts';
import type { UserView } from '../views.ts';
import { hashToken, newToken } from './tokens.ts';

export const sessionCookie = 'berth_session';
export const sessionMs = 14 * 86_400_000;

/** @returns the token for the cookie; the store knows only its hash. */
export function openSession(store: Store, userId: string, now: number): string {
  const token = newToken();
  store.users.addSession({ tokenHash: hashToken(token), userId, createdAt: now, expiresAt: now + sessionMs });
  return token;
}

export function userOfToken(store: Store, token: string | undefined, now: number): UserView | null {
  if (!token || token.length > 128) return null;
  return store.users.bySession(hashToken(token), now) ?? null;
}

/** For the WebSocket upgrades, which Next does not see. */
export function tokenOfCookies(header: string | undefined): string | undefined {
  for (const pair of (header ?? '').split(';')) {
    const at = pair.indexOf('=');
    if (at > 0 && pair.slice(0, at).trim() === sessionCookie) return pair.slice(at + 1).trim();
  }
  return undefined;
}
