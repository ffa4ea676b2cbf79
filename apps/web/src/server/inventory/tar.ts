/** A tar archive of one file, all that a build from a pasted Dockerfile needs (ustar, POSIX.1-1988). */
const blockBytes = 512;

export function tarOfOneFile(name: string, content: Buffer): Buffer {
  const head = Buffer.alloc(blockBytes);
  head.write(name, 0, 100);
  head.write('0000644\0', 100);
  head.write('0000000\0', 108);
  head.write('0000000\0', 116);
  head.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
  head.write('00000000000\0', 136);
  // The sum is made with the field itself full of spaces.
  head.write('        ', 148);
  head.write('0', 156);
  head.write('ustar\x0000', 257, 'latin1');
  const sum = head.reduce((total, byte) => total + byte, 0);
  head.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  const padding = Buffer.alloc((blockBytes - (content.length % blockBytes)) % blockBytes);
  return Buffer.concat([head, content, padding, Buffer.alloc(2 * blockBytes)]);
}
