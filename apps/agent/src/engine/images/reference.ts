/** Image references as Docker reads them (distribution/reference): a familiar name and the registry that it stands for. */
import { EngineError } from '@berth/shared/errors';

export interface Reference {
  /** The registry: `docker.io` where none is named. */
  domain: string;
  /** The repository inside its registry: `library/busybox`. */
  path: string;
  /** The familiar name, as people write it and as it is kept: `busybox`, `localhost:5000/team/app`. */
  repository: string;
  tag: string | null;
  digest: string | null;
}

const defaultDomain = 'docker.io';
const officialPrefix = 'library/';
const pathLengthMax = 255;

const domainComponent = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const domain = `(?:${domainComponent}(?:\\.${domainComponent})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`;
const pathComponent = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const path = `${pathComponent}(?:/${pathComponent})*`;
const tag = '\\w[\\w.-]{0,127}';
const digest = '[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}';
const fullReference = new RegExp(
  `^(?<domain>${domain})/(?<path>${path})(?::(?<tag>${tag}))?(?:@(?<digest>${digest}))?$`,
);
const digestLengths: Record<string, number> = { sha256: 64, sha384: 96, sha512: 128 };
/** Far above what the parts allow; nothing longer is looked at. */
const textLengthMax = 1024;

/** @throws invalid-parameter, in Docker's words */
export function parseReference(text: string): Reference {
  if (/^[a-f0-9]{64}$/.test(text)) {
    throw refused(`invalid repository name (${text}), cannot specify 64-byte hexadecimal strings`);
  }
  if (text.length > textLengthMax) throw refused('invalid reference format');
  const [named, remainder] = splitDomain(text);
  const [remote = ''] = remainder.split(':', 1);
  if (remote !== remote.toLowerCase()) {
    throw refused(`invalid reference format: repository name (${remote}) must be lowercase`);
  }
  const parts = fullReference.exec(`${named}/${remainder}`)?.groups;
  if (parts === undefined) throw refused('invalid reference format');
  const { domain: host = '', path: inside = '' } = parts;
  if (inside.length > pathLengthMax) {
    throw refused(`invalid reference format: repository name must not be more than ${pathLengthMax} characters`);
  }
  return {
    domain: host,
    path: inside,
    repository: familiar(host, inside),
    tag: parts.tag ?? null,
    digest: parts.digest === undefined ? null : checkDigest(parts.digest),
  };
}

/** `name:tag` with `latest` where no tag is given. */
export function taggedName(text: string): string {
  const { repository, tag } = parseReference(text);
  return `${repository}:${tag ?? 'latest'}`;
}

/** The reference as people write it, with its tag and digest. */
export function familiarName({ repository, tag, digest }: Pick<Reference, 'repository' | 'tag' | 'digest'>): string {
  return `${repository}${tag === null ? '' : `:${tag}`}${digest === null ? '' : `@${digest}`}`;
}

/** A name's first component is a registry where it could be no part of a repository, and only there. */
function splitDomain(text: string): [string, string] {
  const slash = text.indexOf('/');
  if (slash === -1) return [defaultDomain, officialPrefix + text];
  const first = text.slice(0, slash);
  const rest = text.slice(slash + 1);
  const isDomain = first === 'localhost' || /[.:]/.test(first) || first !== first.toLowerCase();
  const named = !isDomain || first === 'index.docker.io' ? defaultDomain : first;
  const remainder = isDomain ? rest : text;
  return [named, named === defaultDomain && !remainder.includes('/') ? officialPrefix + remainder : remainder];
}

function familiar(host: string, inside: string): string {
  if (host !== defaultDomain) return `${host}/${inside}`;
  const official = inside.startsWith(officialPrefix) ? inside.slice(officialPrefix.length) : inside;
  return official.includes('/') ? inside : official;
}

function checkDigest(text: string): string {
  const [algorithm = '', hex = ''] = text.split(':');
  const length = Object.hasOwn(digestLengths, algorithm) ? digestLengths[algorithm] : undefined;
  if (length === undefined) throw refused('unsupported digest algorithm');
  if (hex.length !== length) throw refused('invalid checksum digest length');
  if (hex !== hex.toLowerCase()) throw refused('invalid checksum digest format');
  return text;
}

function refused(message: string): EngineError {
  return new EngineError('invalid-parameter', message);
}
