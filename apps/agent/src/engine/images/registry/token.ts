/** Tokens of a registry's token server (distribution: docs/spec/auth/token.md, oauth.md). */
import { isIP } from 'node:net';
import { z } from 'zod';
import type { Challenge } from './challenge.ts';
import type { Credentials } from './credentials.ts';
import { placeOf, RegistryFailure } from './failure.ts';

export type BearerChallenge = Extract<Challenge, { scheme: 'bearer' }>;

export interface TokenRequest {
  method: 'GET' | 'POST';
  url: URL;
  headers: Record<string, string>;
  body?: Buffer;
}

const clientId = 'berth';

/** What to ask, and with which credentials. @throws RegistryFailure for a realm that is not to be asked */
export function tokenRequest(asked: {
  challenge: BearerChallenge;
  scopes: string[];
  credentials: Credentials | null;
  registryHost: string;
  tokenServers: readonly string[];
  wantsIdentityToken: boolean;
}): TokenRequest {
  const { challenge, scopes, credentials } = asked;
  const url = URL.parse(challenge.realm);
  if (url === null)
    throw new RegistryFailure('forbidden', `${asked.registryHost} names a token server that is no address`);
  url.hash = '';
  const isSigned = credentials !== null && (credentials.username !== '' || credentials.identityToken !== '');
  if (isSigned && !isTrusted(url, asked.registryHost, asked.tokenServers)) {
    throw new RegistryFailure(
      'forbidden',
      `the token server ${url.host} does not belong to the registry ${asked.registryHost}: the credentials were not sent (--registry-token-server ${url.host} allows it)`,
    );
  }
  if (isSigned && credentials.identityToken !== '') {
    const form = new URLSearchParams({ grant_type: 'refresh_token', service: challenge.service, client_id: clientId });
    form.set('scope', scopes.join(' '));
    form.set('refresh_token', credentials.identityToken);
    return {
      method: 'POST',
      url,
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: Buffer.from(form.toString()),
    };
  }
  if (challenge.service !== '') url.searchParams.set('service', challenge.service);
  for (const scope of scopes) url.searchParams.append('scope', scope);
  if (asked.wantsIdentityToken) {
    url.searchParams.set('offline_token', 'true');
    url.searchParams.set('client_id', clientId);
  }
  if (!isSigned) return { method: 'GET', url, headers: {} };
  url.searchParams.set('account', credentials.username);
  return { method: 'GET', url, headers: { Authorization: basicAuthorization(credentials) } };
}

export function basicAuthorization({ username, password }: Credentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

const tokenBody = z.looseObject({
  token: z.string().optional(),
  access_token: z.string().optional(),
  expires_in: z.number().optional(),
  issued_at: z.string().optional(),
  refresh_token: z.string().optional(),
});
/** What holds where the server says nothing. */
const expiresSecondsDefault = 60;
const expiresSecondsMax = 24 * 3600;
const tokenPattern = /^[\x21-\x7e]+$/;

export interface Token {
  text: string;
  expiresAt: number;
  /** '' where none was given. */
  identityToken: string;
}

/** @throws RegistryFailure */
export function readToken(body: string, url: URL, now: number): Token {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    json = null;
  }
  const parsed = tokenBody.safeParse(json);
  const text = parsed.data?.token || parsed.data?.access_token || '';
  if (!parsed.success || !tokenPattern.test(text)) {
    throw new RegistryFailure('system', `the token server ${placeOf(url)} answered without a token`);
  }
  const seconds = Math.min(Math.max(parsed.data.expires_in ?? expiresSecondsDefault, 0), expiresSecondsMax);
  // Its clock may be wrong: a token is at most as old as this answer.
  return { text, expiresAt: now + seconds * 1000, identityToken: parsed.data.refresh_token ?? '' };
}

/** Of one owner, as far as names tell: the same host, the same domain, or one that the administrator named. */
export function isTrusted(realm: URL, registryHost: string, tokenServers: readonly string[]): boolean {
  if (tokenServers.includes(realm.host) || tokenServers.includes(realm.hostname)) return true;
  const registry = URL.parse(`https://${registryHost}/`)?.hostname ?? '';
  if (registry === realm.hostname) return true;
  if ([registry, realm.hostname].some((name) => isIP(name.replace(/^\[|\]$/g, '')) !== 0)) return false;
  const domain = ownersDomain(registry);
  return domain !== null && ownersDomain(realm.hostname) === domain;
}

/** `docker.io` of `auth.docker.io`, `example.co.uk` of `registry.example.co.uk`; null where that cannot be told. */
function ownersDomain(hostname: string): string | null {
  const labels = hostname.toLowerCase().split('.');
  const [second = '', top = ''] = labels.slice(-2);
  const count = top.length === 2 && second.length <= 3 && labels.length > 2 ? 3 : 2;
  return labels.length < count || top === '' ? null : labels.slice(-count).join('.');
}
