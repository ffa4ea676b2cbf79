/** The outer tar of `docker save`: ustar, everything root's, at time 0: the same images make the same bytes. */
import { encodeEntry } from '../files/tar-entries.ts';

const blockBytes = 512;

export interface TarMember {
  /** Of a directory it ends in `/`. */
  name: string;
  sizeBytes: number;
  content: () => AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

export async function* tarStream(members: Iterable<TarMember>): AsyncGenerator<Uint8Array> {
  for (const member of members) {
    yield header(member);
    yield* member.content();
    const rest = member.sizeBytes % blockBytes;
    if (rest > 0) yield Buffer.alloc(blockBytes - rest);
  }
  yield Buffer.alloc(2 * blockBytes);
}

export function member(name: string, content: Uint8Array): TarMember {
  return { name, sizeBytes: content.length, content: () => [content] };
}

export const directory = (name: string): TarMember => ({ name, sizeBytes: 0, content: () => [] });

function header({ name, sizeBytes }: TarMember): Buffer {
  const isDirectory = name.endsWith('/');
  const owner = { uid: 0, gid: 0, mtimeSeconds: 0, device: { major: 0, minor: 0 } };
  const entry = { ...owner, name, sizeBytes, linkName: '', attributes: [] };
  return encodeEntry({ ...entry, type: isDirectory ? '5' : '0', mode: isDirectory ? 0o755 : 0o644 });
}
