/** Where a file browser looks, and the addresses of its files at the dashboard. */
import { joinPath } from '@/format/file-path.ts';

export interface FileSpaceView {
  kind: 'containers' | 'volumes';
  hostId: string;
  /** A container's id, a volume's name. */
  id: string;
  name: string;
}

type Door = 'files' | 'file' | 'directory' | 'archive';

export function spaceUrl(space: FileSpaceView, door: Door, query: Record<string, string>): string {
  const parameters = new URLSearchParams(query).toString();
  const place = `/api/hosts/${space.hostId}/${space.kind}/${encodeURIComponent(space.id)}/${door}`;
  return parameters ? `${place}?${parameters}` : place;
}

/** Where the bytes of an entry can be had: a file as it is, a directory as a tar. */
export function downloadUrl(space: FileSpaceView, directory: string, entry: { Name: string; Type: string }): string {
  const path = joinPath(directory, entry.Name);
  return spaceUrl(space, entry.Type === 'directory' ? 'archive' : 'file', { path });
}

/** As a click on a link: the browser's own downloads show how far it is, and nothing is kept in the page. */
export function startDownload(url: string): void {
  const link = document.createElement('a');
  link.href = url;
  link.download = '';
  document.body.append(link);
  link.click();
  link.remove();
}
