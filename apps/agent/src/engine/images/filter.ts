/** Filters of lists and prunes, as dockerd reads them. */
import { EngineError } from '@berth/shared/errors';
import { goMatch } from '../glob.ts';
import type { ImageContext, ImageRecord } from './context.ts';
import { parseReference } from './reference.ts';

const known = ['dangling', 'label', 'label!', 'before', 'since', 'reference', 'until'];
const knownOfPrune = ['dangling', 'label', 'label!', 'until'];

/** @throws invalid-parameter */
export function checkFilters(filters: Record<string, string[]>, kind: 'list' | 'prune'): void {
  const wrong = Object.keys(filters).find((name) => !(kind === 'list' ? known : knownOfPrune).includes(name));
  if (wrong !== undefined) throw new EngineError('invalid-parameter', `invalid filter '${wrong}'`);
  for (const value of filters.dangling ?? []) booleanOf(value);
}

/**
 * `all`: intermediate images too. With `reference`, only the names that match are shown. @throws invalid-parameter,
 * not-found for `before` and `since` of nothing
 */
export function listImages(
  context: ImageContext,
  filters: Record<string, string[]>,
  { all }: { all: boolean },
): ImageRecord[] {
  checkFilters(filters, 'list');
  const time = (reference: string) => createdMs(context.resolve(reference));
  const before = filters.before?.map(time);
  const since = filters.since?.map(time);
  const until = untilTime(filters.until);
  const dangling = filters.dangling?.map(booleanOf);
  const patterns = filters.reference?.map(goMatch);
  return context.store
    .all()
    .filter((image) => {
      const created = createdMs(image);
      if ((dangling !== undefined || !all) && isIntermediate(context.store, image)) return false;
      return (
        (before === undefined || before.some((limit) => created < limit)) &&
        (since === undefined || since.some((limit) => created > limit)) &&
        (until === null || created < until) &&
        (dangling === undefined || dangling.includes(image.tags.length === 0)) &&
        fitsLabels(image.config.config?.Labels ?? {}, filters)
      );
    })
    .map((image) => (patterns === undefined ? image : matching(image, patterns)))
    .filter((image) => image !== null)
    .map(context.withDirectories)
    .sort((a, b) => createdMs(b) - createdMs(a));
}

/** Without a name, and there because another was made of it. */
export function isIntermediate(store: ImageContext['store'], { id, tags, digests }: Stored): boolean {
  return tags.length === 0 && digests.length === 0 && store.children(id).length > 0;
}

type Stored = Parameters<ImageContext['withDirectories']>[0];

export function createdMs(image: Pick<Stored, 'config' | 'addedAt'>): number {
  const created = Date.parse(image.config.created ?? image.addedAt);
  return Number.isNaN(created) ? 0 : created;
}

function matching(image: Stored, patterns: ((name: string) => boolean)[]): Stored | null {
  const fits = (name: string) => patterns.some((fits) => fits(name) || fits(parseReference(name).repository));
  const tags = image.tags.filter(fits);
  const repoDigests = image.repoDigests.filter(fits);
  return tags.length + repoDigests.length === 0 ? null : { ...image, tags, repoDigests };
}

/** `label` and `label!`: all of them; `name` or `name=value`. */
export function fitsLabels(labels: Record<string, string>, filters: Record<string, string[]>): boolean {
  const has = (text: string) => {
    const at = text.indexOf('=');
    const name = at < 0 ? text : text.slice(0, at);
    return Object.hasOwn(labels, name) && (at < 0 || labels[name] === text.slice(at + 1));
  };
  return (filters.label ?? []).every(has) && !(filters['label!'] ?? []).some(has);
}

/** A time, or how long ago. @throws invalid-parameter */
export function untilTime(values: readonly string[] | undefined): number | null {
  if (values === undefined || values.length === 0) return null;
  const [text = '', ...others] = values;
  if (others.length > 0) throw new EngineError('invalid-parameter', 'more than one until filter specified');
  const units: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  if (parts.length > 0 && parts.map(([whole]) => whole).join('') === text)
    return Date.now() - parts.reduce((sum, [, value, unit]) => sum + Number(value) * (units[unit ?? ''] ?? 0), 0);
  const time = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text);
  if (Number.isNaN(time)) throw new EngineError('invalid-parameter', `invalid until filter: ${JSON.stringify(text)}`);
  return time;
}

export function booleanOf(value: string): boolean {
  if (['1', 't', 'true'].includes(value.toLowerCase())) return true;
  if (['0', 'f', 'false'].includes(value.toLowerCase())) return false;
  throw new EngineError('invalid-parameter', `invalid filter 'dangling=[${value}]'`);
}
