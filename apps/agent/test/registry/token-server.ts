/** A token server as docker-registry believes it: who signs in as joe gets what is asked for, others may pull `public/`. */
import { createSign, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { password, user } from './docker-registry.ts';

export const issuer = 'test-issuer';
export const service = 'test-registry';
export const identityToken = 'a-refresh-token';

interface Key {
  /** PEM. */
  privateKey: string;
  certificate: string;
}

/** Answers `GET /token` and `POST /token`. */
export function tokenServer(key: Key): (request: IncomingMessage, response: ServerResponse) => void {
  return async (request, response) => {
    const url = new URL(request.url ?? '', 'http://token');
    let body = '';
    for await (const chunk of request) body += chunk;
    const form = new URLSearchParams(body);
    const isPost = request.method === 'POST';
    const isJoe = isPost
      ? form.get('refresh_token') === identityToken
      : request.headers.authorization === `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
    const isAnonymous = !isPost && request.headers.authorization === undefined;
    if (!isJoe && !isAnonymous) {
      response.writeHead(401, { 'Content-Type': 'application/json' });
      response.end('{"details":"incorrect username or password"}');
      return;
    }
    const scopes = isPost ? (form.get('scope') ?? '').split(' ') : url.searchParams.getAll('scope');
    const access = scopes.filter(Boolean).map((scope) => {
      const [type = '', name = '', actions = ''] = scope.split(':');
      const granted = actions.split(',').filter((one) => isJoe || (one === 'pull' && name.startsWith('public/')));
      return { type, name, actions: granted };
    });
    const isOffline = url.searchParams.get('offline_token') === 'true';
    response.writeHead(200, { 'Content-Type': 'application/json' });
    const token = sign(key, isJoe ? user : '', access);
    response.end(JSON.stringify({ token, expires_in: 60, ...(isOffline ? { refresh_token: identityToken } : {}) }));
  };
}

function sign({ privateKey, certificate }: Key, subject: string, access: object[]): string {
  const now = Math.floor(Date.now() / 1000);
  const x5c = [certificate.replace(/-----[A-Z ]+-----|\s/g, '')];
  const claims = {
    iss: issuer,
    sub: subject,
    aud: service,
    exp: now + 60,
    nbf: now - 10,
    iat: now,
    jti: randomUUID(),
    access,
  };
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part({ typ: 'JWT', alg: 'RS256', x5c })}.${part(claims)}`;
  return `${text}.${createSign('RSA-SHA256').update(text).sign(privateKey, 'base64url')}`;
}
