import type { ImageView } from '@/server/views.ts';

type Named = Pick<ImageView, 'id' | 'repoTags'>;

export function shortId(id: string): string {
  return id.replace(/^sha256:/, '').slice(0, 12);
}

/** What a person calls it: its first tag, or its id when it dangles. */
export function imageName({ id, repoTags }: Named): string {
  return repoTags[0] ?? shortId(id);
}

export function imageHref({ hostId, id }: Pick<ImageView, 'hostId' | 'id'>): string {
  return `/hosts/${hostId}/images/${id.replace(/^sha256:/, '')}`;
}

export function exportHref(hostId: string, names: readonly string[]): string {
  return `/api/hosts/${hostId}/images/export?${new URLSearchParams(names.map((name) => ['name', name]))}`;
}

/** The same image may be on several hosts. */
export function rowKey({ hostId, id }: Pick<ImageView, 'hostId' | 'id'>): string {
  return `${hostId}/${id}`;
}
