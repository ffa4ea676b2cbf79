/** What a client sends in X-Registry-Auth: who it is at one registry. Never kept, never logged. */
import { EngineError } from '@berth/shared/errors';
import { z } from 'zod';

export interface Credentials {
  username: string;
  password: string;
  /** A token server's refresh token, which stands for the password. */
  identityToken: string;
  /** Sent to the registry as it is. */
  registryToken: string;
  /** The registry that the client says they are for; '' where it does not say. */
  serverAddress: string;
}

const headerLengthMax = 16 * 1024;
const text = z.string().max(headerLengthMax).nullish();
const authConfig = z.looseObject({
  username: text,
  password: text,
  auth: text,
  identitytoken: text,
  registrytoken: text,
  serveraddress: text,
});

/** @returns null where there is nothing to sign in with. @throws invalid-parameter */
export function readRegistryAuth(header: string | undefined): Credentials | null {
  if (header === undefined || header === '') return null;
  return readAuthConfig(decode(header));
}

/** X-Registry-Config: credentials by registry. @throws invalid-parameter */
export function readRegistryConfig(header: string | undefined): Map<string, Credentials> {
  const found = new Map<string, Credentials>();
  if (header === undefined || header === '') return found;
  const parsed = z.record(z.string(), z.unknown()).safeParse(decode(header));
  if (!parsed.success) throw malformed();
  for (const [registry, value] of Object.entries(parsed.data)) {
    const credentials = readAuthConfig(value);
    if (credentials !== null) found.set(registryDomain(registry), { ...credentials, serverAddress: registry });
  }
  return found;
}

/** The JSON object of Docker's AuthConfig. @throws invalid-parameter */
export function readAuthConfig(value: unknown): Credentials | null {
  const parsed = authConfig.safeParse(value ?? {});
  if (!parsed.success) throw malformed();
  const { auth, identitytoken, registrytoken, serveraddress } = parsed.data;
  let { username, password } = parsed.data;
  if (!username && !password && auth) {
    const plain = Buffer.from(auth, 'base64').toString('utf8');
    const colon = plain.indexOf(':');
    if (colon === -1) throw malformed();
    username = plain.slice(0, colon);
    password = plain.slice(colon + 1);
  }
  if (!username && !identitytoken && !registrytoken) return null;
  return {
    username: username ?? '',
    password: password ?? '',
    identityToken: identitytoken ?? '',
    registryToken: registrytoken ?? '',
    serverAddress: serveraddress ?? '',
  };
}

/** The registry that a server address means: `https://index.docker.io/v1/` is docker.io's. */
export function registryDomain(serverAddress: string): string {
  const host = serverAddress.replace(/^https?:\/\//, '').replace(/\/.*$/, '');
  return ['', 'index.docker.io', 'registry-1.docker.io'].includes(host) ? 'docker.io' : host;
}

function decode(header: string): unknown {
  if (header.length > headerLengthMax) throw malformed();
  try {
    // base64url as Docker writes it; Node reads both alphabets.
    return JSON.parse(Buffer.from(header, 'base64').toString('utf8'));
  } catch {
    // The cause would quote what may be a password.
    throw malformed();
  }
}

function malformed(): EngineError {
  return new EngineError('invalid-parameter', 'invalid X-Registry-Auth header');
}
