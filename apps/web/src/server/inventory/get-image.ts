import { z } from 'zod';
import { requireUser } from '../auth/require-user.ts';
import { server } from '../context.ts';
import type { ImageDetailView, ImageLayer } from '../views.ts';
import { attempt } from './audited.ts';
import { imageViews } from './image-view.ts';
import { containersOf } from './view.ts';

const answerMs = 15_000;
const inspectJson = z.record(z.string(), z.unknown());
const historyJson = z.array(
  z.object({
    Created: z.number().catch(0),
    CreatedBy: z.string().catch(''),
    Comment: z.string().catch(''),
    Size: z.number().catch(0),
  }),
);

/** What is stored of an image, and what its host says of it now. `imageId` is without `sha256:`, as in addresses. */
export async function getImage(hostId: string, imageId: string): Promise<ImageDetailView | null> {
  await requireUser();
  const id = `sha256:${imageId}`;
  const image = imageViews(hostId).find((each) => each.id === id);
  if (!image) return null;
  const users = new Set(
    server()
      .store.inventory.containers(hostId)
      .filter(({ inspect }) => inspect.Image === id)
      .map((record) => record.id),
  );
  const usedBy = containersOf(server(), hostId).filter((container) => users.has(container.id));
  const asked = await attempt(() => ask(hostId, id));
  return {
    ...image,
    usedBy,
    inspect: asked.ok ? asked.value.inspect : null,
    history: asked.ok ? asked.value.history : [],
    problem: asked.ok ? '' : asked.message,
  };
}

async function ask(hostId: string, id: string): Promise<{ inspect: Record<string, unknown>; history: ImageLayer[] }> {
  const { agents } = server();
  const signal = AbortSignal.timeout(answerMs);
  const [inspect, history] = await Promise.all(
    ['json', 'history'].map((part) =>
      agents.requestJson(hostId, { method: 'GET', path: `/images/${id}/${part}`, signal }),
    ),
  );
  return {
    inspect: inspectJson.parse(inspect),
    history: historyJson.parse(history).map(({ Created, CreatedBy, Comment, Size }) => ({
      createdAt: Created * 1000,
      command: CreatedBy,
      comment: Comment,
      sizeBytes: Size,
    })),
  };
}
