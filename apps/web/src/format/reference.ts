/** Image references as Docker reads them, for people and for choosing a registry's account; the engine has the last word. */
export const dockerHub = 'docker.io';
const hubNames = new Set([
  'docker.io',
  'index.docker.io',
  'registry-1.docker.io',
  'registry.docker.io',
  'hub.docker.com',
]);

export interface ReferenceParts {
  /** As written, without tag and digest. */
  repository: string;
  tag: string | null;
  digest: string | null;
}

export function splitReference(reference: string): ReferenceParts {
  const [name = '', digest = null] = reference.split('@', 2);
  const colon = name.lastIndexOf(':');
  if (colon <= name.lastIndexOf('/')) return { repository: name, tag: null, digest };
  return { repository: name.slice(0, colon), tag: name.slice(colon + 1), digest };
}

/** `busybox` is of docker.io, `ghcr.io/a/b:1` of ghcr.io, `localhost:5000/a` of localhost:5000. */
export function registryOf(reference: string): string {
  const { repository } = splitReference(reference);
  const slash = repository.indexOf('/');
  const first = slash < 0 ? '' : repository.slice(0, slash);
  const isHost = /[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase();
  return isHost ? registryName(first) : dockerHub;
}

/** What a person writes for a registry, as addresses and the Hub's several names, in the one form that is compared. */
export function registryName(text: string): string {
  const host = text
    .trim()
    .toLowerCase()
    .replace(/^https?:\/\//, '')
    .replace(/\/.*$/, '');
  return hubNames.has(host) ? dockerHub : host;
}

export function isRegistryName(name: string): boolean {
  return name.length <= 255 && /^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::\d{1,5})?$/.test(name);
}

/** As the engine lists it: `docker.io/library/busybox` is `busybox:latest`. Null for a digest, which never moves. */
export function taggedName(reference: string): string | null {
  const { repository, tag, digest } = splitReference(reference);
  if (digest !== null || !isReference(reference)) return null;
  const name = repository.replace(/^(?:index\.)?docker\.io\//, '').replace(/^library\/(?=[^/]+$)/, '');
  return `${name}:${tag ?? 'latest'}`;
}

const component = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const repositoryPattern = new RegExp(
  `^(?:(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?|\\[[0-9a-fA-F:.]+\\])(?::\\d+)?/)?${component}(?:/${component})*$`,
);

export function isReference(text: string): boolean {
  const { repository, tag, digest } = splitReference(text);
  return (
    repository.length <= 255 &&
    repositoryPattern.test(repository) &&
    (tag === null || /^\w[\w.-]{0,127}$/.test(tag)) &&
    (digest === null || /^sha256:[0-9a-f]{64}$/.test(digest))
  );
}
