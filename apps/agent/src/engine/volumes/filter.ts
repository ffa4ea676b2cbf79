/** Docker's filters of volumes. Pure. */
import { EngineError } from '@berth/shared/errors';
import type { Volume } from './volumes.ts';

export type Filters = Readonly<Record<string, readonly string[]>>;
type Chosen = (volume: Volume) => boolean;

const invalid = (message: string) => new EngineError('invalid-parameter', message);

/** Of a list. @throws invalid-parameter */
export function listed(wanted: Filters, isUsed: (name: string) => boolean): Chosen {
  refuseUnknown(wanted, ['dangling', 'name', 'driver', 'label']);
  const dangling = flag(wanted, 'dangling');
  return (volume) =>
    (dangling === null || dangling !== isUsed(volume.name)) &&
    (wanted['name'] === undefined || wanted['name'].some((pattern) => isNamed(volume.name, pattern))) &&
    (wanted['driver'] === undefined || wanted['driver'].includes('local')) &&
    (wanted['label'] ?? []).every((label) => hasLabel(volume, label));
}

/** Of those that nobody uses: without `all`, those that nobody named. @throws invalid-parameter */
export function pruned(wanted: Filters): Chosen {
  refuseUnknown(wanted, ['all', 'label', 'label!']);
  const all = flag(wanted, 'all') === true;
  return (volume) =>
    (all || volume.anonymous) &&
    (wanted['label'] ?? []).every((label) => hasLabel(volume, label)) &&
    !(wanted['label!'] ?? []).some((label) => hasLabel(volume, label));
}

function refuseUnknown(wanted: Filters, known: string[]): void {
  const unknown = Object.keys(wanted).find((name) => !known.includes(name));
  if (unknown !== undefined) throw invalid(`invalid filter '${unknown}'`);
}

function flag(wanted: Filters, name: string): boolean | null {
  const values = wanted[name];
  if (values === undefined || values.length === 0) return null;
  const [value = ''] = values;
  const isTrue = ['1', 'true'].includes(value.toLowerCase());
  if (values.length > 1 || (!isTrue && !['0', 'false'].includes(value.toLowerCase())))
    throw invalid(`invalid filter '${name}=[${values.join(' ')}]'`);
  return isTrue;
}

/** A part of the name, or a simple pattern. */
function isNamed(name: string, pattern: string): boolean {
  if (name.includes(pattern)) return true;
  try {
    return new RegExp(pattern.replace(/[^\w^$.*-]/g, '')).test(name);
  } catch {
    return false;
  }
}

function hasLabel({ labels }: Volume, label: string): boolean {
  const at = label.indexOf('=');
  const name = at < 0 ? label : label.slice(0, at);
  return Object.hasOwn(labels, name) && (at < 0 || labels[name] === label.slice(at + 1));
}
