/** `docker tag`. */
import { EngineError } from '@berth/shared/errors';
import { durably } from '../database.ts';
import type { ImageContext } from './context.ts';
import { parseReference, taggedName } from './reference.ts';

/** @throws not-found, invalid-parameter */
export function tag(context: ImageContext, reference: string, name: string): void {
  const image = context.resolve(reference);
  if (parseReference(name).digest !== null)
    throw new EngineError('invalid-parameter', 'refusing to create a tag with a digest reference');
  const target = taggedName(name);
  durably(context.db, () => context.store.setTag(target, image.id));
  context.events.append({ type: 'image', action: 'tag', actorId: image.id, attributes: { name: target } });
}
