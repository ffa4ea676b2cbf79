/** The outer tar of `docker save`: ustar, everything root's, at time 0: the same images make the same bytes. */
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
  const block = Buffer.alloc(blockBytes);
  const isDirectory = name.endsWith('/');
  const octal = (value: number, at: number, length: number) =>
    block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, 'latin1');
  block.write(name, 0, 100, 'latin1');
  octal(isDirectory ? 0o755 : 0o644, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  if (sizeBytes < 8 ** 11) {
    octal(sizeBytes, 124, 12);
  } else {
    // Base 256, as GNU tar and Go write what eleven octal digits do not hold.
    block.writeBigUInt64BE(BigInt(sizeBytes), 128);
    block[124] = 0x80;
  }
  octal(0, 136, 12);
  block.write(' '.repeat(8), 148, 'latin1');
  block.write(isDirectory ? '5' : '0', 156, 'latin1');
  block.write('ustar\x0000', 257, 'latin1');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}
