/** Image references as Docker reads them: familiar names keep their short form. distribution-spec, reference grammar. */
import { EngineError } from '@berth/shared/errors';

const repositoryPattern =
  /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?(?::\d+)?\/)?[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const tagPattern = /^\w[\w.-]{0,127}$/;
const digestPattern = /^sha256:[0-9a-f]{64}$/;

export interface Reference {
  repository: string;
  tag: string | null;
  digest: string | null;
}

/** @throws invalid-parameter */
export function parseReference(text: string): Reference {
  const [name = '', digest] = text.split('@', 2);
  const colon = name.lastIndexOf(':');
  const hasTag = colon > name.lastIndexOf('/');
  const repository = familiar(hasTag ? name.slice(0, colon) : name);
  const tag = hasTag ? name.slice(colon + 1) : null;
  if (
    repository.length > 255 ||
    !repositoryPattern.test(repository) ||
    (tag !== null && !tagPattern.test(tag)) ||
    (digest !== undefined && !digestPattern.test(digest))
  ) {
    throw new EngineError('invalid-parameter', `invalid reference format: ${JSON.stringify(text)}`);
  }
  return { repository, tag, digest: digest ?? null };
}

/** `name:tag` with `latest` where no tag is given. */
export function taggedName(text: string): string {
  const { repository, tag } = parseReference(text);
  return `${repository}:${tag ?? 'latest'}`;
}

function familiar(repository: string): string {
  return repository.replace(/^(?:index\.)?docker\.io\//, '').replace(/^library\/(?=[^/]+$)/, '');
}
