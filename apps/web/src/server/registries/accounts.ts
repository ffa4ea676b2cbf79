/** Accounts at registries, as the engine wants them with a request; each goes along to its own registry alone. */
import { dockerHub, registryOf } from '../../format/reference.ts';
import type { Store } from '../db/store.ts';
import type { Secrets } from '../secrets.ts';

export interface Account {
  username: string;
  password: string;
}

interface Keeper {
  store: Pick<Store, 'registries'>;
  secrets: Secrets;
}

/** @throws EngineError, kind data-loss, when the stored password cannot be read any more */
export function accountOf({ store, secrets }: Keeper, registry: string): Account | null {
  const record = store.registries.get(registry);
  if (!record) return null;
  return { username: record.username, password: secrets.open(record.sealedPassword, registry) };
}

/** `X-Registry-Auth` for a reference, or no header when its registry is not known here. */
export function authHeaders(keeper: Keeper, reference: string): Record<string, string> {
  const registry = registryOf(reference);
  const account = accountOf(keeper, registry);
  return account ? { 'x-registry-auth': encode({ ...account, serveraddress: addressOf(registry) }) } : {};
}

/** `X-Registry-Config` for a build: the accounts that its author let it use. */
export function configHeaders(keeper: Keeper, registries: readonly string[]): Record<string, string> {
  const accounts = registries.flatMap((registry) => {
    const account = accountOf(keeper, registry);
    return account ? [[addressOf(registry), account] as const] : [];
  });
  return accounts.length > 0 ? { 'x-registry-config': encode(Object.fromEntries(accounts)) } : {};
}

/** The Hub's account has its old address everywhere in Docker's world. */
export function addressOf(registry: string): string {
  return registry === dockerHub ? 'https://index.docker.io/v1/' : registry;
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** The Engine API wants the header with every push, also where nobody is known. */
export const emptyAuth = { 'x-registry-auth': encode({}) };
